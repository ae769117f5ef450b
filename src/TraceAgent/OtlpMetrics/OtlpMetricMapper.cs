using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Wire.Otlp;

namespace Apm.TraceAgent.OtlpMetrics;

/// <summary>
/// Makes our series of OTLP's data points (docs/metrics-api.md): gauges stay gauges; sums that only go up become counts, cumulative ones by
/// their differences, other sums gauges; histograms become distributions; summaries a count, a sum and a gauge for each quantile.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class OtlpMetricMapper(CumulativePoints cumulative)
{
    /// <summary>Most values that stand for the content of one bucket.</summary>
    const int MaxSteps = 32;

    /// <summary>The series of some points, in their order; a point that tells nothing yet has none.</summary>
    /// <param name="undo">Gets what has to be undone when the series cannot be kept.</param>
    public IReadOnlyList<IncomingSeries> Map(IEnumerable<OtlpMetricPoint> points, CumulativeUndo undo)
    {
        var series = new List<IncomingSeries>();
        foreach (var point in points) Map(point, series, undo);
        return series;
    }

    /// <summary>Forgets the points of a <see cref="Map(IEnumerable{OtlpMetricPoint}, CumulativeUndo)"/>, which will come again.</summary>
    public void Undo(CumulativeUndo undo) => cumulative.Undo(undo);

    void Map(OtlpMetricPoint point, List<IncomingSeries> series, CumulativeUndo undo)
    {
        switch (point.Kind)
        {
            case OtlpMetricKind.Sum when point.Temporality == OtlpTemporality.Delta:
                series.Add(Count(point, point.Name, point.StartUnixNanos, point.Value));
                break;
            case OtlpMetricKind.Sum when point.IsMonotonic:
                if (StepOf(point, [point.Value], undo) is { } step) series.Add(Count(point, point.Name, step.FromUnixNanos, step.Values[0]));
                break;
            case OtlpMetricKind.Gauge or OtlpMetricKind.Sum:
                series.Add(Gauge(point, point.Name, point.Value, point.Tags));
                break;
            case OtlpMetricKind.Summary:
                MapSummary(point, series, undo);
                break;
            default:
                if (MapHistogram(point, undo) is { } distribution) series.Add(distribution);
                break;
        }
    }

    void MapSummary(OtlpMetricPoint point, List<IncomingSeries> series, CumulativeUndo undo)
    {
        if (StepOf(point, [point.Count, point.Sum ?? 0], undo) is { } step)
        {
            series.Add(Count(point, point.Name + ".count", step.FromUnixNanos, step.Values[0]) with { Unit = "" });
            series.Add(Count(point, point.Name + ".sum", step.FromUnixNanos, step.Values[1]));
        }
        foreach (var (quantile, value) in point.Quantiles)
            if (double.IsFinite(value)) series.Add(Gauge(point, point.Name + ".quantile", value, [.. point.Tags, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"quantile:{quantile:R}")]));
    }

    IncomingSeries? MapHistogram(OtlpMetricPoint point, CumulativeUndo undo)
    {
        double[] values = [point.Count, point.Sum ?? 0, point.ZeroCount, .. point.BucketCounts, .. point.NegativeCounts];
        var isCumulative = point.Temporality == OtlpTemporality.Cumulative;
        var from = point.StartUnixNanos;
        if (isCumulative)
        {
            var shape = point.Kind == OtlpMetricKind.ExponentialHistogram ? new ExponentialShape(point.Scale, point.PositiveOffset, point.BucketCounts.Length, point.NegativeOffset) : null;
            if (StepOf(point, values, undo, shape) is not { } step) return null;
            (from, values) = (step.FromUnixNanos, step.Values);
        }
        if (!(values[0] > 0)) return null;
        var positive = values.AsSpan(ExponentialShape.FactCount, point.BucketCounts.Length);
        var negative = values.AsSpan(ExponentialShape.FactCount + point.BucketCounts.Length);
        var sketch = new DistributionSketch();
        if (point.Kind == OtlpMetricKind.ExponentialHistogram)
        {
            sketch.Add(0, values[2]);
            AddExponential(sketch, positive, point.PositiveOffset, point.Scale, 1);
            AddExponential(sketch, negative, point.NegativeOffset, point.Scale, -1);
        }
        else if (positive.Length == 0)
        {
            sketch.Add((point.Sum ?? 0) / Math.Max(1, point.Count), values[0]); // Only the mean is known.
        }
        else
        {
            AddBuckets(sketch, positive, point);
        }
        if (sketch.Count == 0) return null;
        var (min, max) = (sketch.Min, sketch.Max);
        if (!isCumulative) // Of cumulative ones they are of all time.
        {
            if (point.Min is { } least && least <= max) min = least;
            if (point.Max is { } most && most >= min) max = most;
        }
        var exact = DistributionSketch.From(sketch.Count, point.Sum is null ? sketch.Sum : values[1], min, max, sketch.Keys, sketch.Counts);
        var (start, interval) = IntervalOf(point, from);
        return new IncomingSeries(point.Name, point.Tags, MetricType.Distribution, interval, []) { Sketches = [new SketchPoint(start, exact)], Unit = UnitOf(point.Unit) };
    }

    /// <summary>Spreads the content of each bucket evenly between its bounds; the outermost end at the least and greatest value, or at their only bound.</summary>
    static void AddBuckets(DistributionSketch sketch, ReadOnlySpan<double> counts, OtlpMetricPoint point)
    {
        for (var i = 0; i < counts.Length; i++)
        {
            if (!(counts[i] > 0)) continue;
            var low = i > 0 ? point.Bounds[i - 1] : point.Bounds.Length == 0 ? point.Min ?? 0 : Math.Min(point.Min ?? (point.Bounds[0] > 0 ? 0 : point.Bounds[0]), point.Bounds[0]);
            var high = i < point.Bounds.Length ? point.Bounds[i] : Math.Max(point.Max ?? low, low);
            if (!double.IsFinite(low)) low = high;
            if (!double.IsFinite(high)) high = low;
            var steps = (int)Math.Clamp(Math.Ceiling(counts[i]), 1, MaxSteps);
            for (var step = 0; step < steps; step++) sketch.Add(low + (high - low) * (step + 0.5) / steps, counts[i] / steps);
        }
    }

    /// <summary>Bucket i holds values from base^i to base^(i+1), where base is 2^(2^−scale); its middle stands for them.</summary>
    static void AddExponential(DistributionSketch sketch, ReadOnlySpan<double> counts, int offset, int scale, int sign)
    {
        var width = Math.Pow(2, -scale);
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] > 0) sketch.Add(sign * Math.Pow(2, ((double)offset + i + 0.5) * width), counts[i]);
    }

    CumulativeStep? StepOf(OtlpMetricPoint point, double[] values, CumulativeUndo undo, ExponentialShape? shape = null) =>
        cumulative.Step($"{(int)point.Kind}|{point.Name}|{string.Join('|', point.Tags.Order(StringComparer.Ordinal))}", new CumulativePoint(point.StartUnixNanos, point.UnixNanos, values, shape), undo);

    static IncomingSeries Count(OtlpMetricPoint point, string name, long fromUnixNanos, double value)
    {
        var (start, interval) = IntervalOf(point, fromUnixNanos);
        return new IncomingSeries(name, point.Tags, MetricType.Count, interval, [new MetricPoint(start, value)]) { Unit = UnitOf(point.Unit) };
    }

    static IncomingSeries Gauge(OtlpMetricPoint point, string name, double value, IReadOnlyList<string> tags) =>
        new(name, tags, MetricType.Gauge, 0, [new MetricPoint(point.UnixNanos / UnixTime.NanosPerSecond, value)]) { Unit = UnitOf(point.Unit) };

    /// <summary>The second in which the interval begins, and its length; the point's own time when it does not say since when.</summary>
    static (long StartUnixSeconds, int Seconds) IntervalOf(OtlpMetricPoint point, long fromUnixNanos)
    {
        var end = point.UnixNanos / UnixTime.NanosPerSecond;
        if (fromUnixNanos <= 0 || fromUnixNanos >= point.UnixNanos) return (end, 0);
        var start = fromUnixNanos / UnixTime.NanosPerSecond;
        return (start, (int)Math.Clamp(end - start, 1, int.MaxValue));
    }

    /// <summary>The unit's name as Datadog has it; what is in braces names itself, <c>1</c> is none.</summary>
    internal static string UnitOf(string unit) => unit switch
    {
        "" or "1" => "",
        "s" => "second",
        "ms" => "millisecond",
        "us" => "microsecond",
        "ns" => "nanosecond",
        "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "By" => "byte",
        "KiBy" => "kibibyte",
        "MiBy" => "mebibyte",
        "GiBy" => "gibibyte",
        "TiBy" => "tebibyte",
        "bit" => "bit",
        "%" => "percent",
        ['{', .. var inner, '}'] => inner,
        _ => unit,
    };
}
