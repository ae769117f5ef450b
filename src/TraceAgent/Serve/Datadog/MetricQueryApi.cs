using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Language;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// <c>GET /api/v1/query?from=&amp;to=&amp;query=</c> in Datadog's shape (metrics-monitors §4.7), for the metrics of traces.
/// Times come in seconds and go out in milliseconds.
/// </summary>
public static class MetricQueryApi
{
    /// <summary>Longest window answered; default 400 days.</summary>
    public const long MaxWindowSeconds = 400L * 86_400;

    /// <summary>Maps the endpoint. Needs <see cref="MetricQueries"/> from the services.</summary>
    public static IEndpointRouteBuilder MapMetricQueryApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/query", Answer);
        return routes;
    }

    static async Task Answer(HttpContext http)
    {
        var parameters = http.Request.Query;
        if (Seconds(parameters["from"]) is not { } from) await Refuse(http, 400, "The parameter 'from' is missing or no number. Give the window's start in Unix seconds, such as from=1700000000.");
        else if (Seconds(parameters["to"]) is not { } to) await Refuse(http, 400, "The parameter 'to' is missing or no number. Give the window's end in Unix seconds, such as to=1700003600.");
        else if (to <= from) await Refuse(http, 400, $"The window is empty: 'to' ({to}) must be later than 'from' ({from}).");
        else if (to - from > MaxWindowSeconds) await Refuse(http, 400, $"The window is {(to - from) / 86_400} days long; at most {MaxWindowSeconds / 86_400} days are answered. Move 'from' nearer to 'to'.");
        else if (parameters["query"].ToString() is not { Length: > 0 } text) await Refuse(http, 400, "The parameter 'query' is missing. Give a query such as query=sum:trace.flask.request.hits{service:web}.");
        else await Answer(http, text, from, to);
    }

    static async Task Answer(HttpContext http, string text, long from, long to)
    {
        QueryList list;
        QueryAnswer answer;
        try
        {
            list = MetricQueryParser.Parse(text);
            answer = http.RequestServices.GetRequiredService<MetricQueries>()
                .Evaluate(list, new TimeRange(from * UnixTime.NanosPerSecond, to * UnixTime.NanosPerSecond));
        }
        catch (QueryTextException wrong)
        {
            await Refuse(http, 400, "Error parsing query: " + wrong.Message);
            return;
        }
        catch (StoreUnavailableException unavailable)
        {
            await Refuse(http, 503, unavailable.Message);
            return;
        }
        await JsonAnswer.Write(http, 200, json => Write(json, text, from, to, list, answer));
    }

    static void Write(Utf8JsonWriter json, string text, long from, long to, QueryList list, QueryAnswer answer)
    {
        json.WriteStartObject();
        json.WriteString("status", "ok");
        json.WriteString("res_type", "time_series");
        json.WriteNumber("resp_version", 1);
        json.WriteString("query", text);
        json.WriteNumber("from_date", from * 1000);
        json.WriteNumber("to_date", to * 1000);
        json.WriteString("message", answer.Warning);
        json.WriteStartArray("group_by");
        foreach (var key in list.Queries.SelectMany(query => query.By).Select(key => key.Key).Distinct()) json.WriteStringValue(key);
        json.WriteEndArray();
        json.WriteStartArray("series");
        foreach (var series in answer.Series) Write(json, series);
        json.WriteEndArray();
        json.WriteStartArray("values");
        json.WriteEndArray();
        json.WriteStartArray("times");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, MetricSeries series)
    {
        json.WriteStartObject();
        json.WriteString("metric", series.Metric);
        json.WriteString("display_name", series.Metric);
        json.WriteString("expression", series.Expression);
        json.WriteString("scope", series.Scope);
        json.WriteStartArray("tag_set");
        foreach (var tag in series.TagSet) json.WriteStringValue(tag);
        json.WriteEndArray();
        json.WriteNumber("interval", series.IntervalSeconds);
        json.WriteNumber("start", series.Points[0].UnixSeconds * 1000);
        json.WriteNumber("end", (series.Points[^1].UnixSeconds + series.IntervalSeconds) * 1000 - 1000);
        json.WriteNumber("length", series.Points.Count);
        json.WriteStartArray("pointlist");
        foreach (var point in series.Points)
        {
            json.WriteStartArray();
            json.WriteRawValue((point.UnixSeconds * 1000).ToString(CultureInfo.InvariantCulture) + ".0"); // Datadog's clients expect two floats.
            if (double.IsFinite(point.Value)) json.WriteNumberValue(point.Value);
            else json.WriteNullValue();
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteString("aggr", series.Aggregator);
        json.WriteNumber("query_index", series.QueryIndex);
        if (series.IsSeconds) WriteSecond(json);
        else json.WriteNull("unit");
        json.WriteStartObject("attributes");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteSecond(Utf8JsonWriter json)
    {
        json.WriteStartArray("unit");
        json.WriteStartObject();
        json.WriteString("family", "time");
        json.WriteNumber("scale_factor", 1.0);
        json.WriteString("name", "second");
        json.WriteString("short_name", "s");
        json.WriteString("plural", "seconds");
        json.WriteNumber("id", 11);
        json.WriteEndObject();
        json.WriteNullValue();
        json.WriteEndArray();
    }

    static Task Refuse(HttpContext http, int status, string sentence) => JsonAnswer.Write(http, status, json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("errors");
        json.WriteStringValue(sentence);
        json.WriteEndArray();
        json.WriteString("status", "error");
        json.WriteString("error", sentence);
        json.WriteEndObject();
    });

    /// <summary>Unix seconds; null when it is none that a clock can have.</summary>
    static long? Seconds(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 9e9 ? (long)seconds : null;
}
