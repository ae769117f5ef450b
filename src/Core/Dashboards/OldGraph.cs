using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.Core.Dashboards;

/// <summary>Graph definitions of timeboards and screenboards, and the widget definitions that took their place: the same with other names.</summary>
static class OldGraph
{
    /// <summary>Makes a widget's definition.</summary>
    /// <param name="beside">The visualisation that stands beside the definition and not in it; "" for none.</param>
    public static string ToDefinition(JsonElement graph, string beside, string title)
    {
        var fields = new BoardFields(graph, "");
        var viz = fields.Text("viz") is { Length: > 0 } inside ? inside : beside.Length > 0 ? beside : "timeseries";
        var definition = new JsonObject { ["type"] = viz, ["title"] = title };
        foreach (var member in graph.EnumerateObject())
            if (member.Name is not ("viz" or "type" or "title")) definition[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        foreach (var request in Objects(definition["requests"]))
        {
            Rename(request, "type", "display_type");
            Rename(request["style"] as JsonObject, "type", "line_type");
            Rename(request["style"] as JsonObject, "width", "line_width");
        }
        foreach (var marker in Objects(definition["markers"])) Rename(marker, "type", "display_type");
        if (definition["requests"] is null) definition["requests"] = new JsonArray(); // A graph may be of events alone.
        return definition.ToJsonString();
    }

    /// <summary>Makes a graph's definition of a widget's, and its title.</summary>
    public static (JsonObject Definition, string Title) FromDefinition(string widget)
    {
        var definition = JsonNode.Parse(widget)!.AsObject();
        var title = definition["title"] is JsonValue text && text.TryGetValue<string>(out var written) ? written : "";
        definition.Remove("title");
        Rename(definition, "type", "viz");
        foreach (var request in Objects(definition["requests"]))
        {
            Rename(request, "display_type", "type");
            Rename(request["style"] as JsonObject, "line_type", "type");
            Rename(request["style"] as JsonObject, "line_width", "width");
        }
        foreach (var marker in Objects(definition["markers"])) Rename(marker, "display_type", "type");
        return (definition, title);
    }

    static IEnumerable<JsonObject> Objects(JsonNode? list) => list is JsonArray items ? items.OfType<JsonObject>() : [];

    static void Rename(JsonObject? holder, string from, string to)
    {
        if (holder is null || holder.ContainsKey(to) || !holder.Remove(from, out var value)) return;
        holder[to] = value;
    }
}
