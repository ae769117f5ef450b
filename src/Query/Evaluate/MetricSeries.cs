namespace Apm.Query.Evaluate;

/// <summary>What a query gave.</summary>
/// <param name="Series">Ordered by query, then scope.</param>
/// <param name="Warning">What was left out, as a sentence; "" when nothing was.</param>
public sealed record QueryAnswer(IReadOnlyList<MetricSeries> Series, string Warning);

/// <summary>One line of a chart.</summary>
public sealed record MetricSeries
{
    public required string Metric { get; init; }

    /// <summary>The query with the values of the group filled in.</summary>
    public required string Expression { get; init; }

    /// <summary><c>k1:v1,k2:v2</c> in the order of the groups; the query's scope without groups; <c>*</c> for everything.</summary>
    public required string Scope { get; init; }

    /// <summary>The group's tags; empty without groups.</summary>
    public required IReadOnlyList<string> TagSet { get; init; }

    /// <summary>Width of a bucket.</summary>
    public required int IntervalSeconds { get; init; }

    /// <summary>Only buckets that hold something, ascending.</summary>
    public required IReadOnlyList<MetricPoint> Points { get; init; }

    /// <summary>As written; null when none was.</summary>
    public string? Aggregator { get; init; }

    /// <summary>Position of the query in its text, from 0.</summary>
    public required int QueryIndex { get; init; }

    /// <summary>Values are seconds; otherwise they count.</summary>
    public bool IsSeconds { get; init; }
}

/// <param name="UnixSeconds">Start of the bucket.</param>
public readonly record struct MetricPoint(long UnixSeconds, double Value);
