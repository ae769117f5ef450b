using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.Core.Ports;
using Apm.Query.Evaluate;
using Apm.Query.Language;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Metrics;

/// <summary>The plot of metric queries: <c>/ui/data/metric?q=</c>.</summary>
public static class MetricData
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/metric", Answer);

    static async Task Answer(HttpContext context, PageState state, MetricQueries queries, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        if (state.Url["q"] is not { } text)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, "Say which query: ?q=avg:my_metric{*}");
            return;
        }
        try
        {
            var answer = queries.Evaluate(text, state.Window.Range, new QueryOptions { GivesHints = true }, context.RequestAborted);
            var asksForBand = MetricQueryParser.Parse(text).Queries.Any(query => query is CallNode { Name: "anomalies" });
            await DataAnswer.Write(context, MetricChart.Of(state.Window.Range, [new DrawnAnswer(answer, AsksForBand: asksForBand)]) with { Queries = [text] }, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (QueryTextException wrong)
        {
            await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, wrong.Message);
        }
        catch (QueryLimitException tooMuch)
        {
            await DataAnswer.Fail(context, StatusCodes.Status422UnprocessableEntity, tooMuch.Message);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }
}
