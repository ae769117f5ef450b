using System.Globalization;
using System.Text.Json;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>What an answer says of a monitor beside its rule.</summary>
sealed record MonitorDetail
{
    /// <summary>Words of the states whose groups are given; null for no groups, empty for all.</summary>
    public IReadOnlyList<string>? GroupStates { get; init; }

    /// <summary>Downtimes that hold for it; null when nobody asked.</summary>
    public Muting? Downtimes { get; init; }

    public bool WithCreator { get; init; } = true;
}

/// <summary>Monitors as Datadog's API answers them (metrics-monitors §4.12).</summary>
static class MonitorJson
{
    /// <summary>The one organisation that there is.</summary>
    public const int OrgId = 1;

    public static void Write(Utf8JsonWriter json, MonitorSnapshot monitor, MonitorDetail detail, long nowUnixSeconds)
    {
        var rule = monitor.Rule;
        json.WriteStartObject();
        json.WriteNumber("id", rule.Id);
        json.WriteNumber("org_id", OrgId);
        json.WriteString("type", rule.Type);
        json.WriteString("name", rule.Name);
        json.WriteString("message", rule.Message);
        json.WriteTexts("tags", rule.Tags);
        json.WriteString("query", rule.Query);
        MonitorOptionsJson.Write(json, rule.Options, nowUnixSeconds);
        json.WriteBoolean("multi", rule.IsMulti);
        json.WriteNumber("created_at", rule.CreatedUnixMillis);
        json.WriteString("created", Iso(rule.CreatedUnixMillis));
        json.WriteString("modified", Iso(rule.ModifiedUnixMillis));
        json.WriteNull("deleted");
        json.WriteNull("restricted_roles");
        json.WriteNumberOrNull("priority", rule.Priority);
        if (monitor.Groups.Max(group => group.StateSinceUnixSeconds) is { } since) json.WriteString("overall_state_modified", Iso(since * 1000));
        else json.WriteNull("overall_state_modified");
        json.WriteString("overall_state", RuleText.Worst(monitor.Groups.Select(group => group.State)).Word());
        if (detail.WithCreator) WriteCreator(json, rule);
        if (detail.GroupStates is { } states) WriteGroups(json, monitor, states);
        if (detail.Downtimes is { } downtimes) WriteDowntimes(json, downtimes);
        json.WriteEndObject();
    }

    public static void WriteCreator(Utf8JsonWriter json, MonitorRule rule)
    {
        json.WriteStartObject("creator");
        json.WriteNumber("id", 1);
        json.WriteString("handle", rule.Creator);
        json.WriteString("name", rule.Creator);
        json.WriteString("email", rule.Creator);
        json.WriteEndObject();
    }

    /// <summary>Of a group: its state and when it last went where.</summary>
    static void WriteGroups(Utf8JsonWriter json, MonitorSnapshot monitor, IReadOnlyList<string> states)
    {
        json.WriteStartObject("state");
        json.WriteStartObject("groups");
        foreach (var group in monitor.Groups)
        {
            if (states.Count > 0 && !states.Contains(group.State.Word(), StringComparer.OrdinalIgnoreCase)) continue;
            json.WriteStartObject(group.Group);
            json.WriteString("name", group.Group);
            json.WriteString("status", group.State.Word());
            json.WriteNumberOrNull("last_triggered_ts", group.LastTriggeredUnixSeconds);
            json.WriteNumberOrNull("last_notified_ts", group.ToldAtUnixSeconds);
            json.WriteNumberOrNull("last_resolved_ts", group.LastResolvedUnixSeconds);
            json.WriteNumberOrNull("last_nodata_ts", group.LastNoDataUnixSeconds);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteDowntimes(Utf8JsonWriter json, Muting downtimes)
    {
        json.WriteStartArray("matching_downtimes");
        foreach (var id in downtimes.DowntimeIds)
        {
            json.WriteStartObject();
            if (long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) json.WriteNumber("id", number);
            else json.WriteString("id", id);
            json.WriteNumberOrNull("end", downtimes.UntilUnixSeconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static string Iso(long unixMillis) => UnixTime.ToDateTime(unixMillis * UnixTime.NanosPerMillisecond).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);
}
