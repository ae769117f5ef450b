using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>A call that one request repeats, in words: "18 × SELECT … in one request, 62 ms".</summary>
/// <param name="Says">The sentence.</param>
/// <param name="Detail">Where, and how much of the trace.</param>
/// <param name="Link">Opens the first of the calls.</param>
public sealed record RepeatedCallView(string Says, string Detail, string Link)
{
    /// <summary>Findings on the page; the rest is a number.</summary>
    public const int MaxShown = 3;

    /// <summary>Longer statements are cut in the sentence; whole they stand in the span.</summary>
    const int MaxTextLength = 120;

    public static RepeatedCallView Of(PageState state, TraceTree tree, RepeatedCall call)
    {
        var text = TraceView.TitleOf(call.First);
        if (text.Length > MaxTextLength) text = text[..MaxTextLength] + "…";
        return new(
            $"{Figure.Whole(call.CallCount)} × {text} in one request, {Figure.Duration(call.TakenNanos)}",
            $"one after the other in {call.Entry.Service}, {TraceView.TitleOf(call.Entry)}: {Figure.Percent(call.TakenNanos / Math.Max(1.0, tree.DurationNanos))} of the trace",
            state.Here(("span", call.First.Index.ToString(CultureInfo.InvariantCulture)), ("view", null)));
    }
}
