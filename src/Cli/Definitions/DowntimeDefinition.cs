using System.Globalization;
using System.Text.Json.Nodes;
using Apm.Core.Downtimes;
using Apm.Monitors.Downtimes;

namespace Apm.Cli.Definitions;

/// <summary>Downtimes. Files may hold them as version 1 or 2 of the API has them; the normal form is the attributes of version 2.</summary>
/// <remarks>They have no names: one is found again by what it silences and its message. Those that are over are not looked at.</remarks>
sealed class DowntimeDefinition : DefinitionKind
{
    /// <summary>As many as one answer of the API has.</summary>
    const int MaxOfPage = 1_000;
    const string Utc = "UTC";

    public override string Name => "downtime";

    public override string Path => "/api/v2/downtime";

    public override HttpMethod ChangeMethod => HttpMethod.Patch;

    public override bool Is(JsonObject json) => Text(json, "type") == "downtime" || json["schedule"] is JsonObject || json["monitor_identifier"] is JsonObject || ((json["scope"] ?? json["monitor_id"]) is not null && json["query"] is null);

    public override string? IdOf(JsonObject json) => (json["uuid"] ?? (json["attributes"] is not null ? json["id"] : null))?.ToString() ?? (Guid.TryParse(Text(json, "id"), out _) ? Text(json, "id") : null);

    public override string NameOf(JsonObject json) => $"{json["monitor_identifier"]?.ToJsonString()} {Text(json, "scope")} {Text(json, "message")}";

    public override string TitleOf(JsonObject json)
    {
        var of = json["monitor_identifier"]?["monitor_id"] is { } id ? $"monitor {id}" : json["monitor_identifier"]?["monitor_tags"] is JsonArray tags && tags.ToJsonString() != "[\"*\"]" ? string.Join(',', tags) : "all monitors";
        var message = Text(json, "message").ReplaceLineEndings(" ");
        return $"{Text(json, "scope")} of {of}{(message.Length > 0 ? $": {(message.Length > 40 ? message[..40] + "…" : message)}" : "")}";
    }

    public override string FileTitleOf(JsonObject json) => Text(json, "scope");

    public override JsonObject Normal(JsonObject json)
    {
        var given = json["attributes"] as JsonObject ?? (json["schedule"] is not null || json["monitor_identifier"] is not null ? json : FromVersion1(json));
        var schedule = ScheduleOf(given["schedule"] as JsonObject);
        var normal = Take(given, ("message", ""), ("monitor_identifier", JsonNode.Parse("""{"monitor_tags":["*"]}""")), ("scope", null), ("display_timezone", schedule["timezone"] ?? Utc), ("mute_first_recovery_notification", false),
            ("notify_end_states", JsonNode.Parse("""["alert","no data","warn"]""")), ("notify_end_types", JsonNode.Parse("""["expired"]""")));
        normal["schedule"] = schedule;
        return normal;
    }

    public override JsonObject Comparable(JsonObject normal)
    {
        foreach (var list in new[] { "notify_end_states", "notify_end_types" })
            if (normal[list] is JsonArray words) normal[list] = new JsonArray([.. words.Select(word => word!.ToString()).Order(StringComparer.Ordinal).Select(word => (JsonNode)word)]);
        if (normal["schedule"]?["recurrences"] is JsonArray recurrences)
            foreach (var recurrence in recurrences.OfType<JsonObject>()) recurrence["duration"] = Seconds(recurrence["duration"]?.ToString() ?? "");
        return normal;
    }

    public override async Task<IReadOnlyList<Existing>> List(ApiAccess api, CancellationToken cancel)
    {
        var all = new List<Existing>();
        for (var passed = 0; ;)
        {
            var answer = await api.Call(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{Path}?page%5Blimit%5D={MaxOfPage}&page%5Boffset%5D={passed}"), null, cancel);
            var page = answer!["data"]!.AsArray();
            all.AddRange(page.OfType<JsonObject>().Where(json => json["attributes"]!["status"]!.ToString() is "active" or "scheduled").Select(json => new Existing(json["id"]!.ToString(), Normal(json))));
            passed += page.Count;
            if (page.Count < MaxOfPage) return all;
        }
    }

    public override JsonObject Body(JsonObject normal, Existing? existing)
    {
        var attributes = (JsonObject)normal.DeepClone();
        // "From now on" was said when it was made.
        if (existing is not null && attributes["schedule"] is JsonObject schedule && schedule["recurrences"] is null && schedule["start"] is null) schedule["start"] = existing.Json["schedule"]?["start"]?.DeepClone();
        var data = new JsonObject { ["type"] = "downtime", ["attributes"] = attributes };
        if (existing is not null) data["id"] = existing.Id;
        return new JsonObject { ["data"] = data };
    }

    public override string IdIn(JsonNode answer) => answer["data"]!["id"]!.ToString();

    public override JsonObject ForFile(Existing existing) => new() { ["type"] = "downtime", ["id"] = existing.Id, ["attributes"] = existing.Json.DeepClone() };

    public override int Order(JsonObject normal) => 4;

    public override void Rewire(JsonObject normal, Func<string, string, string?> idOf)
    {
        if (normal["monitor_identifier"]?["monitor_id"] is { } id && idOf("monitor", id.ToString()) is { } here) normal["monitor_identifier"]!["monitor_id"] = long.Parse(here, CultureInfo.InvariantCulture);
    }

    static JsonObject ScheduleOf(JsonObject? schedule)
    {
        if (schedule is null) return new JsonObject { ["start"] = null, ["end"] = null };
        if (schedule["recurrences"] is not JsonArray) return new JsonObject { ["start"] = Instant(schedule["start"]), ["end"] = Instant(schedule["end"]) };
        return Take(schedule, ("timezone", Utc), ("recurrences", null));
    }

    /// <summary>The same time always by the same text; what is no time stays, for the API to refuse.</summary>
    static JsonNode? Instant(JsonNode? time) => time is null ? null
        : DateTimeOffset.TryParse(time.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && at.Offset == TimeSpan.Zero ? at.ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture)
        : time.DeepClone();

    static JsonNode Seconds(string duration) => duration.Length > 1 && long.TryParse(duration[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? count * duration[^1] switch { 'm' => 60, 'h' => 3_600, 'd' => 86_400, 'w' => 604_800, _ => 1 } : duration;

    static JsonObject FromVersion1(JsonObject json)
    {
        if (json["disabled"]?.ToString() == "true") throw new DefinitionException("a downtime with \"disabled\" does nothing. Leave it out of the file, or the member.");
        var scopes = json["scope"] switch { JsonArray list => list.Select(scope => scope?.ToString() ?? ""), { } text => text.ToString().Split(',', StringSplitOptions.TrimEntries), null => ["*"] };
        var zone = Text(json, "timezone") is { Length: > 0 } named ? named : Utc;
        var normal = Take(json, ("message", ""), ("mute_first_recovery_notification", false));
        foreach (var same in new[] { "notify_end_states", "notify_end_types" }) if (json[same] is { } value) normal[same] = value.DeepClone();
        normal["scope"] = string.Join(" AND ", scopes);
        normal["display_timezone"] = zone;
        normal["monitor_identifier"] = json["monitor_id"] is { } id ? new JsonObject { ["monitor_id"] = id.DeepClone() } : new JsonObject { ["monitor_tags"] = json["monitor_tags"]?.DeepClone() ?? new JsonArray("*") };
        normal["schedule"] = json["recurrence"] is JsonObject recurrence ? RecurringOf(json, recurrence, zone) : new JsonObject { ["start"] = Iso(json["start"]), ["end"] = Iso(json["end"]) };
        return normal;
    }

    static JsonObject RecurringOf(JsonObject json, JsonObject recurrence, string zone)
    {
        if (json["start"] is not JsonValue start || !start.TryGetValue<long>(out var from)) throw new DefinitionException("a downtime that recurs needs a \"start\" in Unix seconds: that of its first time.");
        var legacy = new LegacyRecurrence(Text(recurrence, "type"))
        {
            Period = (int?)recurrence["period"],
            WeekDays = recurrence["week_days"] is JsonArray days ? [.. days.Select(day => day!.ToString())] : null,
            UntilDate = (long?)recurrence["until_date"],
            UntilOccurrences = (int?)recurrence["until_occurrences"],
            Rrule = (string?)recurrence["rrule"],
        };
        try
        {
            var rule = LegacyRecurrences.Read(legacy, from, (long?)json["end"], WallClock.FindZone(zone) ?? throw new DefinitionException($"\"{zone}\" is no time zone. Write a name such as America/New_York or UTC."));
            var line = new JsonObject
            {
                ["start"] = rule.StartLocal.ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture),
                ["duration"] = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, rule.DurationSeconds / 60)}m"),
                ["rrule"] = rule.Rule,
            };
            return new JsonObject { ["timezone"] = zone, ["recurrences"] = new JsonArray(line) };
        }
        catch (DowntimeException wrong)
        {
            throw new DefinitionException(wrong.Message);
        }
    }

    static JsonNode? Iso(JsonNode? seconds) => seconds is JsonValue value && value.TryGetValue<long>(out var unix) ? DateTimeOffset.FromUnixTimeSeconds(unix).ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture) : seconds?.DeepClone();
}
