using System.Globalization;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Fates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve;

/// <summary><c>GET /api/traces/{id}/fate</c>: where a trace is, or why it is not there (docs/read-apis.md).</summary>
public static class FateApi
{
    /// <summary>Maps the endpoint. Needs <see cref="TraceFates"/> from the services.</summary>
    public static IEndpointRouteBuilder MapFateApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/traces/{id}/fate", Answer);
        return routes;
    }

    /// <summary>Why a trace is not found, for the 404 of another API.</summary>
    internal static string WhyNotFound(HttpContext http, TraceId id) => http.RequestServices.GetService<TraceFates>() is { } fates
        ? $"trace not found: {string.Join(' ', fates.Find(id, http.RequestAborted).Sentences(Time))}"
        : $"trace not found: nothing is stored under {id}; it may have expired, or not have been sent here";

    static async Task Answer(HttpContext http)
    {
        var text = http.Request.RouteValues["id"]?.ToString() ?? "";
        try
        {
            if (http.RequestServices.GetRequiredService<TraceFates>().Find(text, http.RequestAborted) is { } fate) await JsonAnswer.Write(http, 200, json => Write(json, fate));
            else await JsonAnswer.Refuse(http, 400, $"\"{text}\" is no trace id. Give 32 or 16 hex digits, or the decimal number of a 64-bit id.");
        }
        catch (StoreUnavailableException unavailable)
        {
            await JsonAnswer.Refuse(http, 503, unavailable.Message);
        }
    }

    static void Write(Utf8JsonWriter json, TraceFate fate)
    {
        json.WriteStartObject();
        json.WriteString("trace_id", fate.TraceId.ToString());
        json.WriteString("state", fate.State);
        json.WriteStartArray("sentences");
        foreach (var sentence in fate.Sentences(Time)) json.WriteStringValue(sentence);
        json.WriteEndArray();
        json.WriteNumber("stored_spans", fate.StoredSpanCount);
        if (fate.KeptBecause is { } kept) json.WriteString("kept", kept);
        json.WriteStartArray("remembered");
        foreach (var entry in fate.Remembered)
        {
            json.WriteStartObject();
            json.WriteString("fate", entry.Kind switch { FateKind.SampledOut => "sampled_out", FateKind.Rejected => "rejected", FateKind.Dropped => "dropped", _ => "evicted" });
            json.WriteString("reason", entry.Reason);
            json.WriteNumber("from", entry.FromUnixNanos / UnixTime.NanosPerSecond);
            json.WriteNumber("wrong_odds", entry.WrongOdds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (fate.RememberedSinceUnixNanos is { } since) json.WriteNumber("remembered_since", since / UnixTime.NanosPerSecond);
        json.WriteEndObject();
    }

    static string Time(long unixNanos) => UnixTime.ToDateTime(unixNanos).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
