using System.Globalization;
using System.Text.Json;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>What an answer says of a monitor beside its rule.</summary>
sealed record MonitorDetail
{
    /// <summary>Words of the states whose groups are given; null for no groups, empty for all.</summary>
    public IReadOnlyList<string>? GroupStates { get; init; }

    /// <summary>Downtimes that hold for it or for one of its groups; null when nobody asked.</summary>
    public IReadOnlyList<MatchingDowntime>? Downtimes { get; init; }

    public bool WithCreator { get; init; } = true;
}

/// <summary>A downtime that holds, with the record of version 1 that holds now.</summary>
sealed record MatchingDowntime(Downtime Downtime, DowntimeRecord Record);

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
        MonitorOthersJson.Write(json, rule);
        json.WriteNumberOrNull("priority", rule.Priority);
        if (monitor.Groups.Max(group => group.StateSinceUnixSeconds) is { } since) json.WriteString("overall_state_modified", Iso(since * 1000));
        else json.WriteNull("overall_state_modified");
        json.WriteString("overall_state", RuleText.Worst(monitor.Groups.Select(group => group.State)).Word());
        if (detail.WithCreator) DatadogUser.WriteCreator(json, rule.Creator);
        if (detail.GroupStates is { } states) WriteGroups(json, monitor, states);
        if (detail.Downtimes is { } downtimes) WriteDowntimes(json, downtimes);
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

    static void WriteDowntimes(Utf8JsonWriter json, IReadOnlyList<MatchingDowntime> downtimes)
    {
        json.WriteStartArray("matching_downtimes");
        foreach (var (downtime, record) in downtimes)
        {
            json.WriteStartObject();
            json.WriteNumber("id", record.Id);
            json.WriteTexts("scope", downtime.Scopes);
            json.WriteNumber("start", record.StartUnixSeconds);
            json.WriteNumberOrNull("end", record.EndUnixSeconds == long.MaxValue ? null : record.EndUnixSeconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static string Iso(long unixMillis) => UnixTime.ToDateTime(unixMillis * UnixTime.NanosPerMillisecond).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);
}
