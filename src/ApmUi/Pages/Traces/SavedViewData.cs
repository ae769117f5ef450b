using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Core.Views;
using Apm.Query.Filters;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>Saves, renames and deletes views of the list of traces, and goes back to the page.</summary>
/// <remarks>Forms with a token: a page of another site cannot send them.</remarks>
public static class SavedViewData
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/ui/traces/views", Save);
        routes.MapPost("/ui/traces/views/rename", Rename);
        routes.MapPost("/ui/traces/views/remove", Remove);
    }

    static Task Save(HttpContext context, SavedViews views, [FromForm] string? name, [FromForm] string back) => Answer(context, back, here =>
    {
        var view = SavedViewLinks.Of(here, name ?? "");
        try
        {
            TraceFilterParser.Parse(view.Query);
        }
        catch (QueryTextException error)
        {
            throw new SavedViewException("The query cannot be read, so it was not saved. " + error.Message);
        }
        views.Save(view);
    });

    static Task Rename(HttpContext context, SavedViews views, [FromForm] string name, [FromForm] string? to, [FromForm] string back) =>
        Answer(context, back, _ => views.Rename(name, to ?? ""));

    static Task Remove(HttpContext context, SavedViews views, [FromForm] string name, [FromForm] string back) =>
        Answer(context, back, _ => views.Remove(name));

    static async Task Answer(HttpContext context, string back, Action<PageUrl> change)
    {
        var here = PageUrl.Parse(PageUrl.IsOurs(back) ? back : "/traces");
        try
        {
            change(here);
        }
        catch (SavedViewException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, problem.Message);
            return;
        }
        catch (StoreUnavailableException problem)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, "Nothing was changed: " + problem.Message);
            return;
        }
        context.Response.Headers.Location = here.ToString();
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
    }
}
