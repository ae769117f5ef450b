using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.ServiceMap;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Jaeger;

/// <summary>
/// The query API of Jaeger under <c>/jaeger</c>, so that a Jaeger data source (Grafana, Jaeger's own UI) reads our traces:
/// services, operations, traces, one trace, dependencies. Nothing is written through it.
/// </summary>
/// <remarks>
/// Jaeger's operation is our operation name; the resource stands in the tag <c>resource.name</c>, is listed among the operations
/// of a service, and may be asked for as one, since it is what tells endpoints apart.
/// </remarks>
public static class JaegerApi
{
    /// <summary>Range of the dependencies when none is asked for: one day.</summary>
    public const long DefaultDependencyLookbackMillis = 86_400_000;

    /// <summary>Maps the endpoints. Needs <see cref="ITraceReader"/>, <see cref="IStatsReader"/>, <see cref="ServiceCatalogue"/> and <see cref="TimeProvider"/> from the services.</summary>
    public static IEndpointRouteBuilder MapJaegerApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/jaeger/api");
        api.MapGet("/services", http => Guard(http, Services));
        api.MapGet("/services/{service}/operations", http => Guard(http, ServiceOperations));
        api.MapGet("/operations", http => Guard(http, Operations));
        api.MapGet("/traces", http => Guard(http, Traces));
        api.MapGet("/traces/{traceId}", http => Guard(http, Trace));
        api.MapGet("/dependencies", http => Guard(http, Dependencies));
        JaegerV3Api.Map(routes.MapGroup("/jaeger/api/v3"));
        return routes;
    }

    static Task Services(HttpContext http)
    {
        var names = http.RequestServices.GetRequiredService<ServiceCatalogue>().Services().Select(service => service.Name).ToList();
        return Answer(http, json => WriteTexts(json, names), names.Count, 0);
    }

    static Task ServiceOperations(HttpContext http)
    {
        var names = OperationsOf(http, (string)http.Request.RouteValues["service"]!, kindParameter: null).Select(operation => operation.Name).Distinct().ToList();
        return Answer(http, json => WriteTexts(json, names), names.Count, 0);
    }

    static Task Operations(HttpContext http)
    {
        var service = http.Request.Query["service"].ToString();
        if (service.Length == 0) throw new RefusedException("parameter 'service' is required: name a service, as /jaeger/api/services lists them");
        var operations = OperationsOf(http, service, "spanKind");
        return Answer(http, json =>
        {
            json.WriteStartArray();
            foreach (var operation in operations)
            {
                json.WriteStartObject();
                json.WriteString("name", operation.Name);
                json.WriteString("spanKind", operation.KindText);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }, operations.Count, 0);
    }

    static Task Traces(HttpContext http)
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var reader = http.RequestServices.GetRequiredService<ITraceReader>();
        var request = JaegerRequest.Read(http.Request.Query, clock.NowUnixNanos());
        var ids = request.TraceIds;
        if (ids.Count == 0)
        {
            var found = new TraceSearch(reader, clock).Search(new TraceSearchRequest { Range = request.Range, Filter = request.Filter, Limit = request.Limit }, http.RequestAborted);
            ids = [.. found.Traces.Select(trace => trace.TraceId)];
            SearchHeaders.Write(http, found.MatchedTraceCount, found.ScannedSpanCount, found.IncompleteReason);
        }
        var lookup = new TraceLookup(reader);
        var traces = ids.Select(id => lookup.Read(id, http.RequestAborted)).OfType<TraceTree>().ToList();
        return Answer(http, json =>
        {
            json.WriteStartArray();
            foreach (var trace in traces) JaegerJson.WriteTrace(json, trace);
            json.WriteEndArray();
        }, traces.Count, request.TraceIds.Count > 0 ? 0 : request.Limit);
    }

    static Task Trace(HttpContext http)
    {
        var id = JaegerRequest.TraceIdOf((string?)http.Request.RouteValues["traceId"]);
        var trace = new TraceLookup(http.RequestServices.GetRequiredService<ITraceReader>()).Read(id, http.RequestAborted);
        return trace is null
            ? Refuse(http, 404, FateApi.WhyNotFound(http, id))
            : Answer(http, json =>
            {
                json.WriteStartArray();
                JaegerJson.WriteTrace(json, trace);
                json.WriteEndArray();
            }, 1, 0);
    }

    static Task Dependencies(HttpContext http)
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var endMillis = Millis(http, "endTs") ?? clock.NowUnixNanos() / UnixTime.NanosPerMillisecond;
        var lookbackMillis = Math.Min(endMillis, Millis(http, "lookback") ?? DefaultDependencyLookbackMillis);
        var range = new TimeRange((endMillis - lookbackMillis) * UnixTime.NanosPerMillisecond, endMillis * UnixTime.NanosPerMillisecond);
        var services = http.RequestServices;
        var map = new ServiceMapQuery(services.GetRequiredService<ITraceReader>(), services.GetRequiredService<IStatsReader>(), services.GetRequiredService<ServiceCatalogue>(), clock)
            .Read(range, env: null, http.RequestAborted);
        SearchHeaders.Write(http, map.Edges.Count, map.ScannedSpanCount, map.IncompleteReason);
        var names = map.Nodes.ToDictionary(node => node.Id, node => node.Name, StringComparer.Ordinal);
        return Answer(http, json =>
        {
            json.WriteStartArray();
            foreach (var edge in map.Edges)
            {
                json.WriteStartObject();
                json.WriteString("parent", names[edge.From]);
                json.WriteString("child", names[edge.To]);
                json.WriteNumber("callCount", edge.CallCount);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }, map.Edges.Count, 0);
    }

    /// <summary>The operations of a service, of one kind when one is asked for; headers tell how many there are and whether that is all.</summary>
    /// <param name="kindParameter">Name of the parameter for the kind; null when there is none.</param>
    /// <param name="unspecifiedIsInternal">Operations without a kind are listed as internal ones, and so asked for.</param>
    /// <exception cref="RefusedException">There is no such kind.</exception>
    internal static List<OperationName> OperationsOf(HttpContext http, string service, string? kindParameter, bool unspecifiedIsInternal = false)
    {
        var kind = kindParameter is null ? "" : http.Request.Query[kindParameter].ToString();
        if (kind.Length > 0 && !FilterWords.Kinds.Contains(kind, StringComparer.OrdinalIgnoreCase))
            throw new RefusedException($"unable to parse param '{kindParameter}': \"{kind}\" is no kind of span; there are: {string.Join(", ", FilterWords.Kinds)}");
        var found = new TraceSearch(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>()).Operations(service, http.RequestAborted);
        var operations = found.Names.Where(operation => kind.Length == 0 || WordOf(operation.Kind).Equals(kind, StringComparison.OrdinalIgnoreCase)).ToList();
        SearchHeaders.Write(http, operations.Count, found.Report.ScannedSpanCount, found.Report.IncompleteReason);
        return operations;

        string WordOf(SpanKind kind) => FilterWords.Kinds[kind switch { SpanKind.Unspecified when unspecifiedIsInternal => (int)SpanKind.Internal, > SpanKind.Consumer => 0, _ => (int)kind }];
    }

    static long? Millis(HttpContext http, string name)
    {
        var text = http.Request.Query[name].ToString();
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var millis) && millis <= long.MaxValue / UnixTime.NanosPerMillisecond ? millis
            : throw new RefusedException($"unable to parse param '{name}': \"{text}\" is not a number of milliseconds");
    }

    static void WriteTexts(Utf8JsonWriter json, List<string> texts)
    {
        json.WriteStartArray();
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    static Task Answer(HttpContext http, Action<Utf8JsonWriter> writeData, int total, int limit) =>
        JsonAnswer.Write(http, 200, json => JaegerJson.WriteAnswer(json, writeData, total, limit));

    internal static Task Refuse(HttpContext http, int status, string sentence) =>
        JsonAnswer.Write(http, status, json => JaegerJson.WriteAnswer(json, writeData: null, 0, 0, status, sentence));

    static Task Guard(HttpContext http, Func<HttpContext, Task> answer) => ApiGuard.Answer(http, answer, Refuse);
}
