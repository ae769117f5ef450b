namespace Apm.Query.Evaluate;

/// <summary>How wide the buckets of a query are, by the length of its window (metrics-monitors §5.7).</summary>
public static class QueryIntervals
{
    /// <summary>Most points of one series; default 1500, Datadog's figure. A rollup that would give more is widened to the usual interval.</summary>
    public const int MaxPoints = 1500;

    const int Minute = 60;
    const int Hour = 60 * Minute;
    const int Day = 24 * Hour;

    static readonly (int WindowSeconds, int IntervalSeconds)[] Table =
    [
        (20 * Minute, 5), (30 * Minute, 10), (Hour, 20), (4 * Hour, Minute), (Day, 5 * Minute), (2 * Day, 10 * Minute), (7 * Day, Hour), (31 * Day, 4 * Hour), (93 * Day, 12 * Hour), (366 * Day, Day),
    ];

    /// <summary>Seconds per point when nothing else is asked for.</summary>
    public static int SecondsFor(long windowSeconds)
    {
        foreach (var (limit, interval) in Table) if (windowSeconds <= limit) return interval;
        return 7 * Day;
    }
}
