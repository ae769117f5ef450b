using System.Diagnostics.CodeAnalysis;
using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Core.Hosts;

/// <summary>
/// The hosts ever seen, in memory, kept as documents. What somebody decided (tags, muting) is on disk when the call returns; what was merely
/// seen is written by <see cref="Save"/>, and a lost last second is learnt again from the next point.
/// </summary>
/// <remarks>Thread-safe. Hosts go by their name as it stands in the tag <c>host:</c>, so case does not matter.</remarks>
public sealed class HostCatalogue : IHostTags
{
    /// <summary>Most hosts kept; default 5000. The one silent for longest makes room, unless somebody gave it tags; counted in <c>hosts_forgotten</c>.</summary>
    public const int MaxHosts = 5_000;

    /// <summary>Most characters of a host's name or alias; default 200. One with more is not entered and counted in <c>hosts_refused{name_too_long}</c>.</summary>
    public const int MaxNameChars = 200;

    /// <summary>Most tags of one host from one source; default 200. Further ones are left out and counted in <c>host_tags_over_limit</c>.</summary>
    public const int MaxTagsOfSource = 200;

    /// <summary>Most sources of one host's tags; default 20. Tags of further ones are left out and counted in <c>host_tags_over_limit</c>.</summary>
    public const int MaxSources = 20;

    /// <summary>Most aliases, and most apps, of one host; default 50. Further ones are left out.</summary>
    public const int MaxNamesOfHost = 50;

    /// <summary>Longest description of the machine, in characters; default 65,536. A longer one is left out.</summary>
    public const int MaxGohaiChars = 65_536;

    /// <summary>The source of tags that somebody attached.</summary>
    public const string UserSource = "users";

    /// <summary>The source of tags that stand in the agent's file.</summary>
    public const string AgentSource = "datadog";

    const string Collection = "hosts";

    /// <summary>A sighting that is not later by this much changes nothing, so that each point does not.</summary>
    const long SightingSeconds = 10;

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly Counters _counters;
    readonly Dictionary<string, Entry> _hosts = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> _keyByAlias = new(StringComparer.Ordinal);
    readonly HashSet<string> _changed = [];
    readonly HashSet<string> _removed = [];
    long _lastId = 4_000_000;
    long _lastMuteId;

    /// <summary>Reads what is known from the documents.</summary>
    public HostCatalogue(IDocumentStore documents, Counters counters)
    {
        _documents = documents;
        _counters = counters;
        foreach (var host in documents.FindAll<HostInfo>(Collection))
        {
            if (KeyOf(host.Name) is not { } key) continue;
            Put_NeedsLock(key, host);
            _lastId = Math.Max(_lastId, host.Id);
            _lastMuteId = Math.Max(_lastMuteId, host.Mute?.Id ?? 0);
        }
    }

    /// <summary>All hosts by name.</summary>
    public IReadOnlyList<HostInfo> All()
    {
        lock (_lock) return [.. _hosts.Values.Select(entry => entry.Host).OrderBy(host => host.Name, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>A host by its name or an alias; null when it was never seen.</summary>
    public HostInfo? Find(string name)
    {
        if (KeyOf(name) is not { } key) return null;
        lock (_lock) return Find_NeedsLock(key)?.Host;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> TagsOf(string host)
    {
        if (KeyOf(host) is not { } key) return [];
        lock (_lock) return Find_NeedsLock(key)?.AllTags ?? [];
    }

    /// <summary>Notes that a host sent something.</summary>
    /// <param name="app">What sent it, such as <c>mysql</c>; "" when that is not known.</param>
    public void Saw(string name, long unixSeconds, string app = "")
    {
        if (KeyOf(name) is not { } key) return;
        lock (_lock)
        {
            if (Entered_NeedsLock(key, name, unixSeconds) is not { } known) return;
            var isNewApp = app.Length > 0 && !known.Apps.Contains(app) && known.Apps.Count < MaxNamesOfHost;
            if (!isNewApp && unixSeconds < known.LastUnixSeconds + SightingSeconds) return;
            Change_NeedsLock(key, known with { FirstUnixSeconds = First(known, unixSeconds), LastUnixSeconds = Math.Max(known.LastUnixSeconds, unixSeconds), Apps = isNewApp ? Sorted(known.Apps.Append(app)) : known.Apps });
        }
    }

    /// <summary>Takes what an agent told of its host; what it left out stays as it was.</summary>
    public void Saw(HostReport report, long unixSeconds)
    {
        if (KeyOf(report.Host) is not { } key) return;
        lock (_lock)
        {
            if (Entered_NeedsLock(key, report.Host, unixSeconds) is not { } known) return;
            var tags = new Dictionary<string, IReadOnlyList<string>>(known.TagsBySource);
            foreach (var (source, came) in report.TagsBySource) PutTags(tags, source, came);
            Change_NeedsLock(key, known with
            {
                FirstUnixSeconds = First(known, unixSeconds),
                LastUnixSeconds = Math.Max(known.LastUnixSeconds, unixSeconds),
                Aliases = Sorted(known.Aliases.Concat(report.Aliases.Where(alias => alias.Length is > 0 and <= MaxNameChars))).Take(MaxNamesOfHost).ToList(),
                Apps = Sorted(known.Apps.Concat(report.Apps.Where(app => app.Length > 0))).Take(MaxNamesOfHost).ToList(),
                TagsBySource = tags,
                Facts = report.Facts is not { } facts ? known.Facts : facts.Gohai.Length <= MaxGohaiChars ? facts : facts with { Gohai = "" },
            });
        }
    }

    /// <summary>Attaches tags from a source, in place of those it attached before; durable.</summary>
    /// <param name="host">Entered when it was never seen.</param>
    /// <returns>The source's tags now; null when the host cannot be entered.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public IReadOnlyList<string>? SetTags(string host, string source, IReadOnlyList<string> tags) => ChangeTags(host, source, _ => tags);

    /// <summary>Attaches further tags from a source; durable. As <see cref="SetTags"/>.</summary>
    public IReadOnlyList<string>? AddTags(string host, string source, IReadOnlyList<string> tags) => ChangeTags(host, source, before => [.. before, .. tags]);

    /// <summary>Takes the tags of a source off a host, or of all sources when it is null; durable.</summary>
    /// <returns>False when there is no such host.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public bool RemoveTags(string host, string? source)
    {
        if (KeyOf(host) is not { } named) return false;
        lock (_lock)
        {
            if (!TryFind_NeedsLock(named, out var key, out var known)) return false;
            var tags = source is null ? [] : known.TagsBySource.Where(pair => pair.Key != SourceOf(source)).ToDictionary();
            Store_NeedsLock(key, known with { TagsBySource = tags });
            return true;
        }
    }

    /// <summary>Holds notifications about a host back; durable.</summary>
    /// <param name="host">Entered when it was never seen.</param>
    /// <returns>The host as it is now; null when it cannot be entered.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public HostInfo? Mute(string host, long? endUnixSeconds, string message, long nowUnixSeconds)
    {
        if (KeyOf(host) is not { } named) return null;
        lock (_lock)
        {
            if (Entered_NeedsLock(named, host, 0) is null || !TryFind_NeedsLock(named, out var key, out var known)) return null;
            _lastMuteId = Math.Max(_lastMuteId + 1, nowUnixSeconds);
            return Store_NeedsLock(key, known with { Mute = new HostMute(_lastMuteId, endUnixSeconds, message) { StartUnixSeconds = nowUnixSeconds } });
        }
    }

    /// <summary>Ends what <see cref="Mute"/> began; durable.</summary>
    /// <returns>What ended; null when the host was not muted at that time, or is not known.</returns>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public HostMute? Unmute(string host, long nowUnixSeconds)
    {
        if (KeyOf(host) is not { } named) return null;
        lock (_lock)
        {
            if (!TryFind_NeedsLock(named, out var key, out var known) || !known.IsMutedAt(nowUnixSeconds)) return null;
            Store_NeedsLock(key, known with { Mute = null });
            return known.Mute;
        }
    }

    /// <summary>Writes what was seen since the last call. Quick when nothing was.</summary>
    /// <exception cref="StoreUnavailableException">Some was not written; the next call tries again.</exception>
    public void Save()
    {
        (string Key, HostInfo Host)[] changed;
        string[] removed;
        lock (_lock)
        {
            changed = [.. _changed.Select(key => (key, _hosts[key].Host))];
            removed = [.. _removed];
        }
        foreach (var (key, host) in changed)
        {
            _documents.Store(Collection, key, host);
            lock (_lock) if (ReferenceEquals(_hosts.GetValueOrDefault(key)?.Host, host)) _changed.Remove(key);
        }
        foreach (var key in removed)
        {
            _documents.Remove(Collection, key);
            lock (_lock) _removed.Remove(key);
        }
    }

    IReadOnlyList<string>? ChangeTags(string host, string source, Func<IReadOnlyList<string>, IReadOnlyList<string>> change)
    {
        if (KeyOf(host) is not { } named) return null;
        lock (_lock)
        {
            if (Entered_NeedsLock(named, host, 0) is null || !TryFind_NeedsLock(named, out var key, out var known)) return null;
            var tags = new Dictionary<string, IReadOnlyList<string>>(known.TagsBySource);
            PutTags(tags, source, change(tags.GetValueOrDefault(SourceOf(source), [])));
            Store_NeedsLock(key, known with { TagsBySource = tags });
            return tags.GetValueOrDefault(SourceOf(source), []);
        }
    }

    void PutTags(Dictionary<string, IReadOnlyList<string>> bySource, string source, IReadOnlyList<string> came)
    {
        var named = SourceOf(source);
        if (!bySource.ContainsKey(named) && bySource.Count >= MaxSources)
        {
            _counters.Add("host_tags_over_limit", count: came.Count);
            return;
        }
        var tags = Sorted(came.Select(MetricNames.Tag).OfType<string>());
        if (tags.Count > MaxTagsOfSource) _counters.Add("host_tags_over_limit", count: tags.Count - MaxTagsOfSource);
        bySource[named] = tags.Count > MaxTagsOfSource ? [.. tags.Take(MaxTagsOfSource)] : tags;
    }

    /// <summary>Who was only given tags was not seen yet.</summary>
    static long First(HostInfo known, long unixSeconds) => known.FirstUnixSeconds == 0 ? unixSeconds : known.FirstUnixSeconds;

    static string SourceOf(string source) => source.Length == 0 ? UserSource : (source.Length <= MaxNameChars ? source : source[..MaxNameChars]).ToLowerInvariant();

    static IReadOnlyList<string> Sorted(IEnumerable<string> texts) => [.. texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The host's name as the value of its tag.</summary>
    string? KeyOf(string name)
    {
        if (name.Length == 0) return null;
        if (name.Length > MaxNameChars)
        {
            _counters.Add("hosts_refused", "name_too_long");
            return null;
        }
        return TagValueOf(name);
    }

    /// <summary>A host's name as it stands in the tag <c>host:</c>; null when nothing is left of it.</summary>
    public static string? TagValueOf(string name) => MetricNames.Tag("host:" + name) is { Length: > 5 } tag ? tag[5..] : null;

    Entry? Find_NeedsLock(string key) => _hosts.GetValueOrDefault(key) ?? (_keyByAlias.TryGetValue(key, out var main) ? _hosts.GetValueOrDefault(main) : null);

    bool TryFind_NeedsLock(string named, out string key, [NotNullWhen(true)] out HostInfo? host)
    {
        key = !_hosts.ContainsKey(named) && _keyByAlias.TryGetValue(named, out var main) ? main : named;
        host = _hosts.GetValueOrDefault(key)?.Host;
        return host is not null;
    }

    /// <summary>The host, entered when it is new; null when there is no room for it.</summary>
    HostInfo? Entered_NeedsLock(string named, string name, long unixSeconds)
    {
        if (TryFind_NeedsLock(named, out _, out var known)) return known;
        if (_hosts.Count >= MaxHosts && !Forget_NeedsLock())
        {
            _counters.Add("hosts_refused", "too_many");
            return null;
        }
        var host = new HostInfo { Name = name, Id = ++_lastId, FirstUnixSeconds = unixSeconds, LastUnixSeconds = unixSeconds };
        Change_NeedsLock(named, host);
        return host;
    }

    bool Forget_NeedsLock()
    {
        var quietest = _hosts.Where(pair => pair.Value.Host.TagsBySource.GetValueOrDefault(UserSource, []).Count == 0 && pair.Value.Host.Mute is null)
            .OrderBy(pair => pair.Value.Host.LastUnixSeconds).Select(pair => pair.Key).FirstOrDefault();
        if (quietest is null) return false;
        foreach (var alias in _hosts[quietest].Host.Aliases) if (KeyOf(alias) is { } key && _keyByAlias.GetValueOrDefault(key) == quietest) _keyByAlias.Remove(key);
        _hosts.Remove(quietest);
        _changed.Remove(quietest);
        _removed.Add(quietest);
        _counters.Add("hosts_forgotten");
        return true;
    }

    void Change_NeedsLock(string named, HostInfo host)
    {
        var key = !_hosts.ContainsKey(named) && _keyByAlias.TryGetValue(named, out var main) ? main : named;
        Put_NeedsLock(key, host);
        _changed.Add(key);
        _removed.Remove(key);
    }

    HostInfo Store_NeedsLock(string key, HostInfo host)
    {
        _documents.Store(Collection, key, host);
        Put_NeedsLock(key, host);
        _changed.Remove(key);
        _removed.Remove(key);
        return host;
    }

    void Put_NeedsLock(string key, HostInfo host)
    {
        _hosts[key] = new Entry(host, Sorted(host.TagsBySource.Values.SelectMany(tags => tags)));
        foreach (var alias in host.Aliases) if (KeyOf(alias) is { } named && named != key) _keyByAlias.TryAdd(named, key);
    }

    sealed record Entry(HostInfo Host, IReadOnlyList<string> AllTags);
}
