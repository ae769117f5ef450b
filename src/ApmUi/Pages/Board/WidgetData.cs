using System.Globalization;
using System.Text;
using Apm.ApmUi.Charts;
using Apm.ApmUi.Links;
using Apm.Core.Dashboards;
using Apm.Core.Ports;
using Apm.Query.Evaluate;
using Apm.Query.Language;
using Apm.Query.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Board;

/// <summary>
/// What the islands of a board draw: <c>/ui/data/widget?board=&amp;widget=</c> with the board's variables and <c>events</c>, <c>…/heat</c> for heat maps, and
/// <c>…/csv</c>, the values as a file.
/// </summary>
public static class WidgetData
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ui/data/widget", Chart);
        routes.MapGet("/ui/data/widget/heat", Heat);
        routes.MapGet("/ui/data/widget/csv", Csv);
    }

    static Task Chart(HttpContext context, PageState state, ShownBoards boards, MetricQueries queries, IEnumerable<IEventStore> events, TimeProvider clock) =>
        Answer(context, state, boards, async (content, variables) =>
        {
            var started = clock.GetTimestamp();
            var range = state.Window.Range;
            var chart = EventMarks.On(WidgetQueries.Chart(queries, content, range, variables.Options(), context.RequestAborted), events, Searches(content, state), range) with
            {
                Queries = [WidgetWords.QueryFor(content, variables)],
                Behind = WidgetWords.TracesBehind(content, variables) is { } search ? $"/traces?q={Uri.EscapeDataString(search)}&from={{from}}&to={{to}}" : null,
            };
            await DataAnswer.Write(context, chart, clock.GetElapsedTime(started).TotalMilliseconds);
        });

    static Task Heat(HttpContext context, PageState state, ShownBoards boards, MetricQueries queries, IEnumerable<IEventStore> events, TimeProvider clock) =>
        Answer(context, state, boards, async (content, variables) =>
        {
            var started = clock.GetTimestamp();
            var range = state.Window.Range;
            var marks = EventMarks.Marks(events, Searches(content, state), range);
            // Of a distribution every value is shown, of other metrics the values of their series.
            var heat = content.Requests is [var only] && queries.Distribution(MetricQueryParser.Parse(only.Query), range, ValueHeat.Columns, variables.Options(), context.RequestAborted) is { } distribution
                ? ValueHeat.Of(range, distribution, marks)
                : ValueHeat.Of(range, [.. content.Requests.Select(request => queries.Evaluate(request.Query, range, variables.Options(), context.RequestAborted))], marks);
            await DataAnswer.Write(context, heat with { Queries = [WidgetWords.QueryFor(content, variables)] }, clock.GetElapsedTime(started).TotalMilliseconds);
        });

    /// <summary>The widget's own searches of events, and that of the whole board.</summary>
    static IReadOnlyList<string> Searches(WidgetContent content, PageState state) => state.Url["events"] is { } search ? [.. content.EventQueries, search] : content.EventQueries;

    /// <summary>A row per point: time, series, value. Values are as the queries give them, in the metric's own unit.</summary>
    static Task Csv(HttpContext context, PageState state, ShownBoards boards, MetricQueries queries) =>
        Answer(context, state, boards, async (content, variables) =>
        {
            var text = new StringBuilder("time,query,series,bound,value\n");
            foreach (var request in content.Requests)
                foreach (var series in queries.Evaluate(request.Query, state.Window.Range, variables.Options(), context.RequestAborted).Series)
                    foreach (var point in series.Points)
                        text.Append(DateTimeOffset.FromUnixTimeSeconds(point.UnixSeconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)).Append(',')
                            .Append(Cell(request.Query)).Append(',').Append(Cell(series.TagSet.Count == 0 ? series.Metric : series.Scope)).Append(',').Append(series.Bound).Append(',')
                            .Append(point.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
            context.Response.ContentType = "text/csv; charset=utf-8";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{FileNames.Of(content.Title, "widget")}.csv\"";
            await context.Response.WriteAsync(text.ToString(), context.RequestAborted);
        });

    /// <summary>Quoted where it must be. What a spreadsheet would take for a formula begins with a quote.</summary>
    static string Cell(string text)
    {
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@') text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    static async Task Answer(HttpContext context, PageState state, ShownBoards boards, Func<WidgetContent, BoardVariables, Task> answer)
    {
        try
        {
            if (state.Url["board"] is not { } id || boards.Find(id, state.Url["version"]) is not { } board)
            {
                await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "This dashboard is not there any more.");
                return;
            }
            var view = BoardView.Of(board, state.Url);
            if (view.Find(state.Url["widget"]) is not { } widget)
            {
                await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "This widget is not on the dashboard any more. Load the page again.");
                return;
            }
            if (widget.Content.Requests.Count == 0)
            {
                await DataAnswer.Fail(context, StatusCodes.Status400BadRequest, widget.Content.Notes.FirstOrDefault(note => !note.IsChanged && note.Path.StartsWith("requests", StringComparison.Ordinal))?.Sentence ?? "The widget has no query. Change it and write one.");
                return;
            }
            await answer(widget.Content, view.Variables);
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
