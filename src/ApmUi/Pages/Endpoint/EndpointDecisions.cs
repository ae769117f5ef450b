using Apm.ApmUi.Links;
using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>Takes the decision of the endpoint's page about its name and goes back to the page.</summary>
/// <remarks>A form with a token: a page of another site cannot send it.</remarks>
public static class EndpointDecisions
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/ui/endpoints/decision", Decide);

    static IResult Decide(HttpContext context, [FromForm] string service, [FromForm] string path, [FromForm] string decision, [FromForm] string back)
    {
        if (context.RequestServices.GetService<EndpointNames>() is not { } names) return Results.NotFound();
        if (!Enum.TryParse<TemplateDecision>(decision, out var decided)) return Results.BadRequest($"\"{decision}\" is no decision.");
        try
        {
            names.Decide(service, new TemplateOverride(path, decided));
        }
        catch (TemplateOverrideException problem)
        {
            return Results.BadRequest(problem.Message);
        }
        catch (StoreUnavailableException)
        {
            // It holds; it is written when the store can be written again, and the status page tells of the trouble.
        }
        return Results.Redirect(PageUrl.IsOurs(back) ? $"{back}#named" : "/services");
    }
}
