using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Apm.Monitors.Queries;

namespace Apm.Cli.Definitions;

/// <summary>Monitors, as <c>/api/v1/monitor</c> has them. Who is muted is a state and stays as it is.</summary>
sealed partial class MonitorDefinition : DefinitionKind
{
    static readonly (string Name, JsonNode Value)[] s_optionDefaults = [("notify_no_data", false), ("notify_audit", false), ("locked", false), ("include_tags", true)];

    /// <summary>Values that are as good as not being there.</summary>
    static readonly Dictionary<string, string> s_nothing = new() { ["timeout_h"] = "0", ["evaluation_delay"] = "0", ["renotify_interval"] = "0", ["require_full_window"] = "false", ["escalation_message"] = "" };

    /// <summary>Members that mean nothing here and are only kept.</summary>
    static readonly string[] s_kept = ["restricted_roles", "draft_status", "assets"];

    const int HostDelaySeconds = 300;

    public override string Name => "monitor";

    public override string Path => "/api/v1/monitor";

    public override string? TryPath => "/api/v1/monitor/validate";

    public override bool Is(JsonObject json) => MonitorTypes.All.Contains(Text(json, "type")) || (json["query"] is JsonValue && json["type"] is JsonValue);

    public override string NameOf(JsonObject json) => Text(json, "name");

    public override JsonObject Normal(JsonObject json)
    {
        if (Text(json, "name").Length == 0) throw new DefinitionException("a monitor in a file needs a name, by which it is found again. Add \"name\".");
        var normal = Take(json, ("name", null), ("type", null), ("query", null), ("message", ""), ("tags", new JsonArray()), ("priority", null));
        if (normal["query"] is JsonValue query) normal["query"] = query.ToString().Trim();
        foreach (var kept in s_kept) if (json[kept] is { } value) normal[kept] = value.DeepClone();
        var options = json["options"] is JsonObject given ? (JsonObject)given.DeepClone() : [];
        foreach (var (name, value) in s_optionDefaults) if (options[name] is null) options[name] = value.DeepClone();
        foreach (var (name, value) in options.ToList()) if (value is null || (s_nothing.TryGetValue(name, out var nothing) && value.ToString() == nothing)) options.Remove(name);
        if (options["new_group_delay"] is not null) options.Remove("new_host_delay");
        else options["new_host_delay"] ??= HostDelaySeconds;
        options.Remove("silenced");
        options.Remove("silenced_until_resolved");
        if (Critical().Match(Text(normal, "query")) is { Success: true } critical && double.TryParse(critical.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var threshold))
        {
            if (options["thresholds"] is not JsonObject) options["thresholds"] = new JsonObject();
            options["thresholds"]!["critical"] ??= threshold;
        }
        options["thresholds"] ??= new JsonObject();
        normal["options"] = options;
        return normal;
    }

    /// <summary>The API calls some metric alerts query alerts.</summary>
    public override JsonObject Comparable(JsonObject normal)
    {
        if (Text(normal, "type") == MonitorTypes.Metric) normal["type"] = MonitorTypes.Query;
        return normal;
    }

    public override async Task<IReadOnlyList<Existing>> List(ApiAccess api, CancellationToken cancel)
    {
        var all = (JsonArray)(await api.Call(HttpMethod.Get, Path, null, cancel))!;
        return [.. all.OfType<JsonObject>().Select(json => new Existing(json["id"]!.ToString(), WithStates(Normal(json), json)))];
    }

    public override JsonObject Body(JsonObject normal, Existing? existing)
    {
        var body = (JsonObject)normal.DeepClone();
        foreach (var kept in s_kept) if (normal[kept] is null && existing?.Json[kept] is not null) body[kept] = null;
        // Options are replaced as a whole: what is muted stays muted.
        if (existing?.Json[Mutes] is { } mutes) body["options"]!["silenced"] = mutes.DeepClone();
        if (existing?.Json[MuteEnd] is { } end) body["options"]!["silenced_until_resolved"] = end.DeepClone();
        return body;
    }

    /// <summary>Numbers are small and the same everywhere; the time when a monitor was made tells which it is.</summary>
    public override bool IsMeant(JsonObject json, Existing existing) => json[Made] is not { } made || existing.Json[Hidden + Made]?.ToString() == made.ToString();

    public override JsonObject ForFile(Existing existing)
    {
        var json = base.ForFile(existing);
        json.Remove(Mutes);
        json.Remove(Hidden + Made);
        json[Made] = existing.Json[Hidden + Made]?.DeepClone();
        return json;
    }

    public override int Order(JsonObject normal) => Text(normal, "type") is MonitorTypes.Composite or MonitorTypes.Slo ? 2 : 0;

    public override void Rewire(JsonObject normal, Func<string, string, string?> idOf)
    {
        var query = Text(normal, "query");
        if (Text(normal, "type") == MonitorTypes.Composite) normal["query"] = Number().Replace(query, number => idOf(Name, number.Value) ?? number.Value);
        else if (Text(normal, "type") == MonitorTypes.Slo) normal["query"] = SloId().Replace(query, id => $"(\"{idOf("slo", id.Groups[1].Value) ?? id.Groups[1].Value}\")", 1);
    }

    const string Made = "created_at";

    /// <summary>What is muted, and when it was made, is remembered beside the normal form and never compared.</summary>
    const string Hidden = " ";
    const string Mutes = Hidden + "silenced";
    const string MuteEnd = Hidden + "silenced_until_resolved";

    static JsonObject WithStates(JsonObject normal, JsonObject json)
    {
        normal[Hidden + Made] = json[Made]?.DeepClone();
        if (json["options"]?["silenced"] is JsonObject { Count: > 0 } mutes) normal[Mutes] = mutes.DeepClone();
        if (json["options"]?["silenced_until_resolved"] is { } end) normal[MuteEnd] = end.DeepClone();
        return normal;
    }

    [GeneratedRegex(@"(?<=[<>=]\s*)-?[0-9.]+(?:[eE][+-]?\d+)?\s*$")]
    private static partial Regex Critical();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    [GeneratedRegex("\\(\"([^\"]*)\"\\)")]
    private static partial Regex SloId();
}
