using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.Core.Time;
using Apm.Query.Services;

namespace Apm.ApmUi.Shared;

/// <summary>Charts of requests, errors and durations, made of one series.</summary>
public static class RedData
{
    /// <summary>Requests per second, stacked by status class.</summary>
    public static ChartData Requests(TimeRange range, RedSeries series, string? behind, IReadOnlyList<ChartMark> marks)
    {
        var step = series.StepNanos / 1e9;
        var order = new[] { "2xx", "ok", "1xx", "3xx", "4xx", "5xx", "error" };
        var total = series.HitCounts.Sum();
        return Base(range, series, "rate", marks) with
        {
            Stacked = true,
            Behind = behind,
            Series = [.. series.HitCountsByClass.OrderBy(pair => Array.IndexOf(order, pair.Key)).Select(pair => new ChartSeries(pair.Key, ColorOf(pair.Key), "bars", ChartSeries.Values4(pair.Value.Select(count => count / step))) { Overall = pair.Value.Sum() / (range.LengthNanos / 1e9) })],
            Summary = total > 0
                ? $"Requests, {Figure.Of(total, "request")}, highest {Figure.Rate(series.HitCounts.Max() / step)}"
                : "No request in this time.",
            Scanned = series.HitCounts.Count,
        };
    }

    /// <summary>Requests that failed, as bars of their number and a line of their part.</summary>
    public static ChartData Errors(TimeRange range, RedSeries series, string? behind, IReadOnlyList<ChartMark> marks)
    {
        var ratios = series.HitCounts.Select((hits, i) => hits > 0 ? Math.Min(1, series.ErrorCounts[i] / hits) : double.NaN).ToList();
        var errors = series.ErrorCounts.Sum();
        var hits = series.HitCounts.Sum();
        return Base(range, series, "count", marks) with
        {
            Behind = behind,
            Series = hits > 0 ?
            [
                new ChartSeries("failed", "error", "bars", ChartSeries.Values4(series.ErrorCounts)),
                new ChartSeries("error rate", "text-2", "line", ChartSeries.Values4(ratios), Unit: "ratio") { Parts = Whole(series.ErrorCounts), Wholes = Whole(series.HitCounts) },
            ] : [],
            Summary = hits <= 0 ? "No request in this time."
                : errors <= 0 ? "No errors"
                : $"Error rate, {Figure.Percent(errors / hits)} overall, {Figure.Of(errors, "error")}",
        };
    }

    /// <summary>Percentiles of the durations.</summary>
    public static ChartData Latency(TimeRange range, RedSeries series, string? behind, IReadOnlyList<ChartMark> marks)
    {
        var highest = series.P95Nanos.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        var last = series.P95Nanos.LastOrDefault(double.IsFinite, double.NaN);
        return Base(range, series, "duration", marks) with
        {
            Behind = behind,
            Series = double.IsNaN(highest) ? [] :
            [
                new ChartSeries("p50", "s6", "line", ChartSeries.Values4(series.P50Nanos)) { Overall = series.Overall.P50Nanos },
                new ChartSeries("p75", "s0", "line", ChartSeries.Values4(series.P75Nanos)) { Overall = series.Overall.P75Nanos },
                new ChartSeries("p95", "s4", "line", ChartSeries.Values4(series.P95Nanos)) { Overall = series.Overall.P95Nanos },
                new ChartSeries("p99", "s3", "line", ChartSeries.Values4(series.P99Nanos), Dash: true) { Overall = series.Overall.P99Nanos },
            ],
            Summary = double.IsNaN(highest) ? "No request in this time." : $"p95 latency, last {Figure.Duration(last)}, highest {Figure.Duration(highest)}",
        };
    }

    /// <summary>Counts that sampling tracers scaled up are fractions; a card says whole ones.</summary>
    static IReadOnlyList<double> Whole(IEnumerable<double> counts) => [.. counts.Select(count => Math.Round(count))];

    /// <summary>2xx in a quiet colour, client errors amber, failures red.</summary>
    static string ColorOf(string statusClass) => statusClass switch { "5xx" or "error" => "error", "4xx" => "warn", "3xx" => "s9", "1xx" => "s7", _ => "s0" };

    static ChartData Base(TimeRange range, RedSeries series, string unit, IReadOnlyList<ChartMark> marks) => new()
    {
        Unit = unit,
        FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
        ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
        StepMs = series.StepNanos / UnixTime.NanosPerMillisecond,
        Times = [.. series.StartUnixNanos.Select(start => start / UnixTime.NanosPerMillisecond)],
        Series = [],
        Summary = "",
        Marks = marks,
    };
}
