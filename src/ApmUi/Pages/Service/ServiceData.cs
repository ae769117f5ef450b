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

/// <summary>Charts of a service, and of one endpoint of it: <c>/ui/data/red?service=&amp;name=&amp;resource=&amp;what=requests|errors|latency</c>.</summary>
public static class ServiceData
{
    /// <summary>Points of a chart: half its usual width.</summary>
    const int Points = 240;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/red", Red);

    static async Task Red(HttpContext context, PageState state, ServiceQueries queries, ServiceCatalogue catalogue, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        if (state.Url["service"] is not { } service)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "Say which service: ?service=…");
            return;
        }
        var (name, resource) = (state.Url["name"], state.Url["resource"]);
        try
        {
            var series = queries.Series(service, state.Env, name, resource, state.Window.Range, Points);
            var filter = TraceFilter.Empty.With("service", service);
            if (resource is not null) filter = filter.With("resource", resource);
            var marks = ChartMarks.OfService(catalogue.Service(service), catalogue.Processes(), state.Env, state.Window.Range);
            string Behind(TraceFilter what) =>
                "/traces?" + (state.Env is { } env ? $"env={Uri.EscapeDataString(env)}&" : "") + $"q={Uri.EscapeDataString(what.ToString())}&from={{from}}&to={{to}}";
            var chart = state.Url["what"] switch
            {
                "errors" => RedData.Errors(state.Window.Range, series, Behind(filter.With("status", "error")), marks),
                "latency" => RedData.Latency(state.Window.Range, series, Behind(filter), marks),
                _ => RedData.Requests(state.Window.Range, series, Behind(filter), marks),
            };
            await DataAnswer.Write(context, chart, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }
}
