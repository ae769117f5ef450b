using System.Text.Json.Nodes;
using Apm.Core.Dashboards;

namespace Apm.ApmUi.Pages.Board;

/// <summary>The fields by which one widget is changed. A widget that says more than they hold keeps the rest.</summary>
public sealed record WidgetForm
{
    /// <summary>Queries of a widget that the form has fields for, named a to d.</summary>
    public const int Queries = 4;

    /// <summary>Kinds that can be made by it, with what they are called.</summary>
    public static IReadOnlyList<(string Type, string Name)> Types { get; } =
    [
        ("timeseries", "Time series"), ("query_value", "Query value"), ("toplist", "Top list"), ("query_table", "Table"), ("heatmap", "Heat map"), ("distribution", "Distribution"), ("hostmap", "Host map"), ("scatterplot", "Scatter plot"), ("note", "Note"),
        ("check_status", "Check status"), ("trace_service", "Service summary"), ("list_stream", "Trace list"), ("manage_status", "Monitors"), ("event_stream", "Events"), ("slo", "Objective"), ("slo_list", "List of objectives"),
    ];

    public string Type { get; init; } = "timeseries";
    public string Title { get; init; } = "";

    /// <summary>A metric query each; "" for none.</summary>
    public IReadOnlyList<string> Query { get; init; } = [];

    /// <summary>Of the queries by their names; "" draws each of them.</summary>
    public string Formula { get; init; } = "";

    /// <summary><c>line</c>, <c>area</c> or <c>bars</c>.</summary>
    public string Draw { get; init; } = "line";
    public string Aggregator { get; init; } = "avg";

    /// <summary>Of a note its Markdown, of a list its search, of a summary its service, of a status its check.</summary>
    public string Text { get; init; } = "";

    /// <summary>The id of an objective.</summary>
    public string Objective { get; init; } = "";

    /// <summary>What is shown of an objective: <c>overall</c>, <c>component</c> or <c>both</c>.</summary>
    public string Mode { get; init; } = WholeMode;

    const string WholeMode = "overall";

    /// <summary>The modes of an objective with their words.</summary>
    public static IReadOnlyList<(string Mode, string Word)> Modes { get; } = [(WholeMode, "the whole"), ("component", "each of its groups or monitors"), ("both", "the whole, and each of its parts")];

    /// <summary>The mode that was sent; the whole when it is none.</summary>
    public static string ModeOf(string sent) => Modes.Any(known => known.Mode == sent) ? sent : WholeMode;

    /// <summary>Whether what the kind shows comes from queries of metrics.</summary>
    public bool HasQueries => Type is "timeseries" or "query_value" or "toplist" or "query_table" or "heatmap" or "distribution" or "hostmap" or "scatterplot";

    /// <summary>The fields of a widget.</summary>
    public static WidgetForm Of(Widget widget)
    {
        var content = WidgetReader.Read(widget.Definition);
        var json = JsonNode.Parse(widget.Definition)!.AsObject();
        var request = (json["requests"] as JsonArray)?.FirstOrDefault() as JsonObject ?? (json["requests"] as JsonObject)?["fill"] as JsonObject;
        var (queries, formula) = Formulas(request) ?? ([.. content.Queries], "");
        return new WidgetForm
        {
            Type = content.Type is "table" ? "query_table" : content.Type,
            Title = content.Title,
            Query = queries,
            Formula = formula,
            Draw = content.Requests is [var drawn, ..] ? drawn.Draw : "line",
            Aggregator = content.Requests is [var one, ..] ? one.Aggregator : "avg",
            Mode = (content.HasWhole, content.HasParts) switch { (true, true) => "both", (false, _) => "component", _ => WholeMode },
            Objective = content.Kind == WidgetKind.Objectives ? content.Subject : "",
            Text = content.Kind switch { WidgetKind.Note => content.Text, WidgetKind.ServiceSummary => content.Service, WidgetKind.CheckStatus => content.Subject, _ => content.Search },
        };
    }

    /// <summary>The definition: that of before with what the form says.</summary>
    /// <param name="before">Null for a new widget.</param>
    public string Definition(string? before)
    {
        var json = before is null ? [] : JsonNode.Parse(before)!.AsObject();
        var old = before is null ? null : Of(new Widget(0, before));
        json["type"] = Type;
        json["title"] = Title;
        // Requests may say more than the form; they stay as they are when it says the same.
        if (HasQueries && (old is null || Type != old.Type || !Query.SequenceEqual(old.Query) || Formula != old.Formula || Draw != old.Draw || Aggregator != old.Aggregator)) json["requests"] = Requests();
        switch (Type)
        {
            case "note": json["content"] = Text; break;
            case "free_text": json["text"] = Text; break;
            case "check_status": json["check"] = Text; json["grouping"] ??= "cluster"; break;
            case "trace_service": json["service"] = Text; json["env"] ??= "none"; break;
            case "slo":
                if (Objective != old?.Objective) (json["slo_id"], json["view_type"]) = (Objective, "detail");
                if (Mode != (old?.Mode ?? WholeMode)) json["view_mode"] = Mode;
                break;
            case "slo_list" when Text != old?.Text: json["requests"] = new JsonArray(new JsonObject { ["request_type"] = "slo_list", ["query"] = new JsonObject { ["query_string"] = Text } }); break;
            case "manage_status" or "event_stream": json["query"] = Text; break;
            case "list_stream": json["requests"] = new JsonArray(new JsonObject { ["response_format"] = "event_list", ["query"] = new JsonObject { ["data_source"] = "trace_stream", ["query_string"] = Text }, ["columns"] = new JsonArray() }); break;
        }
        return json.ToJsonString();
    }

    /// <summary>As the kind has them: a list, or an object of a request each.</summary>
    JsonNode Requests()
    {
        var list = ListOfRequests();
        JsonNode? At(int i) => i < list.Count ? list[i]!.DeepClone() : null;
        return Type switch { "hostmap" => new JsonObject { ["fill"] = At(0) }, "scatterplot" => new JsonObject { ["x"] = At(0), ["y"] = At(1) }, _ => list };
    }

    JsonArray ListOfRequests()
    {
        var given = Query.Where(query => query.Trim().Length > 0).Select(query => query.Trim()).ToList();
        if (Formula.Trim().Length == 0) return new JsonArray([.. given.Select(query => (JsonNode)Drawn(new JsonObject { ["q"] = query }))]);
        return new JsonArray(Drawn(new JsonObject
        {
            ["response_format"] = Type is "timeseries" or "heatmap" ? "timeseries" : "scalar",
            ["queries"] = new JsonArray([.. Query.Select((query, i) => (Text: query.Trim(), Name: NameOf(i))).Where(query => query.Text.Length > 0).Select(query => (JsonNode)new JsonObject { ["data_source"] = "metrics", ["name"] = query.Name, ["query"] = query.Text })]),
            ["formulas"] = new JsonArray(new JsonObject { ["formula"] = Formula.Trim() }),
        }));
    }

    JsonObject Drawn(JsonObject request)
    {
        if (Type == "timeseries" && Draw != "line") request["display_type"] = Draw;
        if (Type is "query_value" or "query_table" or "toplist" or "hostmap" or "scatterplot") request["aggregator"] = Aggregator;
        return request;
    }

    /// <summary>The name of a query in formulas: <c>a</c>, <c>b</c> …</summary>
    public static string NameOf(int index) => ((char)('a' + index)).ToString();

    static (IReadOnlyList<string> Queries, string Formula)? Formulas(JsonObject? request)
    {
        if (request?["formulas"] is not JsonArray { Count: 1 } formulas || formulas[0] is not JsonObject formula || request["queries"] is not JsonArray queries || queries.Count > Queries) return null;
        var names = queries.OfType<JsonObject>().Select(query => query["name"]?.ToString() ?? "").ToList();
        return names.SequenceEqual(Enumerable.Range(0, names.Count).Select(NameOf)) ? ([.. queries.OfType<JsonObject>().Select(query => query["query"]?.ToString() ?? "")], formula["formula"]?.ToString() ?? "") : null;
    }
}
