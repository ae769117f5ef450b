using System.Collections.Immutable;
using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;

namespace Apm.Monitors.Slos;

/// <summary>The service level objectives, in memory, kept as documents.</summary>
/// <remarks>Thread-safe. What a call changed is on disk when it returns.</remarks>
public sealed class SloBook : IObjectives
{
    /// <summary>Most objectives; default 500. A further one is refused with a sentence.</summary>
    public const int MaxSlos = 500;

    /// <summary>Most monitors of one; default 20, Datadog's figure. More are refused.</summary>
    public const int MaxMonitors = 20;

    /// <summary>Most characters of a description; default 10,000.</summary>
    public const int MaxDescriptionChars = 10_000;

    const string Collection = "slos";

    readonly Lock _lock = new();
    readonly IDocumentStore _documents;
    readonly MonitorRules _rules;
    readonly SloGroups _groups;
    readonly TimeProvider _clock;
    readonly Func<Guid> _newId;
    volatile ImmutableDictionary<string, Slo> _slos; // Read without the lock: rules ask while they hold theirs.

    /// <summary>Reads what is kept, and has rules look here from now on.</summary>
    /// <param name="groups">Notes the times of groups that objectives name.</param>
    /// <param name="newId">Makes ids.</param>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public SloBook(IDocumentStore documents, MonitorRules rules, SloGroups groups, TimeProvider clock, Func<Guid> newId)
    {
        (_documents, _rules, _groups, _clock, _newId) = (documents, rules, groups, clock, newId);
        _slos = documents.FindAll<Slo>(Collection).ToImmutableDictionary(slo => slo.Id, StringComparer.Ordinal);
        Corrections = new SloCorrections(documents, clock, newId);
        rules.Objectives = this;
        groups.FollowAll([.. _slos.Values]);
        Corrections.RemoveOfOthers(_slos.ContainsKey);
    }

    /// <summary>The times that they do not count.</summary>
    public SloCorrections Corrections { get; }

    /// <summary>All, the newest last.</summary>
    public IReadOnlyList<Slo> All() => [.. _slos.Values.OrderBy(slo => slo.CreatedUnixSeconds).ThenBy(slo => slo.Id, StringComparer.Ordinal)];

    /// <summary>One; null when there is none of that id.</summary>
    public Slo? Find(string id) => _slos.GetValueOrDefault(id);

    /// <summary>Keeps a new objective.</summary>
    /// <exception cref="SloException">It is wrong, or there are too many.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public Slo Add(Slo wanted)
    {
        wanted = Checked(wanted, null);
        lock (_lock)
        {
            if (_slos.Count >= MaxSlos) throw new SloException(SloRefusal.Wrong, $"There are {MaxSlos} objectives already, the most that are kept. Delete some first.");
            return Keep_NeedsLock(wanted with { Id = _newId().ToString("N"), CreatedUnixSeconds = NowUnixSeconds, ModifiedUnixSeconds = NowUnixSeconds });
        }
    }

    /// <summary>Puts a changed objective in place of what it was; its kind stays.</summary>
    /// <exception cref="SloException">There is none, or the changed one is wrong.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public Slo Replace(string id, Slo wanted)
    {
        lock (_lock)
        {
            var before = _slos.GetValueOrDefault(id) ?? throw NotFound(id);
            if (wanted.Kind != before.Kind) throw new SloException(SloRefusal.Wrong, "The type of an objective cannot be changed: its numbers would not be comparable. Make another one.");
            wanted = Checked(wanted, before);
            foreach (var (rule, query) in WatchersOf(id))
                if (wanted.TargetOf(query.Days) is null) throw new SloException(SloRefusal.Wrong, $"Monitor [{Text(rule.Id)}, {rule.Name}] watches the target of {query.Days} days, which the changed objective would not have. Change or delete the monitor first.");
            return Keep_NeedsLock(wanted with { Id = id, Creator = before.Creator, CreatedUnixSeconds = before.CreatedUnixSeconds, ModifiedUnixSeconds = NowUnixSeconds });
        }
    }

    /// <summary>Deletes an objective.</summary>
    /// <param name="force">Also when monitors watch it; those are not evaluated any more then.</param>
    /// <exception cref="SloException">There is none, or monitors watch it.</exception>
    /// <exception cref="StoreUnavailableException">Nothing was changed. Safe to retry.</exception>
    public void Remove(string id, bool force)
    {
        lock (_lock)
        {
            var slo = _slos.GetValueOrDefault(id) ?? throw NotFound(id);
            if (!force && WhyKept(id) is { } reason) throw new SloException(SloRefusal.Referenced, reason);
            _documents.Remove(Collection, id);
            _slos = _slos.Remove(id); // It is gone now: nothing that follows throws.
            Corrections.RemoveOf(id);
            _groups.Follow(_slos.Values, slo.MonitorIds);
        }
    }

    /// <summary>The monitors that watch an objective.</summary>
    public IReadOnlyList<(Core.Monitors.MonitorRule Rule, SloMonitorQuery Query)> WatchersOf(string id) =>
        [.. _rules.All().Where(known => known.Query is SloMonitorQuery query && query.SloId == id).Select(known => (known.Rule, (SloMonitorQuery)known.Query!))];

    /// <summary>Why one cannot be deleted without force; null when it can.</summary>
    public string? WhyKept(string id) => WatchersOf(id) is { Count: > 0 } watchers
        ? $"slo [{id},{Find(id)?.Name}] is referenced in monitors: {string.Join(", ", watchers.Select(watcher => $"[{Text(watcher.Rule.Id)},{watcher.Rule.Name}]"))}"
        : null;

    /// <inheritdoc/>
    public string? WhyNotWatched(SloMonitorQuery query) => Find(query.SloId) is not { } slo
        ? $"There is no objective \"{query.SloId}\". Name one by the id that GET /api/v1/slo gives."
        : slo.TargetOf(query.Days) is null ? $"The objective \"{slo.Name}\" has no target over {query.Days} days. It has: {string.Join(", ", slo.Targets.Select(target => target.Timeframe()))}."
        : null;

    /// <inheritdoc/>
    public IReadOnlyList<(string Id, string Name)> MadeOf(long monitorId) => [.. All().Where(slo => slo.MonitorIds.Contains(monitorId)).Select(slo => (slo.Id, slo.Name))];

    /// <summary>What answers that there is no objective of an id.</summary>
    public static SloException NotFound(string id) => new(SloRefusal.NotFound, $"SLO with id \"{id}\" not found");

    /// <summary>An objective as it could be kept: its groups by their own names.</summary>
    /// <exception cref="SloException">It could not; the message says why.</exception>
    Slo Checked(Slo slo, Slo? before)
    {
        if (string.IsNullOrWhiteSpace(slo.Name)) throw Wrong("The parameter 'name' is required.");
        if (slo.Name.Length > MonitorRules.MaxNameChars) throw Wrong($"The parameter 'name' has {slo.Name.Length} characters; at most {MonitorRules.MaxNameChars} are kept.");
        if (slo.Description.Length > MaxDescriptionChars) throw Wrong($"The parameter 'description' has {slo.Description.Length} characters; at most {MaxDescriptionChars} are kept.");
        if (slo.Tags.Count > MonitorRules.MaxTags) throw Wrong($"The parameter 'tags' has {slo.Tags.Count} tags; at most {MonitorRules.MaxTags} are kept.");
        CheckTargets(slo.Targets);
        switch (slo.Kind)
        {
            case SloKind.Metric:
                SloQueries.CheckCounts("query.numerator", slo.GoodQuery);
                SloQueries.CheckCounts("query.denominator", slo.TotalQuery);
                break;
            case SloKind.TimeSlice:
                SloQueries.Checked("sli_specification.time_slice.query", slo.Slices!.Query);
                break;
            default:
                CheckMonitors(slo.MonitorIds);
                return slo with { Groups = _groups.Checked(slo, slo.MonitorIds is [var only] ? _rules.Find(only) : null, before) };
        }
        return slo;
    }

    static void CheckTargets(IReadOnlyList<SloTarget> targets)
    {
        if (targets.Count == 0) throw Wrong("The parameter 'thresholds' is required: at least one, such as {\"timeframe\":\"30d\",\"target\":99.9}.");
        if (targets.Select(target => target.Days).Distinct().Count() < targets.Count) throw Wrong("The parameter 'thresholds' has the same timeframe twice.");
        foreach (var target in targets)
        {
            if (target.Percent is not (> 0 and < 100)) throw Wrong($"The target of {target.Timeframe()} ({Number(target.Percent)}) must be above 0 and below 100, in percent: without a part that may be bad there is no budget.");
            if (target.WarningPercent is { } warning && (warning <= target.Percent || warning > 100)) throw Wrong($"The warning of {target.Timeframe()} ({Number(warning)}) must be above its target ({Number(target.Percent)}) and at most 100.");
        }
    }

    void CheckMonitors(IReadOnlyList<long> ids)
    {
        if (ids.Count == 0) throw Wrong("The parameter 'monitor_ids' is required: the ids of the monitors that the objective is made of.");
        if (ids.Count > MaxMonitors) throw Wrong($"The parameter 'monitor_ids' has {ids.Count} monitors; at most {MaxMonitors} make one objective.");
        foreach (var id in ids)
        {
            if (_rules.Find(id) is not { } known) throw Wrong($"There is no monitor {Text(id)}. Name monitors by the ids that GET /api/v1/monitor gives.");
            if (known.Query is SloMonitorQuery) throw Wrong($"Monitor {Text(id)} watches an objective itself; an objective is made of others.");
        }
    }

    Slo Keep_NeedsLock(Slo slo)
    {
        var before = _slos.GetValueOrDefault(slo.Id);
        _documents.Store(Collection, slo.Id, slo); // First: when it throws, no group has lost its past.
        _slos = _slos.SetItem(slo.Id, slo);
        _groups.Follow(_slos.Values, slo.MonitorIds.Union(before?.MonitorIds ?? []));
        return slo;
    }

    long NowUnixSeconds => _clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    static SloException Wrong(string sentence) => new(SloRefusal.Wrong, sentence);

    static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);

    static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
