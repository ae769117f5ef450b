using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Core.Ports;
using Apm.Query.TraceFiles;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>A trace goes out as a file, JSON or a page, and comes in as one.</summary>
/// <remarks>Bringing one is a form with a token: a page of another site cannot send it.</remarks>
public static class TraceFiles
{
    /// <summary>Room for the rest of the form beside the file.</summary>
    const int FormOverheadBytes = 16_384;

    /// <summary>Largest file that is taken to be refused with a sentence, 1 GiB; with a larger one the connection is closed.</summary>
    const long MaxDrainedBytes = 1L << 30;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/trace/{id}/trace.json", Json);
        routes.MapGet("/ui/trace/{id}/trace.html", Html);
        // The form is read by hand, so that its size is known to be bearable before it is.
        routes.MapPost("/ui/trace/open", Open).DisableAntiforgery();
    }

    static async Task Json(HttpContext context, string id, TraceSource source)
    {
        if (await Find(context, id, source, clock: null) is not { } tree) return;
        using var body = new MemoryStream();
        TraceFile.Write(body, tree);
        await Send(context, tree, "application/json; charset=utf-8", "json", body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    static async Task Html(HttpContext context, string id, TraceSource source, ServiceLook look, PageState state, IWebHostEnvironment host)
    {
        if (await Find(context, id, source, state.Url["clock"]) is not { } tree) return;
        var files = host.WebRootFileProvider;
        var (script, style) = (await OfflinePage.ReadAsset(files, "offline.js"), await OfflinePage.ReadAsset(files, "offline.css"));
        await Send(context, tree, "text/html; charset=utf-8", "html", OfflinePage.Of(tree, look.ColorOf, state, script, style));
    }

    static async Task<TraceTree?> Find(HttpContext context, string id, TraceSource source, string? clock)
    {
        try
        {
            if (source.Read(id, clock, context.RequestAborted) is { } tree) return tree;
            await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "Nothing is stored under this trace id any more.");
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
        return null;
    }

    static async Task Send(HttpContext context, TraceTree tree, string type, string ending, ReadOnlyMemory<byte> body)
    {
        var headers = context.Response.Headers;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        headers.ContentDisposition = $"attachment; filename=\"trace-{tree.TraceId}.{ending}\"";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        // Should a browser show it all the same, it has no more rights than as a file.
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    static async Task<IResult> Open(HttpContext context, ImportedTraces imported, IAntiforgery antiforgery, PageState state)
    {
        const int most = TraceFile.MaxBytes + FormOverheadBytes;
        if (!context.Request.HasFormContentType) return Refused("No file came. Choose one first.");
        var size = context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature ? feature : null;
        if (context.Request.ContentLength > most)
        {
            // A browser hears an answer only once its file was taken; so it is, up to a point, and thrown away.
            if (size is not null) size.MaxRequestBodySize = MaxDrainedBytes;
            if (context.Request.ContentLength < MaxDrainedBytes) await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
            return Refused($"The file is larger than {TraceFile.MaxBytes / 1_048_576} MiB; larger ones are not read.");
        }
        if (size is not null) size.MaxRequestBodySize = most;
        context.Features.Set<IFormFeature>(new FormFeature(context.Request, new FormOptions { MultipartBodyLengthLimit = most, ValueCountLimit = 16 }));
        try
        {
            await antiforgery.ValidateRequestAsync(context);
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            if (form.Files["file"] is not { Length: > 0 } file) return Refused("No file came. Choose one first.");
            using var body = new MemoryStream((int)file.Length);
            await file.CopyToAsync(body, context.RequestAborted);
            var trace = imported.Add(Path.GetFileName(file.FileName), body.GetBuffer().AsMemory(0, (int)body.Length));
            return Results.Redirect(state.TraceLink(trace.Id));
        }
        catch (TraceFileException problem)
        {
            return Refused(problem.Message);
        }
        catch (AntiforgeryValidationException)
        {
            return Refused("The form was too old, or came from another site. Try again.");
        }
        catch (Exception problem) when (problem is InvalidDataException or BadHttpRequestException)
        {
            return Refused($"The file could not be taken: it is larger than {TraceFile.MaxBytes / 1_048_576} MiB, or was cut off on its way.");
        }

        IResult Refused(string why) => Results.Redirect(state.Link("/traces/open", ("refused", why)));
    }
}
