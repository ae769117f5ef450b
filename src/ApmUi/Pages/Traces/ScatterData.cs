using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>The scatter of duration over time, in columns.</summary>
/// <param name="FromMs">Start of the time shown, since the epoch.</param>
/// <param name="ToMs">End of it.</param>
/// <param name="StartMs">Start of each point after <paramref name="FromMs"/>.</param>
/// <param name="Nanos">Duration of each point.</param>
/// <param name="Errors">Which points failed, by index.</param>
/// <param name="Ids">Trace of each point.</param>
/// <param name="TraceLink">A trace's page; <c>{id}</c> stands for its id.</param>
/// <param name="Query">The query with the duration that a selection asks for; <c>{min}</c> and <c>{max}</c> stand for whole ns.</param>
/// <param name="Note">Which traces are shown, in words.</param>
/// <param name="Summary">What it shows in a sentence; its accessible name.</param>
public sealed record ScatterData(
    long FromMs, long ToMs, IReadOnlyList<long> StartMs, IReadOnlyList<long> Nanos, IReadOnlyList<int> Errors, IReadOnlyList<string> Ids,
    string TraceLink, string Query, string Note, string Summary, bool Complete, long Scanned)
{
    /// <summary>Two durations that nobody types; the query's text with them shows where the real ones go.</summary>
    const long MinMark = 1_234_567_890_123_457, MaxMark = 1_234_567_890_123_459;

    /// <param name="typed">The query as typed, without what the frame adds.</param>
    public static ScatterData Of(PageState state, TraceFilter typed, TraceScatter scatter)
    {
        var from = state.Window.Range.FromUnixNanos / UnixTime.NanosPerMillisecond;
        var points = scatter.Points;
        var query = typed.WithDuration(MinMark, MaxMark).ToString()
            .Replace($"{MinMark}ns", "{min}ns", StringComparison.Ordinal).Replace($"{MaxMark}ns", "{max}ns", StringComparison.Ordinal);
        var failed = points.Count(point => point.IsError);
        var all = (scatter.IsComplete ? "" : "at least ") + Figure.Of(scatter.MatchedTraceCount, "trace");
        return new ScatterData(
            from,
            state.Window.Range.ToUnixNanos / UnixTime.NanosPerMillisecond,
            [.. points.Select(point => point.StartUnixNanos / UnixTime.NanosPerMillisecond - from)],
            [.. points.Select(point => point.DurationNanos)],
            [.. Enumerable.Range(0, points.Count).Where(i => points[i].IsError)],
            [.. points.Select(point => point.TraceId.ToString())],
            state.TraceLink("{id}"),
            query,
            scatter.SlowestCount == 0 ? $"{all}, each by its longest matching span"
                : $"{Figure.Whole(points.Count)} of {all}: the {scatter.SlowestCount} slowest and an even choice of the rest, each by its longest matching span",
            points.Count == 0 ? "No trace matches in this time."
                : $"{Figure.Of(points.Count, "trace")}, {Figure.Whole(failed)} with an error, slowest {Figure.Duration(points.Max(point => point.DurationNanos))}",
            scatter.IsComplete,
            scatter.ScannedSpanCount);
    }
}
