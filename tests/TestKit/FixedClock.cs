namespace Apm.TestKit;

/// <summary>A clock that stands until a test moves it. Both its time and its timestamps come from <see cref="Now"/>.</summary>
public sealed class FixedClock(long unixNanos) : TimeProvider
{
    /// <summary>What it shows, Unix nanoseconds.</summary>
    public long Now { get; set; } = unixNanos;

    public override long TimestampFrequency => 1_000_000_000;
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(Now / 100);
    public override long GetTimestamp() => Now;
}
