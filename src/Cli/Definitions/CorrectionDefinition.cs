using System.Globalization;
using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Times that objectives do not count, as <c>/api/v1/slo/correction</c> has them; files may leave the frame of <c>attributes</c> out.</summary>
/// <remarks>They have no names: one is found again by its objective, its start, its category and its description.</remarks>
sealed class CorrectionDefinition : DefinitionKind
{
    /// <summary>As many as one answer of the API has.</summary>
    const int MaxOfPage = 1_000;

    /// <summary>Members that have no default: what a change does not send stays.</summary>
    static readonly (string Member, string What)[] s_needed = [("slo_id", "the id of its objective"), ("category", "a category"), ("start", "a start in Unix seconds")];

    public override string Name => "correction";

    public override string Path => "/api/v1/slo/correction";

    public override HttpMethod ChangeMethod => HttpMethod.Patch;

    public override bool Is(JsonObject json) => Text(json, "type") == "correction" || (json["slo_id"] is not null && json["category"] is not null);

    public override string NameOf(JsonObject json) => $"{json["slo_id"]} {json["start"]} {Text(json, "category")} {Text(json, "description")}";

    public override string TitleOf(JsonObject json) => $"{Text(json, "category")} of {json["slo_id"]} from {(json["start"] is JsonValue start && start.TryGetValue<long>(out var from) && from is >= 0 and < 9_000_000_000 ? DateTimeOffset.FromUnixTimeSeconds(from).ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture) : json["start"]?.ToString() ?? "no time")}";

    public override string FileTitleOf(JsonObject json) => $"{Text(json, "category")} {Text(json, "description")}";

    public override JsonObject Normal(JsonObject json)
    {
        var given = json["attributes"] as JsonObject ?? json;
        foreach (var (member, what) in s_needed)
            if (given[member] is null) throw new DefinitionException($"a correction in a file needs {what}, by which it is found again. Add \"{member}\".");
        return Take(given, ("slo_id", null), ("category", null), ("description", ""), ("start", null), ("end", null), ("duration", null), ("rrule", null), ("timezone", "UTC"));
    }

    public override async Task<IReadOnlyList<Existing>> List(ApiAccess api, CancellationToken cancel)
    {
        var all = new List<Existing>();
        for (; ; )
        {
            var answer = await api.Call(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{Path}?limit={MaxOfPage}&offset={all.Count}"), null, cancel);
            var page = answer!["data"]!.AsArray();
            all.AddRange(page.OfType<JsonObject>().Select(json => new Existing(json["id"]!.ToString(), Normal(json))));
            if (page.Count < MaxOfPage) return all;
        }
    }

    public override JsonObject Body(JsonObject normal, Existing? existing) => new() { ["data"] = new JsonObject { ["type"] = Name, ["attributes"] = normal.DeepClone() } };

    public override string IdIn(JsonNode answer) => answer["data"]!["id"]!.ToString();

    public override JsonObject ForFile(Existing existing) => new() { ["type"] = Name, ["id"] = existing.Id, ["attributes"] = existing.Json.DeepClone() };

    public override int Order(JsonObject normal) => 5;

    public override void Rewire(JsonObject normal, Func<string, string, string?> idOf)
    {
        if (normal["slo_id"] is { } id && idOf("slo", id.ToString()) is { } here) normal["slo_id"] = here;
    }
}
