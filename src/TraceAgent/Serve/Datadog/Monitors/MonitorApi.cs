using System.Globalization;
using System.Text.Json;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>Monitors: made, read, changed, deleted, checked (metrics-monitors §4.12). Muting and searching stand beside.</summary>
public sealed class MonitorApi(MonitorRules rules, MonitorStates states, DowntimeBook downtimes, DatadogGate gate, TimeProvider clock)
{
    /// <summary>Most monitors of a page of the list; Datadog's figure.</summary>
    public const int MaxMonitorsOfPage = 1_000;

    const int DefaultMonitorsOfPage = 100;

    static readonly string[] s_groupStates = ["all", "alert", "warn", "no data", "ok"];

    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/monitor", Before("monitor_create", Create));
        routes.MapGet("/api/v1/monitor", Before("monitor_list", List));
        routes.MapGet("/api/v1/monitor/{id}", Before("monitor_get", Get));
        routes.MapPut("/api/v1/monitor/{id}", Before("monitor_update", Update));
        routes.MapDelete("/api/v1/monitor/{id}", Before("monitor_delete", http => Delete(http, DatadogParameters.Truth(http, "force"))));
        routes.MapPost("/api/v1/monitor/{id}/force_delete", Before("monitor_delete", http => Delete(http, force: true)));
        routes.MapPost("/api/v1/monitor/validate", Before("monitor_validate", http => Validate(http, null)));
        routes.MapPost("/api/v1/monitor/{id}/validate", Before("monitor_validate", http => Validate(http, Known(http).Rule)));
        routes.MapGet("/api/v1/monitor/can_delete", Before("monitor_can_delete", CanDelete));
    }

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    RequestDelegate Before(string name, RequestDelegate answer) => gate.Before(name, KeyNeed.ApiAndApplication, http => MonitorErrors.Answer(http, answer));

    async Task Create(HttpContext http)
    {
        var known = rules.Add(RuleOf(await DatadogBody.ReadNeeded(http), null));
        await Write(http, known.Rule.Id, _ => new MonitorDetail());
    }

    Task Get(HttpContext http)
    {
        var id = Known(http).Rule.Id;
        return Write(http, id, monitor => Detail(http, monitor));
    }

    async Task Update(HttpContext http)
    {
        var id = Known(http).Rule.Id;
        var body = await DatadogBody.ReadNeeded(http);
        rules.Change(id, before => RuleOf(body, before));
        await Write(http, id, _ => new MonitorDetail { WithCreator = false });
    }

    Task Delete(HttpContext http, bool force)
    {
        var id = IdOf(http);
        rules.Remove(id, force);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("deleted_monitor_id", id);
            json.WriteEndObject();
        });
    }

    async Task Validate(HttpContext http, MonitorRule? before)
    {
        rules.Check(RuleOf(await DatadogBody.ReadNeeded(http), before));
        await JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteEndObject();
        });
    }

    Task List(HttpContext http)
    {
        var (name, tags, ownTags) = (DatadogParameters.Text(http, "name"), DatadogParameters.List(http, "tags"), DatadogParameters.List(http, "monitor_tags"));
        var after = DatadogParameters.Number(http, "id_offset", 0, 0, int.MaxValue);
        var page = DatadogParameters.Number(http, "page", 0, 0, int.MaxValue / MaxMonitorsOfPage);
        var isPaged = DatadogParameters.Text(http, "page").Length > 0 || DatadogParameters.Text(http, "page_size").Length > 0;
        var size = DatadogParameters.Number(http, "page_size", DefaultMonitorsOfPage, 1, MaxMonitorsOfPage);
        _ = GroupStates(http); // A wrong one is refused, also when the list is empty.
        var found = states.All().Where(monitor =>
            monitor.Rule.Id > after
            && monitor.Rule.Name.Contains(name, StringComparison.OrdinalIgnoreCase)
            && ownTags.All(tag => monitor.Rule.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase))
            && (tags.Count == 0 || tags.All(QueryTags.NamedBy(monitor.Rule).Contains)));
        var given = isPaged ? found.Skip(page * size).Take(size) : found;
        var now = NowUnixSeconds;
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var monitor in given) MonitorJson.Write(json, monitor, Detail(http, monitor), now);
            json.WriteEndArray();
        });
    }

    Task CanDelete(HttpContext http)
    {
        var ids = DatadogParameters.List(http, "monitor_ids").Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw new RefusedException($"The parameter 'monitor_ids' has \"{text}\", which is no id. Write monitor_ids=1,2.")).ToList();
        if (ids.Count == 0) throw new RefusedException("The parameter 'monitor_ids' is missing. Write monitor_ids=1,2.");
        if (ids.Exists(id => rules.Find(id) is null)) throw new RefusedException("Monitor not found", StatusCodes.Status404NotFound);
        var kept = ids.Select(id => (Id: id, Reason: rules.WhyKept(id))).ToList();
        var isOk = kept.TrueForAll(one => one.Reason is null);
        return JsonAnswer.Write(http, isOk ? StatusCodes.Status200OK : StatusCodes.Status409Conflict, json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("data");
            json.WriteStartArray("ok");
            foreach (var one in kept) if (one.Reason is null) json.WriteNumberValue(one.Id);
            json.WriteEndArray();
            json.WriteEndObject();
            if (isOk) json.WriteNull("errors");
            else
            {
                json.WriteStartObject("errors");
                foreach (var (id, reason) in kept) if (reason is not null) json.WriteTexts(id.ToString(CultureInfo.InvariantCulture), [reason]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        });
    }

    Task Write(HttpContext http, long id, Func<MonitorSnapshot, MonitorDetail> detailOf)
    {
        var monitor = states.Find(id) ?? throw new RefusedException("Monitor not found", StatusCodes.Status404NotFound);
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json => MonitorJson.Write(json, monitor, detailOf(monitor), NowUnixSeconds));
    }

    MonitorDetail Detail(HttpContext http, MonitorSnapshot monitor) => new()
    {
        GroupStates = GroupStates(http),
        Downtimes = DatadogParameters.Truth(http, "with_downtimes") ? DowntimesOf(monitor) : null,
    };

    /// <summary>Mutes of the monitor itself are not among them: they have no id, and stand in its options.</summary>
    List<MatchingDowntime> DowntimesOf(MonitorSnapshot monitor)
    {
        downtimes.CloseRecords();
        return [.. downtimes.ActiveFor(monitor.Rule, [.. monitor.Groups.Select(group => group.Tags)]).Select(match => new MatchingDowntime(match.Downtime, DowntimeSeries.LastRecordOf(match.Downtime, NowUnixSeconds)))];
    }

    static List<string>? GroupStates(HttpContext http)
    {
        var asked = DatadogParameters.List(http, "group_states").Select(state => state.ToLowerInvariant()).ToList();
        if (asked.Exists(state => !s_groupStates.Contains(state))) throw new RefusedException("Invalid group_state filters.");
        return asked.Count == 0 ? null : asked.Contains("all") ? [] : asked;
    }

    /// <summary>What a body makes of a rule: members that are not there keep their values, options are replaced as a whole.</summary>
    internal static MonitorRule RuleOf(DatadogBody body, MonitorRule? before)
    {
        var priority = body.Names("priority") ? body.Number("priority") : before?.Priority;
        if (priority is { } given && given != Math.Floor(given)) throw new RefusedException("priority must be a whole number from 1 to 5, or null.");
        return new MonitorRule
        {
            Type = body.Text("type") ?? before?.Type ?? "",
            Query = (body.Text("query") ?? before?.Query ?? "").Trim(),
            Name = body.Text("name") ?? before?.Name ?? "",
            Message = body.Text("message") ?? before?.Message ?? "",
            Tags = body.Texts("tags") ?? before?.Tags ?? [],
            Priority = priority is { } number ? (int)Math.Clamp(number, -1, 100) : null,
            Options = body.Names("options") || before is null ? MonitorOptionsJson.Read(body.Object("options")) : before.Options,
            OthersJson = MonitorOthersJson.Read(body, before?.OthersJson ?? ""),
            Creator = DatadogUser.Handle,
        };
    }

    KnownRule Known(HttpContext http) => rules.Find(IdOf(http)) ?? throw new RefusedException("Monitor not found", StatusCodes.Status404NotFound);

    internal static long IdOf(HttpContext http) => long.TryParse(DatadogParameters.Path(http, "id"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
}
