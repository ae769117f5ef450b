using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Traces;

/// <summary>What a row of the list unfolds to: the spans in which a trace spent its time.</summary>
/// <param name="Lines">Most time of their own first, those that failed before all; at most <see cref="MaxSpans"/>.</param>
/// <param name="Note">How many there are besides, or why there are none.</param>
public sealed record TopSpansView(IReadOnlyList<TopSpan> Lines, string Note)
{
    /// <summary>Spans shown of an unfolded trace; default 12.</summary>
    public const int MaxSpans = 12;

    /// <param name="tree">Null when nothing is stored of the trace.</param>
    public static TopSpansView Of(PageState state, TraceTree? tree)
    {
        if (tree is null) return new TopSpansView([], "No span of this trace is stored any more.");
        var whole = (double)Math.Max(1, tree.DurationNanos);
        var spans = tree.Nodes.Where(node => !node.IsGap).ToList();
        var lines = spans.OrderByDescending(node => node.IsError).ThenByDescending(node => node.SelfNanos).ThenBy(node => node.Index).Take(MaxSpans)
            .Select(node => new TopSpan(
                state.Link("/traces/" + tree.TraceId, ("span", Figure.Plain(node.Index))),
                node.Service,
                node.Resource.Length > 0 ? node.Resource : node.Name,
                node.IsError,
                Math.Clamp(100 * (node.StartUnixNanos - tree.StartUnixNanos) / whole, 0, 100),
                Math.Clamp(100 * node.DurationNanos / whole, 0, 100),
                node.DurationNanos,
                node.SelfNanos)).ToList();
        return new TopSpansView(lines, spans.Count > MaxSpans
            ? $"{MaxSpans} of {Figure.Of(spans.Count, "span")}: errors first, then by time of their own"
            : $"{Figure.Of(spans.Count, "span")}, all of them: errors first, then by time of their own");
    }
}

/// <summary>One span of an unfolded trace.</summary>
/// <param name="LeftPercent">Its start after the trace's, in percent of the trace.</param>
/// <param name="WidthPercent">Its duration in percent of the trace.</param>
/// <param name="SelfNanos">Time in which none of its children ran.</param>
public sealed record TopSpan(string Link, string Service, string Resource, bool IsError, double LeftPercent, double WidthPercent, long DurationNanos, long SelfNanos);
