using Apm.Monitors.Rules;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Datadog.Monitors;

/// <summary>Answers why a rule was not taken: the first text in Datadog's words, a second that says where and what to do.</summary>
static class MonitorErrors
{
    public static async Task Answer(HttpContext http, RequestDelegate answer)
    {
        try
        {
            await answer(http);
        }
        catch (MonitorRuleException refused)
        {
            var status = refused.Refusal switch { RuleRefusal.NotFound => StatusCodes.Status404NotFound, RuleRefusal.Referenced => StatusCodes.Status409Conflict, _ => StatusCodes.Status400BadRequest };
            await JsonAnswer.Write(http, status, json =>
            {
                json.WriteStartObject();
                json.WriteTexts("errors", refused.Errors);
                json.WriteEndObject();
            });
        }
    }
}
