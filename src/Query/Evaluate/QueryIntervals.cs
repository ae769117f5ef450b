using Apm.Core.Time;

namespace Apm.Query.Evaluate;

/// <summary>How wide the buckets of a query are, by the length of its window (metrics-monitors §5.7).</summary>
public static class QueryIntervals
{
    const int Minute = 60;
    const int Hour = 60 * Minute;
    const int Day = 24 * Hour;

    static readonly (int WindowSeconds, int IntervalSeconds)[] Table =
    [
        (30 * Minute, 10), (Hour, 20), (4 * Hour, Minute), (Day, 5 * Minute), (2 * Day, 10 * Minute), (7 * Day, Hour), (31 * Day, 4 * Hour), (93 * Day, 12 * Hour), (366 * Day, Day),
    ];

    /// <summary>Seconds per point; never below the 10 s in which spans are counted.</summary>
    public static int SecondsFor(TimeRange window)
    {
        var seconds = window.LengthNanos / UnixTime.NanosPerSecond;
        foreach (var (limit, interval) in Table) if (seconds <= limit) return interval;
        return 7 * Day;
    }
}
