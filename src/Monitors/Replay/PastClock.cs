using Apm.Core.Time;

namespace Apm.Monitors.Replay;

/// <summary>The time of the evaluation that is replayed. How long something takes goes by the clock beneath.</summary>
sealed class PastClock(TimeProvider clock) : TimeProvider
{
    public long UnixSeconds { get; set; }

    public override DateTimeOffset GetUtcNow() => UnixTime.ToDateTime(UnixSeconds * UnixTime.NanosPerSecond);

    public override long GetTimestamp() => clock.GetTimestamp();

    public override long TimestampFrequency => clock.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => clock.CreateTimer(callback, state, dueTime, period);
}
