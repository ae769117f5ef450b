namespace Apm.TestKit;

/// <summary>A clock that stands until it is told to go on, and fires the timers that become due on the way.</summary>
/// <remarks>Thread-safe. Callbacks run on the thread that calls <see cref="Advance"/>.</remarks>
public sealed class SteppedClock(DateTimeOffset start) : TimeProvider
{
    readonly Lock _lock = new();
    readonly List<SteppedTimer> _timers = [];
    DateTimeOffset _now = start;
    TimeSpan _elapsed; // Timers and timestamps go by this: setting the clock does not touch them.

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Somebody waits for a time to come.</summary>
    public bool IsAwaited
    {
        get { lock (_lock) return _timers.Exists(timer => timer.DueAt < TimeSpan.MaxValue); }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_lock) return _elapsed.Ticks;
    }

    /// <summary>Sets the time of day, forward or back, as an administrator or NTP does; no time passes.</summary>
    public void Set(TimeSpan by)
    {
        lock (_lock) _now += by;
    }

    /// <summary>Goes on; timers that are due fire once, however often they would have.</summary>
    public void Advance(TimeSpan by)
    {
        SteppedTimer[] due;
        lock (_lock)
        {
            _now += by;
            _elapsed += by;
            due = [.. _timers.Where(timer => timer.DueAt <= _elapsed)];
            foreach (var timer in due) timer.DueAt = timer.Period == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : _elapsed + timer.Period;
        }
        foreach (var timer in due) timer.Fire();
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SteppedTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (_lock) _timers.Add(timer);
        return timer;
    }

    sealed class SteppedTimer(SteppedClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan DueAt { get; set; } = TimeSpan.MaxValue;
        public TimeSpan Period { get; private set; } = Timeout.InfiniteTimeSpan;

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                DueAt = dueTime == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : clock._elapsed + dueTime;
                Period = period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period;
            }
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
