namespace Apm.Core.Metrics;

/// <summary>One series: a metric with its tags, both normalised.</summary>
public sealed record SeriesKey(string Metric, MetricTags Tags);

/// <summary>A value at a second.</summary>
/// <param name="UnixSeconds">Since 1970; of counts, rates and distributions the start of their interval.</param>
public readonly record struct MetricPoint(long UnixSeconds, double Value);

/// <summary>All values of an interval.</summary>
/// <param name="UnixSeconds">Start of the interval, since 1970.</param>
public readonly record struct SketchPoint(long UnixSeconds, DistributionSketch Sketch);

/// <summary>New points of one series.</summary>
/// <param name="IntervalSeconds">Of counts, rates and distributions, how long a point lasts; 0 when that is not known.</param>
/// <param name="Points">In any order; empty for distributions. Values that are no finite number are passed over and counted.</param>
public sealed record SeriesPoints(SeriesKey Key, MetricType Type, int IntervalSeconds, IReadOnlyList<MetricPoint> Points)
{
    /// <summary>Of distributions; empty for others.</summary>
    public IReadOnlyList<SketchPoint> Sketches { get; init; } = [];

    /// <summary>The unit that came with the points, such as <c>millisecond</c>; "" when none did. Fills the metric's description when that has none.</summary>
    public string Unit { get; init; } = "";
}
