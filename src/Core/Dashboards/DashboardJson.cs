using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.Core.Json;
using Apm.Core.Time;

namespace Apm.Core.Dashboards;

/// <summary>A board as JSON in the form of <c>/api/v1/dashboard</c> (metrics-monitors §4.11), in which boards are also imported, edited and exported.</summary>
public static class DashboardJson
{
    /// <summary>Most widgets of a board, those in groups counted; default 300. A board with more is refused.</summary>
    public const int MaxWidgets = 300;

    /// <summary>Most characters of a title; default 300. A longer one is refused.</summary>
    public const int MaxTitleChars = 300;

    /// <summary>Most template variables of a board; default 50. A board with more is refused.</summary>
    public const int MaxVariables = 50;

    /// <summary>Greatest place, width or height of a widget.</summary>
    const int MaxCells = 10_000;

    /// <summary>Members that we write ourselves.</summary>
    static readonly string[] Ours = ["title", "description", "layout_type", "widgets", "template_variables", "is_read_only", "id", "url", "author_handle", "author_name", "created_at", "modified_at"];

    /// <summary>Members of a layout that we write ourselves.</summary>
    static readonly string[] OfLayout = ["x", "y", "width", "height"];

    /// <summary>Reads a board as somebody wrote it.</summary>
    /// <returns>A draft, without what the book gives.</returns>
    /// <exception cref="DashboardException">It is none; the message says which part.</exception>
    public static Dashboard Read(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) throw new DashboardException("A dashboard is a JSON object. Send {\"title\":\"…\",\"layout_type\":\"ordered\",\"widgets\":[]}.");
        BoardFields.RefuseRepeated(body);
        var fields = new BoardFields(body, "");
        var title = Title(fields, "title");
        var layout = fields.Text("layout_type") switch
        {
            "" => throw new DashboardException("The parameter 'layout_type' is required"),
            var known and ("ordered" or "free") => known,
            var other => throw new DashboardException($"The parameter 'layout_type' is invalid: \"{other}\". There are ordered and free."),
        };
        if (fields.Any("widgets") is not { ValueKind: JsonValueKind.Array } list) throw new DashboardException("The parameter 'widgets' is required");
        var widgets = list.EnumerateArray().Select((widget, i) => ReadWidget(widget, i)).ToList();
        Limited(widgets);
        for (var i = 0; layout == "free" && i < widgets.Count; i++)
            if (widgets[i].Layout is null) throw Bad(i, TypeOf(widgets[i].Definition), "a widget of a board with the layout_type free needs a layout.");
        return new Dashboard
        {
            Title = title,
            Description = fields.Any("description") is { ValueKind: JsonValueKind.String } description ? description.GetString() : null,
            IsReadOnly = fields.Truth("is_read_only"),
            IsFree = layout == "free",
            Widgets = widgets,
            Variables = ReadVariables(fields),
            Rest = RestOf(body, Ours),
        };
    }

    /// <summary>Reads a text of JSON.</summary>
    /// <exception cref="DashboardException">It is no JSON, or no board.</exception>
    public static Dashboard Read(string text)
    {
        try
        {
            using var json = StrictJson.Parse(text); // Strictly: parts of it are kept as they are written.
            // Whatever of the three forms somebody has saved.
            return json.RootElement.ValueKind != JsonValueKind.Object ? Read(json.RootElement)
                : json.RootElement.TryGetProperty("graphs", out _) ? TimeboardJson.Read(json.RootElement)
                : json.RootElement.TryGetProperty("dash", out var dash) ? TimeboardJson.Read(dash)
                : json.RootElement.TryGetProperty("board_title", out _) ? ScreenboardJson.Read(json.RootElement)
                : Read(json.RootElement);
        }
        catch (JsonException wrong)
        {
            throw new DashboardException($"This is not JSON: line {(wrong.LineNumber ?? 0) + 1}, character {(wrong.BytePositionInLine ?? 0) + 1}: {wrong.Message.Split(" Path:")[0].Split(" LineNumber:")[0]}");
        }
    }

    /// <summary>Reads one widget.</summary>
    /// <param name="position">From 0; errors count from there.</param>
    /// <param name="inGroup">It stands in a group, which holds no groups.</param>
    /// <exception cref="DashboardException">It is none.</exception>
    public static Widget ReadWidget(JsonElement widget, int position, bool inGroup = false)
    {
        if (widget.ValueKind != JsonValueKind.Object || !widget.TryGetProperty("definition", out var definition) || definition.ValueKind != JsonValueKind.Object) throw Bad(position, "unknown", "it has no definition.");
        var fields = new BoardFields(definition, "");
        var type = fields.Text("type");
        if (type.Length == 0) throw Bad(position, "unknown", "its definition has no type.");
        if (inGroup && type == "group") throw Bad(position, type, "a group cannot stand in a group.");
        if (type is "timeseries" or "query_value" or "toplist" or "query_table" or "heatmap" && fields.Any("requests") is not { ValueKind: JsonValueKind.Array or JsonValueKind.Object }) throw Bad(position, type, "'requests' is required.");
        if (type == "group")
        {
            if (fields.Any("widgets") is not { ValueKind: JsonValueKind.Array } children) throw Bad(position, type, "'widgets' is required.");
            if (!inGroup) foreach (var (child, i) in children.EnumerateArray().Select((child, i) => (child, i))) ReadWidget(child, i, inGroup: true);
        }
        var id = widget.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.Number && given.TryGetInt64(out var number) && number > 0 ? number : 0;
        var layout = ReadLayout(widget, position, type);
        return new Widget(id, definition.GetRawText()) { Layout = layout, LayoutRest = layout is null ? null : RestOf(widget.GetProperty("layout"), OfLayout) };
    }

    /// <summary>Writes a board as answers have it.</summary>
    public static JsonObject Write(Dashboard board)
    {
        var json = new JsonObject
        {
            ["id"] = board.Id,
            ["title"] = board.Title,
            ["description"] = board.Description,
            ["author_handle"] = board.Author,
            ["author_name"] = null,
            ["layout_type"] = board.IsFree ? "free" : "ordered",
            ["url"] = $"/dashboard/{board.Id}/{board.Slug()}",
            ["is_read_only"] = board.IsReadOnly,
            ["template_variables"] = new JsonArray([.. (board.Variables ?? []).Select(variable => JsonNode.Parse(variable.Sent))]),
            ["widgets"] = new JsonArray([.. board.Widgets.Select(WriteWidget)]),
            ["notify_list"] = new JsonArray(),
            ["created_at"] = Time(board.CreatedUnixNanos),
            ["modified_at"] = Time(board.ModifiedUnixNanos),
            ["restricted_roles"] = new JsonArray(),
        };
        PutRest(json, board.Rest);
        return json;
    }

    /// <summary>What of a board a person writes: without id, author and times.</summary>
    public static JsonObject WriteContent(Dashboard board)
    {
        var json = Write(board);
        foreach (var given in new[] { "id", "author_handle", "author_name", "url", "created_at", "modified_at" }) json.Remove(given);
        return json;
    }

    /// <summary>ISO-8601 with six digits of the second, as the original has it.</summary>
    public static string Time(long unixNanos) => UnixTime.ToDateTime(unixNanos).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);

    /// <summary>The words of a title.</summary>
    /// <exception cref="DashboardException">There are none, or too many.</exception>
    internal static string Title(BoardFields fields, string member) => fields.Text(member) switch
    {
        "" => throw new DashboardException($"The parameter '{member}' is required"),
        { Length: > MaxTitleChars } => throw new DashboardException($"The parameter '{member}' has more than {MaxTitleChars} characters, the most that a title has."),
        var title => title,
    };

    /// <summary>The template variables; null when there are none.</summary>
    /// <exception cref="DashboardException">One of them is none.</exception>
    internal static IReadOnlyList<TemplateVariable>? ReadVariables(BoardFields fields)
    {
        if (fields.Any("template_variables") is not { } list) return null;
        if (list.ValueKind != JsonValueKind.Array) throw new DashboardException("'template_variables' is invalid");
        if (list.GetArrayLength() > MaxVariables) throw new DashboardException($"'template_variables' is invalid: there are more than {MaxVariables}, the most that a dashboard has.");
        return [.. fields.Objects("template_variables").Select(ReadVariable)];
    }

    static TemplateVariable ReadVariable(BoardFields fields)
    {
        var (one, many) = (fields.Any("default"), fields.Any("defaults"));
        if ((one is not null && many is not null) || fields.Text("name").Length == 0) throw new DashboardException("'template_variables' is invalid");
        var defaults = fields.Texts("defaults");
        if (many is not null && (defaults.Count == 0 || defaults.Any(value => value.Length == 0))) throw new DashboardException("Minimum length of parameter 'defaults' should be 1");
        return new TemplateVariable(
            fields.Text("name"), fields.Text("prefix") is { Length: > 0 } prefix ? prefix : null, one is not null ? [fields.Text("default")] : defaults, fields.Element.GetRawText())
        { Available = fields.Texts("available_values") };
    }

    /// <summary>The members besides those that are named, as one object; null when there are none.</summary>
    internal static string? RestOf(JsonElement body, IReadOnlyCollection<string> known)
    {
        var rest = new JsonObject();
        foreach (var member in body.EnumerateObject())
        {
            if (known.Contains(member.Name)) continue;
            if (member.NameEquals("template_variable_presets")) CheckPresets(member.Value);
            if (member.NameEquals("tags")) CheckTags(member.Value);
            rest[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        }
        return rest.Count > 0 ? rest.ToJsonString() : null;
    }

    internal static void PutRest(JsonObject json, string? rest)
    {
        if (rest is null) return;
        foreach (var (name, value) in JsonNode.Parse(rest)!.AsObject()) json[name] = value?.DeepClone();
    }

    /// <exception cref="DashboardException">There are too many.</exception>
    internal static void Limited(IReadOnlyList<Widget> widgets)
    {
        var count = widgets.Sum(widget => 1 + (TypeOf(widget.Definition) == "group" ? WidgetReader.Read(widget.Definition).Children.Count : 0));
        if (count > MaxWidgets) throw new DashboardException($"The dashboard has {count} widgets; at most {MaxWidgets} are kept. Make two of it.");
    }

    static void CheckPresets(JsonElement presets)
    {
        if (presets.ValueKind != JsonValueKind.Array) return;
        foreach (var value in presets.EnumerateArray().SelectMany(preset => new BoardFields(preset, "").Objects("template_variables")))
            if (value.Any("value") is not null && value.Any("values") is not null) throw new DashboardException($"'template_variables' value '{value.Element.GetRawText()}' is invalid");
    }

    static void CheckTags(JsonElement tags)
    {
        if (tags.ValueKind != JsonValueKind.Array) return;
        foreach (var tag in tags.EnumerateArray())
            if (tag.ValueKind != JsonValueKind.String || !tag.GetString()!.StartsWith("team:", StringComparison.Ordinal)) throw new DashboardException("Invalid tag format. Valid tag keys are: team.");
    }

    static WidgetLayout? ReadLayout(JsonElement widget, int position, string type)
    {
        if (!widget.TryGetProperty("layout", out var layout) || layout.ValueKind == JsonValueKind.Null) return null;
        var fields = new BoardFields(layout, "layout");
        return new WidgetLayout(Cell("x"), Cell("y"), Cell("width"), Cell("height"));

        int Cell(string member) => fields.Number(member) is { } cell && cell is >= 0 and <= MaxCells ? (int)cell : throw Bad(position, type, $"layout.{member} must be a number from 0 to {MaxCells}.");
    }

    static JsonNode WriteWidget(Widget widget)
    {
        var json = new JsonObject { ["definition"] = JsonNode.Parse(widget.Definition) };
        if (widget.Layout is { } at)
        {
            var layout = new JsonObject { ["x"] = at.X, ["y"] = at.Y, ["width"] = at.Width, ["height"] = at.Height };
            PutRest(layout, widget.LayoutRest);
            json["layout"] = layout;
        }
        json["id"] = widget.Id;
        return json;
    }

    static string TypeOf(string definition)
    {
        using var json = JsonDocument.Parse(definition);
        return new BoardFields(json.RootElement, "").Text("type");
    }

    static DashboardException Bad(int position, string type, string what) => new(string.Create(CultureInfo.InvariantCulture, $"Invalid widget definition at position {position} of type {type}. Error: {what}"));
}
