using Apm.ApmUi.Charts;
using Apm.ApmUi.Shared;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>The waterfall's columns.</summary>
public static class TraceData
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/trace/{id}", Skeleton);

    static async Task Skeleton(HttpContext context, string id, TraceLookup lookup, ServiceLook look, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        try
        {
            if (!TraceId.TryParse(id, out var traceId, allowDecimal: true))
                await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "That is no trace id: 16 or 32 hex digits are.");
            else if (lookup.Read(traceId, context.RequestAborted) is not { } tree)
                await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "Nothing is stored under this trace id any more.");
            else
                await DataAnswer.Write(context, TraceSkeleton.Of(tree, look.ColorOf), clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }
}
