using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Monitors.Delivery;
using Apm.Monitors.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Deliveries;

/// <summary>Shows a mail of the outbox as its reader sees it, and has one tried again.</summary>
public static class OutboxForms
{
    const string PageOfAll = "/monitors/outbox";
    const string NotTried = "The delivery was not tried again.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/outbox/{id}/mail", Mail);
        routes.MapForm("/ui/outbox/retry", Retry, NotTried);
    }

    static async Task Mail(HttpContext context, string id)
    {
        if (context.RequestServices.GetRequiredService<Outbox>().Find(id) is not { Html.Length: > 0 } delivery)
        {
            await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "There is no such mail in the outbox any more.");
            return;
        }
        // It is made of what users and their systems wrote; whatever got into it does nothing here.
        context.Response.Headers.ContentSecurityPolicy = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src https: http:";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.ContentType = "text/html; charset=utf-8";
        var text = delivery.Bundle.Count + delivery.BundleLeftOutCount > 1 ? MailText.OfSeveral(delivery.About, delivery.Kind, delivery.Url, delivery.Bundle, delivery.BundleLeftOutCount).Html : delivery.Html;
        if (delivery.SnapshotId.Length > 0) text = text.Replace(MailPage.ChartMark, MailPage.Picture(Snapshot.PicturePath + delivery.SnapshotId + Snapshot.PictureEnding, delivery.Url, delivery.About), StringComparison.Ordinal);
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    static IResult Retry(HttpContext context, [FromForm] string id)
    {
        try
        {
            return context.RequestServices.GetRequiredService<Outbox>().Retry(id)
                ? Forms.Done(context, PageOfAll)
                : Forms.Refuse(context, StatusCodes.Status404NotFound, new Refusal(NotTried, "It went out in the meantime, is just being sent, or is not in the outbox any more: see its line."), PageOfAll);
        }
        catch (StoreUnavailableException problem)
        {
            return Forms.Refuse(context, StatusCodes.Status503ServiceUnavailable, new Refusal(NotTried, problem.Message), PageOfAll);
        }
    }
}
