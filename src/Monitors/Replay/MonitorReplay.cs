using Apm.Core.Counting;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Monitors.Slos;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;

namespace Apm.Monitors.Replay;

/// <summary>What a replay reads: the same that monitors read.</summary>
public sealed record ReplaySources(IMetricReader Metrics, IMetricUnits Units, IServiceCheckStore Checks, IEventStore Events, ITraceReader Traces, IHostTags Hosts);

/// <summary>What a replay of monitors that watch objectives reads beside.</summary>
public sealed record ReplayedObjectives(SloBook Slos, UptimeBook Uptime);

/// <summary>
/// Says what a monitor would have done, had it been there: the same readings, states and tellings as of the schedule, over times that are past.
/// </summary>
/// <remarks>
/// Any thread. Nothing is kept or told. It begins as a new monitor does, without a state. Downtimes, and objectives, count as they stand now; mutes of
/// the monitor and of all as they were then. Of service checks there are only the last runs.
/// </remarks>
/// <param name="objectives">Null where there are none; monitors of them are not replayed then.</param>
public sealed class MonitorReplay(ReplaySources sources, IDowntimeBook downtimes, MonitorRules rules, Counters counters, TimeProvider clock, ReplayedObjectives? objectives = null)
{
    /// <summary>The time that is replayed when nothing else is asked for, and the most that may be; 7 days.</summary>
    public static readonly TimeSpan MaxLength = TimeSpan.FromDays(7);

    /// <summary>Longest work on a replay; default 3 s. Then it stops, says when, and is counted in <c>monitor_replays_stopped</c>.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(3);

    /// <summary>Most groups of a replay; default 200. The result says how many there was no room for.</summary>
    public const int MaxGroups = 200;

    /// <summary>Most tellings that a result lists; default 200, the first. It says how many there were.</summary>
    public const int MaxTold = 200;

    /// <summary>Most changes of state in a replay; default 5000. Then it stops and says when.</summary>
    public const int MaxChanges = 5_000;

    /// <summary>What is tried, the shorter first: how long one took tells whether the next can be had in time.</summary>
    static readonly TimeSpan[] s_lengths = [TimeSpan.FromHours(1), TimeSpan.FromHours(6), TimeSpan.FromDays(1), MaxLength];

    /// <summary>
    /// Replays the time up to now, as much of the last days as can be had in <see cref="MaxTime"/>: a shorter one that is recent tells more than
    /// the beginning of a long one. Where data began later, the shortest that has it all.
    /// </summary>
    public ReplayResult Latest(KnownRule known, long toUnixSeconds, CancellationToken cancel = default)
    {
        var started = clock.GetTimestamp();
        var results = new List<ReplayResult>();
        foreach (var length in s_lengths)
        {
            var begun = clock.GetElapsedTime(started);
            var result = Run(known, toUnixSeconds - (long)length.TotalSeconds, toUnixSeconds, MaxTime - begun, cancel);
            if (result.StoppedReason.Length > 0) return Stopped(results.Count == 0 ? result : results[^1] with { StoppedReason = TooLong(results[^1]) });
            results.Add(result);
            if (length == MaxLength) break;
            var (took, next) = (clock.GetElapsedTime(started) - begun, s_lengths[Array.IndexOf(s_lengths, length) + 1]);
            if (clock.GetElapsedTime(started) + took * (next / length) > MaxTime) return Stopped(result with { StoppedReason = TooLong(result) });
        }
        return results[^1].FirstDataUnixSeconds is { } first && results.Find(result => result.FromUnixSeconds < first) is { } whole ? whole : results[^1];
    }

    /// <summary>Replays some time.</summary>
    /// <param name="fromUnixSeconds">Cut to <see cref="MaxLength"/> before the end.</param>
    public ReplayResult Between(KnownRule known, long fromUnixSeconds, long toUnixSeconds, CancellationToken cancel = default) =>
        Stopped(Run(known, Math.Max(fromUnixSeconds, toUnixSeconds - (long)MaxLength.TotalSeconds), toUnixSeconds, MaxTime, cancel));

    ReplayResult Stopped(ReplayResult result)
    {
        if (result.StoppedReason.Length > 0) counters.Add("monitor_replays_stopped");
        return result;
    }

    static string TooLong(ReplayResult result) => $"Only the last {Length(result.ToUnixSeconds - result.FromUnixSeconds)} were evaluated: more would have taken longer than {MaxTime.TotalSeconds:0} s.";

    static string Length(long seconds) => seconds >= 86_400 ? "24 hours" : seconds >= 7_200 ? $"{seconds / 3_600} hours" : $"{seconds / 60} minutes";

    ReplayResult Run(KnownRule known, long from, long to, TimeSpan budget, CancellationToken cancel)
    {
        var query = known.Query ?? throw new InvalidOperationException("A rule whose query cannot be read is not replayed.");
        if (!CanBeReplayed(query)) return new ReplayResult { FromUnixSeconds = from, ToUnixSeconds = to, StoppedReason = $"What a monitor of the type {known.Rule.Type}, or one made of such, would have done cannot be told: the past of what it looks at is not kept." };
        var past = new PastClock(clock);
        var metrics = new PastMetrics(sources.Metrics, to);
        var readings = ReadingsAt(past, metrics);
        var held = new PastMutes(downtimes, rules.Mutes);
        var replayed = new ReplayedMonitor(known, held, sources.Hosts, new MissingReasons(new MetricsAsOf(metrics, past), new PastChecks(sources.Checks, past)));
        var parts = query is CompositeMonitorQuery composite ? composite.Parts.Select(rules.Find).OfType<KnownRule>().Select(part => new ReplayedMonitor(part, held, sources.Hosts, reasons: null)).ToDictionary(part => part.Rule.Id) : [];
        var record = new ReplayRecord(query, from, to);
        var started = clock.GetTimestamp();
        var stopped = "";
        foreach (var now in CustomTimes.Between(known, from, to))
        {
            cancel.ThrowIfCancellationRequested();
            if (clock.GetElapsedTime(started) > budget) stopped = $"It was stopped after {budget.TotalSeconds:0.#} s of work, at {Time(now)}.";
            else if (record.ChangeCount > MaxChanges) stopped = $"It was stopped at {Time(now)}, after {MaxChanges} changes of state.";
            if (stopped.Length > 0)
            {
                to = now;
                break;
            }
            past.UnixSeconds = now;
            MonitorSnapshot? PartOf(long id) => parts.GetValueOrDefault(id)?.Snapshot;
            foreach (var part in parts.Values) if (part.IsDue(from, now)) part.Step(readings, _ => null, now, record: null, cancel);
            replayed.Step(readings, PartOf, now, record, cancel);
        }
        return record.Result(to) with { StoppedReason = stopped };
    }

    /// <summary>Whether what it asks can be asked of the past.</summary>
    bool CanBeReplayed(MonitorQuery query) => query switch
    {
        SloMonitorQuery => objectives is not null,
        CompositeMonitorQuery composite => composite.Parts.All(id => rules.Find(id)?.Query is not { } part || CanBeReplayed(part)),
        _ => true,
    };

    MonitorReadings ReadingsAt(PastClock past, PastMetrics metrics)
    {
        var queries = new MetricQueries(metrics, sources.Hosts, sources.Units, counters, past);
        var slos = objectives is null ? null : new SloReadings(objectives.Slos, new SloReader(queries, objectives.Uptime, objectives.Slos), objectives.Uptime);
        // Silence before this process started says nothing of those who send; in the past that a replay sees, they were heard.
        return new MonitorReadings(new MetricReadings(queries), new ServiceCheckReadings(new PastChecks(sources.Checks, past), sources.Hosts, startedUnixSeconds: 0), new EventReadings(sources.Events), new SpanReadings(sources.Traces, past), slos);
    }

    static string Time(long unixSeconds) => UnixTime.ToDateTime(unixSeconds * UnixTime.NanosPerSecond).ToString("d MMM HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
}
