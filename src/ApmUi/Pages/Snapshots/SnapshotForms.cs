using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.ApmUi.Snapshots;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Snapshots;

/// <summary>
/// Shares the chart of a page: <c>/ui/fragment/snapshot</c> is the form, <c>/ui/snapshots/preview</c> the picture as it would be sent, and
/// <c>POST /ui/snapshots</c> takes it. All three are told the chart as <c>src</c>, the address of its data.
/// </summary>
/// <remarks>The form has a token: a page of another site cannot send mails by it.</remarks>
public static class SnapshotForms
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/fragment/snapshot", (string src, string title, string page) => new RazorComponentResult<SnapshotForm>(new { Source = src, Title = title, Page = page }));
        routes.MapGet("/ui/snapshots/preview", Preview);
        routes.MapTextForm("/ui/snapshots", Share, "No picture was taken.");
    }

    static Task Preview(HttpContext context, string src, string title) => Answer(context, async () =>
    {
        var png = (await Chart(context, src, title, "/")).PaintPng();
        context.Response.ContentType = "image/png";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(png, context.RequestAborted);
    });

    static Task Share(HttpContext context, IFormCollection form) => Answer(context, async () =>
    {
        string Field(string name) => form[name].ToString();
        var chart = await Chart(context, Field("src"), Field("title"), Field("page"));
        var snapshot = context.RequestServices.GetRequiredService<SnapshotDesk>().Share(chart, Field("comment"));
        context.Response.Headers.Location = SnapshotDesk.PageOf(snapshot);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    });

    static async Task<SharedChart> Chart(HttpContext context, string source, string title, string page) =>
        new(await context.RequestServices.GetRequiredService<InsideData>().Read(source, context), title, PageUrl.IsOurs(page) ? page : "/", source);

    static async Task Answer(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (Exception refused) when (refused is InsideDataException or SnapshotException)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "No picture was taken: " + refused.Message);
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, "No picture was taken: " + problem.Message);
        }
    }
}
