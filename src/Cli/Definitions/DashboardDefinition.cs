using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Dashboards, as <c>/api/v1/dashboard</c> has them.</summary>
sealed class DashboardDefinition : DefinitionKind
{
    const int MaxListed = 1_000;

    /// <summary>Members that the product gives, or that mean nothing here.</summary>
    static readonly string[] s_given = ["id", "url", "author_handle", "author_name", "author_info", "created_at", "modified_at", "deleted_at", "restricted_roles", "notify_list"];

    public override string Name => "dashboard";

    public override string Path => "/api/v1/dashboard";

    public override bool Is(JsonObject json) => json["widgets"] is JsonArray || json["graphs"] is JsonArray || json["dash"] is JsonObject;

    public override string NameOf(JsonObject json) => Text(json, "title");

    public override JsonObject Normal(JsonObject json)
    {
        if (json["graphs"] is not null || json["dash"] is not null || json["board_title"] is not null)
            throw new DefinitionException("this is a board of the old calls. Import it on the page of dashboards, which says what becomes of it, and export it from there.");
        if (Text(json, "title").Length == 0) throw new DefinitionException("a dashboard in a file needs a title, by which it is found again. Add \"title\".");
        var normal = Take(json, ("title", null), ("description", null), ("layout_type", null), ("is_read_only", false), ("template_variables", new JsonArray()), ("widgets", null));
        foreach (var (name, value) in json) if (!normal.ContainsKey(name) && !s_given.Contains(name)) normal[name] = value?.DeepClone();
        return normal;
    }

    /// <summary>Numbers of widgets mean nothing to people.</summary>
    public override JsonObject Comparable(JsonObject normal)
    {
        foreach (var widget in Widgets(normal).SelectMany(widget => Children(widget).Prepend(widget))) widget.Remove("id");
        return normal;
    }

    public override async Task<IReadOnlyList<Existing>> List(ApiAccess api, CancellationToken cancel)
    {
        var answer = await api.Call(HttpMethod.Get, $"{Path}?count={MaxListed}", null, cancel);
        return [.. answer!["dashboards"]!.AsArray().OfType<JsonObject>().Select(json => new Existing(json["id"]!.ToString(), json))];
    }

    public override async Task<Existing> Whole(ApiAccess api, Existing listed, CancellationToken cancel) =>
        new(listed.Id, Normal((JsonObject)(await api.Call(HttpMethod.Get, $"{Path}/{listed.Id}", null, cancel))!));

    public override JsonObject Body(JsonObject normal, Existing? existing)
    {
        var body = (JsonObject)normal.DeepClone();
        if (existing is null) return body;
        // A widget that a file does not number keeps its number, which links may name.
        foreach (var (widget, before) in Widgets(body).Zip(Widgets(existing.Json)))
        {
            KeepId(widget, before);
            foreach (var (child, childBefore) in Children(widget).Zip(Children(before))) KeepId(child, childBefore);
        }
        return body;
    }

    static void KeepId(JsonObject widget, JsonObject before)
    {
        if (widget["id"] is null && before["id"] is { } id) widget["id"] = id.DeepClone();
    }

    public override int Order(JsonObject normal) => 3;

    public override void Rewire(JsonObject normal, Func<string, string, string?> idOf) => Rewire((JsonNode)normal, idOf);

    static void Rewire(JsonNode? node, Func<string, string, string?> idOf)
    {
        if (node is JsonArray list) foreach (var item in list) Rewire(item, idOf);
        if (node is not JsonObject map) return;
        foreach (var (name, value) in map.ToList())
        {
            var kind = name switch { "alert_id" => "monitor", "slo_id" => "slo", _ => null };
            if (kind is null || value is not JsonValue id) Rewire(value, idOf);
            else if (idOf(kind, id.ToString()) is { } here) map[name] = id.TryGetValue<string>(out _) ? here : JsonNode.Parse(here);
        }
    }

    /// <summary>The widgets of a group; none of another.</summary>
    static IEnumerable<JsonObject> Children(JsonObject widget) => widget["definition"] is JsonObject definition ? Widgets(definition) : [];

    static IEnumerable<JsonObject> Widgets(JsonObject board) => board["widgets"] is JsonArray widgets ? widgets.OfType<JsonObject>() : [];
}
