using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Service level objectives, as <c>/api/v1/slo</c> has them.</summary>
sealed class SloDefinition : DefinitionKind
{
    const int MaxListed = 1_000;
    const int UsualSliceSeconds = 300;

    public override string Name => "slo";

    public override string Path => "/api/v1/slo";

    public override bool Is(JsonObject json) => Text(json, "type") is "metric" or "monitor" or "time_slice" && (json["thresholds"] is JsonArray || json["timeframe"] is not null);

    public override string NameOf(JsonObject json) => Text(json, "name");

    public override JsonObject Normal(JsonObject json)
    {
        if (Text(json, "name").Length == 0) throw new DefinitionException("an SLO in a file needs a name, by which it is found again. Add \"name\".");
        var normal = Take(json, ("name", null), ("type", null), ("description", ""), ("tags", new JsonArray()));
        var targets = json["thresholds"] is JsonArray given ? given.OfType<JsonObject>()
            : [new JsonObject { ["timeframe"] = json["timeframe"]?.DeepClone(), ["target"] = json["target_threshold"]?.DeepClone(), ["warning"] = json["warning_threshold"]?.DeepClone() }];
        normal["thresholds"] = new JsonArray([.. targets.Select(target => Take(target, ("timeframe", null), ("target", null), ("warning", null)))]);
        foreach (var member in new[] { "query", "monitor_ids", "groups", "sli_specification" })
            if (json[member] is { } value && value is not JsonArray { Count: 0 }) normal[member] = value.DeepClone();
        if (Text(json, "type") == "monitor") normal["groups"] ??= new JsonArray(); // What is not sent would stay.
        if (normal["sli_specification"]?["time_slice"] is JsonObject slice)
        {
            slice["query_interval_seconds"] ??= UsualSliceSeconds;
            if (slice["query"] is JsonObject query && query["formulas"] is null && query["queries"]?[0]?["name"] is { } first) query["formulas"] = new JsonArray(new JsonObject { ["formula"] = first.DeepClone() });
        }
        return normal;
    }

    /// <summary>A group is the same in whatever order its tags are written, and counts once however often.</summary>
    public override JsonObject Comparable(JsonObject normal)
    {
        if (normal["groups"] is JsonArray groups) normal["groups"] = new JsonArray([.. groups.Select(group => SortedTags($"{group}")).Distinct(StringComparer.Ordinal).Select(group => (JsonNode)group)]);
        return normal;
    }

    public override async Task<IReadOnlyList<Existing>> List(ApiAccess api, CancellationToken cancel)
    {
        var answer = await api.Call(HttpMethod.Get, $"{Path}?limit={MaxListed}", null, cancel);
        return [.. answer!["data"]!.AsArray().OfType<JsonObject>().Select(json => new Existing(json["id"]!.ToString(), Normal(json)))];
    }

    public override string IdIn(JsonNode answer) => answer["data"]![0]!["id"]!.ToString();

    public override int Order(JsonObject normal) => 1;

    public override void Rewire(JsonObject normal, Func<string, string, string?> idOf)
    {
        if (normal["monitor_ids"] is not JsonArray ids) return;
        for (var i = 0; i < ids.Count; i++) if (ids[i] is { } id && idOf("monitor", id.ToString()) is { } here) ids[i] = long.Parse(here, System.Globalization.CultureInfo.InvariantCulture);
    }

    static string SortedTags(string group) => string.Join(',', group.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
}
