using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Service;

/// <summary>The chart of what came in for a service: <c>/ui/data/ingest?service=</c>.</summary>
public static class IngestData
{
    /// <summary>Bars of a chart at most.</summary>
    const int MaxBars = 180;

    static readonly (SpanOutcome Outcome, string Color)[] Stack =
        [(SpanOutcome.Stored, "ok"), (SpanOutcome.SampledOut, "no-data"), (SpanOutcome.Rejected, "warn"), (SpanOutcome.Dropped, "error")];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/ingest", Read);

    static async Task Read(HttpContext context, PageState state, ILedgerReader ledger, ServiceCatalogue catalogue, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        if (state.Url["service"] is not { } service)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "Say which service: ?service=…");
            return;
        }
        try
        {
            var range = state.Window.Range;
            var step = StepOf(range);
            var chart = Chart(range, step, ledger.ReadLedger(range, service, step)) with { Marks = ChartMarks.OfService(catalogue.Service(service), catalogue.Processes(), state.Env, range) };
            await DataAnswer.Write(context, chart, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }

    /// <summary>Whole minutes, or whole hours where the sums are of hours.</summary>
    public static long StepOf(TimeRange range)
    {
        var minutes = Math.Max(1, (range.LengthNanos / LedgerPage.MinuteNanos + MaxBars - 1) / MaxBars);
        return LedgerPage.WidthFor(range) == LedgerPage.MinuteNanos ? minutes * LedgerPage.MinuteNanos : (minutes + 59) / 60 * LedgerPage.HourNanos;
    }

    /// <summary>Stacked bars of the outcomes, which add up to what was received.</summary>
    public static ChartData Chart(TimeRange range, long step, IReadOnlyList<LedgerRow> rows)
    {
        var first = UnixTime.Floor(range.FromUnixNanos, step);
        var count = (int)Math.Max(1, (range.ToUnixNanos - first + step - 1) / step);
        var sums = LedgerSums.Of(rows);
        return new ChartData
        {
            Unit = "count",
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = step / UnixTime.NanosPerMillisecond,
            Times = [.. Enumerable.Range(0, count).Select(i => (first + i * step) / UnixTime.NanosPerMillisecond)],
            Stacked = true,
            Series = rows.Count == 0 ? [] : [.. Stack.Where(part => rows.Any(row => row.Key.Outcome == part.Outcome)).Select(part => SeriesOf(part.Outcome, part.Color, rows, first, step, count))],
            Summary = rows.Count == 0 ? "Nothing came in in this time." : $"Spans received, {Figure.Of(sums.ReceivedSpanCount, "span")}",
        };
    }

    static ChartSeries SeriesOf(SpanOutcome outcome, string color, IReadOnlyList<LedgerRow> rows, long first, long step, int count)
    {
        var values = new double[count];
        foreach (var row in rows.Where(row => row.Key.Outcome == outcome)) values[Math.Clamp((row.StartUnixNanos - first) / step, 0, count - 1)] += row.Count.SpanCount;
        return new ChartSeries(LedgerReasons.Word(outcome), color, "bars", [.. values.Select(value => (double?)value)]); // Counts are exact: they add up to what the page says.
    }
}
