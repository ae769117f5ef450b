using Apm.Query.Frames;
using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>Makes the series of an answer from a line of a result: the values, and its two bounds when it has them.</summary>
static class SeriesOfLine
{
    public static IEnumerable<MetricSeries> Of(QueryNode query, int index, SeriesFrame frame, FrameLine line)
    {
        var group = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < frame.Keys.Count; i++) group[frame.Keys[i]] = line.Group[i];
        var metrics = query.MetricQueries.ToList();
        var single = metrics.Count == 1 && !Computes(query) ? metrics[0] : null;
        string[] tags = [.. frame.Keys.Select((key, i) => $"{key}:{line.Group[i]}")];
        var values = new MetricSeries
        {
            Metric = single?.Metric ?? query.ToString(),
            Expression = query.PrintFor(group),
            Scope = tags.Length > 0 ? string.Join(',', tags) : string.Join(',', metrics.Select(metric => metric.ScopeText).Distinct()),
            TagSet = tags,
            Grid = frame.Grid,
            Values = line.Values,
            Aggregator = single?.Aggregator?.Name,
            QueryIndex = index,
            Unit = frame.Unit,
            PerUnit = frame.PerUnit,
            Anomalous = line.Anomalous,
            IsOutlier = line.IsOutlier,
            ForecastFromUnixSeconds = line.ForecastFromUnixSeconds,
        };
        if (!line.IsEmpty) yield return values;
        if (line.Band is not { } band) yield break;
        foreach (var (bound, edge) in new[] { ("lower", band.Lower), ("upper", band.Upper) })
            if (!Array.TrueForAll(edge, double.IsNaN)) yield return values with { Values = edge, Bound = bound, Anomalous = null, IsOutlier = null };
    }

    static bool Computes(QueryNode node) => node is BinaryNode or NegateNode || node.Children.Any(Computes);
}
