using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Json;

namespace Apm.Core.Dashboards;

/// <summary>
/// Says what a widget's definition means (metrics-monitors §4.9, §4.11, appendix A). It takes the old form of requests (<c>q</c>), and the new
/// (<c>queries</c> and <c>formulas</c>), which it makes queries of.
/// </summary>
public static partial class WidgetReader
{
    /// <summary>Members that say how something looks, and that our own look stands for; nobody needs to be told.</summary>
    static readonly string[] Looks = ["title_size", "title_align", "legend_layout", "legend_columns", "legend_size", "show_legend", "autoscale", "text_align", "font_size", "background_color", "show_tick", "tick_pos", "tick_edge", "has_padding", "vertical_align", "color", "layout_type", "show_title", "banner_img"];

    /// <summary>Reads a definition. Never fails: what cannot be read is in the notes.</summary>
    public static WidgetContent Read(string definition)
    {
        JsonDocument json;
        try
        {
            json = StrictJson.Parse(definition);
        }
        catch (JsonException)
        {
            return new WidgetContent { Kind = WidgetKind.Unknown, Type = "", Notes = [new WidgetNote("", false, "The definition is no JSON.")] };
        }
        using (json) return Read(new BoardFields(json.RootElement, ""));
    }

    static WidgetContent Read(BoardFields fields)
    {
        var type = fields.Text("type");
        var notes = new List<WidgetNote>();
        var kind = KindOf(type, fields);
        var content = new WidgetContent { Kind = kind, Type = type, Title = fields.Text("title") };
        fields.Know(Looks);
        content = kind switch
        {
            WidgetKind.Note => content with { Text = NoteText(fields, type) },
            WidgetKind.Group => content with { Children = ChildrenOf(fields) },
            WidgetKind.ServiceSummary => content with { Service = fields.Text("service"), Env = EnvOf(fields.Text("env")) },
            WidgetKind.TraceList => content with { Search = fields.Objects("requests").Select(request => request.Object("query")).Select(query => { query.Know("data_source", "indexes", "storage"); return query.Text("query_string"); }).FirstOrDefault("") },
            WidgetKind.MonitorState => content with { Search = type is "alert_graph" or "alert_value" ? fields.Text("alert_id") : fields.Text("query") },
            WidgetKind.EventList => content with { Search = EventsOf(fields) },
            WidgetKind.CheckStatus => CheckOf(content, fields, notes),
            WidgetKind.Objectives => ObjectiveOf(content, fields, type, notes),
            WidgetKind.Unknown => content,
            _ => WithQueries(content, fields, notes),
        };
        if (kind == WidgetKind.Unknown) notes.Add(new WidgetNote("type", false, type.Length == 0 ? "It does not say its type, so it is not drawn." : $"Widgets of type \"{type}\" are not drawn; a placeholder stands for it."));
        else
        {
            if (kind == WidgetKind.Table && type == "change") notes.Add(new WidgetNote("type", true, "Drawn as a table of its values now; the comparison with earlier ones is left out."));
            if (type is "alert_graph" or "alert_value") notes.Add(new WidgetNote("type", true, "Drawn as the state of the monitor."));
            if (fields.Any("time") is { ValueKind: JsonValueKind.Object } time && time.EnumerateObject().Any()) notes.Add(new WidgetNote("time", false, "It has no time of its own: the board's time holds."));
            if (fields.Any("custom_links") is { ValueKind: JsonValueKind.Array } links && links.GetArrayLength() > 0) notes.Add(new WidgetNote("custom_links", false, "Links of one's own are not shown."));
            notes.AddRange(fields.Unread().Select(path => new WidgetNote(path, false, "Nothing is done with it.")));
        }
        return content with { Notes = notes };
    }

    static WidgetKind KindOf(string type, BoardFields fields) => type switch
    {
        "timeseries" => WidgetKind.Timeseries,
        "query_value" => WidgetKind.QueryValue,
        "toplist" => WidgetKind.Toplist,
        "query_table" or "table" or "change" => WidgetKind.Table,
        "heatmap" => WidgetKind.Heatmap,
        "distribution" => WidgetKind.Distribution,
        "hostmap" => WidgetKind.HostMap,
        "scatterplot" => WidgetKind.Scatter,
        "check_status" => WidgetKind.CheckStatus,
        "slo" or "slo_list" => WidgetKind.Objectives,
        "note" or "free_text" => WidgetKind.Note,
        "trace_service" => WidgetKind.ServiceSummary,
        "manage_status" or "alert_graph" or "alert_value" => WidgetKind.MonitorState,
        "event_stream" or "event_timeline" => WidgetKind.EventList,
        "group" => WidgetKind.Group,
        "list_stream" => ListOf(fields),
        _ => WidgetKind.Unknown,
    };

    static WidgetKind ListOf(BoardFields fields) =>
        fields.Objects("requests").Select(request => request.Object("query").Text("data_source")).FirstOrDefault("") switch
        {
            "trace_stream" or "spans_stream" => WidgetKind.TraceList,
            "event_stream" => WidgetKind.EventList,
            _ => WidgetKind.Unknown,
        };

    static string NoteText(BoardFields fields, string type) => type switch
    {
        "free_text" => fields.Text("text"),
        _ => fields.Text("content") is { Length: > 0 } content ? content : fields.Text("html"), // The name in screenboards.
    };

    static string EnvOf(string env) => env is "none" or "*" ? "" : env;

    static string EventsOf(BoardFields fields)
    {
        fields.Know("event_size"); // A line each.
        return fields.Text("query");
    }

    static WidgetContent CheckOf(WidgetContent content, BoardFields fields, List<WidgetNote> notes)
    {
        fields.Know("grouping", "group_by"); // Each host and set of tags has a line of its own, the worst first.
        if (fields.Text("group") is { Length: > 0 } group && group != "*") notes.Add(new WidgetNote("group", true, "All groups are shown."));
        return content with { Subject = fields.Text("check"), Tags = [.. fields.Texts("tags").Where(tag => tag is not "*")] };
    }

    static WidgetContent ObjectiveOf(WidgetContent content, BoardFields fields, string type, List<WidgetNote> notes)
    {
        fields.Know("view_type");
        var mode = fields.Text("view_mode");
        if (mode is not ("" or "overall" or "component" or "both")) notes.Add(new WidgetNote("view_mode", true, $"\"{mode}\" is not known, so the objective is shown as a whole. There are: overall, component, both."));
        if (fields.Any("global_time_target") is not null) notes.Add(new WidgetNote("global_time_target", false, "The objective's own targets are shown."));
        var windows = new List<int>();
        foreach (var window in fields.Texts("time_windows"))
            if (window is "7d" or "30d" or "90d") windows.Add(int.Parse(window.AsSpan(0, window.Length - 1), CultureInfo.InvariantCulture));
            else notes.Add(new WidgetNote("time_windows", false, $"A window \"{window}\" is left out: the last 7, 30 and 90 days are shown."));
        var requests = fields.Objects("requests").Select(request => { request.Know("request_type"); return request.Object("query"); }).Select(query => { query.Know("sort"); return (Search: query.Text("query_string"), Limit: query.Number("limit")); }).ToList();
        return content with
        {
            Subject = type == "slo" ? fields.Text("slo_id") : "",
            Search = requests.Select(request => request.Search).FirstOrDefault(""),
            Limit = requests is [{ Limit: >= 1 and <= 10_000 } first, ..] ? (int)first.Limit : null,
            WindowDays = windows,
            HasWhole = mode is not "component",
            HasParts = mode is "component" or "both",
            HasBudget = fields.Any("show_error_budget") is not { ValueKind: JsonValueKind.False },
        };
    }

    static List<Widget> ChildrenOf(BoardFields fields)
    {
        var children = new List<Widget>();
        foreach (var child in fields.Objects("widgets"))
        {
            child.Know("definition", "layout", "id"); // It is read on its own.
            var widget = DashboardJson.ReadWidget(child.Element, children.Count, inGroup: true);
            children.Add(widget.Id == 0 ? widget with { Id = children.Count + 1 } : widget);
        }
        return children;
    }

    static WidgetContent WithQueries(WidgetContent content, BoardFields fields, List<WidgetNote> notes)
    {
        var axis = fields.Object("yaxis");
        axis.Know("include_zero", "includeZero", "label", "units");
        if (content.Kind == WidgetKind.Distribution) fields.Object("xaxis").Know("include_zero", "num_buckets", "scale", "min", "max");
        if (axis.Text("scale") is not ("" or "linear")) notes.Add(new WidgetNote("yaxis.scale", true, "The axis is linear."));
        return content with
        {
            Requests = [.. RequestsOf(content.Kind, fields, notes).SelectMany(request => RequestReader.Read(request, content.Kind is WidgetKind.Toplist or WidgetKind.Table, notes))],
            Markers = [.. fields.Objects("markers").Select(marker => MarkerOf(marker, notes)).OfType<WidgetMarker>()],
            EventQueries = EventQueriesOf(fields),
            Precision = fields.Number("precision") is { } digits ? (int)Math.Clamp(digits, 0, 10) : null,
            CustomUnit = fields.Text("custom_unit"),
            AxisMin = axis.Number("min"),
            AxisMax = axis.Number("max"),
        };
    }

    /// <summary>Most widgets have a list; host maps and scatter plots an object, of a request each.</summary>
    static IReadOnlyList<BoardFields> RequestsOf(WidgetKind kind, BoardFields fields, List<WidgetNote> notes)
    {
        if (fields.Any("requests") is not { ValueKind: JsonValueKind.Object }) return fields.Objects("requests");
        var requests = fields.Object("requests");
        if (kind != WidgetKind.Scatter)
        {
            fields.Know("style", "node_type", "no_metric_hosts", "no_group_hosts", "notes");
            requests.Know("request_type", "node_type", "no_metric_hosts", "no_group_hosts", "style");
            if (requests.Any("size") is not null) notes.Add(new WidgetNote("requests.size", true, "All hexagons are of one size."));
            if (fields.Texts("group").Count > 0) notes.Add(new WidgetNote("group", true, "Hosts stand beside each other, not in groups."));
            return requests.Any("fill") is null ? requests.Objects("enrichments") : [requests.Object("fill")];
        }
        if (fields.Texts("color_by_groups").Count > 0) notes.Add(new WidgetNote("color_by_groups", true, "All points have one colour."));
        foreach (var axis in new[] { "xaxis", "yaxis" }) fields.Object(axis).Know("include_zero", "includeZero", "label", "scale", "min", "max");
        return requests.Any("table") is null ? [requests.Object("x"), requests.Object("y")] : [requests.Object("table")];
    }

    static List<string> EventQueriesOf(BoardFields fields)
    {
        var queries = new List<string>();
        foreach (var item in fields.Any("events") is { ValueKind: JsonValueKind.Array } events ? events.EnumerateArray().ToList() : [])
        {
            var query = item.ValueKind == JsonValueKind.String ? item.GetString()! : new BoardFields(item, "").Text("q");
            if (query.Length > 0) queries.Add(query);
        }
        return queries;
    }

    static WidgetMarker? MarkerOf(BoardFields fields, List<WidgetNote> notes)
    {
        fields.Know("time", "val", "min", "max", "dim");
        var words = (fields.Text("display_type") is { Length: > 0 } style ? style : fields.Text("type")).Split(' ');
        var tone = words[0] switch { "error" => "error", "warning" => "warn", "ok" => "ok", _ => "accent" };
        var text = fields.Text("value");
        double? from = null, to = null;
        if (Line().Match(text) is { Success: true } line) from = to = NumberIn(line);
        else if (Above().Match(text) is { Success: true } above) from = NumberIn(above);
        else if (Below().Match(text) is { Success: true } below) to = NumberIn(below);
        else if (Between().Match(text) is { Success: true } between) (from, to) = (NumberIn(between), NumberIn(between, 2));
        else if (MaxMin().Match(text) is { Success: true } ends) (from, to) = (NumberIn(ends, 2), NumberIn(ends));
        else
        {
            notes.Add(new WidgetNote(fields.PathOf("value"), false, $"\"{text}\" is not a marker that can be drawn. Write y = 800, y > 800 or 500 < y < 800."));
            return null;
        }
        return new WidgetMarker(from, to, tone, fields.Text("label").Trim(), words.Contains("dashed"));
    }

    static double NumberIn(Match match, int group = 1) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    const string Digits = @"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)";

    [GeneratedRegex(@"^\s*y\s*=\s*" + Digits + @"\s*$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^\s*y\s*>=?\s*" + Digits + @"\s*$")]
    private static partial Regex Above();

    [GeneratedRegex(@"^\s*y\s*<=?\s*" + Digits + @"\s*$")]
    private static partial Regex Below();

    [GeneratedRegex(@"^\s*" + Digits + @"\s*<=?\s*y\s*<=?\s*" + Digits + @"\s*$")]
    private static partial Regex Between();

    [GeneratedRegex(@"^\s*max:\s*" + Digits + @"\s*min:\s*" + Digits + @"\s*$")]
    private static partial Regex MaxMin();
}
