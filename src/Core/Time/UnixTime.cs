namespace Apm.Core.Time;

/// <summary>Nanoseconds since 1970-01-01T00:00Z, the only time inside Apm.</summary>
public static class UnixTime
{
    public const long NanosPerSecond = 1_000_000_000;
    public const long NanosPerMillisecond = 1_000_000;
    public const long NanosPerMicrosecond = 1_000;
    public const long NanosPerTick = 100;

    /// <summary>The clock's time in Unix nanoseconds; its resolution is 100 ns.</summary>
    public static long NowUnixNanos(this TimeProvider clock) => ToUnixNanos(clock.GetUtcNow());

    /// <summary>Saturates outside the years 1678–2262.</summary>
    public static long ToUnixNanos(this DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        return ticks > long.MaxValue / NanosPerTick ? long.MaxValue
            : ticks < long.MinValue / NanosPerTick ? long.MinValue
            : ticks * NanosPerTick;
    }

    public static DateTimeOffset ToDateTime(long unixNanos) => DateTimeOffset.UnixEpoch.AddTicks(unixNanos / NanosPerTick);

    /// <summary>Start of the bucket that holds a time.</summary>
    public static long Floor(long unixNanos, long widthNanos)
    {
        var rest = unixNanos % widthNanos;
        return rest < 0 ? unixNanos - rest - widthNanos : unixNanos - rest;
    }
}
