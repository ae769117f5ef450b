using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Home;

/// <summary>The checklist as JSON, <c>GET /api/tutorial</c>, and the form that puts it away.</summary>
public static class TutorialData
{
    const string NotPutAway = "The list was not put away.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/tutorial", Read);
        routes.MapForm("/ui/tutorial", Decide, NotPutAway);
    }

    static IResult Read(TutorialBook book)
    {
        try
        {
            var view = book.Read();
            return Results.Json(new
            {
                done = view.DoneCount,
                of = view.Lines.Count,
                putAway = view.IsPutAway,
                steps = view.Lines.Select(line => new { id = line.Step.Id, title = line.Step.Title, done = line.IsDone, doneAt = line.DoneUnixSeconds, evidence = line.Evidence, what = line.Step.What, command = line.Step.Command, link = line.Step.Link }),
            });
        }
        catch (StoreUnavailableException problem)
        {
            return Results.Json(new { errors = new[] { problem.Message } }, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    static IResult Decide(HttpContext context, TutorialBook book, [FromForm] string? show)
    {
        try
        {
            book.PutAway(show != "1");
            return Forms.Done(context, "/");
        }
        catch (StoreUnavailableException problem)
        {
            return Forms.Refuse(context, StatusCodes.Status503ServiceUnavailable, new Refusal(NotPutAway, problem.Message));
        }
    }
}
