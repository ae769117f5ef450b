using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Mutes;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Rules;

/// <summary>A rule with its query as a tree.</summary>
/// <param name="Query">Null when the text cannot be read any more, as after a newer version wrote it; then it is not evaluated.</param>
public sealed record KnownRule(MonitorRule Rule, MonitorQuery? Query);

/// <summary>The rules of all monitors, in memory, kept as documents.</summary>
/// <remarks>Thread-safe. What a call changed is on disk when it returns. Ids ascend and are never given twice.</remarks>
public sealed class MonitorRules : IMonitorRules
{
    /// <summary>Most monitors; default 2000. A further one is refused with a sentence.</summary>
    public const int MaxMonitors = 2_000;

    /// <summary>Most characters of a name; default 1000.</summary>
    public const int MaxNameChars = 1_000;

    /// <summary>Most characters of a message; default 32,768.</summary>
    public const int MaxMessageChars = 32_768;

    /// <summary>Most tags of a monitor itself; default 100.</summary>
    public const int MaxTags = 100;

    /// <summary>Most scopes muted on the monitor itself; default 100. Downtimes are for more.</summary>
    public const int MaxSilenced = 100;

    /// <summary>Most characters of options that mean nothing here and are only kept; default 16,384.</summary>
    public const int MaxOtherOptionsChars = 16_384;

    const string Collection = "monitors";
    const string IdCollection = "monitor-ids";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly TimeProvider _clock;
    readonly SortedDictionary<long, KnownRule> _rules = [];
    long _lastId;

    /// <summary>Reads what is kept.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public MonitorRules(IDocumentStore documents, TimeProvider clock)
    {
        (_documents, _clock) = (documents, clock);
        Mutes = new MuteLog(documents);
        foreach (var rule in documents.FindAll<MonitorRule>(Collection)) _rules[rule.Id] = new KnownRule(rule, Read(rule));
        _lastId = Math.Max(documents.Find<LastId>(IdCollection, "last")?.Id ?? 0, _rules.Count == 0 ? 0 : _rules.Keys.Max());
    }

    /// <summary>The objectives that monitors may watch; null when there are none. Set once, at start.</summary>
    public IObjectives? Objectives { get; set; }

    /// <summary>Since when they were muted.</summary>
    public MuteLog Mutes { get; }

    /// <summary>All, by their ids.</summary>
    public IReadOnlyList<KnownRule> All()
    {
        lock (_lock) return [.. _rules.Values];
    }

    /// <summary>One; null when there is none.</summary>
    public KnownRule? Find(long id)
    {
        lock (_lock) return _rules.GetValueOrDefault(id);
    }

    MonitorRule? IMonitorRules.Find(long id) => Find(id)?.Rule;

    IReadOnlyList<MonitorRule> IMonitorRules.All() => [.. All().Select(known => known.Rule)];

    /// <summary>Says whether a rule could be kept.</summary>
    /// <returns>As it would be kept.</returns>
    /// <exception cref="MonitorRuleException">It could not; the sentences say why.</exception>
    public KnownRule Check(MonitorRule rule)
    {
        lock (_lock) return Check_NeedsLock(rule);
    }

    /// <summary>Keeps a new rule.</summary>
    /// <exception cref="MonitorRuleException">It is wrong, or there are too many.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public KnownRule Add(MonitorRule rule)
    {
        lock (_lock)
        {
            var known = Check_NeedsLock(rule with { Id = 0 });
            if (_rules.Values.FirstOrDefault(other => IsTwin(other.Rule, known.Rule)) is { } twin)
                throw new MonitorRuleException(RuleRefusal.Wrong, $"Duplicate of an existing monitor_id:{Text(twin.Rule.Id)}", $"Monitor {Text(twin.Rule.Id)} has the same type, query, name and message. Change that one, or give this one another name.");
            if (_rules.Count >= MaxMonitors) throw new MonitorRuleException(RuleRefusal.Wrong, $"There are {MaxMonitors} monitors already, the most that are kept. Delete some first, or group one by tags instead of making many.");
            var now = _clock.NowUnixNanos() / UnixTime.NanosPerMillisecond;
            known = known with { Rule = known.Rule with { Id = _lastId + 1, CreatedUnixMillis = now, ModifiedUnixMillis = now } };
            _documents.Store(IdCollection, "last", new LastId(known.Rule.Id)); // First, so that an id is not given twice.
            _lastId = known.Rule.Id;
            Keep_NeedsLock(known);
            return known;
        }
    }

    /// <summary>Changes a rule.</summary>
    /// <param name="change">From the rule as it is to the one that is wanted; its id and times of creation stay.</param>
    /// <exception cref="MonitorRuleException">There is none, or the changed one is wrong.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public KnownRule Change(long id, Func<MonitorRule, MonitorRule> change)
    {
        lock (_lock)
        {
            var before = (_rules.GetValueOrDefault(id) ?? throw MonitorRuleException.NotFound()).Rule;
            var wanted = change(before) with { Id = id, Creator = before.Creator, CreatedUnixMillis = before.CreatedUnixMillis, ModifiedUnixMillis = _clock.NowUnixNanos() / UnixTime.NanosPerMillisecond };
            var known = Check_NeedsLock(wanted);
            if (known.Query is CompositeMonitorQuery && ReferencesTo_NeedsLock(id) is [var first, ..])
                throw new MonitorRuleException(RuleRefusal.Wrong, $"Monitor {Text(id)} is a part of the composite {Text(first.Id)}; it cannot become a composite itself.");
            Keep_NeedsLock(known);
            return known;
        }
    }

    /// <summary>Deletes a rule.</summary>
    /// <param name="force">Also when composites name it; those are not evaluated any more then.</param>
    /// <exception cref="MonitorRuleException">There is none, or it is referenced.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public void Remove(long id, bool force)
    {
        lock (_lock)
        {
            if (!_rules.ContainsKey(id)) throw MonitorRuleException.NotFound();
            if (!force && WhyKept_NeedsLock(id) is { } reason) throw new MonitorRuleException(RuleRefusal.Referenced, reason);
            _documents.Remove(Collection, IdOf(id));
            _rules.Remove(id);
            Mutes.Remove(id);
        }
    }

    /// <summary>Why a monitor cannot be deleted without force; null when it can.</summary>
    public string? WhyKept(long id)
    {
        lock (_lock) return WhyKept_NeedsLock(id);
    }

    KnownRule Check_NeedsLock(MonitorRule rule)
    {
        var known = RuleCheck.Check(rule, _rules.GetValueOrDefault);
        if (known.Query is not SloMonitorQuery query) return known;
        var reason = Objectives is { } objectives ? objectives.WhyNotWatched(query) : "There are no objectives here.";
        return reason is null ? known : throw new MonitorRuleException(RuleRefusal.Wrong, "The value provided for parameter 'query' is invalid", reason);
    }

    string? WhyKept_NeedsLock(long id) => ReferencesTo_NeedsLock(id) is { Count: > 0 } composites
        ? $"monitor [{Text(id)},{_rules[id].Rule.Name}] is referenced in composite monitors: {string.Join(", ", composites.Select(rule => $"[{Text(rule.Id)},{rule.Name}]"))}"
        : Objectives?.MadeOf(id) is { Count: > 0 } slos ? $"monitor [{Text(id)},{_rules[id].Rule.Name}] is referenced in slos: {string.Join(", ", slos.Select(slo => $"[{slo.Id},{slo.Name}]"))}"
        : null;

    List<MonitorRule> ReferencesTo_NeedsLock(long id) => [.. _rules.Values.Where(other => other.Query is CompositeMonitorQuery composite && composite.Parts.Contains(id)).Select(other => other.Rule)];

    void Keep_NeedsLock(KnownRule known)
    {
        _documents.Store(Collection, IdOf(known.Rule.Id), known.Rule);
        _rules[known.Rule.Id] = known;
        Mutes.Note(known.Rule.Id, known.Rule.Options.Silenced, _clock.NowUnixNanos() / UnixTime.NanosPerSecond);
    }

    static MonitorQuery? Read(MonitorRule rule)
    {
        try
        {
            return MonitorTypes.All.Contains(rule.Type) ? MonitorQueryParser.Parse(rule.Type, rule.Query) : null;
        }
        catch (MonitorQueryException)
        {
            return null;
        }
    }

    static bool IsTwin(MonitorRule left, MonitorRule right) => left.Type == right.Type && left.Query == right.Query && left.Name == right.Name && left.Message == right.Message;

    /// <summary>With zeros before it, so that documents are in the order of ids.</summary>
    static string IdOf(long id) => id.ToString("D12", CultureInfo.InvariantCulture);

    static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);

    sealed record LastId(long Id);
}
