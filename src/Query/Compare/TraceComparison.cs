using Apm.Query.Traces;

namespace Apm.Query.Compare;

/// <summary>
/// Two sides as one tree: spans are the same when service, operation and resource are, and all their parents are the same. Immutable.
/// </summary>
/// <remarks>
/// One trace against one also tells repeated siblings apart by their position among those alike. A side of several traces joins
/// them, and then its numbers are per trace: mean time, and calls. Pure: the same traces give the same rows.
/// </remarks>
public sealed record TraceComparison
{
    /// <summary>Most spans of one trace that are compared, the first in display order; default 20,000.</summary>
    public const int MaxSpans = 20_000;

    /// <summary>Most rows; default 2,000. Those with the smallest difference are left out, beneath what is shown.</summary>
    public const int MaxRows = 2_000;

    /// <summary>Rows in order of the tree: a row's children follow it.</summary>
    public required IReadOnlyList<ComparedSpan> Rows { get; init; }

    /// <summary>Rows of both sides before the limit.</summary>
    public required int AllRowCount { get; init; }

    /// <summary>What was cut, as a sentence; null when everything is compared.</summary>
    public string? CutReason { get; init; }

    /// <summary>Whether repeated siblings are one row.</summary>
    public required bool JoinsSiblings { get; init; }

    /// <summary>Duration of the whole trace; of several the mean.</summary>
    public required double LeftNanos { get; init; }

    /// <summary>As <see cref="LeftNanos"/>.</summary>
    public required double RightNanos { get; init; }

    /// <summary>Spans per trace.</summary>
    public required double LeftSpanCount { get; init; }

    /// <summary>As <see cref="LeftSpanCount"/>.</summary>
    public required double RightSpanCount { get; init; }

    /// <summary>The row whose own time differs most in the direction in which the whole does; null when nothing differs. What to look at first.</summary>
    public ComparedSpan? Culprit =>
        Rows.Where(row => Math.Sign(row.SelfDifferenceNanos) == (LeftNanos >= RightNanos ? 1 : -1)).MaxBy(row => Math.Abs(row.SelfDifferenceNanos));

    /// <summary>Rows with the biggest difference of own time first, those of no difference left out: time is gained or lost where a span itself did, not in all that wait for it.</summary>
    public IReadOnlyList<ComparedSpan> ByDifference => [.. Rows.Where(row => row.SelfDifferenceNanos != 0).OrderByDescending(row => Math.Abs(row.SelfDifferenceNanos)).ThenBy(row => row.Index)];

    /// <summary>Compares a trace with another, or with the mean of several.</summary>
    /// <param name="left">The trace in question.</param>
    /// <param name="right">What it is held against; at least one.</param>
    public static TraceComparison Of(TraceTree left, IReadOnlyList<TraceTree> right)
    {
        ArgumentOutOfRangeException.ThrowIfZero(right.Count);
        var joins = right.Count > 1;
        var root = new Row(null, default);
        Enter(root, left, 1, joins, row => row.Left);
        foreach (var tree in right) Enter(root, tree, 1.0 / right.Count, joins, row => row.Right);

        var all = Flatten(root);
        var kept = Keep(all);
        var rows = new List<ComparedSpan>();
        foreach (var row in all)
        {
            if (kept is not null && !kept.Contains(row)) continue;
            row.Index = rows.Count;
            rows.Add(new ComparedSpan(
                row.Index, row.Parent!.Index, row.Depth, row.Key.Service, row.Key.Name, row.Key.Resource, row.Key.Position,
                row.Left.CallCount, row.Right.CallCount, row.Left.Nanos, row.Right.Nanos, row.Left.SelfNanos, row.Right.SelfNanos, row.Left.ErrorCount, row.Right.ErrorCount, row.Left.FirstIndex));
        }
        var cut = new List<string>();
        var tooLong = right.Append(left).Count(tree => tree.Nodes.Count > MaxSpans);
        if (tooLong > 0) cut.Add($"Only the first {MaxSpans:N0} spans of a trace are compared; {(tooLong == 1 ? "one has" : $"{tooLong} have")} more.");
        if (rows.Count < all.Count) cut.Add($"{rows.Count:N0} of {all.Count:N0} rows are shown, those with the biggest differences.");
        return new TraceComparison
        {
            Rows = rows,
            AllRowCount = all.Count,
            CutReason = cut.Count == 0 ? null : string.Join(' ', cut),
            JoinsSiblings = joins,
            LeftNanos = left.DurationNanos,
            RightNanos = right.Average(tree => (double)tree.DurationNanos),
            LeftSpanCount = left.SpanCount,
            RightSpanCount = right.Average(tree => (double)tree.SpanCount),
        };
    }

    static void Enter(Row root, TraceTree tree, double weight, bool joins, Func<Row, Side> sideOf)
    {
        var count = Math.Min(tree.Nodes.Count, MaxSpans);
        var rowOf = new Row[count];
        var positions = new Dictionary<(int ParentIndex, string Service, string Name, string Resource), int>();
        for (var i = 0; i < count; i++)
        {
            var node = tree.Nodes[i];
            var parent = node.ParentIndex < 0 ? root : rowOf[node.ParentIndex];
            var position = 0;
            if (!joins)
            {
                var alike = (node.ParentIndex, node.Service, node.Name, node.Resource);
                position = positions.GetValueOrDefault(alike);
                positions[alike] = position + 1;
            }
            var row = rowOf[i] = parent.Child(new RowKey(node.Service, node.Name, node.Resource, position));
            var side = sideOf(row);
            row.StartNanos = Math.Min(row.StartNanos, node.StartUnixNanos - tree.StartUnixNanos);
            if (side.FirstIndex < 0) side.FirstIndex = i;
            if (node.IsGap) continue;
            side.CallCount += weight;
            side.Nanos += weight * node.DurationNanos;
            side.SelfNanos += weight * node.SelfNanos;
            if (node.IsError) side.ErrorCount += weight;
        }
    }

    /// <summary>Depth first, siblings by their earliest start within a trace, then by name: a loop, since a trace may be as deep as it is long.</summary>
    static List<Row> Flatten(Row root)
    {
        var rows = new List<Row>();
        var waiting = new Stack<Row>();
        Push(root);
        while (waiting.TryPop(out var row))
        {
            rows.Add(row);
            Push(row);
        }
        return rows;

        void Push(Row row)
        {
            foreach (var child in row.Children.Values
                .OrderByDescending(child => child.StartNanos).ThenByDescending(child => child.Key.Service, StringComparer.Ordinal).ThenByDescending(child => child.Key.Name, StringComparer.Ordinal)
                .ThenByDescending(child => child.Key.Resource, StringComparer.Ordinal).ThenByDescending(child => child.Key.Position)) waiting.Push(child);
        }
    }

    /// <summary>The rows with the biggest differences and all above them; null for all.</summary>
    static HashSet<Row>? Keep(List<Row> all)
    {
        if (all.Count <= MaxRows) return null;
        var kept = new HashSet<Row>();
        var above = new List<Row>();
        // A stable order: rows of equal difference stay in the order of the tree.
        foreach (var wanted in all.OrderByDescending(row => Math.Abs(row.Left.SelfNanos - row.Right.SelfNanos)))
        {
            above.Clear();
            for (var row = wanted; row.Parent is not null && !kept.Contains(row); row = row.Parent) above.Add(row);
            if (kept.Count + above.Count <= MaxRows) kept.UnionWith(above);
            if (kept.Count >= MaxRows) break;
        }
        return kept;
    }

    readonly record struct RowKey(string Service, string Name, string Resource, int Position);

    sealed class Row(Row? parent, RowKey key)
    {
        public readonly Row? Parent = parent;
        public readonly RowKey Key = key;
        public readonly int Depth = parent is null ? -1 : parent.Depth + 1;
        public readonly Side Left = new();
        public readonly Side Right = new();
        public readonly Dictionary<RowKey, Row> Children = [];
        public long StartNanos = long.MaxValue;
        public int Index = -1;

        public Row Child(RowKey key)
        {
            if (!Children.TryGetValue(key, out var child)) Children.Add(key, child = new Row(this, key));
            return child;
        }
    }

    sealed class Side
    {
        public double CallCount;
        public double Nanos;
        public double SelfNanos;
        public double ErrorCount;
        public int FirstIndex = -1;
    }
}

/// <summary>A span, or the spans alike, of both sides.</summary>
/// <param name="Index">Position in <see cref="TraceComparison.Rows"/>.</param>
/// <param name="ParentIndex">-1 for a root.</param>
/// <param name="Depth">0 for a root.</param>
/// <param name="Service">"" with the other texts for a parent that is not stored.</param>
/// <param name="Name">Operation.</param>
/// <param name="Position">Among siblings alike; always 0 when they are joined.</param>
/// <param name="LeftCallCount">Per trace; 0 when it is not there.</param>
/// <param name="RightCallCount">As <paramref name="LeftCallCount"/>.</param>
/// <param name="LeftNanos">Time per trace, all calls together.</param>
/// <param name="RightNanos">As <paramref name="LeftNanos"/>.</param>
/// <param name="LeftSelfNanos">Of it, without the time of children.</param>
/// <param name="RightSelfNanos">As <paramref name="LeftSelfNanos"/>.</param>
/// <param name="LeftErrorCount">Failed calls per trace.</param>
/// <param name="RightErrorCount">As <paramref name="LeftErrorCount"/>.</param>
/// <param name="LeftSpanIndex">Of the first such span in the left trace; -1 when there is none.</param>
public sealed record ComparedSpan(
    int Index, int ParentIndex, int Depth, string Service, string Name, string Resource, int Position,
    double LeftCallCount, double RightCallCount, double LeftNanos, double RightNanos, double LeftSelfNanos, double RightSelfNanos, double LeftErrorCount, double RightErrorCount, int LeftSpanIndex)
{
    /// <summary>More than zero: the left side took longer.</summary>
    public double DifferenceNanos => LeftNanos - RightNanos;

    /// <summary>As <see cref="DifferenceNanos"/>, of own time.</summary>
    public double SelfDifferenceNanos => LeftSelfNanos - RightSelfNanos;

    /// <summary>Only the left side has it.</summary>
    public bool IsAdded => LeftCallCount > 0 && RightCallCount <= 0;

    /// <summary>Only the right side has it.</summary>
    public bool IsRemoved => RightCallCount > 0 && LeftCallCount <= 0;
}
