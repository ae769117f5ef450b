using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Metrics;

/// <summary>The plot of metric queries: <c>/ui/data/metric?q=</c>.</summary>
public static class MetricData
{
    /// <summary>Most series drawn; default 50, the first of each query's order. The chart's sentence says how many there are.</summary>
    public const int MaxDrawn = 50;

    /// <summary>A line goes on over so long without a point, as the language fills gaps (metrics-monitors §5.5); 5 min.</summary>
    const int BridgedSeconds = 300;

    /// <summary>Colours of series (ui.md §3).</summary>
    const int Colors = 12;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/metric", Answer);

    static async Task Answer(HttpContext context, PageState state, MetricQueries queries, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        if (state.Url["q"] is not { } text)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "Say which query: ?q=avg:my_metric{*}");
            return;
        }
        try
        {
            var answer = queries.Evaluate(text, state.Window.Range, new QueryOptions { GivesHints = true }, context.RequestAborted);
            await DataAnswer.Write(context, ChartOf(state.Window.Range, answer), clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (QueryTextException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, wrong.Message);
        }
        catch (QueryLimitException tooMuch)
        {
            await DataAnswer.Fail(context, StatusCodes.Status422UnprocessableEntity, tooMuch.Message);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }

    /// <summary>The answer as lines on one axis. Queries of different steps stand on the finest.</summary>
    internal static ChartData ChartOf(TimeRange range, QueryAnswer answer)
    {
        var drawn = answer.Series.Take(MaxDrawn).ToList();
        var (unit, scale) = UnitOf(drawn);
        var values = answer.Series.Count(series => series.Bound is null);
        var chart = new ChartData
        {
            Unit = unit,
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = 1000,
            Times = [],
            Series = [],
            Complete = answer.Series.Count <= MaxDrawn,
            Scanned = answer.Series.Count,
            Summary = answer.Warning.Length > 0 ? answer.Warning : "No point in this time.",
        };
        if (drawn.Count == 0) return chart;
        var step = drawn.Min(series => series.IntervalSeconds);
        long[] times = [.. drawn.SelectMany(series => series.Points.Select(point => point.UnixSeconds)).Distinct().Order()];
        // All buckets of the time are there, so that a gap is one.
        var first = times[0] - (times[0] * 1000 - chart.FromMs) / 1000 / step * step;
        var count = (int)((times[^1] - first) / step) + 1;
        var lines = new List<ChartSeries>();
        var hasSeveral = drawn.Exists(series => series.QueryIndex > 0);
        var color = 0;
        foreach (var series in drawn)
        {
            var column = new double?[count];
            foreach (var point in series.Points) column[(point.UnixSeconds - first) / step] = point.Value * scale;
            var name = series.TagSet.Count == 0 ? series.Metric : hasSeveral ? $"{series.Metric} {series.Scope}" : series.Scope;
            if (series.Bound is not null)
            {
                lines.Add(new ChartSeries($"{name} {series.Bound}", "no-data", "line", ChartSeries.Values4(column.Select(value => value ?? double.NaN)), Dash: true) { IsBeside = true, BridgedSeconds = BridgedSeconds });
                continue;
            }
            lines.Add(new ChartSeries(name, series.IsOutlier == false ? "no-data" : "s" + (color++ % Colors).ToString(CultureInfo.InvariantCulture), "line", ChartSeries.Values4(column.Select(value => value ?? double.NaN))) { BridgedSeconds = BridgedSeconds });
            if (series.Anomalous is not { } anomalous || !anomalous.Contains(true)) continue;
            var odd = new double?[count];
            for (var i = 0; i < anomalous.Length; i++) if (anomalous[i] && double.IsFinite(series.Values[i])) odd[(series.Grid.TimeOf(i) - first) / step] = series.Values[i] * scale;
            lines.Add(new ChartSeries($"{name} unexpected", "error", "points", ChartSeries.Values4(odd.Select(value => value ?? double.NaN))) { IsBeside = true });
        }
        return chart with
        {
            StepMs = step * 1000L,
            Times = [.. Enumerable.Range(0, count).Select(i => (first + (long)i * step) * 1000)],
            Series = lines,
            Summary = string.Join(' ', new[] { values > MaxDrawn ? $"{MaxDrawn} of {Figure.Of(values, "series", "series")} are drawn." : Figure.Of(values, "series", "series") + ".", answer.Warning }.Where(part => part.Length > 0)),
        };
    }

    /// <summary>The axis' unit, and what values are multiplied by to be told in it. Series of different units are told without one.</summary>
    static (string Unit, double Scale) UnitOf(IReadOnlyList<MetricSeries> series)
    {
        var units = series.Select(one => (one.Unit, one.PerUnit)).Distinct().ToList();
        if (units is not [var (unit, per)]) return ("number", 1);
        if (per.Length > 0) return per != "second" ? ("number", 1) : unit switch { "byte" => ("byterate", 1), "kibibyte" => ("byterate", 1024), "mebibyte" => ("byterate", 1024 * 1024), _ => ("number", 1) };
        return unit switch
        {
            "nanosecond" => ("duration", 1),
            "microsecond" => ("duration", 1e3),
            "millisecond" => ("duration", 1e6),
            "second" => ("duration", 1e9),
            "minute" => ("duration", 60e9),
            "byte" => ("bytes", 1),
            "kibibyte" => ("bytes", 1024),
            "mebibyte" => ("bytes", 1024 * 1024),
            "gibibyte" => ("bytes", 1024.0 * 1024 * 1024),
            "fraction" => ("ratio", 1),
            "percent" => ("ratio", 0.01),
            _ => ("number", 1),
        };
    }
}
