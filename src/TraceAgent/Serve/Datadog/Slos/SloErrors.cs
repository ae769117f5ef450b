using Apm.Core.Slos;
using Apm.Query.Evaluate;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog.Slos;

/// <summary>Answers why an objective or a correction was not taken, or could not be counted.</summary>
static class SloErrors
{
    public static async Task Answer(HttpContext http, RequestDelegate answer)
    {
        try
        {
            await answer(http);
        }
        catch (SloException refused)
        {
            throw new RefusedException(refused.Field.Length > 0 ? $"data.attributes.{refused.Field}: {refused.Message}" : refused.Message, refused.Refusal switch { SloRefusal.NotFound => StatusCodes.Status404NotFound, SloRefusal.Referenced => StatusCodes.Status409Conflict, _ => StatusCodes.Status400BadRequest });
        }
        catch (QueryLimitException tooMuch)
        {
            throw new RefusedException(tooMuch.Message);
        }
    }
}
