using Apm.ApmUi.Links;
using Apm.Core.Errors;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>Takes what was decided about an issue and goes back to the page it was decided on.</summary>
public static class IssueDecisions
{
    const string Page = "/errors";
    const string NotDecided = "Nothing was decided.";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapForm("/ui/errors/decision", Decide, NotDecided);

    static IResult Decide(HttpContext context, IErrorIssues issues, [FromForm] string? id, [FromForm] string? action)
    {
        if (!Enum.TryParse<IssueAction>(action, out var decided) || !Enum.IsDefined(decided)) return Refuse(StatusCodes.Status400BadRequest, $"“{action}” is no decision about an issue. Decisions are Resolve, Ignore and Reopen.");
        if (!IssueId.TryParse(id ?? "", out var issue)) return Refuse(StatusCodes.Status400BadRequest, $"“{id}” is no id of an issue: it has 16 hex digits.");
        try
        {
            if (issues.Decide(issue, decided) is null) return Refuse(StatusCodes.Status404NotFound, $"There is no issue {id} any more: none of its errors is remembered.");
        }
        catch (StoreUnavailableException)
        {
            // It holds; it is written when the store can be written again, and the status page tells of the trouble.
        }
        return Forms.Done(context, Page);

        IResult Refuse(int status, string why) => Forms.Refuse(context, status, new Refusal(NotDecided, why), Page);
    }
}
