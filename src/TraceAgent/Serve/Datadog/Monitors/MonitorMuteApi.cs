using System.Text.Json;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>
/// Mutes on monitors themselves, and of all of them (metrics-monitors §8.5). Downtimes say more and stand elsewhere. <c>until_resolved</c> is ours: the
/// mute of the whole monitor ends by itself when all of its groups are OK.
/// </summary>
public sealed class MonitorMuteApi(MonitorRules rules, MonitorStates states, IMuteAll muteAll, DatadogGate gate, TimeProvider clock)
{
    /// <summary>Maps the endpoints.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/monitor/{id}/mute", Before("monitor_mute", Mute));
        routes.MapPost("/api/v1/monitor/{id}/unmute", Before("monitor_unmute", Unmute));
        routes.MapPost("/api/v1/monitor/mute_all", Before("monitor_mute_all", MuteAll));
        routes.MapPost("/api/v1/monitor/unmute_all", Before("monitor_unmute_all", UnmuteAll));
    }

    const string Everything = "*";

    long NowUnixSeconds => clock.NowUnixNanos() / UnixTime.NanosPerSecond;

    RequestDelegate Before(string name, RequestDelegate answer) => gate.Before(name, KeyNeed.ApiAndApplication, http => MonitorErrors.Answer(http, answer));

    async Task Mute(HttpContext http)
    {
        var body = await DatadogBody.ReadRoot(http);
        var (now, scope, end) = (NowUnixSeconds, Scope(http, body), DatadogParameters.Seconds(body, "end") ?? DatadogParameters.Seconds(http, "end"));
        if (end <= now) throw new RefusedException($"The parameter 'end' ({end}) lies behind now ({now}). It is in Unix seconds, not milliseconds.");
        var untilResolved = body.Truth("until_resolved") ?? DatadogParameters.Truth(http, "until_resolved");
        if (untilResolved && scope != Everything) throw new RefusedException($"'until_resolved' goes with the whole monitor, not with a scope (\"{scope}\"): it ends when all of the groups are OK. Leave one of them out.");
        await Change(http, silenced => silenced[scope] = end, before => scope == Everything ? untilResolved : before);
    }

    async Task Unmute(HttpContext http)
    {
        var body = await DatadogBody.ReadRoot(http);
        var isAll = body.Truth("all_scopes") ?? DatadogParameters.Truth(http, "all_scopes");
        var scope = Scope(http, body);
        await Change(http, silenced =>
        {
            if (isAll) silenced.Clear();
            else silenced.Remove(scope);
        }, before => before && !isAll && scope != Everything);
    }

    /// <param name="untilResolved">From whether the mutes end by themselves to whether they do then.</param>
    Task Change(HttpContext http, Action<Dictionary<string, long?>> change, Func<bool, bool> untilResolved)
    {
        var (id, now) = (MonitorApi.IdOf(http), NowUnixSeconds);
        rules.Change(id, rule =>
        {
            var silenced = rule.Options.Silenced.Where(pair => pair.Value is null || pair.Value > now).ToDictionary();
            change(silenced);
            return rule with { Options = rule.Options with { Silenced = silenced, MutesUntilResolved = untilResolved(rule.Options.MutesUntilResolved) } };
        });
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json => MonitorJson.Write(json, states.Find(id)!, new MonitorDetail(), now));
    }

    Task MuteAll(HttpContext http)
    {
        if (muteAll.Mute(NowUnixSeconds) is not { } since) throw new RefusedException("All monitors are muted already. POST /api/v1/monitor/unmute_all ends it.");
        return JsonAnswer.Write(http, StatusCodes.Status200OK, json => DowntimeJson.WriteMuteAll(json, since));
    }

    Task UnmuteAll(HttpContext http)
    {
        muteAll.Unmute();
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    static string Scope(HttpContext http, DatadogBody body) => (body.Text("scope") ?? DatadogParameters.Text(http, "scope")) is { Length: > 0 } scope ? scope : Everything;
}
