using System.Globalization;
using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Query.Compare;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Compare;

/// <summary>Two sides of a comparison as they are drawn. Immutable.</summary>
public sealed record CompareView
{
    public required TraceComparison Comparison { get; init; }
    public required CompareSideView Left { get; init; }
    public required CompareSideView Right { get; init; }

    /// <summary><c>+240 ms</c>, of the whole.</summary>
    public required string DifferenceText { get; init; }

    /// <summary>What to look at first, as a sentence; null when nothing differs.</summary>
    public string? Verdict { get; init; }

    /// <summary>In the order that the address asks for.</summary>
    public required IReadOnlyList<CompareRow> Rows { get; init; }

    /// <summary>Biggest difference first, without the tree.</summary>
    public required bool IsByDifference { get; init; }

    public required int AddedCount { get; init; }
    public required int RemovedCount { get; init; }

    /// <param name="state">The request: <c>sort</c>.</param>
    public static CompareView Of(PageState state, TraceTree left, CompareSide right)
    {
        var comparison = TraceComparison.Of(left, right.Traces);
        var byDifference = state.Url["sort"] == "difference";
        var rows = byDifference ? comparison.ByDifference : comparison.Rows;
        var most = comparison.Rows.Max(row => Math.Abs(byDifference ? row.SelfDifferenceNanos : row.DifferenceNanos));
        return new CompareView
        {
            Comparison = comparison,
            Left = new CompareSideView("This trace", $"{left.Root.Service} {TitleOf(left.Root.Name, left.Root.Resource)}", comparison.LeftNanos, comparison.LeftSpanCount, state.Time(left.StartUnixNanos, withMillis: true), state.TraceLink(left.TraceId.ToString())),
            Right = new CompareSideView(right.Title, right.Says, comparison.RightNanos, comparison.RightSpanCount, right.Traces.Count == 1 ? state.Time(right.Traces[0].StartUnixNanos, withMillis: true) : "", right.Traces.Count == 1 ? state.TraceLink(right.Traces[0].TraceId.ToString()) : ""),
            DifferenceText = Signed(comparison.LeftNanos - comparison.RightNanos),
            Verdict = comparison.Culprit is { } culprit ? VerdictOf(culprit) : null,
            Rows = [.. rows.Select(row => RowOf(state, left, comparison, row, byDifference, most))],
            IsByDifference = byDifference,
            AddedCount = comparison.Rows.Count(row => row.IsAdded),
            RemovedCount = comparison.Rows.Count(row => row.IsRemoved),
        };
    }

    static CompareRow RowOf(PageState state, TraceTree left, TraceComparison comparison, ComparedSpan row, bool byDifference, double most)
    {
        var difference = byDifference ? row.SelfDifferenceNanos : row.DifferenceNanos;
        var (leftNanos, rightNanos) = byDifference ? (row.LeftSelfNanos, row.RightSelfNanos) : (row.LeftNanos, row.RightNanos);
        return new CompareRow
        {
            Depth = byDifference ? 0 : row.Depth,
            Service = row.Service,
            Name = row.Service.Length == 0 ? "parent not stored" : row.Name,
            Title = row.Service.Length == 0 ? "" : TitleOf(row.Name, row.Resource) + (row.Position > 0 ? $" #{(row.Position + 1).ToString(CultureInfo.InvariantCulture)}" : ""),
            Left = row.LeftCallCount > 0 ? Figure.Duration(leftNanos) : "",
            Right = row.RightCallCount > 0 ? Figure.Duration(rightNanos) : "",
            Calls = comparison.JoinsSiblings ? $"{Calls(row.LeftCallCount)} / {Calls(row.RightCallCount)}" : "",
            Difference = Signed(difference),
            State = row.IsAdded ? "added" : row.IsRemoved ? "removed" : "",
            IsSlower = difference > 0,
            IsSame = Math.Abs(difference) * 200 < Math.Max(1, Math.Max(comparison.LeftNanos, comparison.RightNanos)) && !row.IsAdded && !row.IsRemoved,
            IsErrorNew = row.LeftErrorCount > 0 && row.RightErrorCount <= 0,
            BarPercent = most <= 0 ? 0 : Math.Abs(difference) / most * 50,
            Link = row.LeftSpanIndex >= 0 ? state.Link("/traces/" + left.TraceId, ("span", row.LeftSpanIndex.ToString(CultureInfo.InvariantCulture))) : "",
        };
    }

    static string VerdictOf(ComparedSpan culprit)
    {
        var what = $"{culprit.Service} {culprit.Name}{(culprit.Resource.Length > 0 && culprit.Resource != culprit.Name ? $" ({culprit.Resource})" : "")}";
        var by = Figure.Duration(Math.Abs(culprit.SelfDifferenceNanos));
        return culprit.IsAdded ? $"{what} is only in this trace and took {by} itself."
            : culprit.IsRemoved ? $"{what} is not in this trace; it took {by} itself."
            : culprit.SelfDifferenceNanos > 0 ? $"{what} took {by} longer itself." : $"{what} took {by} less itself.";
    }

    /// <summary><c>+12 ms</c>, <c>−3 ms</c>, <c>±0</c>.</summary>
    public static string Signed(double nanos) => nanos == 0 ? "±0" : (nanos > 0 ? "+" : "−") + Figure.Duration(Math.Abs(nanos));

    static string TitleOf(string name, string resource) => resource.Length > 0 ? resource : name;

    static string Calls(double count) => count <= 0 ? "0" : count.ToString(count >= 10 ? "0" : "0.##", CultureInfo.InvariantCulture);
}

/// <summary>The head of one side.</summary>
/// <param name="Title">Short.</param>
/// <param name="Says">What it is.</param>
/// <param name="StartText">"" for several traces.</param>
/// <param name="Link">"" for several traces.</param>
public sealed record CompareSideView(string Title, string Says, double Nanos, double SpanCount, string StartText, string Link);

/// <summary>One row of a comparison.</summary>
public sealed record CompareRow
{
    public required int Depth { get; init; }
    public required string Service { get; init; }
    public required string Name { get; init; }
    public required string Title { get; init; }

    /// <summary>"" when this side does not have it.</summary>
    public required string Left { get; init; }

    /// <summary>As <see cref="Left"/>.</summary>
    public required string Right { get; init; }

    /// <summary>Calls per trace of both sides; "" when each row is one call.</summary>
    public required string Calls { get; init; }
    public required string Difference { get; init; }

    /// <summary><c>added</c>, <c>removed</c> or "".</summary>
    public required string State { get; init; }
    public required bool IsSlower { get; init; }

    /// <summary>It differs by less than half a percent of the whole.</summary>
    public required bool IsSame { get; init; }

    /// <summary>It failed on this side only.</summary>
    public required bool IsErrorNew { get; init; }

    /// <summary>Length of its bar, from the middle: 0 to 50.</summary>
    public required double BarPercent { get; init; }

    /// <summary>To the span in this trace; "" when it is not there.</summary>
    public required string Link { get; init; }
}
