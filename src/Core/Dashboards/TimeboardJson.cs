using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.Core.Dashboards;

/// <summary>A board as <c>/api/v1/dash</c> has it: graphs with the definitions of old (metrics-monitors §4.9).</summary>
public static class TimeboardJson
{
    static readonly string[] Ours = ["title", "description", "graphs", "template_variables", "read_only", "id", "new_id", "created", "modified", "created_by"];

    /// <summary>Reads a body as it is sent. Each graph becomes a widget, and is kept as it was sent.</summary>
    /// <exception cref="DashboardException">It is no timeboard.</exception>
    public static Dashboard Read(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) throw new DashboardException("The body is no JSON object. Send {\"title\":\"…\",\"graphs\":[]}.");
        BoardFields.RefuseRepeated(body);
        var fields = new BoardFields(body, "");
        var title = DashboardJson.Title(fields, "title");
        if (fields.Any("graphs") is not { } graphs) throw new DashboardException("The parameter 'graphs' is required");
        if (graphs.ValueKind != JsonValueKind.Array) throw new DashboardException("The parameter 'graphs' must be a list.");
        var board = new Dashboard
        {
            Form = BoardForm.Timeboard,
            Title = title,
            Description = fields.Any("description") is { ValueKind: JsonValueKind.String } description ? description.GetString() : null,
            IsReadOnly = fields.Truth("read_only"),
            Widgets = [.. graphs.EnumerateArray().Select(WidgetOf)],
            Variables = DashboardJson.ReadVariables(fields),
            Rest = DashboardJson.RestOf(body, Ours),
        };
        DashboardJson.Limited(board.Widgets);
        return board;
    }

    /// <summary>Writes the board of an answer.</summary>
    public static JsonObject Write(Dashboard board)
    {
        var json = WriteHead(board);
        json["id"] = board.Number;
        json["graphs"] = new JsonArray([.. board.Widgets.Select(GraphOf)]);
        json["template_variables"] = board.Variables is { } variables ? new JsonArray([.. variables.Select(variable => JsonNode.Parse(variable.Sent))]) : null;
        return json;
    }

    /// <summary>Writes what a list says of it, without its number, which is there a text.</summary>
    public static JsonObject WriteHead(Dashboard board) => new()
    {
        ["read_only"] = board.IsReadOnly,
        ["description"] = board.Description,
        ["title"] = board.Title,
        ["created"] = DashboardJson.Time(board.CreatedUnixNanos),
        ["new_id"] = board.Id,
        ["created_by"] = Author(board),
        ["modified"] = DashboardJson.Time(board.ModifiedUnixNanos),
    };

    /// <summary>Who made it, in the shape of a user.</summary>
    internal static JsonObject Author(Dashboard board) => new()
    {
        ["disabled"] = false, ["handle"] = board.Author, ["name"] = "User", ["title"] = null, ["is_admin"] = true, ["role"] = null,
        ["access_role"] = "adm", ["verified"] = true, ["email"] = board.Author, ["icon"] = "",
    };

    static Widget WidgetOf(JsonElement graph, int position)
    {
        if (graph.ValueKind != JsonValueKind.Object || !graph.TryGetProperty("definition", out var definition) || definition.ValueKind != JsonValueKind.Object)
            throw new DashboardException($"The parameter 'graphs' is invalid: graphs[{position}] has no definition. Send {{\"title\":\"…\",\"definition\":{{\"requests\":[{{\"q\":\"avg:system.load.1{{*}}\"}}]}},\"viz\":\"timeseries\"}}.");
        var fields = new BoardFields(graph, "");
        return new Widget(0, OldGraph.ToDefinition(definition, fields.Text("viz"), fields.Text("title"))) { Sent = graph.GetRawText() };
    }

    static JsonNode GraphOf(Widget widget)
    {
        if (widget.Sent is { } sent) return JsonNode.Parse(sent)!;
        var (definition, title) = OldGraph.FromDefinition(widget.Definition);
        return new JsonObject { ["title"] = title, ["definition"] = definition };
    }
}
