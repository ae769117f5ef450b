using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.ServiceMap;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// Who calls whom in Datadog's v1: <c>GET /api/v1/service_dependencies?env=E&amp;start=S&amp;end=S</c> and
/// <c>GET /api/v1/service_dependencies/{service}</c>. Times are Unix seconds; the last hour when none is given.
/// </summary>
public static class DatadogDependenciesApi
{
    const long DefaultLookbackSeconds = 3600;

    /// <summary>Maps the endpoints. Needs <see cref="ServiceMapQuery"/>'s parts from the services.</summary>
    public static IEndpointRouteBuilder MapDatadogDependenciesApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/service_dependencies", http => ApiGuard.Answer(http, All, JsonAnswer.Refuse));
        routes.MapGet("/api/v1/service_dependencies/{service}", http => ApiGuard.Answer(http, One, JsonAnswer.Refuse));
        return routes;
    }

    static Task All(HttpContext http)
    {
        var map = Map(http);
        var names = map.Nodes.ToDictionary(node => node.Id, node => node.Name, StringComparer.Ordinal);
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            foreach (var node in map.Nodes.Where(node => !node.IsInferred))
            {
                json.WriteStartObject(node.Name);
                WriteTexts(json, "calls", map.Edges.Where(edge => edge.From == node.Id).Select(edge => names[edge.To]));
                json.WriteEndObject();
            }
            json.WriteEndObject();
        });
    }

    static Task One(HttpContext http)
    {
        var service = (string)http.Request.RouteValues["service"]!;
        var map = Map(http);
        var node = map.Nodes.FirstOrDefault(node => node.Name == service)
            ?? throw new RefusedException($"The service \"{service}\" had no spans in this range and environment. /api/v1/service_dependencies lists those that had.", StatusCodes.Status404NotFound);
        var names = map.Nodes.ToDictionary(known => known.Id, known => known.Name, StringComparer.Ordinal);
        return JsonAnswer.Write(http, 200, json =>
        {
            json.WriteStartObject();
            WriteTexts(json, "called_by", map.Edges.Where(edge => edge.To == node.Id).Select(edge => names[edge.From]));
            WriteTexts(json, "calls", map.Edges.Where(edge => edge.From == node.Id).Select(edge => names[edge.To]));
            json.WriteString("name", service);
            json.WriteEndObject();
        });
    }

    static ServiceGraph Map(HttpContext http)
    {
        var query = http.Request.Query;
        var env = query["env"].ToString() is { Length: > 0 } text ? text : throw new RefusedException("The parameter env is required: name an environment, such as env=prod.");
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var end = Seconds(query, "end") ?? clock.NowUnixNanos() / UnixTime.NanosPerSecond + 1;
        var start = Seconds(query, "start") ?? Math.Max(0, end - DefaultLookbackSeconds);
        if (end <= start) throw new RefusedException($"The range is empty: end ({end}) must be later than start ({start}).");
        var services = http.RequestServices;
        var map = new ServiceMapQuery(services.GetRequiredService<ITraceReader>(), services.GetRequiredService<IStatsReader>(), services.GetRequiredService<ServiceCatalogue>(), clock)
            .Read(new TimeRange(start * UnixTime.NanosPerSecond, end * UnixTime.NanosPerSecond), env, http.RequestAborted);
        SearchHeaders.Write(http, map.Edges.Count, map.ScannedSpanCount, map.IncompleteReason);
        return map;
    }

    static void WriteTexts(Utf8JsonWriter json, string member, IEnumerable<string> texts)
    {
        json.WriteStartArray(member);
        foreach (var text in texts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    static long? Seconds(IQueryCollection query, string name)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 9_000_000_000 ? seconds
            : throw new RefusedException($"The parameter {name} \"{text}\" is not a time in Unix seconds.");
    }
}
