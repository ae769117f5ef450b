using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.Core.Dashboards;

/// <summary>A board as <c>/api/v1/screen</c> has it: one flat object, with widgets at places of a canvas (metrics-monitors §4.10).</summary>
public static class ScreenboardJson
{
    static readonly string[] Ours = ["board_title", "description", "widgets", "template_variables", "read_only", "id", "new_id", "created", "modified", "created_by", "resource"];

    /// <summary>Of a widget: what is not part of its definition.</summary>
    static readonly string[] Outside = ["type", "x", "y", "width", "height", "tile_def", "title", "title_text", "board_id", "add_timeframe", "isShared"];

    /// <summary>Reads a body as it is sent. Each widget is kept as it was sent.</summary>
    /// <exception cref="DashboardException">It is no screenboard.</exception>
    public static Dashboard Read(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) throw new DashboardException("The body is no JSON object. Send {\"board_title\":\"…\",\"widgets\":[]}.");
        BoardFields.RefuseRepeated(body);
        var fields = new BoardFields(body, "");
        var title = DashboardJson.Title(fields, "board_title");
        if (fields.Any("widgets") is not { ValueKind: JsonValueKind.Array } widgets) throw new DashboardException("The parameter 'widgets' is required");
        var board = new Dashboard
        {
            Form = BoardForm.Screenboard,
            Title = title,
            Description = fields.Any("description") is { ValueKind: JsonValueKind.String } description ? description.GetString() : null,
            IsReadOnly = fields.Truth("read_only"),
            IsFree = true,
            Widgets = [.. widgets.EnumerateArray().Select(WidgetOf)],
            Variables = DashboardJson.ReadVariables(fields),
            Rest = DashboardJson.RestOf(body, Ours),
        };
        DashboardJson.Limited(board.Widgets);
        return board;
    }

    /// <summary>Writes the board of an answer.</summary>
    /// <param name="withAuthor">Only the answer to a question for one board has it.</param>
    public static JsonObject Write(Dashboard board, bool withAuthor)
    {
        var json = new JsonObject
        {
            ["board_title"] = board.Title,
            ["description"] = board.Description,
            ["widgets"] = new JsonArray([.. board.Widgets.Select(Write)]),
            ["template_variables"] = board.Variables is { } variables ? new JsonArray([.. variables.Select(variable => JsonNode.Parse(variable.Sent))]) : null,
            ["read_only"] = board.IsReadOnly,
            ["created"] = DashboardJson.Time(board.CreatedUnixNanos),
            ["modified"] = DashboardJson.Time(board.ModifiedUnixNanos),
            ["new_id"] = board.Id,
            ["id"] = board.Number,
        };
        if (withAuthor) json["created_by"] = TimeboardJson.Author(board);
        DashboardJson.PutRest(json, board.Rest);
        return json;
    }

    static Widget WidgetOf(JsonElement widget, int position)
    {
        var fields = new BoardFields(widget, "");
        var type = fields.Text("type");
        if (type.Length == 0) throw new DashboardException($"The parameter 'widgets' is invalid: widgets[{position}] has no type.");
        var title = fields.Any("title") is { ValueKind: JsonValueKind.String } written ? written.GetString()! : fields.Text("title_text");
        string definition;
        if (fields.Any("tile_def") is { ValueKind: JsonValueKind.Object } graph) definition = OldGraph.ToDefinition(graph, type, title);
        else
        {
            var json = new JsonObject { ["type"] = type, ["title"] = title };
            foreach (var member in widget.EnumerateObject())
                if (!Outside.Contains(member.Name)) json[member.Name] = JsonNode.Parse(member.Value.GetRawText());
            definition = json.ToJsonString();
        }
        return new Widget(0, definition)
        {
            Layout = new WidgetLayout(Cell("x"), Cell("y"), Math.Max(1, Cell("width")), Math.Max(1, Cell("height"))),
            Sent = widget.GetRawText(),
        };

        int Cell(string member) => (int)Math.Clamp(fields.Number(member) ?? 0, 0, 10_000);
    }

    static JsonNode Write(Widget widget)
    {
        if (widget.Sent is { } sent) return JsonNode.Parse(sent)!;
        var (graph, title) = OldGraph.FromDefinition(widget.Definition);
        var type = graph["viz"]?.ToString() ?? "timeseries";
        var json = new JsonObject { ["type"] = type, ["title"] = title };
        if (widget.Layout is { } at) (json["x"], json["y"], json["width"], json["height"]) = (at.X, at.Y, at.Width, at.Height);
        if (graph["requests"] is not null) json["tile_def"] = graph;
        else foreach (var (name, value) in graph) if (name != "viz") json[name] = value?.DeepClone();
        return json;
    }
}
