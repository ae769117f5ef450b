using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Traces;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Jaeger;

/// <summary>
/// Jaeger's API v3: services, operations, traces, their summaries, one trace, with traces in the shape of OTLP. Traces are as they were sent: nothing
/// is adjusted, so <c>raw_traces</c> makes no difference.
/// </summary>
static class JaegerV3Api
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/services", http => ApiGuard.Answer(http, Services, Refuse));
        api.MapGet("/operations", http => ApiGuard.Answer(http, Operations, Refuse));
        api.MapGet("/traces", http => ApiGuard.Answer(http, Traces, Refuse));
        api.MapGet("/trace-summaries", http => ApiGuard.Answer(http, Summaries, Refuse));
        api.MapGet("/traces/{traceId}", http => ApiGuard.Answer(http, Trace, Refuse));
    }

    static Task Services(HttpContext http) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("services");
        foreach (var service in http.RequestServices.GetRequiredService<ServiceCatalogue>().Services()) json.WriteStringValue(service.Name);
        json.WriteEndArray();
        json.WriteEndObject();
    });

    static Task Operations(HttpContext http)
    {
        var service = http.Request.Query["service"].ToString();
        if (service.Length == 0) throw new RefusedException("parameter 'service' is required: name a service, as /jaeger/api/v3/services lists them");
        var operations = JaegerApi.OperationsOf(http, service, http.Request.Query.ContainsKey("spanKind") ? "spanKind" : "span_kind", unspecifiedIsInternal: true);
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("operations");
            foreach (var operation in operations)
            {
                json.WriteStartObject();
                json.WriteString("name", operation.Name);
                json.WriteString("spanKind", operation.KindText.Length > 0 ? operation.KindText : "internal");
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    static Task Trace(HttpContext http)
    {
        var id = JaegerRequest.TraceIdOf((string?)http.Request.RouteValues["traceId"]);
        var trace = new TraceLookup(http.RequestServices.GetRequiredService<ITraceReader>()).Read(id, http.RequestAborted)
            ?? throw new RefusedException(FateApi.WhyNotFound(http, id), StatusCodes.Status404NotFound);
        return Answer(http, [trace]);
    }

    static Task Traces(HttpContext http)
    {
        var traces = Find(http);
        if (traces.Count == 0) throw new RefusedException("No traces found", StatusCodes.Status404NotFound); // As Jaeger answers.
        return Answer(http, traces);
    }

    /// <summary>What the list of a search shows of each trace; Jaeger's screens ask for it since 2.19.</summary>
    static Task Summaries(HttpContext http)
    {
        var traces = Find(http);
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("summaries");
            foreach (var trace in traces) WriteSummary(json, trace);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    static List<TraceTree> Find(HttpContext http)
    {
        var reader = http.RequestServices.GetRequiredService<ITraceReader>();
        var request = JaegerV3Request.Read(http.Request.Query);
        var found = new TraceSearch(reader, http.RequestServices.GetRequiredService<TimeProvider>())
            .Search(new TraceSearchRequest { Range = request.Range, Filter = request.Filter, Limit = request.Limit }, http.RequestAborted);
        SearchHeaders.Write(http, found.MatchedTraceCount, found.ScannedSpanCount, found.IncompleteReason);
        var lookup = new TraceLookup(reader);
        return [.. found.Traces.Select(trace => lookup.Read(trace.TraceId, http.RequestAborted)).OfType<TraceTree>()];
    }

    static void WriteSummary(Utf8JsonWriter json, TraceTree trace)
    {
        var id = trace.TraceId.High.ToString("x16", CultureInfo.InvariantCulture) + trace.TraceId.Low.ToString("x16", CultureInfo.InvariantCulture);
        json.WriteStartObject();
        json.WriteString("traceId", id);
        json.WriteString("traceID", id); // Older screens.
        json.WriteString("rootServiceName", trace.Root.Service);
        json.WriteString("rootOperationName", trace.Root.Resource);
        json.WriteString("minStartTimeUnixNano", trace.StartUnixNanos.ToString(CultureInfo.InvariantCulture));
        json.WriteString("maxEndTimeUnixNano", ((Int128)trace.StartUnixNanos + trace.DurationNanos).ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("spanCount", trace.SpanCount);
        json.WriteNumber("errorSpanCount", trace.ErrorCount);
        json.WriteNumber("orphanSpanCount", trace.Nodes.Count(node => node.ParentIndex >= 0 && trace.Nodes[node.ParentIndex].IsGap));
        json.WriteStartArray("services");
        foreach (var share in trace.Services)
        {
            json.WriteStartObject();
            json.WriteString("name", share.Service);
            json.WriteNumber("spanCount", share.SpanCount);
            json.WriteNumber("errorSpanCount", share.ErrorCount);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static Task Answer(HttpContext http, IReadOnlyList<TraceTree> traces) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("result");
        json.WritePropertyName("resourceSpans");
        OtlpJsonTraceWriter.WriteResourceSpans(json, OtlpTrace.Of(traces.SelectMany(trace => trace.Nodes).Select(node => node.ReadSpan()).OfType<Span>()), OtlpJsonStyle.Otlp);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    internal static Task Refuse(HttpContext http, int status, string sentence) => JsonAnswer.Write(http, status, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("httpCode", status);
        json.WriteString("message", sentence);
        json.WriteEndObject();
        json.WriteEndObject();
    });
}
