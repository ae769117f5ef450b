using Apm.Core.Spans;
using Apm.Query.Compare;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Compare;

public class TraceComparisonTests
{
    [Fact]
    public void Spans_are_aligned_by_what_they_are_and_where_and_the_rest_is_added_or_removed()
    {
        var slow = Tree("""
            web http.request "GET /" 0+100 server
              web auth check 0+10
              web sql.query "SELECT 1" 10+60 client
              web render page 70+30
            """);
        var quick = Tree("""
            web http.request "GET /" 0+55 server
              web cache.get key 0+5
              web auth check 5+10
              web sql.query "SELECT 1" 15+20 client
            """);

        var comparison = TraceComparison.Of(slow, [quick]);

        Assert.Equal("""
            web http.request GET / 100-55=+45
              web auth check 10-10=+0
              web cache.get key 0-5=-5 removed
              web sql.query SELECT 1 60-20=+40
              web render page 30-0=+30 added
            """, Draw(comparison));
        Assert.Equal(["sql.query", "render", "http.request", "cache.get"], comparison.ByDifference.Select(row => row.Name));
        Assert.Equal("sql.query", comparison.Culprit!.Name);
        Assert.Null(comparison.CutReason);
    }

    [Fact]
    public void Repeated_siblings_of_one_trace_are_told_apart_by_their_position()
    {
        var comparison = TraceComparison.Of(
            Tree("""
                web http.request "GET /" 0+30
                  web sql.query SELECT 0+10
                  web sql.query SELECT 10+5
                """),
            [Tree("""
                web http.request "GET /" 0+10
                  web sql.query SELECT 0+10
                """)]);

        Assert.Equal("""
            web http.request GET / 30-10=+20
              web sql.query SELECT 10-10=+0
              web sql.query SELECT #1 5-0=+5 added
            """, Draw(comparison));
    }

    [Fact]
    public void Several_traces_are_one_side_of_calls_and_time_per_trace()
    {
        var other = Tree("""
            web http.request "GET /" 0+10
              web sql.query SELECT 0+4
              web sql.query SELECT 4+4
            """);
        var without = Tree("""web http.request "GET /" 0+20""");

        var comparison = TraceComparison.Of(other, [other, without]);

        var query = comparison.Rows.Single(row => row.Name == "sql.query");
        Assert.Equal((2.0, 1.0), (query.LeftCallCount, query.RightCallCount));
        Assert.Equal((8.0 * Some.Millisecond, 4.0 * Some.Millisecond), (query.LeftNanos, query.RightNanos));
        Assert.Equal((10.0 * Some.Millisecond, 15.0 * Some.Millisecond), (comparison.LeftNanos, comparison.RightNanos));
    }

    [Fact]
    public void A_trace_against_itself_differs_in_nothing()
    {
        var tree = Tree("""
            web http.request "GET /" 0+30
              api rpc call 0+10
                db sql SELECT 1+5
            """);

        var comparison = TraceComparison.Of(tree, [tree]);

        Assert.Empty(comparison.ByDifference);
        Assert.Null(comparison.Culprit);
        Assert.Equal([-1, 0, 1], comparison.Rows.Select(row => row.ParentIndex));
    }

    [Fact]
    public void A_large_trace_keeps_its_biggest_differences_with_all_above_them_and_says_so()
    {
        var spans = new List<Span> { Some.Span(id: 1, durationNanos: 30_000) };
        for (var i = 0; i < TraceComparison.MaxSpans + 10; i++) spans.Add(Some.Span(id: (ulong)i + 2, parent: 1, name: "op" + i, startNanos: i, durationNanos: i == 7_000 ? 900 : 1));
        var large = TreeOf(spans);

        var comparison = TraceComparison.Of(large, [TreeOf([spans[0]])]);

        Assert.Equal(TraceComparison.MaxRows, comparison.Rows.Count);
        Assert.Contains(comparison.Rows, row => row.Name == "op7000");
        Assert.Equal(-1, comparison.Rows[0].ParentIndex);
        Assert.All(comparison.Rows.Skip(1), row => Assert.Equal(0, row.ParentIndex));
        Assert.Equal("Only the first 20,000 spans of a trace are compared; one has more. 2,000 of 20,000 rows are shown, those with the biggest differences.", comparison.CutReason);
    }

    static TraceTree Tree(string drawing) => TreeOf(Some.Trace(drawing));

    static TraceTree TreeOf(IReadOnlyList<Span> spans) => new TraceLookup(new BatchList(Some.Batch(spans))).Read(Some.TraceId())!;

    static string Draw(TraceComparison comparison) => string.Join('\n', comparison.Rows.Select(row =>
        $"{new string(' ', row.Depth * 2)}{row.Service} {row.Name} {row.Resource}{(row.Position > 0 ? $" #{row.Position}" : "")} {row.LeftNanos / 1e6:0}-{row.RightNanos / 1e6:0}={row.DifferenceNanos / 1e6:+0;-0;+0}{(row.IsAdded ? " added" : row.IsRemoved ? " removed" : "")}"));
}
