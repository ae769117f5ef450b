using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Apm.Core.Ports;
using Apm.Core.Slos;

namespace Apm.Monitors.Slos;

/// <summary>
/// When each monitor was in alert and when not, as far back as the longest objective looks, and the same of those groups that objectives
/// name; kept as documents. Time in which nothing was evaluated, because the process was away or the data was, is known to be unknown.
/// </summary>
/// <remarks>Any thread. What a call notes is on disk when it returns.</remarks>
public sealed class UptimeBook
{
    /// <summary>Changes kept of one monitor, and of one group; default 2000. The oldest go, and the time before is unknown then.</summary>
    public const int MaxChanges = 2_000;

    /// <summary>Times without evaluations that are kept; default 1000. The oldest go.</summary>
    public const int MaxGaps = 1_000;

    const string Collection = "monitor-uptime";
    const string GroupCollection = "monitor-uptime-groups";
    const string GapCollection = "monitor-uptime-gaps";
    const string GapId = "all";

    /// <summary>An evaluation says what is so until the next, a minute later.</summary>
    const long RoundSeconds = 60;

    /// <summary>The longest window of objectives, and two days more for windows that begin at whole hours somewhere.</summary>
    const long KeptSeconds = 92L * 86_400;

    readonly IDocumentStore _documents;
    readonly Lock _lock = new();
    readonly Dictionary<long, UptimeLine> _monitors = [];
    readonly Dictionary<long, Dictionary<string, UptimeLine>> _groups = [];
    readonly List<UptimeGap> _gaps;
    long _knownUntil;

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public UptimeBook(IDocumentStore documents)
    {
        _documents = documents;
        foreach (var document in documents.FindAll<UptimeDocument>(Collection)) _monitors[document.MonitorId] = new UptimeLine(document.Changes);
        foreach (var document in documents.FindAll<GroupDocument>(GroupCollection)) GroupsOf_NeedsLock(document.MonitorId)[document.Group] = new UptimeLine(document.Changes);
        _gaps = documents.Find<GapDocument>(GapCollection, GapId) is { } gaps ? [.. gaps.Gaps] : [];
        _knownUntil = _monitors.Values.Where(line => line.Changes.Count > 0).Select(line => line.Changes[^1].AtUnixSeconds + RoundSeconds).DefaultIfEmpty(0).Max();
    }

    /// <summary>Notes what an evaluation found.</summary>
    /// <param name="isUp">False in alert; null when nobody knows.</param>
    /// <exception cref="StoreUnavailableException">It is not on disk; the next change writes it.</exception>
    public void Note(long monitorId, long unixSeconds, bool? isUp)
    {
        lock (_lock)
        {
            if (!_monitors.TryGetValue(monitorId, out var line)) _monitors.Add(monitorId, line = new UptimeLine([]));
            if (line.Add(unixSeconds, isUp, KeptSeconds, MaxChanges)) _documents.Store(Collection, IdOf(monitorId), new UptimeDocument(monitorId, [.. line.Changes]));
        }
    }

    /// <summary>Notes what it found of a group that is followed; of others nothing.</summary>
    /// <inheritdoc cref="Note"/>
    public void NoteGroup(long monitorId, string group, long unixSeconds, bool? isUp)
    {
        lock (_lock)
        {
            if (_groups.GetValueOrDefault(monitorId)?.GetValueOrDefault(group) is not { } line || !line.Add(unixSeconds, isUp, KeptSeconds, MaxChanges)) return;
            Store_NeedsLock(monitorId, group, line);
        }
    }

    /// <summary>The groups of a monitor whose own times are noted.</summary>
    public IReadOnlyList<string> FollowedOf(long monitorId)
    {
        lock (_lock) return _groups.TryGetValue(monitorId, out var groups) ? [.. groups.Keys] : [];
    }

    /// <summary>Notes a group's own times from now on; nothing changes when they are noted already.</summary>
    /// <param name="past">What is known of it up to now, the oldest first. Where nothing is known of its monitor, nothing is of the group.</param>
    /// <exception cref="StoreUnavailableException">It is followed, but its past is not on disk; the next change writes it.</exception>
    public void Follow(long monitorId, string group, IReadOnlyList<UptimeChange> past)
    {
        lock (_lock)
        {
            var groups = GroupsOf_NeedsLock(monitorId);
            if (groups.ContainsKey(group)) return;
            var line = groups[group] = new UptimeLine([]);
            var (own, whole) = (new UptimeLine(past), _monitors.GetValueOrDefault(monitorId));
            foreach (var turn in own.Changes.Concat(whole?.Changes ?? []).Select(change => change.AtUnixSeconds).Distinct().Order())
                line.Add(turn, whole?.At(turn) is null ? null : own.At(turn), KeptSeconds, MaxChanges);
            if (line.Changes.Count > 0) Store_NeedsLock(monitorId, group, line);
        }
    }

    /// <summary>Follows only some groups of a monitor from now on; what is kept of its others goes.</summary>
    /// <exception cref="StoreUnavailableException">Some could not be taken from the disk: those are followed as before. Safe to retry.</exception>
    public void FollowOnly(long monitorId, IReadOnlySet<string> wanted)
    {
        lock (_lock)
        {
            if (!_groups.TryGetValue(monitorId, out var groups)) return;
            foreach (var group in groups.Keys.Where(group => !wanted.Contains(group)).ToList())
            {
                _documents.Remove(GroupCollection, IdOf(monitorId, group));
                groups.Remove(group);
            }
        }
    }

    /// <summary>Notes that a round of evaluations is done.</summary>
    public void RoundDone(long unixSeconds)
    {
        lock (_lock) _knownUntil = Math.Max(_knownUntil, unixSeconds + RoundSeconds);
    }

    /// <summary>Whether nothing was evaluated in some part of a time: what was missing then may have been missed.</summary>
    public bool HasGap(long fromUnixSeconds, long toUnixSeconds)
    {
        lock (_lock) return _gaps.Exists(gap => gap.FromUnixSeconds < toUnixSeconds && gap.ToUnixSeconds > fromUnixSeconds);
    }

    /// <summary>Notes that a round of evaluations begins, and with it the time since the one before in which there was none.</summary>
    /// <param name="beforeUnixSeconds">The one before, of another start perhaps; null when there was none.</param>
    /// <exception cref="StoreUnavailableException">A gap is not on disk; it is with the next.</exception>
    public void RoundBegins(long? beforeUnixSeconds, long unixSeconds)
    {
        lock (_lock)
        {
            if (beforeUnixSeconds is not { } before || unixSeconds <= before + RoundSeconds) return;
            _gaps.RemoveAll(gap => gap.FromUnixSeconds == before + RoundSeconds); // Of a round that was not done, and is begun again.
            _gaps.Add(new UptimeGap(before + RoundSeconds, unixSeconds));
            _gaps.RemoveAll(gap => gap.ToUnixSeconds < unixSeconds - KeptSeconds);
            if (_gaps.Count > MaxGaps) _gaps.RemoveRange(0, _gaps.Count - MaxGaps);
            _documents.Store(GapCollection, GapId, new GapDocument([.. _gaps]));
        }
    }

    /// <summary>Removes what is kept of a monitor and of its groups.</summary>
    /// <exception cref="StoreUnavailableException">Some of it is kept still. Safe to retry.</exception>
    public void Remove(long monitorId)
    {
        FollowOnly(monitorId, new HashSet<string>());
        lock (_lock)
        {
            if (!_monitors.ContainsKey(monitorId)) return;
            _documents.Remove(Collection, IdOf(monitorId));
            _monitors.Remove(monitorId);
        }
    }

    /// <summary>Monitors of which something is kept, those that are gone included.</summary>
    public IReadOnlyList<long> MonitorIds()
    {
        lock (_lock) return [.. _monitors.Keys.Union(_groups.Where(groups => groups.Value.Count > 0).Select(groups => groups.Key))];
    }

    /// <summary>
    /// The seconds in which none of some monitors was in alert, of those in which that is known. One in alert is enough to say no; yes needs
    /// all of them.
    /// </summary>
    /// <param name="fromUnixSeconds">A multiple of the step.</param>
    /// <param name="leftOut">Times that are not counted; null for none.</param>
    public SloSeries Read(IReadOnlyList<long> monitorIds, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, IReadOnlyList<(long FromUnixSeconds, long ToUnixSeconds)>? leftOut = null) =>
        Sum(() => monitorIds.Select(_monitors.GetValueOrDefault), fromUnixSeconds, toUnixSeconds, stepSeconds, leftOut);

    /// <summary>The same of some groups of one monitor. Of a group that is not followed nothing is known.</summary>
    /// <inheritdoc cref="Read"/>
    public SloSeries ReadGroups(long monitorId, IReadOnlyList<string> groups, long fromUnixSeconds, long toUnixSeconds, int stepSeconds, IReadOnlyList<(long FromUnixSeconds, long ToUnixSeconds)>? leftOut = null) =>
        Sum(() => groups.Select(group => _groups.GetValueOrDefault(monitorId)?.GetValueOrDefault(group)), fromUnixSeconds, toUnixSeconds, stepSeconds, leftOut);

    /// <summary>Adds up a copy: evaluations wait for the lock, and a sum may take a while.</summary>
    /// <param name="linesOf_NeedsLock">The lines; null for one of which nothing is known.</param>
    SloSeries Sum(Func<IEnumerable<UptimeLine?>> linesOf_NeedsLock, long from, long to, int step, IReadOnlyList<(long FromUnixSeconds, long ToUnixSeconds)>? leftOut)
    {
        List<IReadOnlyList<UptimeChange>> lines;
        List<UptimeGap> gaps;
        long knownUntil;
        lock (_lock)
        {
            lines = [.. linesOf_NeedsLock().Select(line => line is null ? [] : line.Changes.ToArray())];
            (gaps, knownUntil) = ([.. _gaps], _knownUntil);
        }
        gaps.AddRange((leftOut ?? []).Select(left => new UptimeGap(left.FromUnixSeconds, left.ToUnixSeconds)));
        return UptimeSum.Of(lines, gaps, from, to, knownUntil, step);
    }

    Dictionary<string, UptimeLine> GroupsOf_NeedsLock(long monitorId)
    {
        if (!_groups.TryGetValue(monitorId, out var groups)) _groups.Add(monitorId, groups = new Dictionary<string, UptimeLine>(StringComparer.Ordinal));
        return groups;
    }

    void Store_NeedsLock(long monitorId, string group, UptimeLine line) => _documents.Store(GroupCollection, IdOf(monitorId, group), new GroupDocument(monitorId, group, [.. line.Changes]));

    static string IdOf(long monitorId) => monitorId.ToString("D12", CultureInfo.InvariantCulture);

    /// <summary>Names of groups are as long as tags are; ids are not.</summary>
    static string IdOf(long monitorId, string group) => $"{IdOf(monitorId)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(group)).AsSpan(0, 16))}";

    sealed record UptimeDocument(long MonitorId, IReadOnlyList<UptimeChange> Changes);

    sealed record GroupDocument(long MonitorId, string Group, IReadOnlyList<UptimeChange> Changes);

    sealed record GapDocument(IReadOnlyList<UptimeGap> Gaps);
}
