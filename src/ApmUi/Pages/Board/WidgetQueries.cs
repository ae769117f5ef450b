using Apm.ApmUi.Charts;
using Apm.Core.Dashboards;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Language;

namespace Apm.ApmUi.Pages.Board;

/// <summary>Asks the queries of a widget.</summary>
public static class WidgetQueries
{
    /// <summary>Tones of palettes that mean something; the others get one colour after the other.</summary>
    static readonly Dictionary<string, string> Palettes = new(StringComparer.Ordinal)
    {
        ["red"] = "error", ["orange"] = "s1", ["green"] = "s2", ["blue"] = "s0", ["purple"] = "s4", ["grey"] = "s9", ["gray"] = "s9",
    };

    /// <summary>The chart of a time series widget, without its events.</summary>
    public static ChartData Chart(MetricQueries queries, WidgetContent content, TimeRange range, QueryOptions options, CancellationToken cancel = default)
    {
        var chart = MetricChart.Of(range, [.. content.Requests.Select(request => Drawn(queries, request, range, options, cancel))]);
        return chart with
        {
            Summary = chart.Series.Count == 0 && TooWide(content, range) is { } why ? why : chart.Summary,
            Levels = content.Markers.Count == 0 ? null : [.. content.Markers.Select(marker => new ChartLevel(Scaled(marker.From), Scaled(marker.To), marker.Tone, marker.Label, marker.IsDashed))],
            Min = Scaled(content.AxisMin),
            Max = Scaled(content.AxisMax),
        };

        // Whoever wrote the board thought of the metric's own unit.
        double? Scaled(double? value) => value is { } given && chart.Scale is { } scale ? given * scale : value;
    }

    /// <summary>One value per series of a request, in the order of the answer.</summary>
    public static IReadOnlyList<(MetricSeries Series, double Value)> Values(MetricQueries queries, WidgetRequest request, TimeRange range, QueryOptions options, ICollection<string> warnings, CancellationToken cancel = default)
    {
        var answer = queries.Evaluate(request.Query, range, options, cancel);
        if (answer.Warning.Length > 0) warnings.Add(answer.Warning);
        return [.. answer.Series.Where(series => series.Bound is null).Select(series => (series, ValueOf(series, request.Aggregator)))];
    }

    /// <summary>Those of the values of a request that it shows, in its order: as many as its limit from the largest, or from the smallest.</summary>
    public static IEnumerable<(MetricSeries Series, double Value)> Ranked(WidgetRequest request, IEnumerable<(MetricSeries Series, double Value)> values)
    {
        var finite = values.Where(pair => double.IsFinite(pair.Value));
        var ordered = request.IsAscending ? finite.OrderBy(pair => pair.Value) : finite.OrderByDescending(pair => pair.Value);
        return ordered.Take(request.Limit ?? int.MaxValue);
    }

    /// <summary>The name of a series on a widget.</summary>
    public static string? Alias(WidgetRequest request, MetricSeries series)
    {
        if (request.Aliases.GetValueOrDefault(request.Query) is { } whole) return Of(whole);
        if (request.Aliases.GetValueOrDefault(series.Expression) is { } own) return own;
        return request.Aliases.GetValueOrDefault("") is { } all ? Of(all) : null;

        string Of(string alias) => series.TagSet.Count == 0 ? alias : $"{alias} {series.Scope}";
    }

    static DrawnAnswer Drawn(MetricQueries queries, WidgetRequest request, TimeRange range, QueryOptions options, CancellationToken cancel)
    {
        var list = MetricQueryParser.Parse(request.Query);
        return new DrawnAnswer(queries.Evaluate(list, range, options, cancel), request.Draw, list.Queries.Any(query => query is CallNode { Name: "anomalies" }))
        {
            IsDashed = request.IsDashed,
            Width = request.LineWidth == "normal" ? null : request.LineWidth,
            Color = Palettes.GetValueOrDefault(request.Palette),
            NameOf = series => Alias(request, series),
        };
    }

    static double ValueOf(MetricSeries series, string aggregator)
    {
        var points = series.Points.Select(point => point.Value).ToList();
        if (points.Count == 0) return double.NaN;
        return aggregator switch { "sum" => points.Sum(), "min" => points.Min(), "max" => points.Max(), "last" => points[^1], _ => points.Average() };
    }

    /// <summary>A bucket is drawn where it starts: a range between two starts has none.</summary>
    static string? TooWide(WidgetContent content, TimeRange range)
    {
        var seconds = content.Queries.SelectMany(query => MetricQueryParser.Parse(query).Queries).SelectMany(query => query.MetricQueries)
            .SelectMany(metric => metric.Modifiers).Where(modifier => modifier.Name == Modifier.Rollup).Select(modifier => modifier.Seconds ?? 0).DefaultIfEmpty(0).Max();
        return seconds * UnixTime.NanosPerSecond <= range.LengthNanos ? null
            : $"No bucket of {Format.Figure.Duration(seconds * 1e9)} starts in this time; a longer one has some.";
    }
}
