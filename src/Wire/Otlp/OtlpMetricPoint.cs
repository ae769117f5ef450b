namespace Apm.Wire.Otlp;

/// <summary>What kind of metric a data point is of.</summary>
public enum OtlpMetricKind
{
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
}

/// <summary>What a sum or histogram counts from. The numbers are those of the wire.</summary>
public enum OtlpTemporality
{
    Unspecified = 0,

    /// <summary>Since the point before.</summary>
    Delta = 1,

    /// <summary>Since the sender began.</summary>
    Cumulative = 2,
}

/// <summary>One data point of an OTLP metrics request, with what its metric and resource say.</summary>
public sealed record OtlpMetricPoint
{
    public required string Name { get; init; }

    /// <summary>As it came, such as <c>ms</c> or <c>By</c>.</summary>
    public string Unit { get; init; } = "";
    public required OtlpMetricKind Kind { get; init; }

    /// <summary>Of sums and histograms.</summary>
    public OtlpTemporality Temporality { get; init; }

    /// <summary>Of sums: it never goes down.</summary>
    public bool IsMonotonic { get; init; }

    /// <summary><c>key:value</c> of the point's attributes and of what the resource is: service, env, version, host, container.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Since when it counts; 0 when it does not say.</summary>
    public long StartUnixNanos { get; init; }
    public required long UnixNanos { get; init; }

    /// <summary>Of gauges and sums.</summary>
    public double Value { get; init; }

    /// <summary>How many values, of histograms and summaries.</summary>
    public double Count { get; init; }

    /// <summary>Null when it does not say; so with the two behind it.</summary>
    public double? Sum { get; init; }
    public double? Min { get; init; }
    public double? Max { get; init; }

    /// <summary>Of histograms: upper bounds of all buckets but the last.</summary>
    public double[] Bounds { get; init; } = [];

    /// <summary>Of histograms: one more than <see cref="Bounds"/>; or empty when only count and sum are known. Of exponential histograms those of positive values.</summary>
    public double[] BucketCounts { get; init; } = [];

    /// <summary>Of exponential histograms: those of negative values, the smallest magnitude first.</summary>
    public double[] NegativeCounts { get; init; } = [];

    /// <summary>Of exponential histograms: index of the first of <see cref="BucketCounts"/>, and of <see cref="NegativeCounts"/>.</summary>
    public int PositiveOffset { get; init; }

    /// <inheritdoc cref="PositiveOffset"/>
    public int NegativeOffset { get; init; }

    /// <summary>Of exponential histograms: a bucket's bounds have the ratio 2^(2^−scale).</summary>
    public int Scale { get; init; }

    /// <summary>Of exponential histograms: values that are zero, or too near to it to be told from it.</summary>
    public double ZeroCount { get; init; }

    /// <summary>Of summaries.</summary>
    public IReadOnlyList<(double Quantile, double Value)> Quantiles { get; init; } = [];
}

/// <summary>The data points of a request: those that can be used, and what became of the others.</summary>
/// <param name="RejectedCount">Points that cannot be used; goes into the answer's <c>partial_success</c>.</param>
/// <param name="FirstReason">What is wrong with the first of those, with its place; "" when there are none.</param>
public sealed record OtlpMetricsResult(IReadOnlyList<OtlpMetricPoint> Points, long RejectedCount, string FirstReason);
