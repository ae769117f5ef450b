using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ids;
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
        routes.MapGet("/ui/data/traces/scatter", Scatter);
        routes.MapGet("/ui/fragment/traces", Suggest);
        routes.MapGet("/ui/fragment/traces/spans", Spans);
    }

    static async Task Strip(HttpContext context, PageState state, TraceSearch search, ServiceCatalogue catalogue, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        try
        {
            var filter = TraceQuery.Complete(TraceFilterParser.Parse(state.Url["q"]), state.Url);
            var strip = search.Strip(state.Window.Range, filter, Buckets, context.RequestAborted);
            var chart = ChartOf(state.Window.Range, strip, state.Url["what"] ?? "rate");
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

    /// <summary>How many spans matched per second (<c>rate</c>), how many failed (<c>errors</c>), or how long they took (<c>duration</c>).</summary>
    internal static ChartData ChartOf(TimeRange range, TraceStrip strip, string what)
    {
        var hits = strip.HitCounts.Sum();
        var errors = strip.ErrorCounts.Sum();
        var longest = strip.MaxNanos.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        var stepSeconds = (double)strip.StepNanos / UnixTime.NanosPerSecond;
        return new ChartData
        {
            Unit = what switch { "duration" => "duration", "errors" => "count", _ => "rate" },
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = strip.StepNanos / UnixTime.NanosPerMillisecond,
            Times = [.. strip.StartUnixNanos.Select(start => start / UnixTime.NanosPerMillisecond)],
            Stacked = false,
            Complete = strip.IsComplete,
            Scanned = hits,
            Series = hits == 0 || (what == "errors" && errors == 0) ? []
                : what switch
                {
                    "duration" =>
                    [
                        new ChartSeries("p50", "s6", "line", ChartSeries.Values4(strip.P50Nanos)) { Overall = strip.OverallP50Nanos },
                        new ChartSeries("p95", "s4", "line", ChartSeries.Values4(strip.P95Nanos)) { Overall = strip.OverallP95Nanos },
                        new ChartSeries("max", "s9", "line", ChartSeries.Values4(strip.MaxNanos), Dash: true) { Overall = double.IsFinite(longest) ? longest : null },
                    ],
                    "errors" => [new ChartSeries("errors", "error", "bars", [.. strip.ErrorCounts.Select(count => (double?)count)])],
                    _ => [new ChartSeries("spans", "s0", "bars", ChartSeries.Values4([.. strip.HitCounts.Select(count => count / stepSeconds)])) { Overall = hits / (range.LengthNanos / 1e9) }],
                },
            Summary = hits == 0 ? "No span matches in this time."
                : what switch
                {
                    "duration" => $"Longest {Figure.Duration(longest)}",
                    "errors" => errors == 0 ? $"None of {Figure.Of(hits, "span")} failed." : $"{Figure.Of(errors, "error")} among {Figure.Of(hits, "span")}",
                    _ => $"{Figure.Of(hits, "span matches", "spans match")}, {Figure.Of(errors, "error")}",
                },
        };
    }

    static async Task Scatter(HttpContext context, PageState state, TraceSearch search, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        try
        {
            var typed = TraceFilterParser.Parse(state.Url["q"]);
            var scatter = search.Scatter(state.Window.Range, TraceQuery.Complete(typed, state.Url), TraceSearch.MaxPoints, context.RequestAborted);
            await DataAnswer.Write(context, ScatterData.Of(state, typed, scatter), clock.GetElapsedTime(started).TotalMilliseconds);
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

    static IResult Spans(HttpContext context, PageState state, TraceLookup lookup)
    {
        try
        {
            var tree = TraceId.Readings(state.Url["trace"] ?? "").Select(id => lookup.Read(id, context.RequestAborted)).FirstOrDefault(tree => tree is not null);
            return new RazorComponentResult<TopSpans>(new Dictionary<string, object?> { [nameof(TopSpans.View)] = TopSpansView.Of(state, tree) });
        }
        catch (StoreUnavailableException error)
        {
            return Results.Text(error.Message, "text/plain; charset=utf-8", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    static RazorComponentResult<QuerySuggestions> Suggest(HttpContext context, PageState state, ITraceReader reader, TimeProvider clock)
    {
        var suggestions = SuggestionsView.Of(state, reader, clock, context.RequestAborted);
        return new RazorComponentResult<QuerySuggestions>(new Dictionary<string, object?> { [nameof(QuerySuggestions.View)] = suggestions });
    }
}
