using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Frames;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>
/// Metric queries in Datadog's version 2 (metrics-monitors §4.7): <c>POST /api/v2/query/timeseries</c> and <c>/scalar</c>, with named
/// queries and formulas over them. Times are milliseconds on both sides.
/// </summary>
public static class MetricQueryV2Api
{
    /// <summary>Most queries, and most formulas, of one request; default 50.</summary>
    public const int MaxQueries = 50;

    static readonly string[] s_aggregators = ["avg", "last", "max", "min", "sum", MetricQueries.Percentile, "l2norm", "area"];

    /// <summary>Maps the endpoints. Needs <see cref="MetricQueries"/> from the services.</summary>
    public static IEndpointRouteBuilder MapMetricQueryV2Api(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v2/query/timeseries", MetricQueryApi.Keyed(http => ApiGuard.Answer(http, Checked(Timeseries), JsonAnswer.Refuse)));
        routes.MapPost("/api/v2/query/scalar", MetricQueryApi.Keyed(http => ApiGuard.Answer(http, Checked(Scalar), JsonAnswer.Refuse)));
        return routes;
    }

    /// <summary>What is wrong with a query is answered like any other wrong request.</summary>
    static Func<HttpContext, Task> Checked(Func<HttpContext, Task> answer) => async http =>
    {
        try
        {
            await answer(http);
        }
        catch (QueryTextException wrong)
        {
            throw new RefusedException("Error parsing query: " + wrong.Message);
        }
        catch (QueryLimitException tooMuch)
        {
            throw new RefusedException(tooMuch.Message);
        }
    };

    static async Task Timeseries(HttpContext http)
    {
        var request = await Request.Read(http, "timeseries_request");
        var queries = http.RequestServices.GetRequiredService<MetricQueries>();
        var warnings = new List<string>();
        var frames = request.Formulas.Select(formula => formula.Limited(queries.Evaluate(formula.Node, request.Window, request.Options, warnings, http.RequestAborted))).ToList();
        long[] times = [.. frames.SelectMany(frame => Enumerable.Range(0, frame.Grid.Count).Select(frame.Grid.TimeOf)).Distinct().Order()];
        await JsonAnswer.Write(http, 200, json =>
        {
            Begin(json, "timeseries_response");
            json.WriteStartArray("series");
            for (var i = 0; i < frames.Count; i++)
            {
                foreach (var line in frames[i].Lines)
                {
                    json.WriteStartObject();
                    json.WriteStartArray("group_tags");
                    for (var key = 0; key < frames[i].Keys.Count; key++) json.WriteStringValue($"{frames[i].Keys[key]}:{line.Group[key]}");
                    json.WriteEndArray();
                    json.WriteNumber("query_index", i);
                    DatadogUnits.WritePair(json, "unit", frames[i].Unit, frames[i].PerUnit);
                    json.WriteEndObject();
                }
            }
            json.WriteEndArray();
            json.WriteStartArray("times");
            foreach (var time in times) json.WriteNumberValue(time * 1000);
            json.WriteEndArray();
            json.WriteStartArray("values");
            foreach (var frame in frames) foreach (var line in frame.Lines) WriteValues(json, times, frame.Grid, line.Values);
            json.WriteEndArray();
            End(json, warnings);
        });
    }

    static async Task Scalar(HttpContext http)
    {
        var request = await Request.Read(http, "scalar_request");
        var warnings = new List<string>();
        var frames = http.RequestServices.GetRequiredService<MetricQueries>()
            .Scalars(request.Queries, [.. request.Formulas.Select(formula => formula.Node)], request.Window, request.Options, warnings, http.RequestAborted)
            .Select((frame, i) => request.Formulas[i].Limited(frame)).ToList();
        string[] keys = [.. frames.SelectMany(frame => frame.Keys).Distinct()];
        var rows = frames.SelectMany(frame => frame.Lines.Select(line => GroupOf(frame, line, keys))).DistinctBy(group => string.Join('\0', group)).ToList();
        await JsonAnswer.Write(http, 200, json =>
        {
            Begin(json, "scalar_response");
            json.WriteStartArray("columns");
            for (var key = 0; key < keys.Length; key++)
            {
                json.WriteStartObject();
                json.WriteString("name", keys[key]);
                json.WriteString("type", "group");
                json.WriteStartArray("values");
                foreach (var row in rows)
                {
                    json.WriteStartArray();
                    json.WriteStringValue(row[key]);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            for (var i = 0; i < frames.Count; i++) WriteColumn(json, request.Formulas[i].Name, frames[i], keys, rows);
            json.WriteEndArray();
            End(json, warnings);
        });
    }

    static void WriteColumn(Utf8JsonWriter json, string name, SeriesFrame frame, string[] keys, List<string[]> rows)
    {
        var values = frame.Lines.ToDictionary(line => string.Join('\0', GroupOf(frame, line, keys)), line => line.Values[0], StringComparer.Ordinal);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("type", "number");
        json.WriteStartArray("values");
        foreach (var row in rows) WriteValue(json, values.GetValueOrDefault(string.Join('\0', row), double.NaN));
        json.WriteEndArray();
        json.WriteStartObject("meta");
        DatadogUnits.WritePair(json, "unit", frame.Unit, frame.PerUnit);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static string[] GroupOf(SeriesFrame frame, FrameLine line, string[] keys)
    {
        var group = new string[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            var place = frame.Keys.ToList().IndexOf(keys[i]);
            group[i] = place < 0 ? FrameLine.NoValue : line.Group[place];
        }
        return group;
    }

    static void WriteValues(Utf8JsonWriter json, long[] times, TimeGrid grid, double[] values)
    {
        json.WriteStartArray();
        var next = 0;
        foreach (var time in times)
        {
            while (next < values.Length && grid.TimeOf(next) < time) next++;
            WriteValue(json, next < values.Length && grid.TimeOf(next) == time ? values[next] : double.NaN);
        }
        json.WriteEndArray();
    }

    static void WriteValue(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteNullValue();
    }

    static void Begin(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteStartObject("data");
        json.WriteString("id", "0");
        json.WriteString("type", type);
        json.WriteStartObject("attributes");
    }

    static void End(Utf8JsonWriter json, List<string> warnings)
    {
        json.WriteEndObject();
        json.WriteEndObject();
        if (warnings.Count > 0) json.WriteString("warnings", string.Join(' ', warnings.Distinct()));
        json.WriteEndObject();
    }

    /// <param name="Name">Of the query, or the text of the formula.</param>
    /// <param name="LimitCount">How many series are kept, by their mean; null for all.</param>
    sealed record Formula(string Name, QueryNode Node, int? LimitCount, bool IsDescending)
    {
        public SeriesFrame Limited(SeriesFrame frame) => LimitCount is { } count ? RankFunctions.Keep(frame, 0, count, "mean", IsDescending)
            : frame.Lines.Count > MetricQueries.MaxSeries ? throw new RefusedException($"\"{Name}\" has {frame.Lines.Count} series; at most {MetricQueries.MaxSeries} are answered. Narrow its scope, or give its formula a limit such as {{\"count\":10,\"order\":\"desc\"}}.")
            : frame;
    }

    sealed record Request(TimeRange Window, QueryOptions Options, IReadOnlyList<(QueryNode Query, string Aggregator)> Queries, IReadOnlyList<Formula> Formulas)
    {
        public static async Task<Request> Read(HttpContext http, string type)
        {
            var body = await DatadogBody.ReadAttributes(http, type);
            var (from, to) = (Millis(body, "from"), Millis(body, "to"));
            if (to <= from) throw new RefusedException($"The window is empty: {body.Path}.to ({to}) must be later than {body.Path}.from ({from}).");
            if (to - from > MetricQueryApi.MaxWindowSeconds * 1000) throw new RefusedException($"The window is {(to - from) / 86_400_000} days long; at most {MetricQueryApi.MaxWindowSeconds / 86_400} days are answered. Move 'from' nearer to 'to'.");
            var step = body.Number("interval") is { } interval ? (int?)Math.Clamp((long)Math.Ceiling(interval / 1000), 1, MetricQueryApi.MaxWindowSeconds) : null;
            var named = new Dictionary<string, QueryNode>(StringComparer.Ordinal);
            var queries = new List<(QueryNode, string)>();
            foreach (var query in body.Objects("queries"))
            {
                if (queries.Count == MaxQueries) throw new RefusedException($"{query.Path} is one too many: at most {MaxQueries} queries are answered at once.");
                if (query.Text("data_source") is { } source && source != "metrics") throw new RefusedException($"{query.Path}.data_source \"{source}\" is not answered here. There is: metrics.");
                var text = query.Text("query") ?? throw new RefusedException($"{query.Path}.query is missing. Give a query such as avg:system.load.1{{*}}.");
                var node = MetricQueryParser.Parse(text).Queries is [var only] ? only : throw new RefusedException($"{query.Path}.query holds several queries. Give each its own entry.");
                var aggregator = query.Word("aggregator", s_aggregators) ?? "avg";
                queries.Add((node, aggregator));
                if (!named.TryAdd(query.Text("name") ?? $"query{queries.Count}", node)) throw new RefusedException($"{query.Path}.name \"{query.Text("name")}\" is given twice.");
            }
            if (queries.Count == 0) throw new RefusedException($"{body.Path}.queries is missing or empty. Give at least one query.");
            return new Request(new TimeRange(from * UnixTime.NanosPerMillisecond, to * UnixTime.NanosPerMillisecond), new QueryOptions { StepSeconds = step }, queries, FormulasOf(body, named));
        }

        static List<Formula> FormulasOf(DatadogBody body, Dictionary<string, QueryNode> named)
        {
            var formulas = new List<Formula>();
            foreach (var formula in body.Objects("formulas"))
            {
                if (formulas.Count == MaxQueries) throw new RefusedException($"{formula.Path} is one too many: at most {MaxQueries} formulas are answered at once.");
                var text = formula.Text("formula") ?? throw new RefusedException($"{formula.Path}.formula is missing. Give one such as a / b.");
                var limit = formula.Object("limit");
                var count = limit.Number("count") is { } wanted ? (int?)Math.Clamp(wanted, 1, MetricQueries.MaxSeries) : null;
                formulas.Add(new Formula(text, MetricQueryParser.ParseFormula(text, named), count, limit.Word("order", ["asc", "desc"]) != "asc"));
            }
            return formulas.Count > 0 ? formulas : [.. named.Select(pair => new Formula(pair.Key, pair.Value, null, IsDescending: true))];
        }

        static long Millis(DatadogBody body, string member)
        {
            if (body.Number(member) is { } value && value is >= 0 and < 9e12) return (long)value;
            throw new RefusedException($"{body.Path}.{member} is missing or no time. Give Unix milliseconds, such as 1700000000000.");
        }
    }
}
