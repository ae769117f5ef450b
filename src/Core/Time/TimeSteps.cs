namespace Apm.Core.Time;

/// <summary>Widths of buckets that people can read off an axis.</summary>
public static class TimeSteps
{
    static readonly long[] Seconds = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400, 172_800, 604_800];

    /// <summary>The smallest readable width that cuts the range into at most so many buckets (one more where the range does not begin on a border).</summary>
    /// <param name="smallestNanos">No width is smaller; below a second 100 ms, 200 ms, 500 ms are used.</param>
    public static long For(TimeRange range, int maxBuckets, long smallestNanos)
    {
        var wanted = Math.Max(smallestNanos, range.LengthNanos / Math.Max(1, maxBuckets));
        foreach (var nanos in (ReadOnlySpan<long>)[100_000_000, 200_000_000, 500_000_000]) if (nanos >= wanted) return nanos;
        foreach (var seconds in Seconds) if (seconds * UnixTime.NanosPerSecond >= wanted) return seconds * UnixTime.NanosPerSecond;
        var week = Seconds[^1] * UnixTime.NanosPerSecond;
        return (wanted + week - 1) / week * week;
    }
}
