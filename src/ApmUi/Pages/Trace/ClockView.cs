using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>Clocks that disagree: which, by how much, and the switch between times as they were sent and times that fit.</summary>
/// <param name="Offsets">One sentence for each host.</param>
/// <param name="IsAligned">Whether the page shows moved times.</param>
/// <param name="ToggleLink">The page with the other.</param>
public sealed record ClockView(IReadOnlyList<string> Offsets, bool IsAligned, string ToggleLink)
{
    /// <summary>Hosts that are named; more are a number.</summary>
    public const int MaxHosts = 6;

    /// <summary>Null when nothing shows that clocks disagree.</summary>
    public static ClockView? Of(PageState state, TraceTree tree, TraceNode? selected)
    {
        var isAligned = tree.AlignedClocks.Count > 0;
        var clocks = isAligned ? tree.AlignedClocks : ClockSkew.Estimate(tree);
        if (clocks.Count == 0) return null;
        // Order may change with the clocks, so a place does not name the same span on both sides.
        return new ClockView([.. clocks.Take(MaxHosts).Select(Say), .. clocks.Count > MaxHosts ? [$"and {clocks.Count - MaxHosts} more"] : Array.Empty<string>()], isAligned,
            state.Here(("clock", isAligned ? null : TraceSource.Aligned), ("span", selected?.SpanId.ToString())));
    }

    static string Say(ClockOffset clock) =>
        $"{clock.Host} {Figure.Duration(Math.Abs(clock.OffsetNanos))} {(clock.OffsetNanos > 0 ? "behind" : "ahead")}{(clock.UncertaintyNanos > 0 ? $" (± {Figure.Duration(clock.UncertaintyNanos)})" : "")}";
}
