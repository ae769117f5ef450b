using Apm.ApmUi.Charts;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>The columns of waterfall and flame graph, and what a search in them finds.</summary>
public static class TraceData
{
    /// <summary>Longest text that is looked for; what is longer finds nothing and says so.</summary>
    public const int MaxFindLength = 500;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/data/trace/{id}", Skeleton);
        routes.MapGet("/ui/data/trace/{id}/find", Find);
    }

    static Task Skeleton(HttpContext context, string id, string? clock, bool? lanes, TraceSource source, ServiceLook look, TimeProvider time) =>
        Answer(context, id, clock, source, time, tree => TraceSkeleton.Of(tree, look.ColorOf, lanes == true));

    static Task Find(HttpContext context, string id, string? clock, string? text, TraceSource source, TimeProvider time) =>
        text?.Length > MaxFindLength
            ? DataAnswer.Fail(context, StatusCodes.Status400BadRequest, $"At most {MaxFindLength} characters are looked for.")
            : Answer(context, id, clock, source, time, tree => new FoundSpans(TraceTextSearch.Find(tree, text ?? "", context.RequestAborted), true, tree.SpanCount));

    static async Task Answer<T>(HttpContext context, string id, string? clock, TraceSource source, TimeProvider time, Func<TraceTree, T> answer)
    {
        var started = time.GetTimestamp();
        try
        {
            if (!TraceSource.IsId(id))
                await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "That is no trace id: 16 or 32 hex digits are.");
            else if (source.Read(id, clock, context.RequestAborted) is not { } tree)
                await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "Nothing is stored under this trace id any more.");
            else
                await DataAnswer.Write(context, answer(tree), time.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }
}

/// <summary>Places of spans that hold a text, in display order.</summary>
public sealed record FoundSpans(IReadOnlyList<int> Indexes, bool Complete, long Scanned);
