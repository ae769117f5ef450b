using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Core.Views;
using Apm.Query.Filters;
using Apm.Query.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>Saves, renames and deletes views of the list of traces, and goes back to the page.</summary>
public static class SavedViewData
{
    const string Page = "/traces";
    const string NotSaved = "The view was not saved.";
    const string NotRenamed = "The view was not renamed.";
    const string NotDeleted = "The view was not deleted.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapForm("/ui/traces/views", Save, NotSaved);
        routes.MapForm("/ui/traces/views/rename", Rename, NotRenamed);
        routes.MapForm("/ui/traces/views/remove", Remove, NotDeleted);
    }

    static IResult Save(HttpContext context, SavedViews views, [FromForm] string? name, [FromForm] string? back) => Answer(context, NotSaved, () =>
    {
        var view = SavedViewLinks.Of(PageUrl.Parse(back ?? Page), name ?? "");
        try
        {
            TraceFilterParser.Parse(view.Query);
        }
        catch (QueryTextException error)
        {
            throw new SavedViewException("The query cannot be read. " + error.Message);
        }
        views.Save(view);
    });

    static IResult Rename(HttpContext context, SavedViews views, [FromForm] string? name, [FromForm] string? to) => Answer(context, NotRenamed, () => views.Rename(name ?? "", to ?? ""));

    static IResult Remove(HttpContext context, SavedViews views, [FromForm] string? name) => Answer(context, NotDeleted, () => views.Remove(name ?? ""));

    static IResult Answer(HttpContext context, string whatNot, Action change)
    {
        try
        {
            change();
            return Forms.Done(context, Page);
        }
        catch (SavedViewException problem)
        {
            return Forms.Refuse(context, StatusCodes.Status400BadRequest, new Refusal(whatNot, problem.Message), Page);
        }
        catch (StoreUnavailableException problem)
        {
            return Forms.Refuse(context, StatusCodes.Status503ServiceUnavailable, new Refusal(whatNot, problem.Message + " Try again."), Page);
        }
    }
}
