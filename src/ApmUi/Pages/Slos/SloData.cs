using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.Monitors.Slos;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Slos;

/// <summary>The charts of an objective: <c>/ui/data/slo?id=&amp;days=&amp;show=budget|good</c>.</summary>
public static class SloData
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/slo", Answer);

    static async Task Answer(HttpContext context, SloBook slos, SloReports reports, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
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
        await DataAnswer.Write(context, context.Request.Query["show"] == "good" ? Good(window) : Budget(window), clock.GetElapsedTime(started).TotalMilliseconds);
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

    /// <summary>The good share of each part of the window, with the target.</summary>
    public static ChartData Good(SloWindow window)
    {
        var target = window.Target.Percent / 100;
        var chart = Empty(window) with { Summary = window.Tally.Percent is { } percent ? $"{SloWords.Percent(percent)} was good; the target is {SloWords.Percent(window.Target.Percent)}." : "Nothing was counted in this time." };
        if (window.Tally.Total == 0) return chart;
        var lowest = Math.Min(target, window.Series.Buckets.Min(bucket => bucket.Percent / 100) ?? target);
        return chart with
        {
            Min = Math.Max(0, 1 - 1.25 * (1 - lowest)), // Far from 0: what matters lies between the target and 1.
            Series = [new ChartSeries("good", "s2", "line", [.. window.Series.Buckets.Select(bucket => bucket.Percent is { } percent ? Math.Round(percent / 100, 6) : (double?)null)])],
            Levels = [new ChartLevel(target, target, "error", "target", true)],
            Max = 1,
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
