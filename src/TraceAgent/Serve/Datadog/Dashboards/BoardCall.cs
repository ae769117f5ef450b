using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.Core.Dashboards;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog.Dashboards;

/// <summary>What the calls about boards have in common.</summary>
static class BoardCall
{
    /// <summary>The body, read as a board.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public static async Task<Dashboard> Read(HttpContext http, Func<JsonElement, Dashboard> read)
    {
        var body = await DatadogBody.ReadRoot(http);
        return Try(() => read(body.Element));
    }

    /// <summary>Does what may be refused.</summary>
    /// <exception cref="RefusedException">It was.</exception>
    public static T Try<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (DashboardException refused)
        {
            throw new RefusedException(refused.Message);
        }
    }

    public static Task Answer(HttpContext http, JsonNode answer) => JsonAnswer.Write(http, StatusCodes.Status200OK, json => answer.WriteTo(json));

    public static Task NoContent(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
