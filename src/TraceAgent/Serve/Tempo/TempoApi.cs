using System.Text;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Spans;
using Apm.Query.Text;
using Apm.Query.TraceQl;
using Apm.Query.Traces;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>
/// Tempo's query API under <c>/tempo/api</c>, so that Grafana's data source reads our traces: search by TraceQL, tags and their values,
/// one trace, series. Nothing is written through it. Errors are plain text, as Tempo's are.
/// </summary>
public static class TempoApi
{
    /// <summary>The version of Tempo whose API this is; Grafana decides by it what it asks for.</summary>
    const string TempoVersion = "2.7.0";

    /// <summary>Maps the endpoints. Needs what Jaeger's API needs, and nothing more.</summary>
    public static IEndpointRouteBuilder MapTempoApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/tempo/ready", http => Text(http, 200, "ready"));
        var api = routes.MapGroup("/tempo/api");
        api.MapGet("/echo", http => Text(http, 200, "echo"));
        api.MapGet("/status/buildinfo", BuildInfo);
        api.MapGet("/search", http => Guard(http, TempoSearch.Answer));
        api.MapGet("/search/tags", http => Guard(http, TempoTags.Names));
        api.MapGet("/v2/search/tags", http => Guard(http, TempoTags.ScopedNames));
        api.MapGet("/search/tag/{tag}/values", http => Guard(http, TempoTags.Values));
        api.MapGet("/v2/search/tag/{tag}/values", http => Guard(http, TempoTags.TypedValues));
        api.MapGet("/traces/{traceId}", http => Guard(http, http => Trace(http, isV2: false)));
        api.MapGet("/v2/traces/{traceId}", http => Guard(http, http => Trace(http, isV2: true)));
        api.MapGet("/metrics/query_range", http => Guard(http, http => TempoMetrics.Answer(http, isInstant: false)));
        api.MapGet("/metrics/query", http => Guard(http, http => TempoMetrics.Answer(http, isInstant: true)));
        return routes;
    }

    static Task BuildInfo(HttpContext http) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartObject("data");
        json.WriteString("version", TempoVersion);
        foreach (var member in (string[])["revision", "branch", "buildUser", "buildDate", "goVersion"]) json.WriteString(member, "");
        json.WriteEndObject();
        json.WriteEndObject();
    });

    static Task Trace(HttpContext http, bool isV2)
    {
        var text = (string?)http.Request.RouteValues["traceId"];
        if (!TraceId.TryParse(text, out var id)) throw new RefusedException($"\"{text}\" is not a trace id: write 16 or 32 hex digits");
        var trace = new TraceLookup(http.RequestServices.GetRequiredService<ITraceReader>()).Read(id, http.RequestAborted)
            ?? throw new RefusedException(FateApi.WhyNotFound(http, id), StatusCodes.Status404NotFound);
        var spans = isV2 && http.Request.Query["q"].ToString() is { Length: > 0 } query ? Chosen(http, trace, query) : trace.Nodes;
        var otlp = OtlpTrace.Of(spans.Select(node => node.ReadSpan()).OfType<Span>());
        var reason = trace.IncompleteReason;
        if (reason is not null) SearchHeaders.Write(http, trace.SpanCount, trace.SpanCount, reason);
        if (http.Request.Headers.Accept.ToString().Contains("application/protobuf", StringComparison.OrdinalIgnoreCase))
            return Bytes(http, 200, "application/protobuf", isV2 ? OtlpProtobufTraceWriter.WriteTraceByIdResponse(otlp, reason) : OtlpProtobufTraceWriter.Write(otlp));
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            if (isV2) json.WriteStartObject("trace");
            json.WritePropertyName(isV2 ? "resourceSpans" : "batches");
            OtlpJsonTraceWriter.WriteResourceSpans(json, otlp, OtlpJsonStyle.Protobuf);
            if (isV2)
            {
                json.WriteEndObject();
                json.WriteStartObject("metrics");
                json.WriteEndObject();
                if (reason is not null)
                {
                    json.WriteString("status", "PARTIAL");
                    json.WriteString("message", reason);
                }
            }
            json.WriteEndObject();
        });
    }

    /// <summary>The spans of a trace that a filter names, with those above them unless <c>keep_hierarchy=false</c>.</summary>
    static List<TraceNode> Chosen(HttpContext http, TraceTree trace, string query)
    {
        var parsed = TraceQlParser.Parse(query);
        if (parsed.Stages.Count > 0 || parsed.Spans is not TraceQlSpans) throw new QueryTextException("For one trace q has to be one set of spans, such as { status = error }, without stages and relations.", parsed.At);
        var end = trace.StartUnixNanos > long.MaxValue - 1 - trace.DurationNanos ? long.MaxValue : trace.StartUnixNanos + trace.DurationNanos + 1;
        var found = MatchesOf(http).Read(new TimeRange(trace.StartUnixNanos, end), TraceQlPlan.Of(parsed).Filter, [trace.TraceId], limit: int.MaxValue, http.RequestAborted)[0].Spans
            .Select(span => (span.Id, span.Service)).ToHashSet();
        var keepsAncestors = !http.Request.Query["keep_hierarchy"].ToString().Equals("false", StringComparison.OrdinalIgnoreCase);
        var kept = new HashSet<int>();
        foreach (var node in trace.Nodes.Where(node => found.Contains((node.SpanId, node.Service))))
            for (var at = node.Index; at >= 0 && kept.Add(at) && keepsAncestors;) at = trace.Nodes[at].ParentIndex;
        return [.. trace.Nodes.Where(node => kept.Contains(node.Index))];
    }

    internal static MatchesOfTraces MatchesOf(HttpContext http) => new(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>());

    internal static Task Text(HttpContext http, int status, string text) => Bytes(http, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    static async Task Bytes(HttpContext http, int status, string contentType, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    static Task Guard(HttpContext http, Func<HttpContext, Task> answer) => ApiGuard.Answer(http, answer, Text);
}
