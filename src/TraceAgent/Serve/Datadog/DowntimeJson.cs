using System.Text.Json;
using Apm.Core.Downtimes;
using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Monitors.Downtimes;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Downtimes as version 1 of the API answers them: of one that recurs the record of one occurrence.</summary>
static class DowntimeJson
{
    /// <param name="record">Of which occurrence; see <see cref="DowntimeSeries.RecordOf"/>.</param>
    public static void Write(Utf8JsonWriter json, Downtime downtime, DowntimeRecord record, DowntimeBook book, bool withCreator)
    {
        var (before, after, last) = Around(downtime, record);
        json.WriteStartObject();
        WriteMembers(json, downtime, record, book, before, after);
        if (after is null) json.WriteNull("active_child");
        else
        {
            json.WriteStartObject("active_child");
            WriteMembers(json, downtime, last, book, Around(downtime, last).Before, after: null);
            json.WriteEndObject();
        }
        if (withCreator) DatadogUser.WriteCreator(json, downtime.Creator);
        json.WriteEndObject();
    }

    /// <summary>The records before and after one, and the one that holds or comes next.</summary>
    static (DowntimeRecord? Before, DowntimeRecord? After, DowntimeRecord Last) Around(Downtime downtime, DowntimeRecord record)
    {
        var at = downtime.Records.ToList().FindIndex(one => one.Id == record.Id);
        if (at < 0) return (null, null, record);
        return (at > 0 ? downtime.Records[at - 1] : null, at + 1 < downtime.Records.Count ? downtime.Records[at + 1] : null, downtime.Records[^1]);
    }

    static void WriteMembers(Utf8JsonWriter json, Downtime downtime, DowntimeRecord record, DowntimeBook book, DowntimeRecord? before, DowntimeRecord? after)
    {
        var isClosed = after is not null;
        var status = isClosed ? DowntimeStatus.Ended : book.StatusOf(downtime);
        json.WriteNumber("id", record.Id);
        json.WriteString("uuid", downtime.Uuid);
        json.WriteNumberOrNull("monitor_id", downtime.MonitorId);
        json.WriteNumber("org_id", 1);
        json.WriteNumber("start", record.StartUnixSeconds);
        json.WriteNumberOrNull("end", record.EndUnixSeconds == long.MaxValue ? null : record.EndUnixSeconds);
        json.WriteNumberOrNull("canceled", isClosed ? null : downtime.CanceledUnixSeconds);
        json.WriteNumber("created", downtime.CreatedUnixMillis / 1000);
        json.WriteNumber("modified", downtime.ModifiedUnixMillis / 1000);
        json.WriteString("message", downtime.Message);
        json.WriteBoolean("active", status == DowntimeStatus.Active);
        json.WriteBoolean("disabled", downtime.IsDisabled);
        WriteRecurrence(json, downtime);
        json.WriteString("timezone", downtime.TimeZone);
        json.WriteNumberOrNull("parent_id", before?.Id);
        json.WriteNumberOrNull("child_id", after?.Id);
        json.WriteNumber("creator_id", 1);
        json.WriteNull("updater_id");
        json.WriteNumber("downtime_type", downtime.Scopes is [DowntimeScope.Everything] ? 0 : downtime.Scopes.Count == 1 && downtime.Scopes[0].StartsWith("host:", StringComparison.Ordinal) ? 1 : 2);
        json.WriteString("status", StatusWord(status));
        json.WriteTexts("monitor_tags", downtime.MonitorTags);
        json.WriteBoolean("mute_first_recovery_notification", downtime.MutesFirstRecovery);
        json.WriteTexts("notify_end_types", EndTypes(downtime));
        json.WriteTexts("notify_end_states", downtime.NotifyEndStates.Select(StateWord));
        json.WriteTexts("scope", downtime.Scopes);
    }

    /// <summary>The switch that mutes all monitors, as the downtime of everything that it is; its id is 0.</summary>
    public static void WriteMuteAll(Utf8JsonWriter json, long sinceUnixSeconds) => WriteMute(json, 0, DowntimeScope.Everything, sinceUnixSeconds, null, "");

    /// <summary>The mute of a host, as the downtime that it is.</summary>
    public static void WriteHostMute(Utf8JsonWriter json, HostInfo host, HostMute mute) =>
        WriteMute(json, mute.Id, $"host:{host.Name}", mute.StartUnixSeconds > 0 ? mute.StartUnixSeconds : mute.Id, mute.EndUnixSeconds, mute.Message); // Ids begin as the seconds of the mute.

    static void WriteMute(Utf8JsonWriter json, long id, string scope, long sinceUnixSeconds, long? endUnixSeconds, string message)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteBoolean("active", true);
        json.WriteBoolean("disabled", false);
        json.WriteTexts("scope", [scope]);
        json.WriteTexts("monitor_tags", [DowntimeScope.Everything]);
        json.WriteNumber("start", sinceUnixSeconds);
        json.WriteNumberOrNull("end", endUnixSeconds);
        json.WriteTextOrNull("message", message);
        foreach (var member in (string[])["monitor_id", "recurrence", "canceled"]) json.WriteNull(member);
        json.WriteString("timezone", "UTC");
        json.WriteString("status", "active");
        json.WriteNumber("downtime_type", scope == DowntimeScope.Everything ? 0 : 1);
        json.WriteEndObject();
    }

    public static string StatusWord(DowntimeStatus status) => status switch { DowntimeStatus.Active => "active", DowntimeStatus.Scheduled => "scheduled", DowntimeStatus.Canceled => "canceled", _ => "ended" };

    public static string StateWord(MonitorState state) => state switch { MonitorState.NoData => "no data", MonitorState.Warn => "warn", _ => "alert" };

    public static IEnumerable<string> EndTypes(Downtime downtime) => new[] { (downtime.TellsWhenCanceled, "canceled"), (downtime.TellsWhenExpired, "expired") }.Where(type => type.Item1).Select(type => type.Item2);

    static void WriteRecurrence(Utf8JsonWriter json, Downtime downtime)
    {
        if (!downtime.IsRecurring())
        {
            json.WriteNull("recurrence");
            return;
        }
        // Version 2 may have several rules; this one shows the first.
        var legacy = downtime.Legacy ?? new LegacyRecurrence("rrule") { Period = 1, Rrule = downtime.Recurrences[0].Rule };
        json.WriteStartObject("recurrence");
        json.WriteString("type", legacy.Type);
        json.WriteNumberOrNull("period", legacy.Period);
        if (legacy.WeekDays is { } days) json.WriteTexts("week_days", days);
        else json.WriteNull("week_days");
        json.WriteNumberOrNull("until_date", legacy.UntilDate);
        json.WriteNumberOrNull("until_occurrences", legacy.UntilOccurrences);
        if (legacy.Rrule is { } rule) json.WriteString("rrule", rule);
        json.WriteEndObject();
    }
}
