using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Charts;
using Apm.Core.Downtimes;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Notify;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Downtimes;

/// <summary>Makes and ends downtimes from the page, and goes back to it.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class DowntimeForms
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapTextForm("/ui/downtimes", Make, "The downtime was not made.");
        routes.MapTextForm("/ui/downtimes/cancel", Cancel, "The downtime was not cancelled.");
    }

    static Task Make(HttpContext context, IFormCollection form) => Answer(context, (book, notices) =>
    {
        string Field(string name) => form[name].ToString().Trim();
        var zone = Field("zone");
        var clock = WallClock.FindZone(zone) ?? throw new DowntimeException($"\"{zone}\" is no time zone. Write a name such as America/New_York or UTC.");
        var from = Local(Field("start"), "From") ?? throw new DowntimeException("Say from when.");
        var until = Local(Field("end"), "Until");
        var wanted = new Downtime
        {
            Id = 0, Uuid = "",
            MonitorId = long.TryParse(Field("monitor"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null,
            MonitorTags = Field("tags").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } given ? given : [DowntimeScope.Everything],
            Scopes = [DowntimeScope.Parse(Field("scope")).Text],
            Message = Field("message"),
            TimeZone = zone,
            StartUnixSeconds = WallClock.UnixSecondsOf(from, clock),
            EndUnixSeconds = until is { } last ? WallClock.UnixSecondsOf(last, clock) : null,
            MutesFirstRecovery = Field("quiet") == "1",
        };
        if (form["days"] is { Count: > 0 } days)
        {
            if (until is not { } first) throw new DowntimeException("One that comes every week needs an end: that of its first time.");
            var rule = "FREQ=WEEKLY;BYDAY=" + string.Join(',', days.ToArray());
            RecurrenceText.Parse(rule);
            wanted = wanted with { Recurrences = [new DowntimeRecurrence(from, (long)(first - from).TotalSeconds, rule)] };
        }
        notices.Scheduled(book.Add(wanted));
    });

    static Task Cancel(HttpContext context, [FromForm] long id) => Answer(context, (book, notices) =>
    {
        var downtime = book.Find(id) ?? throw new DowntimeException("There is no such downtime any more. Load the page again.");
        if (book.Cancel(downtime) is var canceled && canceled != downtime) notices.Cancelled(canceled);
    });

    static DateTime? Local(string? text, string name)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        return DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : throw new DowntimeException($"\"{name}\" is no time: {text}. Write it as 2026-11-29T19:00.");
    }

    static async Task Answer(HttpContext context, Action<DowntimeBook, DowntimeNotices> change)
    {
        try
        {
            change(context.RequestServices.GetRequiredService<DowntimeBook>(), context.RequestServices.GetRequiredService<DowntimeNotices>());
        }
        catch (DowntimeException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, wrong.Message);
            return;
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, "Nothing was changed: " + problem.Message);
            return;
        }
        context.Response.Headers.Location = "/monitors/downtimes";
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }
}
