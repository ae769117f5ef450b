using System.Globalization;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Monitors;

/// <summary>What is done to monitors from their pages: muted for a while, heard again, deleted. And the chart of one: <c>/ui/data/monitor?id=</c>.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class MonitorActions
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapForm("/ui/monitors/mute", Mute, "Nothing was muted.");
        routes.MapForm("/ui/monitors/unmute", Unmute, "Nothing was changed.");
        routes.MapForm("/ui/monitors/unmute-all", UnmuteAll, "Nothing was changed.");
        routes.MapForm("/ui/monitors/delete", Delete, "Nothing was deleted.");
        routes.MapGet("/ui/data/monitor", Chart);
    }

    /// <summary>Until when a mute holds: <c>1h</c>, <c>4h</c>, <c>tomorrow</c> (nine o'clock there); null for <c>resolved</c> (all of its groups are OK) and <c>forever</c>, which end otherwise.</summary>
    /// <exception cref="MonitorRuleException">It is none of these.</exception>
    public static long? MuteEnd(string until, DateTimeOffset now, TimeZoneInfo zone) => until switch
    {
        "1h" => now.AddHours(1).ToUnixTimeSeconds(),
        "4h" => now.AddHours(4).ToUnixTimeSeconds(),
        "tomorrow" => Morning(now, zone),
        "resolved" or "forever" => null,
        _ => throw new MonitorRuleException(RuleRefusal.Wrong, $"“{until}” is no time to mute for. There are: 1h, 4h, tomorrow, resolved, forever."),
    };

    static long Morning(DateTimeOffset now, TimeZoneInfo zone)
    {
        var morning = TimeZoneInfo.ConvertTime(now, zone).Date.AddDays(1).AddHours(9);
        return new DateTimeOffset(morning, zone.GetUtcOffset(morning)).ToUnixTimeSeconds();
    }

    static IResult Mute(HttpContext context, IFormCollection form, MonitorRules rules, PageState state) => Do(context, "It was not muted.", () =>
    {
        var (until, ids) = (form["until"].ToString(), IdsIn(form));
        var end = MuteEnd(until, state.Now, state.Zone);
        foreach (var id in ids) SetMutes(rules, id, state, untilResolved: until == "resolved", silenced => silenced["*"] = end);
    });

    static IResult Unmute(HttpContext context, IFormCollection form, MonitorRules rules, PageState state) => Do(context, "It is muted as before.", () =>
    {
        foreach (var id in IdsIn(form)) SetMutes(rules, id, state, untilResolved: false, silenced => silenced.Clear());
    });

    static IResult UnmuteAll(HttpContext context, IMuteAll muteAll) => Do(context, "All are muted as before.", () => muteAll.Unmute());

    static IResult Delete(HttpContext context, IFormCollection form, MonitorRules rules) => Do(context, "It was not deleted.", () =>
    {
        foreach (var id in IdsIn(form)) rules.Remove(id, force: false);
    }, "/monitors");

    static void SetMutes(MonitorRules rules, long id, PageState state, bool untilResolved, Action<Dictionary<string, long?>> change)
    {
        var now = state.NowUnixNanos / UnixTime.NanosPerSecond;
        rules.Change(id, rule =>
        {
            var silenced = rule.Options.Silenced.Where(pair => pair.Value is null || pair.Value > now).ToDictionary();
            change(silenced);
            return rule with { Options = rule.Options with { Silenced = silenced, MutesUntilResolved = untilResolved } };
        });
    }

    static List<long> IdsIn(IFormCollection form)
    {
        var ids = form["id"].Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0).ToList();
        return ids.Count > 0 ? ids : throw new MonitorRuleException(RuleRefusal.Wrong, "No monitor is chosen. Tick some in the list.");
    }

    /// <summary>What was compared, over the time of the page.</summary>
    static async Task Chart(HttpContext context, PageState state, MonitorRules rules, MonitorReplay replay, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        if (!long.TryParse(state.Url["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) || rules.Find(id) is not { Query: not null } known)
        {
            await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "There is no such monitor any more.");
            return;
        }
        try
        {
            var range = state.Window.Range;
            var result = replay.Between(known, range.FromUnixNanos / UnixTime.NanosPerSecond, range.ToUnixNanos / UnixTime.NanosPerSecond, context.RequestAborted);
            await DataAnswer.Write(context, ReplayChart.Of(known, result) with { FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond, ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond, Note = result.StoppedReason.Length > 0 ? result.StoppedReason : null }, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, problem.Message);
        }
    }

    static IResult Do(HttpContext context, string what, Action change, string then = "")
    {
        try
        {
            change();
        }
        catch (MonitorRuleException wrong)
        {
            var status = wrong.Refusal switch { RuleRefusal.NotFound => StatusCodes.Status404NotFound, RuleRefusal.Referenced => StatusCodes.Status409Conflict, _ => StatusCodes.Status400BadRequest };
            return Forms.Refuse(context, status, new Refusal(what, string.Join(' ', wrong.Errors)), "/monitors");
        }
        catch (StoreUnavailableException problem)
        {
            return Forms.Refuse(context, StatusCodes.Status503ServiceUnavailable, new Refusal(what, problem.Message), "/monitors");
        }
        if (then.Length == 0) return Forms.Done(context, "/monitors");
        context.Response.Headers.Location = then;
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>Does what a form asks that stays open when it is refused, and says where to go then.</summary>
    internal static async Task Answer(HttpContext context, Func<string> change)
    {
        try
        {
            context.Response.Headers.Location = change();
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
        }
        catch (MonitorRuleException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, string.Join(' ', wrong.Errors));
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, "Nothing was saved: " + problem.Message);
        }
    }
}
