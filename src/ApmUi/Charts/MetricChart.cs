using System.Globalization;
using Apm.ApmUi.Format;
using Apm.Core.Time;
using Apm.Query.Evaluate;

namespace Apm.ApmUi.Charts;

/// <summary>The answer to a query, and how it is to be drawn.</summary>
/// <param name="Answer">What the query gave.</param>
/// <param name="Draw"><c>line</c>, <c>area</c> or <c>bars</c>.</param>
/// <param name="AsksForBand">It asks for anomalies, so a band of what is expected should be there.</param>
public sealed record DrawnAnswer(QueryAnswer Answer, string Draw = "line", bool AsksForBand = false)
{
    public bool IsDashed { get; init; }

    /// <summary><c>thin</c> or <c>thick</c>; null for the usual width.</summary>
    public string? Width { get; init; }

    /// <summary>A token that all its series have; null for one colour after the other.</summary>
    public string? Color { get; init; }

    /// <summary>The name of a series in place of its own; null keeps that.</summary>
    public Func<MetricSeries, string?> NameOf { get; init; } = _ => null;
}

/// <summary>Answers to metric queries as series on one axis. Queries of different steps stand on the finest.</summary>
public static class MetricChart
{
    /// <summary>Most series drawn; default 50, the first of each query's order. The chart's sentence says how many there are.</summary>
    public const int MaxDrawn = 50;

    /// <summary>A line goes on over so long without a point, as the language fills gaps (metrics-monitors §5.5); 5 min.</summary>
    const int BridgedSeconds = 300;

    /// <summary>Colours of series (ui.md §3).</summary>
    const int Colors = 12;

    /// <summary>One query's answer, as lines.</summary>
    public static ChartData Of(TimeRange range, QueryAnswer answer) => Of(range, [new DrawnAnswer(answer)]);

    /// <summary>Several answers on one chart.</summary>
    public static ChartData Of(TimeRange range, IReadOnlyList<DrawnAnswer> answers)
    {
        var all = answers.SelectMany(answer => answer.Answer.Series.Select(series => (Series: series, From: answer))).ToList();
        var values = all.Count(one => one.Series.Bound is null);
        var drawn = all.Where(one => one.Series.Bound is null).Take(MaxDrawn).ToList();
        var warnings = string.Join(' ', answers.Select(answer => answer.Answer.Warning).Where(warning => warning.Length > 0).Distinct());
        var chart = new ChartData
        {
            Unit = "number",
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = 1000,
            Times = [],
            Series = [],
            Complete = values <= MaxDrawn,
            Scanned = all.Count,
            Summary = warnings.Length > 0 ? warnings : "No point in this time.",
        };
        if (drawn.Count == 0) return chart;
        var unit = ChartUnit.Of(drawn.Select(one => one.Series));
        var step = drawn.Min(one => one.Series.IntervalSeconds);
        long[] times = [.. drawn.SelectMany(one => one.Series.Points.Select(point => point.UnixSeconds)).Distinct().Order()];
        // All buckets of the time are there, so that a gap is one.
        var first = times[0] - (times[0] * 1000 - chart.FromMs) / 1000 / step * step;
        var axis = new Axis(first, step, (int)((times[^1] - first) / step) + 1, unit.Scale, IsAmount: drawn.TrueForAll(one => one.Series.Unit.Length > 0 && !one.Series.Unit.StartsWith("degree", StringComparison.Ordinal)));
        var hasSeveral = answers.Count > 1 || drawn.Exists(one => one.Series.QueryIndex > 0);
        var color = 0;
        var lines = drawn.Select(one => Line(one.Series, one.From, axis, hasSeveral, one.From.Color ?? (one.Series.IsOutlier == false ? "no-data" : "s" + (color++ % Colors).ToString(CultureInfo.InvariantCulture)))).ToList();
        var odd = lines.Sum(line => line.Odd?.Count ?? 0);
        var isBandMissing = answers.Any(answer => answer.AsksForBand && answer.Answer.Series.Count > 0 && answer.Answer.Series.All(series => series.Bound is null));
        return chart with
        {
            Unit = unit.Name,
            Scale = unit.Scale,
            StepMs = step * 1000L,
            Times = [.. Enumerable.Range(0, axis.Count).Select(i => (first + (long)i * step) * 1000)],
            Series = lines,
            // Parts of a whole lie upon each other; lines are compared.
            Stacked = lines.Count > 1 && lines.TrueForAll(line => line.Draw != "line" && line.Lower is null),
            Note = isBandMissing ? "Too short a history to say what is expected: three points before are needed." : null,
            Summary = string.Join(' ', new[]
            {
                values > MaxDrawn ? $"{MaxDrawn} of {Figure.Of(values, "series", "series")} are drawn." : Figure.Of(values, "series", "series") + ".",
                odd > 0 ? $"{Figure.Of(odd, "point is", "points are")} outside of what is expected." : "",
                warnings,
            }.Where(part => part.Length > 0)),
        };
    }

    static ChartSeries Line(MetricSeries series, DrawnAnswer from, Axis axis, bool hasSeveral, string color)
    {
        var own = series.TagSet.Count == 0 ? series.Metric : hasSeveral ? $"{series.Metric} {series.Scope}" : series.Scope;
        var line = new ChartSeries(from.NameOf(series) ?? own, color, from.Draw, axis.Column(series), from.IsDashed) { BridgedSeconds = BridgedSeconds, Width = from.Width };
        var band = from.Answer.Series.Where(bound => bound.Bound is not null && bound.QueryIndex == series.QueryIndex && bound.Scope == series.Scope).ToLookup(bound => bound.Bound);
        if (!band["lower"].Any() || !band["upper"].Any()) return line;
        var lower = axis.Column(band["lower"].First());
        return line with
        {
            Lower = axis.IsAmount && line.Values.All(value => value is null or >= 0) ? [.. lower.Select(value => value < 0 ? 0 : value)] : lower,
            Upper = axis.Column(band["upper"].First()),
            Odd = series.Anomalous is { } anomalous ? [.. Enumerable.Range(0, anomalous.Length).Where(i => anomalous[i] && double.IsFinite(series.Values[i])).Select(i => axis.IndexOf(series.Grid.TimeOf(i))).Where(i => i >= 0 && i < axis.Count)] : [],
        };
    }

    /// <summary>The buckets of a chart.</summary>
    /// <param name="IsAmount">Its values are in a unit that counts or measures how much there is, of which nothing below zero is to be expected.</param>
    readonly record struct Axis(long First, int Step, int Count, double Scale, bool IsAmount)
    {
        public int IndexOf(long unixSeconds) => (int)((unixSeconds - First) / Step);

        public IReadOnlyList<double?> Column(MetricSeries series)
        {
            var column = new double[Count];
            Array.Fill(column, double.NaN);
            foreach (var point in series.Points)
                if (IndexOf(point.UnixSeconds) is var i && i >= 0 && i < Count) column[i] = point.Value * Scale;
            return ChartSeries.Values4(column);
        }
    }
}
