using Apm.ApmUi.Links;
using Apm.Core.Errors;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>Takes what was decided about an issue and goes back to the page it was decided on.</summary>
/// <remarks>A form with a token: a page of another site cannot send it.</remarks>
public static class IssueDecisions
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/ui/errors/decision", Decide);

    static IResult Decide(HttpContext context, IErrorIssues issues, [FromForm] string id, [FromForm] string action, [FromForm] string back)
    {
        if (!Enum.TryParse<IssueAction>(action, out var decided) || !Enum.IsDefined(decided)) return Results.BadRequest($"\"{action}\" is no decision about an issue. Decisions are Resolve, Ignore and Reopen.");
        if (!IssueId.TryParse(id, out var issue)) return Results.BadRequest($"\"{id}\" is no id of an issue: it has 16 hex digits.");
        try
        {
            if (issues.Decide(issue, decided) is null) return Results.NotFound($"There is no issue {id} any more.");
        }
        catch (StoreUnavailableException)
        {
            // It holds; it is written when the store can be written again, and the status page tells of the trouble.
        }
        context.Response.Headers.Location = PageUrl.IsOurs(back) ? back : "/errors";
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }
}
