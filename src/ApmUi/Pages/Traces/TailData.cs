using System.Text.Json;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Query.Filters;
using Apm.Query.Tail;
using Apm.Query.Text;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>
/// The live tail: rows of newly stored traces as server-sent events, the only stream of the screens. Events are
/// <c>row</c> (<c>id</c> and <c>html</c>; an id that was sent before replaces its row), <c>pace</c> once a second (how many were left out),
/// <c>trouble</c> (the store cannot be read just now) and <c>end</c> (the server stops; ask again later).
/// </summary>
public static class TailData
{
    /// <summary>New rows a second; default 10. Further ones are counted and told once a second.</summary>
    public const int MaxRowsPerSecond = 10;

    /// <summary>Seconds after which a viewer who was refused may ask again.</summary>
    const int RetryAfterSeconds = 10;

    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/traces/tail", Tail);

    static async Task Tail(HttpContext context, PageState state, TraceTail tail, TimeProvider clock, IHostApplicationLifetime lifetime)
    {
        // A stream holds one of few places: pages of other sites may not take them, though they could not read the answer.
        if (context.Request.Headers["Sec-Fetch-Site"] == "cross-site")
        {
            await DataAnswer.Fail(context, StatusCodes.Status403Forbidden, "The live tail answers its own page only.");
            return;
        }
        TraceFilter filter;
        try
        {
            filter = TraceQuery.Complete(TraceFilterParser.Parse(state.Url["q"]), state.Url);
        }
        catch (QueryTextException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, error.Message);
            return;
        }
        if (TraceTail.RefusalOf(filter) is { } refusal)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, refusal);
            return;
        }
        using var stream = tail.Open(filter);
        if (stream is null)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, $"{TraceTail.MaxStreams} pages look on already, the most at once. Close one, or try again.");
            return;
        }
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await Stream(context, state, stream, clock, ending.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            await Send(context, "end", new { reason = "Apm is stopping." }, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The viewer has gone.
        }
    }

    static async Task Stream(HttpContext context, PageState state, TailStream stream, TimeProvider clock, CancellationToken ending)
    {
        var (credit, shown, more, skipped) = ((double)MaxRowsPerSecond, 0, 0, 0L);
        await Send(context, "pace", new { shown, more, skipped }, ending); // Says that the stream is open.
        var (last, second) = (clock.GetTimestamp(), clock.GetTimestamp());
        while (true)
        {
            await Task.Delay(Tick, clock, ending);
            credit = Math.Min(MaxRowsPerSecond, credit + MaxRowsPerSecond * clock.GetElapsedTime(last).TotalSeconds);
            last = clock.GetTimestamp();
            try
            {
                var take = stream.Take((int)credit, ending);
                credit -= take.New.Count;
                (shown, more, skipped) = (shown + take.New.Count, more + take.MoreCount, skipped + take.SkippedSpanCount);
                await SendRows(context, state, [.. take.New.Reverse(), .. take.Grown], ending);
            }
            catch (StoreUnavailableException error)
            {
                await Send(context, "trouble", new { reason = error.Message }, ending);
            }
            if (clock.GetElapsedTime(second) < TimeSpan.FromSeconds(1)) continue;
            await Send(context, "pace", new { shown, more, skipped }, ending);
            (shown, more, skipped, second) = (0, 0, 0, clock.GetTimestamp());
        }
    }

    static async Task SendRows(HttpContext context, PageState state, IReadOnlyList<TraceSummary> traces, CancellationToken ending)
    {
        if (traces.Count == 0) return;
        var services = context.RequestServices;
        // One for each batch of rows: a renderer keeps all that it ever rendered.
        await using var renderer = new HtmlRenderer(services, (ILoggerFactory)services.GetService(typeof(ILoggerFactory))!);
        foreach (var trace in traces)
        {
            var row = ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(TraceLine.Row)] = TraceRow.Of(state, trace, trace.DurationNanos) });
            var html = await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TraceLine>(row)).ToHtmlString());
            await Send(context, "row", new { id = trace.TraceId.ToString(), html }, ending);
        }
    }

    static async Task Send<T>(HttpContext context, string name, T data, CancellationToken ending)
    {
        await context.Response.WriteAsync($"event: {name}\ndata: {JsonSerializer.Serialize(data, JsonSerializerOptions.Web)}\n\n", ending);
        await context.Response.Body.FlushAsync(ending);
    }
}
