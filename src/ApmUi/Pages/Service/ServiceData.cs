using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Filters;
using Apm.Query.Services;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Service;

/// <summary>
/// Charts of a service, and of one endpoint of it: <c>/ui/data/red?service=&amp;name=&amp;resource=&amp;what=requests|errors|latency</c>
/// and <c>/ui/data/heat</c>; of a service alone also <c>what=callees</c>.
/// </summary>
public static class ServiceData
{
    /// <summary>Points of a chart: half its usual width.</summary>
    const int Points = 240;

    /// <summary>Columns of a heat map: cells are to be seen one by one.</summary>
    const int HeatColumns = 96;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/data/red", Red);
        routes.MapGet("/ui/data/heat", Heat);
    }

    static Task Red(HttpContext context, PageState state, ServiceQueries queries, ServiceCatalogue catalogue, ServiceLook look, TimeProvider clock) =>
        Answer(context, state, catalogue, clock, (service, filter, behind, marks) =>
        {
            var range = state.Window.Range;
            if (state.Url["what"] == "callees") return CalleeTimeData.Chart(service, range, queries.TimeByCallee(service, state.Env, range, Points / 2), look.ColorOf, behind(filter), marks);
            var series = queries.Series(service, state.Env, state.Url["name"], state.Url["resource"], range, Points);
            return state.Url["what"] switch
            {
                "errors" => RedData.Errors(range, series, behind(filter.With("status", "error")), marks),
                "latency" => RedData.Latency(range, series, behind(filter), marks),
                _ => RedData.Requests(range, series, behind(filter), marks),
            };
        });

    static Task Heat(HttpContext context, PageState state, ServiceQueries queries, ServiceCatalogue catalogue, TimeProvider clock) =>
        Answer(context, state, catalogue, clock, (service, filter, behind, marks) =>
            HeatData.Of(state.Window.Range, queries.Heat(service, state.Env, state.Url["name"], state.Url["resource"], state.Window.Range, HeatColumns), filter, behind, marks));

    static async Task Answer<T>(HttpContext context, PageState state, ServiceCatalogue catalogue, TimeProvider clock, Func<string, TraceFilter, Func<TraceFilter, string>, IReadOnlyList<ChartMark>, T> make)
    {
        var started = clock.GetTimestamp();
        if (state.Url["service"] is not { } service)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "Say which service: ?service=…");
            return;
        }
        try
        {
            var filter = TraceFilter.Empty.With("service", service);
            if (state.Url["resource"] is { } resource) filter = filter.With("resource", resource);
            var marks = ChartMarks.OfService(catalogue.Service(service), catalogue.Processes(), state.Env, state.Window.Range);
            string Behind(TraceFilter what) =>
                "/traces?" + (state.Env is { } env ? $"env={Uri.EscapeDataString(env)}&" : "") + $"q={Uri.EscapeDataString(what.ToString())}&from={{from}}&to={{to}}";
            await DataAnswer.Write(context, make(service, filter, Behind, marks), clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }
}
