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
/// Jaeger's API v3: services, operations, traces, one trace, with traces in the shape of OTLP. Traces are as they were sent: nothing
/// is adjusted, so <c>raw_traces</c> makes no difference.
/// </summary>
static class JaegerV3Api
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/services", http => ApiGuard.Answer(http, Services, Refuse));
        api.MapGet("/operations", http => ApiGuard.Answer(http, Operations, Refuse));
        api.MapGet("/traces", http => ApiGuard.Answer(http, Traces, Refuse));
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
        var query = http.Request.Query;
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var reader = http.RequestServices.GetRequiredService<ITraceReader>();
        var filter = JaegerRequest.FilterOf(query["query.service_name"].ToString(), query["query.operation_name"].ToString())
            .WithDuration(JaegerRequest.Duration(query, "query.duration_min"), JaegerRequest.Duration(query, "query.duration_max"));
        var range = new TimeRange(Time(query, "query.start_time_min"), Time(query, "query.start_time_max"));
        if (range.LengthNanos == 0) throw new RefusedException("parameter 'query.start_time_max' must be later than 'query.start_time_min'");
        var found = new TraceSearch(reader, clock).Search(new TraceSearchRequest { Range = range, Filter = filter, Limit = Limit(query) }, http.RequestAborted);
        SearchHeaders.Write(http, found.MatchedTraceCount, found.ScannedSpanCount, found.IncompleteReason);
        if (found.Traces.Count == 0) throw new RefusedException("No traces found", StatusCodes.Status404NotFound); // As Jaeger answers.
        var lookup = new TraceLookup(reader);
        return Answer(http, [.. found.Traces.Select(trace => lookup.Read(trace.TraceId, http.RequestAborted)).OfType<TraceTree>()]);
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

    static long Time(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) throw new RefusedException("query.start_time_min and query.start_time_max are required, such as 2026-03-01T10:00:00Z");
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUnixNanos()
            : throw new RefusedException($"malformed parameter {name}: \"{text}\" is not a time such as 2026-03-01T10:00:00Z");
    }

    static int Limit(IQueryCollection query)
    {
        var name = query.ContainsKey("query.search_depth") ? "query.search_depth" : "query.num_traces";
        var text = query[name].ToString();
        if (text.Length == 0) return JaegerRequest.DefaultLimit;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? Math.Min(limit, JaegerRequest.MaxLimit)
            : throw new RefusedException($"malformed parameter {name}: \"{text}\" is not a number above 0");
    }

    static Task Refuse(HttpContext http, int status, string sentence) => JsonAnswer.Write(http, status, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("httpCode", status);
        json.WriteString("message", sentence);
        json.WriteEndObject();
        json.WriteEndObject();
    });
}
