using Microsoft.AspNetCore.Http;

namespace Apm.ApmUi.Links;

/// <summary>How a page answers besides its text.</summary>
public static class Answers
{
    /// <summary>
    /// The page says that something is not there, and answers 404. Set as the answer starts: when it is set while a page
    /// is rendered, the framework takes the page for unhandled and sends nothing.
    /// </summary>
    public static void NotFound(HttpContext? context)
    {
        if (context is null || context.Response.HasStarted) return;
        context.Response.OnStarting(() =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }
}
