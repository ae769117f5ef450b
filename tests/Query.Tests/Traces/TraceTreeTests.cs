using System.Text;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Traces;
using Apm.TestKit;
using CsCheck;

namespace Apm.Query.Tests.Traces;

public class TraceTreeTests
{
    [Fact]
    public void Draws_a_trace_in_display_order_with_self_times_and_the_critical_path()
    {
        Assert.Equal("""
            * web  flask.request  100 ms, self 35
              * cache  redis.get  10 ms, self 10
              . api  http.request  50 ms, self 20
                . api  work  30 ms, self 30
              * web  parallel  20 ms, self 20

            """, Draw(Read(Some.Trace("""
            web flask.request "GET /" 0+100
              api http.request x 40+50
                api work x 50+30
              web parallel x 75+20
              cache redis.get x 10+10
            """))), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Self_time_leaves_out_the_union_of_children_that_overlap_or_reach_out()
    {
        var tree = Read(Some.Trace("""
            a root x 10+100
              a one x 20+30
              a two x 40+30
              a inside x 45+5
              a late x 100+50
              a early x 0+15
            """));

        Assert.Equal((100 - 5 - 50 - 10) * Some.Millisecond, tree.Root.SelfNanos);
        Assert.Equal(150 * Some.Millisecond, tree.DurationNanos);
    }

    [Fact]
    public void Orphans_hang_beneath_a_gap_and_the_tree_says_what_is_missing()
    {
        var tree = Read([
            Some.Span(id: 1, durationNanos: 100),
            Some.Span(id: 2, parent: 77, startNanos: 50, durationNanos: 10),
            Some.Span(id: 3, parent: 77, startNanos: 40, durationNanos: 5),
            Some.Span(id: 4, parent: 2, startNanos: 52, durationNanos: 1),
        ]);

        Assert.Equal([1UL, 77, 3, 2, 4], tree.Nodes.Select(node => node.SpanId.Value));
        Assert.Equal([false, true, false, false, false], tree.Nodes.Select(node => node.IsGap));
        Assert.Equal([0, 0, 1, 1, 2], tree.Nodes.Select(node => node.Depth));
        Assert.Equal((4, 20L), (tree.SpanCount, tree.Nodes[1].DurationNanos));
        Assert.Equal("1 parent span of 2 spans is not stored: not sent yet, dropped, or from a service that is not traced.", tree.IncompleteReason);
    }

    [Fact]
    public void Folded_spans_count_as_what_they_stand_for()
    {
        var shape = SpanFlags.None.With(SampleVerdict.KeepShape);
        var tree = Read([
            Some.Span(id: 1),
            Some.Span(id: 2, parent: 1, flags: shape, numbers: [(FoldedTags.Count, 999_998)]),
            Some.Span(id: 3, parent: 1, flags: shape),
        ]);

        Assert.Equal((3, 1_000_000L, 999_998L), (tree.SpanCount, tree.SentSpanCount, tree.FoldedSpanCount));
    }

    [Fact]
    public void Says_when_the_root_is_missing() =>
        Assert.Equal(
            "1 parent span of 1 span is not stored: not sent yet, dropped, or from a service that is not traced. The root span is missing.",
            Read([Some.Span(id: 2, parent: 1)]).IncompleteReason);

    [Fact]
    public void Circles_of_parents_are_cut_at_their_earliest_span()
    {
        var tree = Read([
            Some.Span(id: 1, parent: 3, startNanos: 20), Some.Span(id: 2, parent: 1, startNanos: 10), Some.Span(id: 3, parent: 2, startNanos: 30),
            Some.Span(id: 9, parent: 9, startNanos: 40),
        ]);

        Assert.Equal([2UL, 3, 1, 9], tree.Nodes.Select(node => node.SpanId.Value));
        Assert.Equal([0, 1, 2, 0], tree.Nodes.Select(node => node.Depth));
        Assert.Equal("There are 2 roots. 2 circles of parents were cut.", tree.IncompleteReason);
    }

    [Fact]
    public void Two_halves_of_a_call_under_one_id_are_caller_and_called()
    {
        var tree = Read([
            Some.Span(id: 1, service: "front", durationNanos: 100),
            Some.Span(id: 2, parent: 1, service: "front", kind: SpanKind.Client, durationNanos: 50),
            Some.Span(id: 2, parent: 1, service: "back", kind: SpanKind.Server, startNanos: 5, durationNanos: 40),
            Some.Span(id: 3, parent: 2, service: "back", startNanos: 10, durationNanos: 10),
        ]);

        Assert.Equal(["front 0", "front 1", "back 2", "back 3"], tree.Nodes.Select(node => $"{node.Service} {node.Depth}"));
        Assert.Null(tree.IncompleteReason);
    }

    [Fact]
    public void A_finished_span_takes_the_place_of_its_snapshot()
    {
        var tree = new TraceLookup(new BatchList(
            Some.Batch(Some.Span(durationNanos: 9, name: "done")), Some.Batch(Some.Span(durationNanos: 900, name: "running", flags: SpanFlags.Partial)))).Read(Some.TraceId())!;

        Assert.Equal("done", Assert.Single(tree.Nodes).Name);
    }

    [Fact]
    public void A_64_bit_id_finds_the_128_bit_trace_and_the_tree_tells_the_whole_id()
    {
        var lookup = new TraceLookup(new BatchList(Some.Batch(Some.Span(trace: 5, traceHigh: 1, id: 1), Some.Span(trace: 5, traceHigh: 0, id: 2, parent: 1), Some.Span(trace: 6, id: 3))));

        Assert.Equal((new TraceId(1, 5), 2), (lookup.Read(new TraceId(0, 5))!.TraceId, lookup.Read(new TraceId(0, 5))!.SpanCount));
        Assert.Equal(1, lookup.Read(new TraceId(2, 5))?.SpanCount); // The half without an upper part belongs to any.
        Assert.Null(lookup.Read(new TraceId(0, 999)));
    }

    [Theory]
    [InlineData(3, false, "The trace may still be arriving: its last span ended 3 s ago.")]
    [InlineData(3, true, "1 span had not ended when it was sent: a snapshot is shown. The trace may still be arriving: its last span ended 3 s ago.")]
    [InlineData(60, true, "1 span had not ended when it was sent: a snapshot is shown.")]
    [InlineData(60, false, null)]
    public void Says_when_more_may_come(int seconds, bool isRunning, string? says)
    {
        var tree = Read([Some.Span(id: 2, parent: 1, flags: isRunning ? SpanFlags.Partial : SpanFlags.None, durationNanos: Some.Millisecond)]);

        Assert.Equal(says, tree.SayWhetherArriving(Some.BaseUnixNanos + (seconds * Some.Second) + Some.Millisecond));
    }

    [Fact]
    public void Says_that_clocks_disagree()
    {
        var tree = Read(Some.Trace("""
            web call x 10+50
              api work x 5+20
            """));

        Assert.Equal("1 span starts up to 5 ms before the span that called it: the clocks of the hosts disagree.", tree.ClockSkewReason);
    }

    [Fact]
    public void A_trace_as_deep_as_it_is_long_and_one_as_wide_are_both_read()
    {
        const int Count = 100_000;
        var deep = Read(Enumerable.Range(1, Count).Select(i => Some.Span(id: (ulong)i, parent: (ulong)i - 1, startNanos: i, durationNanos: Count)));
        var wide = Read(Enumerable.Range(1, Count).Select(i => Some.Span(id: (ulong)i, parent: i == 1 ? 0UL : 1, startNanos: i, durationNanos: i == 1 ? 2 * Count : 5)));

        Assert.Equal(Count - 1, deep.MaxDepth);
        Assert.Equal(Count - 1, wide.Root.ChildCount);
        Assert.Equal(Count - 1, wide.Root.DescendantCount);
    }

    [Fact]
    public void Whatever_the_spans_are_the_tree_holds_each_once_and_is_in_order()
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var spans = Enumerable.Range(0, chance.Next(1, 40)).Select(_ => Some.Span(
                id: (ulong)chance.Next(1, 25), parent: (ulong)chance.Next(0, 28), service: chance.Next(2) == 0 ? "a" : "b", kind: (SpanKind)chance.Next(6),
                startNanos: chance.Next(100), durationNanos: chance.Next(60))).ToList();

            var tree = Read(spans);

            Assert.Equal(spans.Select(span => (span.Id, span.Service)).Distinct().Count(), tree.SpanCount);
            for (var i = 0; i < tree.Nodes.Count; i++)
            {
                var node = tree.Nodes[i];
                Assert.Equal(i, node.Index);
                Assert.True(node.ParentIndex < i);
                Assert.Equal(node.ParentIndex < 0 ? 0 : tree.Nodes[node.ParentIndex].Depth + 1, node.Depth);
                Assert.Equal(tree.Nodes.Count(other => other.ParentIndex == i), node.ChildCount);
                Assert.True(node.ParentIndex < 0 || i <= node.ParentIndex + tree.Nodes[node.ParentIndex].DescendantCount);
                Assert.Equal(node.IsGap ? 0 : SelfByCounting(tree, node), node.SelfNanos);
            }
        }, iter: 2000);
    }

    /// <summary>The nanoseconds of a span in which no child runs, one by one.</summary>
    static long SelfByCounting(TraceTree tree, TraceNode node)
    {
        var children = tree.Nodes.Where(child => child.ParentIndex == node.Index).ToList();
        var count = 0L;
        for (var at = node.StartUnixNanos; at < node.EndUnixNanos; at++) if (!children.Exists(child => child.StartUnixNanos <= at && at < child.EndUnixNanos)) count++;
        return count;
    }

    static TraceTree Read(IEnumerable<Span> spans) => new TraceLookup(new BatchList(Some.Batch(spans))).Read(Some.TraceId())!;

    static string Draw(TraceTree tree)
    {
        var text = new StringBuilder();
        foreach (var node in tree.Nodes)
            text.Append(' ', node.Depth * 2).Append(node.IsOnCriticalPath ? "* " : ". ")
                .Append(System.Globalization.CultureInfo.InvariantCulture, $"{node.Service}  {node.Name}  {node.DurationNanos / 1e6} ms, self {node.SelfNanos / 1e6}").Append('\n');
        return text.ToString();
    }
}
