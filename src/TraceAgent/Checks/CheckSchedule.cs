using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Time;

namespace Apm.TraceAgent.Checks;

/// <summary>
/// Runs instances at their intervals: the first times one after the other, so that they do not all come at once, then every interval from
/// there. A run still going when its turn comes is left alone, and that turn is left out (metrics-monitors §9.5).
/// </summary>
/// <remarks>Any thread. Sleeps until the next is due, so that an idle machine stays idle; all time comes from the clock.</remarks>
public sealed class CheckSchedule : IAsyncDisposable
{
    /// <summary>Longest sleep: a clock that was set forward is noticed after it.</summary>
    public static readonly TimeSpan MaxSleep = TimeSpan.FromSeconds(5);

    /// <summary>Shortest sleep, for turns that are held up by others.</summary>
    static readonly TimeSpan MinSleep = TimeSpan.FromMilliseconds(20);

    /// <summary>From the first run of one instance to that of the next, unless its interval is too short for so many. Those that are built in run together: they are quick, and what they find is one write.</summary>
    static readonly TimeSpan Spread = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    readonly CheckScheduleSettings _settings;
    readonly TimeProvider _clock;
    readonly MemoryAccount _memory;
    readonly Func<CheckPlan, ICheckSums> _makeSums;
    readonly Action<CheckResult> _keep;
    readonly Counters _counters;
    readonly CancellationTokenSource _stop = new();
    readonly List<Turn> _turns = [];
    readonly HashSet<Task> _runs = [];
    readonly ITimer _timer;
    int _runners;

    /// <param name="makeSums">Called once for each instance.</param>
    /// <param name="keep">Keeps what a run came to; must not wait or throw.</param>
    public CheckSchedule(CheckScheduleSettings settings, TimeProvider clock, MemoryBudget memory, Counters counters, Func<CheckPlan, ICheckSums> makeSums, Action<CheckResult> keep)
    {
        _settings = settings;
        _clock = clock;
        _memory = memory.OpenWork("check_runs");
        _counters = counters;
        _makeSums = makeSums;
        _keep = keep;
        _timer = clock.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>All instances by check, in the order of their files.</summary>
    public IReadOnlyList<CheckInstanceStatus> Status()
    {
        lock (_lock) return [.. _turns.Select(turn => turn.Check.Status)];
    }

    /// <summary>Runs these from now on. One that is there already and has not changed goes on as it was; others end with their present run.</summary>
    public void Replace(IReadOnlyList<CheckPlan> plans)
    {
        var gone = new List<Turn>();
        lock (_lock)
        {
            var known = _turns.ToDictionary(turn => turn.Check.Plan.Id, StringComparer.Ordinal);
            var now = _clock.NowUnixNanos();
            var fresh = 0;
            _turns.Clear();
            foreach (var plan in plans.DistinctBy(plan => plan.Id).Take(_settings.MaxInstances))
            {
                if (known.TryGetValue(plan.Id, out var turn) && IsSame(turn.Check.Plan, plan)) known.Remove(plan.Id);
                else turn = Begin_NeedsLock(plan, now, plan.IsBuiltIn ? 0 : fresh++);
                _turns.Add(turn);
            }
            gone.AddRange(known.Values);
            foreach (var turn in gone) turn.IsGone = true;
        }
        foreach (var turn in gone.Where(turn => !turn.IsRunning)) Track(turn.Check.DisposeAsync().AsTask());
        Tick();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _stop.CancelAsync();
        Task[] runs;
        lock (_lock) runs = [.. _runs];
        await Task.WhenAll(runs);
        foreach (var turn in _turns) await turn.Check.DisposeAsync();
        _stop.Dispose();
    }

    static bool IsSame(CheckPlan left, CheckPlan right) =>
        left.Revision == right.Revision && left.Interval == right.Interval && left.Source == right.Source && left.Host == right.Host && left.Namespace == right.Namespace && left.Tags.SequenceEqual(right.Tags);

    Turn Begin_NeedsLock(CheckPlan plan, long nowNanos, int position)
    {
        var turn = new Turn(new ScheduledCheck(plan, _makeSums(plan), _settings, _clock, _memory));
        var offset = TimeSpan.FromTicks(position * Spread.Ticks % plan.Interval.Ticks);
        turn.DueNanos = nowNanos + (long)offset.TotalMilliseconds * UnixTime.NanosPerMillisecond;
        turn.Check.SetNextRun(turn.DueNanos);
        return turn;
    }

    void Tick()
    {
        lock (_lock)
        {
            if (_stop.IsCancellationRequested) return;
            var now = _clock.NowUnixNanos();
            var sleep = MaxSleep;
            foreach (var turn in _turns.OrderBy(turn => turn.DueNanos))
            {
                var interval = IntervalNanos(turn);
                if (turn.DueNanos > now + interval) turn.DueNanos = now + interval; // The clock was set back.
                if (turn.DueNanos > now)
                {
                    Sleep(turn.DueNanos - now);
                    continue;
                }
                var isBusy = turn.IsRunning || turn.Check.IsStuck;
                if (!isBusy && !turn.Check.Plan.IsBuiltIn && _runners >= _settings.MaxRunners) continue; // Its turn comes with the next free runner.
                turn.DueNanos += (now - turn.DueNanos) / interval * interval + interval;
                turn.Check.SetNextRun(turn.DueNanos);
                Sleep(turn.DueNanos - now);
                if (isBusy) turn.Check.Skip();
                else Start_NeedsLock(turn);
            }
            _timer.Change(sleep, Timeout.InfiniteTimeSpan);

            void Sleep(long nanos)
            {
                var time = TimeSpan.FromTicks(nanos / UnixTime.NanosPerTick);
                if (time < sleep) sleep = time > MinSleep ? time : MinSleep;
            }
        }
    }

    static long IntervalNanos(Turn turn) => (long)turn.Check.Plan.Interval.TotalMilliseconds * UnixTime.NanosPerMillisecond;

    void Start_NeedsLock(Turn turn)
    {
        turn.IsRunning = true;
        if (!turn.Check.Plan.IsBuiltIn) _runners++;
        Track(Run(turn));
    }

    async Task Run(Turn turn)
    {
        var result = await turn.Check.RunAsync(_stop.Token);
        _counters.Add("check_runs", turn.Check.Status.Outcome == CheckOutcome.Error ? "failed" : "ok", service: turn.Check.Plan.Check);
        _counters.Add("check_submissions_dropped", count: result.Run.DroppedCount, service: turn.Check.Plan.Check);
        try
        {
            _keep(result);
        }
        finally
        {
            result.Run.Release();
            bool isGone;
            lock (_lock)
            {
                turn.IsRunning = false;
                if (!turn.Check.Plan.IsBuiltIn) _runners--;
                isGone = turn.IsGone;
            }
            if (isGone) await turn.Check.DisposeAsync();
        }
        Tick(); // Another may wait for the runner.
    }

    /// <summary>Keeps a task in sight until it has ended, so that stopping waits for it.</summary>
    void Track(Task task)
    {
        lock (_lock) _runs.Add(task);
        _ = task.ContinueWith(ended =>
        {
            lock (_lock) _runs.Remove(ended);
        }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>An instance, and when it is its turn.</summary>
    sealed class Turn(ScheduledCheck check)
    {
        public ScheduledCheck Check { get; } = check;
        public long DueNanos { get; set; }
        public bool IsRunning { get; set; }
        public bool IsGone { get; set; }
    }
}
