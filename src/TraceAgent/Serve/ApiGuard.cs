using Apm.Core.Ports;
using Apm.Query.Text;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve;

/// <summary>Turns what can go wrong while answering into an API's own shape of an error.</summary>
static class ApiGuard
{
    /// <summary>Writes an error: the HTTP status and the sentence.</summary>
    public delegate Task Refuse(HttpContext http, int status, string sentence);

    /// <summary>Answers, or refuses: 400 for a wrong parameter or query, 404 for what is not there, 503 when the store cannot be read.</summary>
    public static async Task Answer(HttpContext http, Func<HttpContext, Task> answer, Refuse refuse)
    {
        try
        {
            await answer(http);
        }
        catch (RefusedException refused)
        {
            await refuse(http, refused.Status, refused.Message);
        }
        catch (QueryTextException wrong)
        {
            await refuse(http, StatusCodes.Status400BadRequest, wrong.Message);
        }
        catch (StoreUnavailableException unavailable)
        {
            await refuse(http, StatusCodes.Status503ServiceUnavailable, unavailable.Message);
        }
    }
}
