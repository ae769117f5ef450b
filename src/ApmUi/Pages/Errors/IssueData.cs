using Apm.ApmUi.Charts;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Time;
using Apm.Query.Errors;
using Apm.Query.Filters;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Apm.ApmUi.Pages.Errors;

/// <summary>The chart of one issue: <c>/ui/data/issue?id=</c>, errors by version.</summary>
public static class IssueData
{
    const int Points = 120;

    /// <summary>Versions that get a series of their own, those with most errors; the rest are one.</summary>
    const int MaxSeries = 5;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/ui/data/issue", Read);

    static async Task Read(HttpContext context, PageState state, IErrorIssues issues, IssueQueries queries, ServiceCatalogue catalogue, TimeProvider clock)
    {
        var started = clock.GetTimestamp();
        if (!IssueId.TryParse(state.Url["id"], out var id) || issues.Issue(id) is not { } issue)
        {
            await DataAnswer.Fail(context, StatusCodes.Status404NotFound, "This issue is not known any more.");
            return;
        }
        try
        {
            var range = state.Window.Range;
            var chart = Chart(range, queries.Series(id, range, state.Env, Points)) with
            {
                Marks = ChartMarks.OfService(catalogue.Service(issue.Service), catalogue.Processes(), state.Env, range),
                Behind = "/traces?" + (state.Env is { } env ? $"env={Uri.EscapeDataString(env)}&" : "") + $"q={Uri.EscapeDataString(FilterOf(issue).ToString())}&from={{from}}&to={{to}}",
            };
            await DataAnswer.Write(context, chart, clock.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (StoreUnavailableException error)
        {
            await DataAnswer.Fail(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
    }

    /// <summary>Errors of the same service and type: the language of searches knows no message patterns.</summary>
    public static TraceFilter FilterOf(ErrorIssue issue)
    {
        var filter = TraceFilter.Empty.With("service", issue.Service).With("status", "error");
        return issue.Type.StartsWith("HTTP ", StringComparison.Ordinal) || issue.Type == "error" || issue.IsOverflow ? filter : filter.With("@error.type", issue.Type);
    }

    /// <summary>Stacked bars, one colour for each version.</summary>
    public static ChartData Chart(TimeRange range, IssueSeries series)
    {
        var ordered = series.CountsByVersion.OrderByDescending(pair => pair.Value.Sum()).ToList();
        var total = ordered.Sum(pair => pair.Value.Sum());
        var drawn = ordered.Take(MaxSeries).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select((pair, i) => Bars(pair.Key.Length > 0 ? pair.Key : ordered.Count == 1 ? "errors" : "no version", ColorOf(i, ordered.Count), pair.Value)).ToList();
        if (ordered.Count > MaxSeries)
            drawn.Add(Bars($"{ordered.Count - MaxSeries} more", "s9", [.. Enumerable.Range(0, series.StartUnixNanos.Count).Select(i => ordered.Skip(MaxSeries).Sum(pair => pair.Value[i]))]));
        return new ChartData
        {
            Unit = "count",
            FromMs = range.FromUnixNanos / UnixTime.NanosPerMillisecond,
            ToMs = range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            StepMs = series.StepNanos / UnixTime.NanosPerMillisecond,
            Times = [.. series.StartUnixNanos.Select(start => start / UnixTime.NanosPerMillisecond)],
            Stacked = true,
            Series = total == 0 ? [] : drawn,
            Summary = total == 0 ? "Not seen in this time." : $"Errors of this issue, {Figure.Of(total, "error")}",
        };
    }

    static string ColorOf(int i, int count) => count == 1 ? "error" : $"s{i * 3 % 11}";

    static ChartSeries Bars(string name, string color, IReadOnlyList<double> counts) => new(name, color, "bars", [.. counts.Select(count => (double?)count)]);
}
