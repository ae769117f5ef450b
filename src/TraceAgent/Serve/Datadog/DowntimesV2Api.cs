using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Notify;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Downtimes by version 2 of the API (metrics-monitors §4.14).</summary>
/// <param name="monitorOf">A monitor with its groups as they stand; null when there is none.</param>
public sealed partial class DowntimesV2Api(DowntimeBook book, DowntimeNotices notices, IMonitorRules rules, Func<long, MonitorSnapshot?> monitorOf, DatadogGate gate)
{
    /// <summary>Downtimes on a page unless asked otherwise.</summary>
    const int DefaultPageSize = 30;

    /// <summary>Most downtimes on a page. More cannot be asked for.</summary>
    public const int MaxPageSize = 1_000;

    static readonly string[] Attributes =
        ["message", "monitor_identifier", "scope", "display_timezone", "mute_first_recovery_notification", "notify_end_states", "notify_end_types", "schedule"];

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v2/downtime", gate.Before("downtime_v2_create", KeyNeed.ApiAndApplication, Create));
        routes.MapGet("/api/v2/downtime", gate.Before("downtime_v2_list", KeyNeed.ApiAndApplication, List));
        routes.MapGet("/api/v2/downtime/{id}", gate.Before("downtime_v2_get", KeyNeed.ApiAndApplication, http => Answer(http, Find(http))));
        routes.MapPatch("/api/v2/downtime/{id}", gate.Before("downtime_v2_update", KeyNeed.ApiAndApplication, Change));
        routes.MapDelete("/api/v2/downtime/{id}", gate.Before("downtime_v2_cancel", KeyNeed.ApiAndApplication, Cancel));
        routes.MapGet("/api/v2/monitor/{id}/downtime_matches", gate.Before("monitor_downtime_matches", KeyNeed.ApiAndApplication, Matches));
    }

    async Task Create(HttpContext http)
    {
        var attributes = await DatadogBody.ReadAttributes(http, "downtime");
        foreach (var needed in new[] { "monitor_identifier", "scope" })
            if (!attributes.Names(needed)) throw new RefusedException($"data.attributes.{needed} is missing. Send {{\"data\":{{\"type\":\"downtime\",\"attributes\":{{\"monitor_identifier\":{{\"monitor_tags\":[\"*\"]}},\"scope\":\"env:prod\"}}}}}}.");
        var added = DowntimesApi.Refusing(() => book.Add(Read(attributes, new Downtime { Id = 0, Uuid = "", StartUnixSeconds = book.NowUnixSeconds })));
        notices.Scheduled(added);
        await Answer(http, added);
    }

    async Task Change(HttpContext http)
    {
        var before = Find(http);
        var data = (await DatadogBody.ReadRoot(http)).Object("data");
        if (data.Text("type") != "downtime") throw new RefusedException("data.type must be \"downtime\".");
        if (!before.Uuid.Equals(data.Text("id"), StringComparison.OrdinalIgnoreCase)) throw new RefusedException("data.id must be the id in the path.");
        await Answer(http, DowntimesApi.Refusing(() => book.Replace(Read(data.Object("attributes"), before))));
    }

    Task Cancel(HttpContext http)
    {
        var downtime = Find(http);
        if (book.Cancel(downtime) is var canceled && canceled != downtime) notices.Cancelled(canceled);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    Task List(HttpContext http)
    {
        var currentOnly = DatadogParameters.Truth(http, "current_only");
        var found = book.All().Where(downtime => !currentOnly || book.StatusOf(downtime) == DowntimeStatus.Active).ToList();
        var page = PageOf(http, found);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var downtime in page) WriteData(json, downtime);
            json.WriteEndArray();
            WriteIncluded(json, http, page);
            WriteTotal(json, found.Count);
            json.WriteEndObject();
        });
    }

    Task Matches(HttpContext http)
    {
        var rule = (long.TryParse(DatadogParameters.Path(http, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? rules.Find(id) : null) ?? throw new RefusedException("Monitor not found", StatusCodes.Status404NotFound);
        var groups = monitorOf(rule.Id)?.Groups ?? [];
        var found = book.ActiveFor(rule, [.. groups.Select(group => group.Tags)]);
        var page = PageOf(http, found);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var (downtime, silenced) in page)
            {
                var now = Occurrences.CurrentOrNext(downtime, book.NowUnixSeconds)!.Value;
                json.WriteStartObject();
                json.WriteString("id", downtime.Uuid);
                json.WriteString("type", "downtime_match");
                json.WriteStartObject("attributes");
                WriteTimes(json, now);
                json.WriteString("scope", downtime.ScopeText());
                json.WriteTexts("groups", silenced.Select(i => groups[i].Group));
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            WriteTotal(json, found.Count);
            json.WriteEndObject();
        });
    }

    static List<T> PageOf<T>(HttpContext http, IReadOnlyList<T> found) =>
        [.. found.Skip(DatadogParameters.Number(http, "page[offset]", 0, 0, int.MaxValue)).Take(DatadogParameters.Number(http, "page[limit]", DefaultPageSize, 1, MaxPageSize))];

    static void WriteTotal(Utf8JsonWriter json, int count)
    {
        json.WriteStartObject("meta");
        json.WriteStartObject("page");
        json.WriteNumber("total_filtered_count", count);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    Downtime Read(DatadogBody attributes, Downtime before)
    {
        RefuseUnknown(attributes, Attributes);
        var changed = before with
        {
            Message = attributes.Names("message") ? DowntimesApi.Checked(attributes.Text("message") ?? "") : before.Message,
            HasEmptyMessage = attributes.Names("message") ? attributes.Text("message") is "" : before.HasEmptyMessage,
            Scopes = attributes.Text("scope") is { } scope ? [DowntimeScope.Parse(scope).Text] : before.Scopes,
            DisplayTimeZone = attributes.Text("display_timezone") is { } zone ? DowntimesApi.Checked(zone, "display_timezone") : before.DisplayTimeZone,
            MutesFirstRecovery = attributes.Truth("mute_first_recovery_notification") ?? before.MutesFirstRecovery,
            NotifyEndStates = attributes.Texts("notify_end_states") is { } states ? DowntimesApi.StatesOf(states) : before.NotifyEndStates,
        };
        if (attributes.Texts("notify_end_types") is { } types) changed = DowntimesApi.WithEndTypes(changed, types);
        if (attributes.Names("monitor_identifier")) changed = WithMonitor(changed, attributes.Object("monitor_identifier"));
        return attributes.Names("schedule") ? WithSchedule(changed, attributes.Object("schedule")) : changed;
    }

    Downtime WithMonitor(Downtime downtime, DatadogBody identifier)
    {
        RefuseUnknown(identifier, ["monitor_id", "monitor_tags"]);
        if (identifier.Number("monitor_id") is { } id) return downtime with { MonitorId = id is > 0 and < 9e15 && rules.Find((long)id) is { } rule ? rule.Id : throw new RefusedException("Monitor not found"), MonitorTags = [DowntimeScope.Everything] };
        return identifier.Texts("monitor_tags") is { Count: > 0 } tags ? downtime with { MonitorId = null, MonitorTags = DowntimesApi.Checked(tags) } : throw new RefusedException("monitor_identifier needs a monitor_id or monitor_tags; [\"*\"] is every monitor.");
    }

    Downtime WithSchedule(Downtime downtime, DatadogBody schedule)
    {
        if (schedule.Names("recurrences"))
        {
            RefuseUnknown(schedule, ["timezone", "recurrences"]);
            var zoneName = DowntimesApi.Checked(schedule.Text("timezone") ?? "UTC", "schedule.timezone");
            var zone = WallClock.FindZone(zoneName)!;
            var recurrences = schedule.Objects("recurrences").Select(recurrence => RecurrenceOf(recurrence, zone)).ToList();
            if (recurrences.Count is 0 or > Occurrences.MaxRecurrences) throw new RefusedException($"schedule.recurrences must have 1 to {Occurrences.MaxRecurrences} entries.");
            var first = recurrences.MinBy(recurrence => recurrence.StartLocal)!;
            var start = WallClock.UnixSecondsOf(first.StartLocal, zone);
            return downtime with { TimeZone = zoneName, Recurrences = recurrences, Legacy = null, StartUnixSeconds = start, EndUnixSeconds = start + first.DurationSeconds };
        }
        RefuseUnknown(schedule, ["start", "end"]);
        return downtime with { Recurrences = [], Legacy = null, TimeZone = "UTC", StartUnixSeconds = Time(schedule, "start") ?? book.NowUnixSeconds, EndUnixSeconds = Time(schedule, "end") };
    }

    DowntimeRecurrence RecurrenceOf(DatadogBody recurrence, TimeZoneInfo zone)
    {
        RefuseUnknown(recurrence, ["start", "duration", "rrule"]);
        var rule = recurrence.Text("rrule") ?? throw new RefusedException($"{recurrence.Path}.rrule is missing, such as FREQ=WEEKLY;BYDAY=MO.");
        RecurrenceText.Parse(rule);
        var duration = recurrence.Text("duration") ?? throw new RefusedException($"{recurrence.Path}.duration is missing, such as 14h.");
        if (Duration().Match(duration) is not { Success: true } match) throw new RefusedException($"{recurrence.Path}.duration \"{duration}\" must be a whole number and m, h, d or w, such as 14h.");
        var seconds = long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch { "m" => 60, "h" => 3_600, "d" => 86_400, _ => 604_800 };
        var start = recurrence.Text("start") is not { } text ? WallClock.At(book.NowUnixSeconds, zone)
            : DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? local
            : throw new RefusedException($"{recurrence.Path}.start \"{text}\" must be a time on the wall clock of the schedule's time zone, without an offset, such as 2024-05-01T19:00.");
        return new DowntimeRecurrence(start, seconds, rule) { DurationText = duration, StartText = recurrence.Text("start") ?? "" };
    }

    static long? Time(DatadogBody schedule, string member)
    {
        if (schedule.Text(member) is not { } text) return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time.Offset == TimeSpan.Zero && OffsetAtEnd().IsMatch(text) ? time.ToUnixTimeSeconds()
            : throw new RefusedException($"{schedule.Path}.{member} \"{text}\" must be a time with the offset zero, such as 2024-05-01T19:00:00+00:00.");
    }

    static void RefuseUnknown(DatadogBody body, string[] known)
    {
        if (body.MemberNames.FirstOrDefault(member => !known.Contains(member)) is { } unknown) throw new RefusedException($"Additional properties are not allowed ('{unknown}' was unexpected)");
    }

    Downtime Find(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        if (!Guid.TryParseExact(id, "D", out _)) throw new RefusedException("Invalid URL param: downtime_id must be an uuid");
        return book.Find(id) ?? throw new RefusedException("Downtime not found", StatusCodes.Status404NotFound);
    }

    Task Answer(HttpContext http, Downtime downtime) => JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        json.WritePropertyName("data");
        WriteData(json, downtime);
        WriteIncluded(json, http, [downtime]);
        json.WriteEndObject();
    });

    void WriteData(Utf8JsonWriter json, Downtime downtime)
    {
        json.WriteStartObject();
        json.WriteString("type", "downtime");
        json.WriteString("id", downtime.Uuid);
        json.WriteStartObject("attributes");
        if (downtime.HasEmptyMessage && downtime.Message.Length == 0) json.WriteString("message", "");
        else json.WriteTextOrNull("message", downtime.Message);
        json.WriteStartObject("monitor_identifier");
        if (downtime.MonitorId is { } monitor) json.WriteNumber("monitor_id", monitor);
        else json.WriteTexts("monitor_tags", downtime.MonitorTags);
        json.WriteEndObject();
        json.WriteString("scope", downtime.ScopeText());
        json.WriteString("display_timezone", downtime.DisplayTimeZone.Length > 0 ? downtime.DisplayTimeZone : downtime.TimeZone);
        json.WriteBoolean("mute_first_recovery_notification", downtime.MutesFirstRecovery);
        json.WriteTexts("notify_end_states", downtime.NotifyEndStates.Select(DowntimeJson.StateWord));
        json.WriteTexts("notify_end_types", DowntimeJson.EndTypes(downtime));
        WriteSchedule(json, downtime);
        json.WriteString("status", DowntimeJson.StatusWord(book.StatusOf(downtime)));
        json.WriteString("created", Iso(downtime.CreatedUnixMillis));
        json.WriteString("modified", Iso(downtime.ModifiedUnixMillis));
        json.WriteTextOrNull("canceled", downtime.CanceledUnixSeconds is { } canceled ? Iso(canceled * 1000) : null);
        json.WriteEndObject();
        json.WriteStartObject("relationships");
        WriteLink(json, "created_by", DatadogUser.Uuid, "users");
        if (downtime.MonitorId is { } id) WriteLink(json, "monitor", id.ToString(CultureInfo.InvariantCulture), "monitors");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    void WriteSchedule(Utf8JsonWriter json, Downtime downtime)
    {
        json.WriteStartObject("schedule");
        if (!downtime.IsRecurring())
        {
            json.WriteString("start", Iso(downtime.StartUnixSeconds * 1000));
            json.WriteTextOrNull("end", downtime.EndUnixSeconds is { } end ? Iso(end * 1000) : null);
            json.WriteEndObject();
            return;
        }
        json.WriteString("timezone", downtime.TimeZone);
        json.WriteStartArray("recurrences");
        foreach (var recurrence in downtime.Recurrences)
        {
            json.WriteStartObject();
            json.WriteString("start", recurrence.StartText.Length > 0 ? recurrence.StartText : recurrence.StartLocal.ToString(recurrence.StartLocal.Second == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
            json.WriteString("duration", recurrence.DurationText.Length > 0 ? recurrence.DurationText : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, recurrence.DurationSeconds / 60)}m"));
            json.WriteString("rrule", recurrence.Rule);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (Occurrences.CurrentOrNext(downtime, book.NowUnixSeconds) is { } next)
        {
            json.WriteStartObject("current_downtime");
            WriteTimes(json, next);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    static void WriteTimes(Utf8JsonWriter json, DowntimeOccurrence occurrence)
    {
        json.WriteString("start", ShortIso(occurrence.StartUnixSeconds));
        json.WriteTextOrNull("end", occurrence.EndUnixSeconds == long.MaxValue ? null : ShortIso(occurrence.EndUnixSeconds));
    }

    void WriteIncluded(Utf8JsonWriter json, HttpContext http, List<Downtime> shown)
    {
        var wanted = DatadogParameters.Text(http, "include");
        var isAsked = wanted.Length > 0;
        json.WriteStartArray("included");
        if (shown.Count > 0 && (!isAsked || wanted.Contains("created_by", StringComparison.Ordinal)))
        {
            json.WriteStartObject();
            json.WriteString("type", "users");
            json.WriteString("id", DatadogUser.Uuid);
            json.WriteStartObject("attributes");
            DatadogUser.WriteNames(json, shown[0].Creator);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        if (wanted.Contains("monitor", StringComparison.Ordinal))
        {
            foreach (var rule in shown.Select(downtime => downtime.MonitorId).OfType<long>().Distinct().Select(rules.Find).OfType<Core.Monitors.MonitorRule>())
            {
                json.WriteStartObject();
                json.WriteString("type", "monitors");
                json.WriteString("id", rule.Id.ToString(CultureInfo.InvariantCulture));
                json.WriteStartObject("attributes");
                json.WriteString("name", rule.Name);
                json.WriteEndObject();
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }

    static void WriteLink(Utf8JsonWriter json, string name, string id, string type)
    {
        json.WriteStartObject(name);
        json.WriteStartObject("data");
        json.WriteString("id", id);
        json.WriteString("type", type);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static string Iso(long unixMillis) => DateTimeOffset.FromUnixTimeMilliseconds(unixMillis).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", CultureInfo.InvariantCulture);

    static string ShortIso(long unixSeconds) => DateTimeOffset.FromUnixTimeSeconds(unixSeconds).ToString("yyyy-MM-dd'T'HH:mm:ss'+00:00'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d{1,6})([mhdw])$")]
    private static partial Regex Duration();

    [GeneratedRegex(@"(Z|[+-]00:?00)$")]
    private static partial Regex OffsetAtEnd();
}
