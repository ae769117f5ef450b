namespace Apm.Core.Time;

/// <summary>From (included) to (excluded), Unix nanoseconds.</summary>
public readonly record struct TimeRange(long FromUnixNanos, long ToUnixNanos)
{
    public static TimeRange All => new(0, long.MaxValue);

    /// <summary>0 when the range is empty.</summary>
    public long LengthNanos => Math.Max(0, ToUnixNanos - FromUnixNanos);

    public bool Contains(long unixNanos) => unixNanos >= FromUnixNanos && unixNanos < ToUnixNanos;

    /// <summary>Whether anything of [from, to] (both included) lies inside.</summary>
    public bool Overlaps(long fromUnixNanos, long toUnixNanos) => fromUnixNanos < ToUnixNanos && toUnixNanos >= FromUnixNanos;
}
