using Apm.Core.Time;

namespace Apm.Cli.Host;

/// <summary>
/// The system's clock, behind by so much as it is told, and less each time: for a demo that fills hours of history through the ordinary intake,
/// which takes what is older than its clock as late. Timers run as they always do.
/// </summary>
/// <remarks>Thread-safe. Never goes back.</remarks>
/// <param name="system">What it is behind.</param>
/// <param name="behind">By how much at first.</param>
public sealed class CatchUpClock(TimeProvider system, TimeSpan behind) : TimeProvider
{
    long _behindTicks = behind.Ticks;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => system.LocalTimeZone;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => system.GetUtcNow().AddTicks(-Interlocked.Read(ref _behindTicks));

    /// <inheritdoc/>
    public override long GetTimestamp() => system.GetElapsedTime(0).Ticks - Interlocked.Read(ref _behindTicks);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => system.CreateTimer(callback, state, dueTime, period);

    /// <summary>It has not caught up yet.</summary>
    public bool IsBehind => Interlocked.Read(ref _behindTicks) > 0;

    /// <summary>Goes forward to a time; one that it has passed changes nothing.</summary>
    public void GoOnTo(long unixNanos) => Lessen((system.GetUtcNow() - UnixTime.ToDateTime(unixNanos)).Ticks);

    /// <summary>From now on the system's time.</summary>
    public void CatchUp() => Lessen(0);

    void Lessen(long ticks)
    {
        var before = Interlocked.Read(ref _behindTicks);
        if (ticks < before) Interlocked.Exchange(ref _behindTicks, Math.Max(0, ticks));
    }
}
