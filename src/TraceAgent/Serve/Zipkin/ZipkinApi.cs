using System.Globalization;
using System.Text;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.ServiceMap;
using Apm.Query.Traces;
using Apm.Wire.Zipkin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Zipkin;

/// <summary>
/// Zipkin's query API under <c>/zipkin/api/v2</c>, so that Zipkin's own screens and Grafana's data source read our traces: services,
/// spans, remoteServices, traces, trace, traceMany, dependencies, autocomplete. Nothing is written through it.
/// </summary>
/// <remarks>
/// A span's name is its resource; what is asked for as <c>spanName</c> may be a resource or an operation. Errors are plain text, as
/// Zipkin's are.
/// </remarks>
public static class ZipkinApi
{
    /// <summary>Tags that Zipkin's screens complete.</summary>
    static readonly string[] AutocompleteKeys = [TagNames.Env, TagNames.Version, TagNames.HttpMethod, TagNames.HttpStatusCode, TagNames.Component, "db.system", "messaging.system"];

    /// <summary>How far back keys and values are looked for.</summary>
    const long AutocompleteLookbackNanos = 86_400 * UnixTime.NanosPerSecond;

    /// <summary>Maps the endpoints. Needs what Jaeger's API needs, and nothing more.</summary>
    public static IEndpointRouteBuilder MapZipkinApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/zipkin/config.json", Config);
        routes.MapGet("/zipkin/health", Health);
        var api = routes.MapGroup("/zipkin/api/v2");
        api.MapGet("/services", http => Guard(http, Services));
        api.MapGet("/spans", http => Guard(http, SpanNames));
        api.MapGet("/remoteServices", http => Guard(http, RemoteServices));
        api.MapGet("/traces", http => Guard(http, Traces));
        api.MapGet("/trace/{traceId}", http => Guard(http, Trace));
        api.MapGet("/traceMany", http => Guard(http, TraceMany));
        api.MapGet("/dependencies", http => Guard(http, Dependencies));
        api.MapGet("/autocompleteKeys", http => Guard(http, http => Texts(http, AutocompleteKeys)));
        api.MapGet("/autocompleteValues", http => Guard(http, AutocompleteValues));
        return routes;
    }

    static Task Services(HttpContext http) => Texts(http, http.RequestServices.GetRequiredService<ServiceCatalogue>().Services().Select(service => service.Name));

    static Task SpanNames(HttpContext http)
    {
        var operations = Search(http).Operations(ServiceOf(http), http.RequestAborted);
        return Names(http, [.. operations.Names.Select(operation => operation.Name).Distinct(StringComparer.Ordinal)], operations.Report);
    }

    static Task RemoteServices(HttpContext http)
    {
        var filter = TraceFilter.Empty.With("service", ServiceOf(http));
        var names = new SortedSet<string>(StringComparer.Ordinal);
        SearchReport? report = null;
        foreach (var tag in ZipkinJsonWriter.RemoteServiceTags)
        {
            var found = ValuesOf(http).Read(TimeRange.All, tag == TagNames.PeerService ? filter : filter.And(ZipkinRequest.CallingSide), SpanField.Tag(tag), http.RequestAborted);
            names.UnionWith(found.Names);
            report = report is null ? found.Report
                : report with { ScannedSpanCount = report.ScannedSpanCount + found.Report.ScannedSpanCount, IncompleteReason = report.IncompleteReason ?? found.Report.IncompleteReason };
            filter = filter.And(ZipkinRequest.Without(tag)); // The first tag that is there names the other side.
        }
        return Names(http, names, report!);
    }

    static Task Traces(HttpContext http)
    {
        var request = ZipkinRequest.Read(http.Request.Query, Now(http));
        var found = Search(http).Search(new TraceSearchRequest { Range = request.Range, Filter = request.Filter, Limit = request.Limit }, http.RequestAborted);
        SearchHeaders.Write(http, found.MatchedTraceCount, found.ScannedSpanCount, found.IncompleteReason);
        return AnswerTraces(http, found.Traces.Select(trace => trace.TraceId));
    }

    static Task TraceMany(HttpContext http)
    {
        var texts = http.Request.Query["traceIds"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (texts.Length == 0) throw new RefusedException("traceIds parameter is empty: give ids with commas between");
        if (texts.Length > ZipkinRequest.MaxTraceIds) throw new RefusedException($"{texts.Length} traceIds; at most {ZipkinRequest.MaxTraceIds} are answered at once. Ask for the rest with another request.");
        return AnswerTraces(http, texts.Select(ZipkinRequest.TraceIdOf).Distinct().ToList());
    }

    static Task Trace(HttpContext http)
    {
        var id = ZipkinRequest.TraceIdOf((string?)http.Request.RouteValues["traceId"]);
        var trace = Lookup(http).Read(id, http.RequestAborted)
            ?? throw new RefusedException(FateApi.WhyNotFound(http, id), StatusCodes.Status404NotFound);
        if (trace.IncompleteReason is { } reason) SearchHeaders.Write(http, trace.SpanCount, trace.SpanCount, reason);
        return JsonAnswer.Write(http, 200, json => ZipkinJsonWriter.WriteTrace(json, SpansOf(trace)));
    }

    static Task AnswerTraces(HttpContext http, IEnumerable<TraceId> ids)
    {
        var lookup = Lookup(http);
        var traces = ids.Select(id => lookup.Read(id, http.RequestAborted)).OfType<TraceTree>().ToList();
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartArray();
            foreach (var trace in traces) ZipkinJsonWriter.WriteTrace(json, SpansOf(trace));
            json.WriteEndArray();
        });
    }

    static Task Dependencies(HttpContext http)
    {
        var range = ZipkinRequest.RangeOf(http.Request.Query, ZipkinRequest.RequiredMillis(http.Request.Query, "endTs"));
        var services = http.RequestServices;
        var map = new ServiceMapQuery(services.GetRequiredService<ITraceReader>(), services.GetRequiredService<IStatsReader>(), services.GetRequiredService<ServiceCatalogue>(), services.GetRequiredService<TimeProvider>())
            .Read(range, env: null, http.RequestAborted);
        SearchHeaders.Write(http, map.Edges.Count, map.ScannedSpanCount, map.IncompleteReason);
        var names = map.Nodes.ToDictionary(node => node.Id, node => node.Name, StringComparer.Ordinal);
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartArray();
            foreach (var edge in map.Edges)
            {
                json.WriteStartObject();
                json.WriteString("parent", names[edge.From]);
                json.WriteString("child", names[edge.To]);
                json.WriteNumber("callCount", edge.CallCount);
                if (edge.ErrorCount > 0) json.WriteNumber("errorCount", edge.ErrorCount);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    static Task AutocompleteValues(HttpContext http)
    {
        var key = http.Request.Query["key"].ToString();
        if (key.Length == 0) throw new RefusedException("key is required: name a tag, as /zipkin/api/v2/autocompleteKeys lists them");
        var now = Now(http);
        var values = ValuesOf(http).Read(
            new TimeRange(Math.Max(0, now - AutocompleteLookbackNanos), now + 1), TraceFilter.Empty, key == TagNames.Env ? new SpanField(FilterField.Env, "") : SpanField.Tag(key), http.RequestAborted);
        return Names(http, values.Names, values.Report);
    }

    /// <summary>What Zipkin's screens ask for first.</summary>
    static Task Config(HttpContext http) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("environment", "");
        json.WriteNumber("queryLimit", ZipkinRequest.DefaultLimit);
        json.WriteNumber("defaultLookback", 900_000);
        json.WriteBoolean("searchEnabled", true);
        json.WriteStartObject("dependency");
        json.WriteBoolean("enabled", true);
        json.WriteNumber("lowErrorRate", 0.5);
        json.WriteNumber("highErrorRate", 0.75);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    static Task Health(HttpContext http) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartObject();
        json.WriteString("status", "UP");
        json.WriteStartObject("zipkin");
        json.WriteString("status", "UP");
        json.WriteEndObject();
        json.WriteEndObject();
    });

    static List<Span> SpansOf(TraceTree trace) => [.. trace.Nodes.Select(node => node.ReadSpan()).OfType<Span>()];

    static string ServiceOf(HttpContext http) => http.Request.Query["serviceName"].ToString() is { Length: > 0 } service ? service
        : throw new RefusedException("serviceName is required: name a service, as /zipkin/api/v2/services lists them");

    /// <summary>A list of names; headers tell how many there are and whether that is all.</summary>
    static Task Names(HttpContext http, IReadOnlyCollection<string> names, SearchReport report)
    {
        SearchHeaders.Write(http, names.Count, report.ScannedSpanCount, report.IncompleteReason);
        return Texts(http, names);
    }

    static Task Texts(HttpContext http, IEnumerable<string> texts) => JsonAnswer.Write(http, 200, json =>
    {
        json.WriteStartArray();
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    });

    static TraceSearch Search(HttpContext http) => new(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>());

    static DistinctValues ValuesOf(HttpContext http) => new(http.RequestServices.GetRequiredService<ITraceReader>(), http.RequestServices.GetRequiredService<TimeProvider>());

    static TraceLookup Lookup(HttpContext http) => new(http.RequestServices.GetRequiredService<ITraceReader>());

    static long Now(HttpContext http) => http.RequestServices.GetRequiredService<TimeProvider>().NowUnixNanos();

    internal static async Task Refuse(HttpContext http, int status, string sentence)
    {
        var body = Encoding.UTF8.GetBytes(sentence);
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    static Task Guard(HttpContext http, Func<HttpContext, Task> answer) => ApiGuard.Answer(http, answer, Refuse);
}
