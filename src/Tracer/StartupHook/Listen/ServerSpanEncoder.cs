using System.Diagnostics;
using System.Globalization;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Settings;
using Apm.Tracer.Propagation;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.StartupHook.Listen;

/// <summary>Encodes a request that came in: <c>aspnet_core.request</c>.</summary>
internal sealed class ServerSpanEncoder(SpanWriter writer, HookSettings settings)
{
    static readonly byte[] Name = MsgPackKey.Of("aspnet_core.request"), Type = MsgPackKey.Of("web"),
        FixedTags = MsgPackKey.Block([new("span.kind", "server"), new("component", "aspnet_core")]),
        KeyMethod = MsgPackKey.Of("http.method"), KeyRoute = MsgPackKey.Of("http.route"), KeyUrl = MsgPackKey.Of("http.url"),
        KeyStatus = MsgPackKey.Of("http.status_code"), KeyUserAgent = MsgPackKey.Of("http.useragent");

    static readonly List<TerminatedContext> s_none = [];
    static readonly byte[][] s_statusTags = [.. Enumerable.Range(0, 600).Select(status => MsgPackKey.Block([new("http.status_code", status.ToString(CultureInfo.InvariantCulture))]))];

    /// <summary>Writes one span.</summary>
    /// <param name="to">An empty buffer.</param>
    /// <param name="activity">The request's activity, with its duration set.</param>
    /// <param name="who">Who the span is.</param>
    /// <param name="context">The request.</param>
    /// <param name="error">The exception that came up; null when none did.</param>
    public void Encode(MsgPackBuffer to, Activity activity, in SpanIdentity who, HttpContext context, Exception? error)
    {
        var request = context.Request;
        var status = context.Response.StatusCode;
        var route = RouteNames.Of(OriginalEndpoint(context, status, error));
        var isError = error is not null || status >= 500 || activity.Status == ActivityStatusCode.Error;
        var incoming = ReadIncoming(who, request);
        var terminated = incoming?.Terminated ?? s_none;
        var links = ActivityEvents.CountLinks(activity);
        var events = ActivityEvents.Of(activity);
        var extraKeys = (links + terminated.Count > 0 ? 1 : 0) + (events.Others > 0 ? 1 : 0);

        writer.Begin(to, activity, WithParent(who, incoming), Name, Type, isError, extraKeys);
        WriteResource(to, request, route, status);

        var count = writer.BeginMeta(to, who, out var mark);
        to.Raw(FixedTags);
        count += 2;
        count += SpanWriter.Pair(to, KeyMethod, request.Method);
        if (route is not null) count += SpanWriter.Pair(to, KeyRoute, route);
        WriteUrl(to, request);
        count++;
        if (status is >= 0 and < 600) to.Raw(s_statusTags[status]);
        else SpanWriter.Pair(to, KeyStatus, status.ToString(CultureInfo.InvariantCulture));
        count++;
        if (request.Headers.UserAgent is { Count: > 0 } userAgent) count += SpanWriter.Pair(to, KeyUserAgent, userAgent[0]);
        count += SpanWriter.WritePropagationError(to, incoming?.Error);
        count += TagWriter.WriteTexts(to, activity);
        if (error is not null) count += SpanWriter.WriteError(to, error);
        else if (events.ExceptionType is not null) count += SpanWriter.WriteError(to, events.ExceptionType, events.ExceptionMessage, events.ExceptionStack);
        else if (isError) count += SpanWriter.WriteError(to, null, activity.StatusDescription ?? $"The request was answered with status {status}.", null);
        to.EndMap16(mark, count);

        count = writer.BeginMetrics(to, who, out mark);
        count += TagWriter.WriteNumbers(to, activity);
        to.EndMap16(mark, count);

        if (links + terminated.Count > 0) ActivityEvents.WriteLinks(to, activity, links, terminated);
        if (events.Others > 0) ActivityEvents.WriteEvents(to, activity, events.Others);
    }

    // "GET /api/user/{id}"; "GET 404" for what no route matched, since scanners try any path; else, for what middleware
    // answered without routing, the path with its numbers replaced.
    static void WriteResource(MsgPackBuffer to, HttpRequest request, string? route, int status)
    {
        var mark = to.BeginText();
        to.AppendText(ResourceNames.Method(request.Method));
        to.AppendAscii(" "u8);
        if (route is not null) to.AppendText(route);
        else if (status == 404) to.AppendAscii("404"u8);
        else to.AppendText(ResourceNames.Quantize(request.PathBase.Value + request.Path.Value));
        to.EndText(mark);
    }

    void WriteUrl(MsgPackBuffer to, HttpRequest request)
    {
        to.Raw(KeyUrl);
        var mark = to.BeginText();
        to.AppendText(request.Scheme);
        to.AppendAscii("://"u8);
        to.AppendText(request.Host.Value);
        to.AppendText(request.PathBase.Value);
        to.AppendText(request.Path.Value);
        UrlWriter.AppendQuery(to, request.QueryString.Value, settings.QueryString);
        to.EndText(mark);
    }

    // Error handlers run the pipeline a second time with another route; the request is still known by its first.
    static Endpoint? OriginalEndpoint(HttpContext context, int status, Exception? error)
    {
        if (error is not null && context.Features.Get<IExceptionHandlerFeature>()?.Endpoint is { } failed) return failed;
        if (status >= 400 && context.Features.Get<IStatusCodeReExecuteFeature>()?.Endpoint is { } reExecuted) return reExecuted;
        return context.GetEndpoint();
    }

    // What concerns only this first span is read again from the headers; the common request has none of them, and then nothing to continue.
    TraceContext? ReadIncoming(in SpanIdentity who, HttpRequest request)
    {
        var mayContinue = settings.Propagation.Behavior == ExtractBehavior.Continue;
        if (!who.IsLocalRoot || (mayContinue && who.ParentId == 0)) return null;
        var headers = request.Headers;
        return headers.ContainsKey(DatadogHeaders.TraceId) || (!mayContinue && headers.TraceParent.Count > 0) ? Extract(headers) : null;
    }

    // On its own: what the lambda holds is then made for those requests alone that need it.
    TraceContext? Extract(IHeaderDictionary headers) =>
        ContextExtractor.Extract(settings.Propagation, name => headers.TryGetValue(name, out var values) ? values.ToString() : null);

    // A caller may name a trace without naming a span: then nobody is the parent.
    static SpanIdentity WithParent(in SpanIdentity who, TraceContext? incoming) =>
        incoming is { ParentId: 0, TraceIdLow: not 0 } && incoming.TraceIdLow == who.TraceIdLow ? who.WithoutParent() : who;
}
