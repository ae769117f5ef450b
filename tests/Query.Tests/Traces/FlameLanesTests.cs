using Apm.Query.Traces;
using Apm.TestKit;
using CsCheck;

namespace Apm.Query.Tests.Traces;

public class FlameLanesTests
{
    [Fact]
    public void What_runs_side_by_side_lies_in_rows_of_its_own()
    {
        var tree = Read(Some.Trace("""
            web root x 0+100
              web a x 10+30
                web a1 x 12+10
              web b x 20+30
              web c x 60+30
                web c1 x 62+5
            """));

        // b runs beside a and its child, so it lies beneath both; c comes after them and has the first row again.
        Assert.Equal([0, 1, 2, 3, 1, 2], FlameLanes.Of(tree));
    }

    [Fact]
    public void Nothing_overlaps_and_every_span_lies_beneath_its_parent()
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var tree = Read(Enumerable.Range(1, chance.Next(2, 40)).Select(i => Some.Span(
                id: (ulong)i, parent: (ulong)chance.Next(0, i + 1), startNanos: chance.Next(100), durationNanos: chance.Next(60))));

            var rows = FlameLanes.Of(tree);

            for (var i = 0; i < rows.Length; i++)
            {
                var node = tree.Nodes[i];
                Assert.True(node.ParentIndex < 0 || rows[i] > rows[node.ParentIndex]);
                for (var j = 0; j < i; j++)
                    Assert.False(rows[j] == rows[i] && tree.Nodes[j].StartUnixNanos < node.EndUnixNanos && node.StartUnixNanos < tree.Nodes[j].EndUnixNanos, $"{i} and {j} overlap");
            }
        }, iter: 1000);
    }

    [Fact]
    public void Deep_and_wide_ones_are_laid_out_in_time()
    {
        const int Count = 100_000;
        var deep = FlameLanes.Of(Read(Enumerable.Range(1, Count).Select(i => Some.Span(id: (ulong)i, parent: (ulong)i - 1, startNanos: i, durationNanos: Count))));
        var wide = FlameLanes.Of(Read(Enumerable.Range(1, Count).Select(i => Some.Span(id: (ulong)i, parent: i == 1 ? 0UL : 1, startNanos: i, durationNanos: 2 * Count))));

        Assert.Equal(Count - 1, deep.Max());
        Assert.Equal(Count - 1, wide.Max());
    }

    static TraceTree Read(IEnumerable<Core.Spans.Span> spans) => new TraceLookup(new BatchList(Some.Batch(spans))).Read(Some.TraceId())!;
}
