namespace Apm.Query.Services;

/// <summary>Requests, errors and durations over time. All lists are as long as <see cref="StartUnixNanos"/>.</summary>
public sealed record RedSeries
{
    /// <summary>Width of a bucket.</summary>
    public required long StepNanos { get; init; }

    /// <summary>Start of each bucket; multiples of the step.</summary>
    public required IReadOnlyList<long> StartUnixNanos { get; init; }
    public required IReadOnlyList<double> HitCounts { get; init; }
    public required IReadOnlyList<double> ErrorCounts { get; init; }

    /// <summary>Hits by <c>2xx</c>, <c>3xx</c>, <c>4xx</c>, <c>5xx</c>, and <c>ok</c> or <c>error</c> for spans without HTTP status; only classes that occur, ordered by name.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<double>> HitCountsByClass { get; init; }

    /// <summary>NaN where there are no hits; so are the others.</summary>
    public required IReadOnlyList<double> P50Nanos { get; init; }
    public required IReadOnlyList<double> P75Nanos { get; init; }
    public required IReadOnlyList<double> P95Nanos { get; init; }
    public required IReadOnlyList<double> P99Nanos { get; init; }

    /// <summary>Of all durations of the range.</summary>
    public required LatencyPercentiles Overall { get; init; }

    /// <summary>False when spans may still come for the last bucket: its counts are low, not the traffic.</summary>
    public required bool IsLastBucketComplete { get; init; }
}

/// <summary>Percentiles of durations; null without hits.</summary>
public readonly record struct LatencyPercentiles(double? P50Nanos, double? P75Nanos, double? P95Nanos, double? P99Nanos)
{
    public static LatencyPercentiles Of(Core.Stats.DDSketch nanos) =>
        nanos.IsEmpty ? default : new(nanos.Quantile(0.5), nanos.Quantile(0.75), nanos.Quantile(0.95), nanos.Quantile(0.99));
}

/// <summary>How durations are spread, in bins that are equally wide on a logarithmic axis.</summary>
public sealed record LatencyDistribution
{
    /// <summary>Ascending, without holes; empty without hits.</summary>
    public required IReadOnlyList<LatencyBin> Bins { get; init; }
    public required double OkCount { get; init; }
    public required double ErrorCount { get; init; }

    /// <summary>Null without hits; so are the others.</summary>
    public double? P50Nanos { get; init; }
    public double? P75Nanos { get; init; }
    public double? P95Nanos { get; init; }
    public double? P99Nanos { get; init; }
}

/// <summary>Spans with a duration from <paramref name="FromNanos"/> (included) to <paramref name="ToNanos"/>.</summary>
public sealed record LatencyBin(double FromNanos, double ToNanos, double OkCount, double ErrorCount);
