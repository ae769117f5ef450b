using Apm.Core.Metrics;
using Apm.Query.Frames;

namespace Apm.Query.Evaluate;

/// <summary>What a query gave.</summary>
/// <param name="Series">Ordered by query, then as the query orders them.</param>
/// <param name="Warning">What was left out or may be wrong, as sentences; "" when there is nothing to say.</param>
public sealed record QueryAnswer(IReadOnlyList<MetricSeries> Series, string Warning);

/// <summary>One line of a chart. It has at least one point.</summary>
public sealed record MetricSeries
{
    /// <summary>Name of the metric, or the text of the query when it computes with several.</summary>
    public required string Metric { get; init; }

    /// <summary>The query with the values of the group filled in.</summary>
    public required string Expression { get; init; }

    /// <summary><c>k1:v1,k2:v2</c> in the order of the groups; the query's scope without groups; <c>*</c> for everything.</summary>
    public required string Scope { get; init; }

    /// <summary>The group's tags; empty without groups.</summary>
    public required IReadOnlyList<string> TagSet { get; init; }

    /// <summary>The buckets.</summary>
    public required TimeGrid Grid { get; init; }

    /// <summary>One per bucket; NaN where empty.</summary>
    public required double[] Values { get; init; }

    /// <summary>As written; null when none was or several were.</summary>
    public string? Aggregator { get; init; }

    /// <summary>Position of the query in its text, from 0.</summary>
    public required int QueryIndex { get; init; }

    /// <summary>Such as <c>second</c>; "" when there is none.</summary>
    public string Unit { get; init; } = "";
    public string PerUnit { get; init; } = "";

    /// <summary><c>lower</c> or <c>upper</c> for a bound of what is expected; null for values.</summary>
    public string? Bound { get; init; }

    /// <summary>Buckets whose value is anomalous; null when nobody asked.</summary>
    public bool[]? Anomalous { get; init; }

    /// <summary>Whether it is unlike the others; null when nobody asked.</summary>
    public bool? IsOutlier { get; init; }

    /// <summary>Start of what is forecast; null when nothing is.</summary>
    public long? ForecastFromUnixSeconds { get; init; }

    /// <summary>Width of a bucket.</summary>
    public int IntervalSeconds => Grid.StepSeconds;

    /// <summary>The buckets that hold something, ascending.</summary>
    public IEnumerable<MetricPoint> Points
    {
        get
        {
            for (var i = 0; i < Values.Length; i++) if (!double.IsNaN(Values[i])) yield return new MetricPoint(Grid.TimeOf(i), Values[i]);
        }
    }
}
