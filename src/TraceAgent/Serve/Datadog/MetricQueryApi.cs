using System.Globalization;
using System.Text.Json;
using Apm.Core.Keys;
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
/// <c>GET /api/v1/query?from=&amp;to=&amp;query=</c> in Datadog's shape (metrics-monitors §4.7). Times come in seconds and go out in milliseconds.
/// Template variables are given as <c>tpl_var_NAME=VALUE</c>, several times for several values.
/// </summary>
public static class MetricQueryApi
{
    /// <summary>Longest window answered; default 400 days.</summary>
    public const long MaxWindowSeconds = 400L * 86_400;

    /// <summary>Maps the endpoints. Needs <see cref="MetricQueries"/> from the services; keys are asked for when <see cref="DatadogGate"/> and <see cref="ApiKeys"/> are there.</summary>
    public static IEndpointRouteBuilder MapMetricQueryApi(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/query", Keyed(Answer));
        return routes.MapMetricQueryV2Api();
    }

    /// <summary>
    /// Who presents a key must present both, and once keys were made nobody reads without them. Until then the pages and tools of this machine may
    /// read metrics as they read traces, without any.
    /// </summary>
    internal static RequestDelegate Keyed(RequestDelegate answer) => http =>
    {
        if (http.RequestServices.GetService<DatadogGate>() is not { } gate || http.RequestServices.GetService<ApiKeys>() is not { } keys) return answer(http);
        var asks = HasKey(http) || keys.All(KeyKind.Api).Count > 0 || keys.All(KeyKind.Application).Count > 0;
        return asks ? gate.Before("query", KeyNeed.ApiAndApplication, answer)(http) : answer(http);
    };

    static bool HasKey(HttpContext http) =>
        http.Request.Headers.ContainsKey("DD-API-KEY") || http.Request.Headers.ContainsKey("DD-APPLICATION-KEY") || http.Request.Query.ContainsKey("api_key") || http.Request.Query.ContainsKey("application_key");

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
                .Evaluate(list, new TimeRange(from * UnixTime.NanosPerSecond, to * UnixTime.NanosPerSecond), new QueryOptions { Variables = VariablesIn(http.Request.Query) }, http.RequestAborted);
        }
        catch (QueryTextException wrong)
        {
            await Refuse(http, 400, "Error parsing query: " + wrong.Message);
            return;
        }
        catch (QueryLimitException tooMuch)
        {
            await Refuse(http, 400, tooMuch.Message);
            return;
        }
        catch (StoreUnavailableException unavailable)
        {
            await Refuse(http, 503, unavailable.Message);
            return;
        }
        await JsonAnswer.Write(http, 200, json => Write(json, text, from, to, list, answer));
    }

    /// <summary><c>tpl_var_env=prod</c> says that <c>$env</c> is the tag <c>env:prod</c>; a value with a colon is a whole tag.</summary>
    static Dictionary<string, IReadOnlyList<string>> VariablesIn(IQueryCollection parameters)
    {
        var variables = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, values) in parameters)
        {
            if (!name.StartsWith("tpl_var_", StringComparison.Ordinal)) continue;
            var variable = name["tpl_var_".Length..].Split('[')[0];
            variables[variable] = [.. values.OfType<string>().SelectMany(value => value.Split(',')).Select(value => value == "*" || value.Contains(':', StringComparison.Ordinal) ? value : $"{variable}:{value}")];
        }
        return variables;
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
        foreach (var key in list.Queries.SelectMany(query => query.MetricQueries).SelectMany(query => query.By).Select(key => key.Key).Distinct()) json.WriteStringValue(key);
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
        var (grid, values) = (series.Grid, series.Values);
        var first = Array.FindIndex(values, value => !double.IsNaN(value));
        var last = Array.FindLastIndex(values, value => !double.IsNaN(value));
        json.WriteStartObject();
        json.WriteString("metric", series.Metric);
        json.WriteString("display_name", series.Metric);
        json.WriteString("expression", series.Expression);
        json.WriteString("scope", series.Scope);
        json.WriteStartArray("tag_set");
        foreach (var tag in series.TagSet) json.WriteStringValue(tag);
        json.WriteEndArray();
        json.WriteNumber("interval", series.IntervalSeconds);
        json.WriteNumber("start", grid.TimeOf(first) * 1000);
        json.WriteNumber("end", (grid.TimeOf(last) + series.IntervalSeconds) * 1000 - 1000);
        json.WriteNumber("length", values.Count(value => !double.IsNaN(value)));
        json.WriteStartArray("pointlist");
        for (var i = first; i <= last; i++)
        {
            if (double.IsNaN(values[i])) continue;
            json.WriteStartArray();
            json.WriteRawValue((grid.TimeOf(i) * 1000).ToString(CultureInfo.InvariantCulture) + ".0"); // Datadog's clients expect two floats.
            json.WriteNumberValue(values[i]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteString("aggr", series.Aggregator);
        json.WriteNumber("query_index", series.QueryIndex);
        DatadogUnits.Write(json, "unit", series.Unit, series.PerUnit);
        WriteAttributes(json, series);
        json.WriteEndObject();
    }

    /// <summary>What functions say of a series beside its values: the original has none of these in its answer.</summary>
    static void WriteAttributes(Utf8JsonWriter json, MetricSeries series)
    {
        json.WriteStartObject("attributes");
        if (series.Bound is { } bound) json.WriteString(series.ForecastFromUnixSeconds is null ? "anomaly_bound" : "forecast_bound", bound);
        if (series.Anomalous is { } marks)
        {
            json.WriteStartArray("anomalous");
            for (var i = 0; i < marks.Length; i++) if (marks[i]) json.WriteNumberValue(series.Grid.TimeOf(i) * 1000);
            json.WriteEndArray();
        }
        if (series.IsOutlier is { } isOutlier) json.WriteBoolean("outlier", isOutlier);
        if (series.ForecastFromUnixSeconds is { } seconds) json.WriteNumber("forecast_from", seconds * 1000);
        json.WriteEndObject();
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
