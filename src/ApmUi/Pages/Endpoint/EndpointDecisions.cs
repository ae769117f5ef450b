using Apm.ApmUi.Links;
using Apm.Core.Endpoints;
using Apm.Core.Ports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Pages.Endpoint;

/// <summary>Takes the decision of the endpoint's page about its name and goes back to the page.</summary>
public static class EndpointDecisions
{
    const string Page = "/services";
    const string NotDecided = "The name stays as it was.";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapForm("/ui/endpoints/decision", Decide, NotDecided);

    static IResult Decide(HttpContext context, [FromForm] string? service, [FromForm] string? path, [FromForm] string? decision)
    {
        if (context.RequestServices.GetService<EndpointNames>() is not { } names) return Refuse(StatusCodes.Status404NotFound, "This Apm gives endpoints no names of its own.");
        if (!Enum.TryParse<TemplateDecision>(decision, out var decided) || !Enum.IsDefined(decided)) return Refuse(StatusCodes.Status400BadRequest, $"“{decision}” is no decision about a name. Decisions are {string.Join(", ", Enum.GetNames<TemplateDecision>())}.");
        try
        {
            names.Decide(service ?? "", new TemplateOverride(path ?? "", decided));
        }
        catch (TemplateOverrideException problem)
        {
            return Refuse(StatusCodes.Status400BadRequest, problem.Message);
        }
        catch (StoreUnavailableException)
        {
            // It holds; it is written when the store can be written again, and the status page tells of the trouble.
        }
        return Forms.Done(context, Page, "#named");

        IResult Refuse(int status, string why) => Forms.Refuse(context, status, new Refusal(NotDecided, why), Page);
    }
}
