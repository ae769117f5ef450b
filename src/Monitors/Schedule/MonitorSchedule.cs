using Apm.Core.Counting;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;

namespace Apm.Monitors.Schedule;

/// <summary>How monitors are evaluated.</summary>
public sealed record MonitorSettings
{
    /// <summary>Monitors evaluated at the same time; default 2.</summary>
    public int MaxConcurrentEvaluations { get; init; } = 2;

    /// <summary>How long after the minute its evaluations begin, so that what was sent in it has arrived; default 5 s. The window ends with the minute.</summary>
    public TimeSpan SettleFor { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Evaluates monitors when they are due: at whole minutes, those with long windows every 10 or 30 (metrics-monitors §6.4), those with a schedule of their
/// own at its times (<see cref="CustomTimes"/>). Due times are
/// multiples of the period since 1970, so nothing drifts; what was missed while the process was away is not made up for, and counted.
/// </summary>
/// <remarks>
/// The last minute that was done is kept: after a restart no minute is evaluated twice. One round at a time; a round that takes longer than a
/// minute makes the next one late, never two at once.
/// </remarks>
public sealed class MonitorSchedule(MonitorRules rules, MonitorStates states, MonitorEvaluator evaluator, MonitorHistory history, IDocumentStore documents, Counters counters, RecentProblems problems, TimeProvider clock, MonitorSettings settings, UptimeBook? uptime = null) : IDisposable
{
    /// <summary>How often it is looked whether a minute is over.</summary>
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    const int MinuteSeconds = 60;
    const string Collection = "monitor-schedule";
    const string Id = "last";

    readonly Lock _lock = new();
    readonly CancellationTokenSource _stop = new();
    readonly Dictionary<long, Evaluated> _evaluated = [];
    readonly Dictionary<long, NextOwn> _nextOwn = [];
    long? _lastMinute = documents.Find<LastMinute>(Collection, Id)?.UnixSeconds;
    ITimer? _timer;
    Task _round = Task.CompletedTask;

    /// <summary>The last minute that was evaluated, Unix seconds; null before the first.</summary>
    public long? LastMinuteUnixSeconds => _lastMinute;

    /// <summary>Begins.</summary>
    public void Start() => _timer = clock.CreateTimer(_ => Look(), null, LookEvery, LookEvery);

    /// <summary>Waits for the round under way, then begins no other.</summary>
    public void Dispose()
    {
        _timer?.Dispose();
        _stop.Cancel();
        Task.WhenAny(_round).GetAwaiter().GetResult();
        _stop.Dispose();
    }

    /// <summary>Evaluates what is due now; nothing when the minute was done already.</summary>
    /// <returns>How many monitors were evaluated.</returns>
    public int RunDue()
    {
        lock (_lock)
        {
            var minute = (clock.NowUnixNanos() / UnixTime.NanosPerSecond - (long)settings.SettleFor.TotalSeconds) / MinuteSeconds * MinuteSeconds;
            // A clock that was set back must not silence monitors until it is where it was.
            if (_lastMinute is { } last && minute <= last && minute > last - 2 * MinuteSeconds) return 0;
            if (_lastMinute is { } before && minute > before + MinuteSeconds) counters.Add("monitor_minutes_missed", count: (minute - before) / MinuteSeconds - 1);
            states.ForgetGone();
            foreach (var id in history.MonitorIds()) if (rules.Find(id) is null) history.Remove(id);
            foreach (var id in uptime?.MonitorIds() ?? []) if (rules.Find(id) is null) uptime!.Remove(id);
            uptime?.RoundBegins(_lastMinute, minute);
            var due = rules.All().Where(known => known.Query is not null).Select(known => (Known: known, At: DueAt(known, minute))).Where(one => one.At is not null).Select(one => new Due(one.Known, one.At!.Value)).ToList();
            var options = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, settings.MaxConcurrentEvaluations) };
            Parallel.ForEach(due.Where(one => one.Known.Query is not CompositeMonitorQuery), options, Evaluate);
            Parallel.ForEach(due.Where(one => one.Known.Query is CompositeMonitorQuery), options, Evaluate); // They look at the others.
            if (_stop.IsCancellationRequested) return due.Count; // Not all were; after the restart they are.
            foreach (var (known, at) in due) _evaluated[known.Rule.Id] = new Evaluated(MonitorStates.AskedBy(known), at);
            uptime?.RoundDone(minute);
            _lastMinute = minute;
            documents.Store(Collection, Id, new LastMinute(minute));
            return due.Count;
        }
    }

    void Look()
    {
        if (!_round.IsCompleted || _stop.IsCancellationRequested) return;
        _round = Task.Run(() =>
        {
            try
            {
                RunDue();
            }
            catch (StoreUnavailableException unavailable)
            {
                problems.Add("monitors", unavailable.Message, clock.NowUnixNanos());
            }
        });
    }

    /// <summary>For when it is to be evaluated now; null when it is not.</summary>
    long? DueAt(KnownRule known, long minute) => CustomTimes.Has(known.Rule) ? CustomDueAt(known.Rule, minute) : IsDue(known, minute) ? DueOf(known, minute) : null;

    /// <summary>
    /// The last of its own times that has come since the round before. One that fell into a time without the process is made up for: with times
    /// that are far apart the next may be tomorrow.
    /// </summary>
    long? CustomDueAt(MonitorRule rule, long minute)
    {
        if (!_nextOwn.TryGetValue(rule.Id, out var next) || !ReferenceEquals(next.Schedule, rule.Options.CustomSchedule))
            _nextOwn[rule.Id] = next = new NextOwn(rule.Options.CustomSchedule!, CustomTimes.FirstAfter(rule, _lastMinute ?? minute - MinuteSeconds) ?? long.MaxValue);
        if (next.UnixSeconds > minute) return null;
        var due = next.UnixSeconds;
        foreach (var time in CustomTimes.After(rule, due))
        {
            _nextOwn[rule.Id] = next with { UnixSeconds = time };
            if (time > minute) return due;
            due = time;
        }
        _nextOwn[rule.Id] = next with { UnixSeconds = long.MaxValue };
        return due;
    }

    /// <summary>A monitor that is new, or asks something else now, does not wait for its period.</summary>
    bool IsDue(KnownRule known, long minute)
    {
        if (_evaluated.TryGetValue(known.Rule.Id, out var before)) return before.Asked != MonitorStates.AskedBy(known) || DueOf(known, minute) != before.DueUnixSeconds;
        return _lastMinute is not { } last || states.BookOf(known.Rule.Id).Asked != MonitorStates.AskedBy(known) || DueOf(known, minute) != last / known.Query!.PeriodSeconds * known.Query.PeriodSeconds;
    }

    static long DueOf(KnownRule known, long minute) => minute / known.Query!.PeriodSeconds * known.Query.PeriodSeconds;

    void Evaluate(Due one)
    {
        if (_stop.IsCancellationRequested) return;
        var (known, due) = (one.Known, one.AtUnixSeconds);
        try
        {
            var before = Math.Min(due, _evaluated.TryGetValue(known.Rule.Id, out var evaluated) ? evaluated.DueUnixSeconds : _lastMinute ?? due);
            evaluator.Evaluate(known, due, before, _stop.Token);
            if (known.Rule.Options.MutesUntilResolved && states.Find(known.Rule.Id) is { Groups: var groups } && groups.All(group => group.State == MonitorState.Ok)) Unmute(known.Rule.Id);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The process ends; the minute is done after the restart.
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            // One monitor that cannot be evaluated must not silence the others.
            counters.Add("monitor_evaluations_failed");
            problems.Add("monitors", $"Monitor {known.Rule.Id} \"{known.Rule.Name}\" could not be evaluated: {wrong.Message}", clock.NowUnixNanos());
        }
    }

    /// <summary>What was muted until it is resolved is heard again from the next evaluation on; mutes of single scopes stay.</summary>
    void Unmute(long id) => rules.Change(id, rule => rule with { Options = rule.Options with { MutesUntilResolved = false, Silenced = rule.Options.Silenced.Where(mute => mute.Key != GroupState.Whole).ToDictionary() } });

    sealed record Due(KnownRule Known, long AtUnixSeconds);

    /// <param name="UnixSeconds"><see cref="long.MaxValue"/> when none comes any more.</param>
    sealed record NextOwn(IReadOnlyList<MonitorRecurrence> Schedule, long UnixSeconds);

    sealed record Evaluated(string Asked, long DueUnixSeconds);

    sealed record LastMinute(long UnixSeconds);
}
