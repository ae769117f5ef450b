using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Shared;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Trace;

/// <summary>What the page of one trace shows besides the waterfall. Immutable.</summary>
public sealed record TraceView
{
    public required TraceTree Tree { get; init; }

    /// <summary>The root's resource, else its operation.</summary>
    public required string Title { get; init; }

    /// <summary>Things to know about the trace, in words: what is missing, clocks that disagree.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>More of it may still come: the page asks for it by itself.</summary>
    public required bool IsArriving { get; init; }

    /// <summary>Where the trace first went wrong: the earliest failed span beneath which nothing failed; null when nothing did.</summary>
    public FirstErrorView? FirstError { get; init; }

    /// <summary>Calls that one request repeats, those that took most first.</summary>
    public required IReadOnlyList<RepeatedCallView> Repeated { get; init; }

    /// <summary>Null when nothing shows that clocks disagree.</summary>
    public ClockView? Clocks { get; init; }

    /// <summary>The span in the panel; null when it is closed.</summary>
    public SpanView? Selected { get; init; }

    /// <summary>A page of the spans of the same kind together, in the order that the address asks for; most own time first when it does not. Empty when it asks for another view than the list.</summary>
    public required IReadOnlyList<SpanGroup> Groups { get; init; }

    /// <summary>Which of all groups those are.</summary>
    public required ListPage GroupPage { get; init; }

    /// <summary>Groups of a page; default 200. A trace of 100,000 spans can have ten thousand.</summary>
    public const int GroupPageSize = 200;

    /// <summary>Builds the view.</summary>
    /// <param name="state">The request; <c>span</c> is a node's index or a span id, <c>group</c> is <c>service</c> or absent.</param>
    /// <param name="tree">The trace.</param>
    /// <param name="isKnownHost">Whether a host of that name has a page; null when none has.</param>
    public static TraceView Of(PageState state, TraceTree tree, Func<string, bool>? isKnownHost = null)
    {
        var warnings = new List<string>();
        if (tree.IncompleteReason is { } incomplete) warnings.Add(incomplete);
        if (tree.SayWhetherArriving(state.NowUnixNanos) is { } arriving) warnings.Add(arriving);
        if (tree.FoldedSpanCount > 0)
            warnings.Add($"The trace is too large to keep whole: of {Figure.Whole(tree.SentSpanCount)} spans {Figure.Whole(tree.FoldedSpanCount)} are folded. Each folded span stands for those of one service, operation and resource beneath the same parent, and says how many and how long.");
        if (tree.SpanCount >= TraceLookup.MaxSpans) warnings.Add($"The trace has more than {Figure.Whole(TraceLookup.MaxSpans)} spans; the rest is left out.");
        var selected = Find(tree, state.Url["span"]);
        var clocks = ClockView.Of(state, tree, selected);
        if (clocks is null && tree.ClockSkewReason is { } skew) warnings.Add(skew);
        var groups = state.Url["view"] == "list" ? SpanGroup.Sorted(GroupsOf(tree, byService: state.Url["group"] == "service"), state.Url["sort"]) : [];
        var page = ListPage.Of(state, groups.Count, GroupPageSize);
        return new TraceView
        {
            Tree = tree,
            Title = TitleOf(tree.Root),
            Warnings = warnings,
            IsArriving = state.NowUnixNanos - (tree.StartUnixNanos + tree.DurationNanos) < TraceTree.ArrivalNanos,
            FirstError = FirstErrorOf(tree),
            Repeated = [.. RepeatedCalls.Find(tree).Select(call => RepeatedCallView.Of(state, tree, call))],
            Clocks = clocks,
            Selected = selected is not null ? SpanView.Of(state, tree, selected, isKnownHost ?? (_ => false)) : null,
            Groups = [.. groups.Skip(page.Skip).Take(page.Size)],
            GroupPage = page,
        };
    }

    /// <summary>What a span is called: its resource, else its operation.</summary>
    public static string TitleOf(TraceNode node) => node.Resource.Length > 0 ? node.Resource : node.Name.Length > 0 ? node.Name : "a span that is not stored";

    /// <summary>A node by its index, as the waterfall names it, or by a span id of 16 hex digits; null when there is none.</summary>
    public static TraceNode? Find(TraceTree tree, string? text)
    {
        if (text is null) return null;
        if (text.Length < 16 && int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index))
            return index < tree.Nodes.Count ? tree.Nodes[index] : null;
        return Core.Ids.SpanId.TryParse(text, out var id) ? tree.Find(id) : null;
    }

    static FirstErrorView? FirstErrorOf(TraceTree tree)
    {
        if (tree.ErrorCount == 0) return null;
        var passedOn = tree.Nodes.Where(node => node.IsError && node.ParentIndex >= 0).Select(node => node.ParentIndex).ToHashSet();
        var source = tree.Nodes.Where(node => node.IsError && !passedOn.Contains(node.Index)).MinBy(node => node.StartUnixNanos);
        return source?.ReadSpan() is { } span ? new FirstErrorView(source, SpanView.ErrorOf(span)) : null;
    }

    static IReadOnlyList<SpanGroup> GroupsOf(TraceTree tree, bool byService)
    {
        var total = Math.Max(1, tree.DurationNanos);
        return [.. tree.Nodes.Where(node => !node.IsGap)
            .GroupBy(node => byService ? (node.Service, Name: "", Resource: "") : (node.Service, node.Name, node.Resource))
            .Select(group => new SpanGroup(
                group.Key.Service, group.Key.Name, group.Key.Resource, group.Count(), group.Count(node => node.IsError),
                group.Average(node => (double)node.DurationNanos), group.Sum(node => (double)node.DurationNanos), group.Sum(node => (double)node.SelfNanos),
                group.Sum(node => (double)node.SelfNanos) / total, group.First().Index))
            .OrderByDescending(group => group.SelfNanos).ThenBy(group => group.Service, StringComparer.Ordinal).ThenBy(group => group.Resource, StringComparer.Ordinal)];
    }
}

/// <summary>The failure that the page names before anything is clicked.</summary>
/// <param name="Node">The span in which it began.</param>
/// <param name="Error">What it says.</param>
public sealed record FirstErrorView(TraceNode Node, ErrorView Error);

/// <summary>Spans alike within a trace.</summary>
/// <param name="Service">Their service.</param>
/// <param name="Name">Their operation; "" when grouped by service.</param>
/// <param name="Resource">Their resource; "" when grouped by service.</param>
/// <param name="Count">How many.</param>
/// <param name="ErrorCount">How many failed.</param>
/// <param name="AverageNanos">Mean duration.</param>
/// <param name="SumNanos">Sum of durations; more than the trace's when they ran side by side.</param>
/// <param name="SelfNanos">Sum of their own time.</param>
/// <param name="SelfShare">Own time as a part of the trace's duration; may exceed 1.</param>
/// <param name="FirstIndex">The first of them.</param>
public sealed record SpanGroup(
    string Service, string Name, string Resource, int Count, int ErrorCount, double AverageNanos, double SumNanos, double SelfNanos, double SelfShare, int FirstIndex)
{
    /// <summary>Key of the sort that is meant without one: most own time first.</summary>
    public const string DefaultSort = "self";

    /// <summary>In the order of a key, as <c>SortHead</c> writes it; what is not known means the default.</summary>
    public static IReadOnlyList<SpanGroup> Sorted(IReadOnlyList<SpanGroup> groups, string? sort)
    {
        var isTurned = sort?.EndsWith(SortHead.Turned, StringComparison.Ordinal) == true;
        var key = isTurned ? sort![..^SortHead.Turned.Length] : sort;
        if (key is "service" or "operation")
        {
            Func<SpanGroup, string> name = key == "service" ? group => group.Service : group => group.Resource;
            return [.. isTurned ? groups.OrderByDescending(name, StringComparer.OrdinalIgnoreCase) : groups.OrderBy(name, StringComparer.OrdinalIgnoreCase)];
        }
        Func<SpanGroup, double> value = key switch
        {
            "count" => group => group.Count,
            "errors" => group => group.ErrorCount,
            "avg" => group => group.AverageNanos,
            "sum" => group => group.SumNanos,
            _ => group => group.SelfNanos,
        };
        return [.. isTurned ? groups.OrderBy(value) : groups.OrderByDescending(value)];
    }
}
