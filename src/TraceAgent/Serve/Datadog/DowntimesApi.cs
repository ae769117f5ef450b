using System.Globalization;
using Apm.Core.Downtimes;
using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Notify;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog;

/// <summary>Downtimes by version 1 of the API (metrics-monitors §4.13).</summary>
/// <remarks>Of a downtime that recurs each occurrence is a record with an id of its own (<see cref="DowntimeSeries"/>); what is done by any of them is done to the whole downtime.</remarks>
/// <param name="hosts">Mutes of hosts are shown, and ended, as the downtimes that they are.</param>
public sealed class DowntimesApi(DowntimeBook book, DowntimeNotices notices, IMonitorRules rules, IMuteAll muteAll, HostCatalogue hosts, DatadogGate gate)
{
    /// <summary>Most tags of <c>monitor_tags</c>. More are refused.</summary>
    public const int MaxMonitorTags = 32;

    /// <summary>Most characters of one of them. A longer one is refused.</summary>
    public const int MaxMonitorTagChars = 256;

    /// <summary>Most characters of a message. A longer one is refused.</summary>
    public const int MaxMessageChars = 10_000;

    const long MaxUnixSeconds = 9_000_000_000;

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/downtime", gate.Before("downtime_create", KeyNeed.ApiAndApplication, Create));
        routes.MapGet("/api/v1/downtime", gate.Before("downtime_list", KeyNeed.ApiAndApplication, List));
        routes.MapPost("/api/v1/downtime/cancel/by_scope", gate.Before("downtime_cancel_by_scope", KeyNeed.ApiAndApplication, CancelByScope));
        routes.MapGet("/api/v1/downtime/{id}", gate.Before("downtime_get", KeyNeed.ApiAndApplication, Get));
        routes.MapPut("/api/v1/downtime/{id}", gate.Before("downtime_update", KeyNeed.ApiAndApplication, Change));
        routes.MapDelete("/api/v1/downtime/{id}", gate.Before("downtime_cancel", KeyNeed.ApiAndApplication, Cancel));
        routes.MapGet("/api/v1/monitor/{id}/downtimes", gate.Before("monitor_downtimes", KeyNeed.ApiAndApplication, OfMonitor));
    }

    async Task Create(HttpContext http)
    {
        var body = await DatadogBody.ReadNeeded(http);
        if (!body.Names("scope") && !body.Names("monitor_id")) throw new RefusedException(DowntimeScope.Invalid);
        var added = Refusing(() => book.Add(Read(body, new Downtime { Id = 0, Uuid = "", StartUnixSeconds = book.NowUnixSeconds })));
        notices.Scheduled(added);
        await Answer(http, added);
    }

    Task Get(HttpContext http) =>
        MutedHost(http) is { } host ? JsonAnswer.Write(http, StatusCodes.Status200OK, json => DowntimeJson.WriteHostMute(json, host, host.Mute!)) : Answer(http, Find(http));

    /// <summary>The host whose mute has the id in the path; null when there is none.</summary>
    HostInfo? MutedHost(HttpContext http) => IdOf(http) is > 0 and var id ? MutedHosts().FirstOrDefault(host => host.Mute!.Id == id) : null;

    IEnumerable<HostInfo> MutedHosts() => hosts.All().Where(host => host.IsMutedAt(book.NowUnixSeconds));

    async Task Change(HttpContext http)
    {
        if (MutedHost(http) is { } host) throw new RefusedException($"This is the mute of the host {host.Name}. Change it with POST /api/v1/host/{host.Name}/mute?override=true.");
        var before = Find(http);
        var body = await DatadogBody.ReadNeeded(http);
        var shown = DowntimeSeries.RecordOf(before, IdOf(http), book.NowUnixSeconds);
        await Answer(http, Refusing(() => book.Replace(WithTimes(body, before, shown))));
    }

    Task Cancel(HttpContext http)
    {
        var id = DatadogParameters.Path(http, "id");
        if (id == "0" && muteAll.Unmute()) // The list has it, so it can be cancelled there.
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
        if (MutedHost(http) is { } host)
        {
            hosts.Unmute(host.Name, book.NowUnixSeconds);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }
        var downtime = FindOrNull(id) ?? throw new RefusedException($"Downtime {id} not found", StatusCodes.Status404NotFound);
        CancelAndTell(downtime);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    Task List(HttpContext http)
    {
        var currentOnly = DatadogParameters.Truth(http, "current_only");
        var withCreator = DatadogParameters.Truth(http, "with_creator");
        book.CloseRecords();
        var found = book.All().Where(downtime => !currentOnly || book.StatusOf(downtime) == DowntimeStatus.Active).ToList();
        return AnswerAll(http, found, withCreator, muteAll.SinceUnixSeconds, [.. MutedHosts()]);
    }

    Task OfMonitor(HttpContext http)
    {
        var rule = (long.TryParse(DatadogParameters.Path(http, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? rules.Find(id) : null) ?? throw new RefusedException("Monitor not found", StatusCodes.Status404NotFound);
        book.CloseRecords();
        return AnswerAll(http, book.ActiveFor(rule), withCreator: false);
    }

    async Task CancelByScope(HttpContext http)
    {
        var body = await DatadogBody.ReadNeeded(http);
        var wanted = body.TextOrTexts("scope") is { Count: > 0 } scope ? string.Join(',', scope) : throw new RefusedException(DowntimeScope.Invalid);
        book.CloseRecords();
        var found = book.All().Where(downtime => string.Join(',', downtime.Scopes) == wanted && book.StatusOf(downtime) is (DowntimeStatus.Active or DowntimeStatus.Scheduled)).ToList();
        if (found.Count == 0) throw new RefusedException("No downtimes found", StatusCodes.Status404NotFound);
        foreach (var downtime in found) CancelAndTell(downtime);
        await JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("cancelled_ids");
            foreach (var downtime in found) json.WriteNumberValue(LastRecord(downtime).Id);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    void CancelAndTell(Downtime downtime)
    {
        if (book.Cancel(downtime) is { } canceled && canceled != downtime) notices.Cancelled(canceled);
    }

    /// <summary>
    /// A changed downtime. Times of one that recurs are those of the record that was shown: sent back as they are they change nothing; others begin it anew with them.
    /// </summary>
    Downtime WithTimes(DatadogBody body, Downtime before, DowntimeRecord shown)
    {
        if (!before.IsRecurring()) return Read(body, before);
        long? shownEnd = shown.EndUnixSeconds == long.MaxValue ? null : shown.EndUnixSeconds;
        var isSame = (Seconds(body, "start") ?? shown.StartUnixSeconds) == shown.StartUnixSeconds && (!body.Names("end") || Seconds(body, "end") == shownEnd);
        var staysRecurring = !body.Names("recurrence") || body.Object("recurrence").Exists;
        return isSame && staysRecurring ? Read(body, before, keepsTimes: true) : Read(body, before with { StartUnixSeconds = shown.StartUnixSeconds, EndUnixSeconds = shownEnd });
    }

    /// <summary>A downtime with what a body says of it; what it does not say stays.</summary>
    /// <param name="keepsTimes">Whether start and end stay, whatever the body says.</param>
    Downtime Read(DatadogBody body, Downtime before, bool keepsTimes = false)
    {
        var changed = before with
        {
            Scopes = body.Names("scope") ? ScopesOf(body) : before.Scopes,
            MonitorId = body.Names("monitor_id") ? MonitorIdOf(body) : before.MonitorId,
            MonitorTags = body.Texts("monitor_tags") is { } tags ? Checked(tags) : before.MonitorTags,
            Message = body.Names("message") ? Checked(body.Text("message") ?? "") : before.Message,
            TimeZone = body.Text("timezone") is { } zone ? Checked(zone, "timezone") : before.TimeZone,
            StartUnixSeconds = keepsTimes ? before.StartUnixSeconds : Seconds(body, "start") ?? before.StartUnixSeconds,
            EndUnixSeconds = !keepsTimes && body.Names("end") ? Seconds(body, "end") : before.EndUnixSeconds,
            MutesFirstRecovery = body.Truth("mute_first_recovery_notification") ?? before.MutesFirstRecovery,
            IsDisabled = body.Truth("disabled") ?? before.IsDisabled,
            NotifyEndStates = body.Texts("notify_end_states") is { } states ? StatesOf(states) : before.NotifyEndStates,
        };
        if (body.Texts("notify_end_types") is { } types) changed = WithEndTypes(changed, types);
        var legacy = body.Names("recurrence") ? RecurrenceOf(body.Object("recurrence")) : before.Legacy;
        if (legacy is not null)
        {
            return changed with { Legacy = legacy, Recurrences = [LegacyRecurrences.Read(legacy, changed.StartUnixSeconds, changed.EndUnixSeconds, WallClock.FindZone(changed.TimeZone)!)] };
        }
        return body.Names("recurrence") ? changed with { Legacy = null, Recurrences = [] } : changed;
    }

    static LegacyRecurrence? RecurrenceOf(DatadogBody recurrence)
    {
        if (!recurrence.Exists) return null;
        return new LegacyRecurrence(recurrence.Text("type") ?? throw new RefusedException("Invalid recurrence type"))
        {
            Period = Whole(recurrence, "period"),
            WeekDays = recurrence.Texts("week_days"),
            UntilDate = Seconds(recurrence, "until_date"),
            UntilOccurrences = Whole(recurrence, "until_occurrences"),
            Rrule = recurrence.Text("rrule"),
        };
    }

    static IReadOnlyList<string> ScopesOf(DatadogBody body)
    {
        var scopes = body.TextOrTexts("scope") ?? [DowntimeScope.Everything];
        DowntimeScope.OfTags(scopes);
        return scopes;
    }

    long? MonitorIdOf(DatadogBody body)
    {
        if (body.Number("monitor_id") is not { } number) return null;
        return number is > 0 and < 9e15 && rules.Find((long)number) is { } rule ? rule.Id : throw new RefusedException("Monitor not found");
    }

    internal static IReadOnlyList<string> Checked(IReadOnlyList<string> monitorTags)
    {
        if (monitorTags.Count > MaxMonitorTags || monitorTags.Any(tag => tag.Length > MaxMonitorTagChars)) throw new RefusedException($"monitor_tags takes at most {MaxMonitorTags} tags of {MaxMonitorTagChars} characters.");
        return monitorTags.Count == 0 ? [DowntimeScope.Everything] : monitorTags;
    }

    internal static string Checked(string message) => message.Length <= MaxMessageChars ? message : throw new RefusedException($"The message has {message.Length} characters; {MaxMessageChars} are the most.");

    internal static string Checked(string zone, string parameter) => WallClock.FindZone(zone) is not null ? zone : throw new RefusedException($"The parameter '{parameter}' is no time zone: \"{zone}\". Write a name such as America/New_York or UTC.");

    internal static IReadOnlyList<MonitorState> StatesOf(IReadOnlyList<string> words) =>
        [.. words.Select(word => word switch { "alert" => MonitorState.Alert, "warn" => MonitorState.Warn, "no data" => MonitorState.NoData, _ => throw new RefusedException($"notify_end_states \"{word}\" is not known. There are: alert, warn, no data.") }).Distinct()];

    internal static Downtime WithEndTypes(Downtime downtime, IReadOnlyList<string> words)
    {
        if (words.FirstOrDefault(word => word is not ("expired" or "canceled")) is { } unknown) throw new RefusedException($"notify_end_types \"{unknown}\" is not known. There are: expired, canceled.");
        return downtime with { TellsWhenExpired = words.Contains("expired"), TellsWhenCanceled = words.Contains("canceled") };
    }

    /// <summary>What a rule of downtimes says is the answer.</summary>
    internal static Downtime Refusing(Func<Downtime> make)
    {
        try
        {
            return make();
        }
        catch (DowntimeException wrong)
        {
            throw new RefusedException(wrong.Message);
        }
    }

    static long? Seconds(DatadogBody body, string member)
    {
        if (body.Number(member) is not { } seconds) return null;
        return seconds is >= 0 and <= MaxUnixSeconds ? (long)seconds : throw new RefusedException($"The parameter '{member}' is no time. Give it in Unix seconds, such as 1700000000.");
    }

    static int? Whole(DatadogBody body, string member)
    {
        if (body.Number(member) is not { } number) return null;
        return number is >= 0 and <= 1_000_000 && Math.Truncate(number) == number ? (int)number : throw new RefusedException($"{member} must be a whole number from 1.");
    }

    Downtime Find(HttpContext http) => FindOrNull(DatadogParameters.Path(http, "id")) ?? throw new RefusedException("Downtime not found", StatusCodes.Status404NotFound);

    Downtime? FindOrNull(string id)
    {
        book.CloseRecords();
        return long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? book.Find(number) : null;
    }

    /// <summary>The id in the path; 0 when there is none.</summary>
    static long IdOf(HttpContext http) => long.TryParse(DatadogParameters.Path(http, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    DowntimeRecord LastRecord(Downtime downtime) => DowntimeSeries.LastRecordOf(downtime, book.NowUnixSeconds);

    Task Answer(HttpContext http, Downtime downtime) => JsonAnswer.Write(http, StatusCodes.Status200OK, json => DowntimeJson.Write(json, downtime, DowntimeSeries.RecordOf(downtime, IdOf(http), book.NowUnixSeconds), book, withCreator: false));

    /// <param name="mutedSince">Since when the switch mutes all monitors, which is a downtime too; null when it is off.</param>
    /// <param name="muted">Hosts whose mutes are shown.</param>
    Task AnswerAll(HttpContext http, IReadOnlyList<Downtime> downtimes, bool withCreator, long? mutedSince = null, IReadOnlyList<HostInfo>? muted = null) => JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartArray();
        if (mutedSince is { } since) DowntimeJson.WriteMuteAll(json, since);
        foreach (var downtime in downtimes) DowntimeJson.Write(json, downtime, LastRecord(downtime), book, withCreator);
        foreach (var host in muted ?? []) DowntimeJson.WriteHostMute(json, host, host.Mute!);
        json.WriteEndArray();
    });
}
