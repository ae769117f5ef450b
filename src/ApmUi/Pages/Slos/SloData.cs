using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>The charts of an objective: <c>/ui/data/slo?id=&amp;days=&amp;show=budget|bad</c>.</summary>
public static class SloData
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/slo", Answer);

    static async Task Answer(HttpContext context, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        var (slos, reports) = (context.RequestServices.GetRequiredService<SloBook>(), context.RequestServices.GetRequiredService<SloReports>());
        if (slos.Find(context.Request.Query["id"].ToString()) is not { } slo)
        {
            await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "There is no such objective any more. Go back to the list.");
            return;
        }
        var report = reports.Of(slo, context.RequestAborted);
        _ = int.TryParse(context.Request.Query["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days);
        var window = report.Windows.FirstOrDefault(one => one.Target.Days == days) ?? (report.Windows.Count > 0 ? report.Windows[0] : null);
        if (window is null)
        {
            await DataAnswer.Fail(context, StatusCodes.Status422UnprocessableEntity, report.Problem);
            return;
        }
        await DataAnswer.Write(context, context.Request.Query["show"] == "bad" ? Bad(window) : Budget(window), clock.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <summary>What was left of the budget at the end of each part of the window, beside an even spending.</summary>
    public static ChartData Budget(SloWindow window)
    {
        var left = window.Series.BurnDown(window.Target);
        var last = window.Tally.BudgetLeftPercent(window.Target);
        var chart = Empty(window) with { Summary = last is { } now ? $"{SloWords.BudgetPercent(now)} of the budget is left." : "Nothing was counted in this time." };
        if (last is null) return chart;
        var count = left.Count;
        var first = 0; // Before anything is known there is no budget to draw.
        while (window.Series.Buckets[first].Total == 0) first++;
        return chart with
        {
            Series =
            [
                new ChartSeries("left", last < 0 ? "error" : "s0", "line", ChartSeries.Values4(left.Select((value, i) => i < first ? double.NaN : value / 100 ?? double.NaN))),
                new ChartSeries("spent evenly", "no-data", "line", ChartSeries.Values4(Enumerable.Range(0, count).Select(i => 1 - (i + 1.0) / count)), Dash: true),
            ],
            Levels = last < 0 ? [new ChartLevel(0, 0, "error", "spent", true)] : null,
            Max = 1,
            Min = last < 0 ? null : 0,
        };
    }

    /// <summary>The bad share of each part of the window, with what is allowed: near 0, where a chart can show it.</summary>
    public static ChartData Bad(SloWindow window)
    {
        var allowed = window.Target.AllowedBadRatio();
        var chart = Empty(window) with { Summary = window.Tally.Percent is { } percent ? $"{SloWords.Percent(percent)} was good; the target is {SloWords.Percent(window.Target.Percent)}." : "Nothing was counted in this time." };
        if (window.Tally.Total == 0) return chart;
        return chart with
        {
            Series = [new ChartSeries("bad", "s1", "line", ChartSeries.Values4(window.Series.Buckets.Select(bucket => bucket.Total > 0 ? bucket.Bad / bucket.Total : double.NaN)))],
            Levels = [new ChartLevel(allowed, allowed, "error", "allowed", true)],
        };
    }

    static ChartData Empty(SloWindow window) => new()
    {
        Unit = "ratio",
        FromMs = window.Series.FirstUnixSeconds * 1000,
        ToMs = window.ToUnixSeconds * 1000,
        StepMs = window.Series.StepSeconds * 1000L,
        Times = [.. Enumerable.Range(0, window.Series.Buckets.Count).Select(i => window.Series.TimeOf(i) * 1000)],
        Series = [],
        Summary = "",
        Scanned = window.Series.Buckets.Count,
    };
}
