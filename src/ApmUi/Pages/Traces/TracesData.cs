using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>The strip above the list of traces, and what completes the query as it is typed.</summary>
public static class TracesData
{
    const int Buckets = 120;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/data/traces/strip", Strip);
        routes.MapGet("/ui/fragment/traces", Suggest);
    }

    static async Task Strip(HttpContext context, PageState state, TraceSearch search, ServiceCatalogue catalogue, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        try
        {
            var filter = TraceQuery.Complete(TraceFilterParser.Parse(state.Url["q"]), state.Url);
            var strip = search.Strip(state.Window.Range, filter, Buckets, context.RequestAborted);
            var chart = ChartOf(state.Window.Range, strip, state.Url["what"] == "duration");
            var services = filter.Service is { } named ? catalogue.Services().Where(service => service.Name == named) : catalogue.Services();
            chart = chart with { Marks = ChartMarks.OfAll(services, filter.Env, state.Window.Range) };
            await DataAnswer.Write(context, chart, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (QueryTextException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, error.Message);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }

    /// <summary>Either how many spans matched, ok and failed, or how long they took.</summary>
    internal static ChartData ChartOf(TimeRange range, TraceStrip strip, bool durations)
    {
        var hits = strip.HitCounts.Sum();
        var longest = strip.MaxNanos.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        return new ChartData
        {
            Unit = durations ? "duration" : "count",
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = strip.StepNanos / UnixTime.NanosPerMillisecond,
            Times = [.. strip.StartUnixNanos.Select(start => start / UnixTime.NanosPerMillisecond)],
            Stacked = !durations,
            Complete = strip.IsComplete,
            Scanned = hits,
            Series = hits == 0 ? []
                : durations ?
                [
                    new ChartSeries("p50", "s6", "line", ChartSeries.Values4(strip.P50Nanos)),
                    new ChartSeries("p95", "s4", "line", ChartSeries.Values4(strip.P95Nanos)),
                    new ChartSeries("max", "s9", "line", ChartSeries.Values4(strip.MaxNanos), Dash: true),
                ]
                :
                [
                    new ChartSeries("ok", "s0", "bars", [.. strip.HitCounts.Select((count, i) => (double?)(count - strip.ErrorCounts[i]))]),
                    new ChartSeries("error", "error", "bars", [.. strip.ErrorCounts.Select(count => (double?)count)]),
                ],
            Summary = hits == 0 ? "No span matches in this time."
                : durations ? $"Longest {Figure.Duration(longest)}"
                : $"{Figure.Of(hits, "span matches", "spans match")}, {Figure.Of(strip.ErrorCounts.Sum(), "error")}",
        };
    }

    static RazorComponentResult<QuerySuggestions> Suggest(HttpContext context, PageState state, TraceSearch search)
    {
        var suggestions = SuggestionsView.Of(state, search, context.RequestAborted);
        return new RazorComponentResult<QuerySuggestions>(new Dictionary<string, object?> { [nameof(QuerySuggestions.View)] = suggestions });
    }
}
