using System.Globalization;
using Apm.ApmUi.Links;
using Apm.ApmUi.Charts;
using Apm.Core.Downtimes;
using Apm.Core.Ports;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Notify;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Downtimes;

/// <summary>Makes, changes and ends downtimes from the page, and goes back to it.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class DowntimeForms
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapTextForm("/ui/downtimes", Save, "Nothing was changed.");
        routes.MapTextForm("/ui/downtimes/cancel", Cancel, "The downtime was not cancelled.");
        routes.MapPost("/ui/fragment/downtime", Preview);
    }

    static Task Save(HttpContext context, IFormCollection sent) => Answer(context, (book, notices) =>
    {
        var form = DowntimeForm.Read(name => sent[name]);
        if (BeforeOf(sent, book) is { } before) book.Replace(form.Apply(before));
        else notices.Scheduled(book.Add(form.Apply(null)));
    });

    static RazorComponentResult<DowntimePreview> Preview(IFormCollection sent, DowntimeBook book, IMonitorRules rules)
    {
        try
        {
            var downtime = DowntimeForm.Read(name => sent[name]).Apply(BeforeOf(sent, book));
            var next = DowntimesView.NextOf(downtime, book.NowUnixSeconds);
            if (next.Count == 0) return new(new { Problem = "It would never hold: it is over before it begins, or no time fits its rule." });
            return new(new { Sentence = DowntimesView.SentenceOf(downtime, rules), Next = next });
        }
        catch (DowntimeException wrong)
        {
            return new(new { Problem = wrong.Message });
        }
    }

    /// <summary>What a form changes; null for a new one.</summary>
    /// <exception cref="DowntimeException">It is gone, or over.</exception>
    static Downtime? BeforeOf(IFormCollection sent, DowntimeBook book)
    {
        if (!long.TryParse(sent["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return null;
        var before = book.Find(id) ?? throw new DowntimeException("There is no such downtime any more. Load the page again.");
        return book.StatusOf(before) is DowntimeStatus.Canceled or DowntimeStatus.Ended ? throw new DowntimeException("It is over, and its record stays as it is. Make a new one.") : before;
    }

    static Task Cancel(HttpContext context, [FromForm] long id) => Answer(context, (book, notices) =>
    {
        var downtime = book.Find(id) ?? throw new DowntimeException("There is no such downtime any more. Load the page again.");
        if (book.Cancel(downtime) is var canceled && canceled != downtime) notices.Cancelled(canceled);
    });

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
