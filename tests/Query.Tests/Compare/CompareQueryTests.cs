using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Compare;
using Apm.Query.ServiceMap;
using Apm.Query.Tests.Shop;
using Apm.Query.Traces;
using Apm.Core.Services;
using Apm.TestKit;
using Apm.TestKit.Shop;

namespace Apm.Query.Tests.Compare;

/// <summary>What is planted in the shop is found by comparing.</summary>
public sealed class CompareQueryTests(ShopHistory history) : IClassFixture<ShopHistory>
{
    [Fact]
    public void A_slow_trace_against_the_last_version_names_the_operation_that_grew()
    {
        var (tree, side) = Find(ShopFacts.RegressionTraceId, CompareWith.LastVersion);

        Assert.Equal("orders 4.2.0", side.Title);
        Assert.Equal($"Mean of the newest {side.Traces.Count} traces of web-store POST /checkout in which orders was 4.2.0; here it is 4.3.0.", side.Says);
        Assert.InRange(side.Traces.Count, 2, CompareQuery.MaxSampledTraces);
        var grown = TraceComparison.Of(tree, side.Traces).Culprit!;
        Assert.Equal((ShopFacts.RegressionService, ShopFacts.RegressionSpanName, ShopFacts.RegressionSpanResource, true), (grown.Service, grown.Name, grown.Resource, grown.IsAdded));
        Assert.InRange(grown.SelfDifferenceNanos / Some.Millisecond, 0.5 * ShopFacts.RegressionMillis, 1.5 * ShopFacts.RegressionMillis);
    }

    [Fact]
    public void The_trace_before_the_regression_as_the_other_side_names_it_too()
    {
        var grown = TraceComparison.Of(TreeOf(ShopFacts.RegressionTraceId), [TreeOf(ShopFacts.BeforeRegressionTraceId)]).ByDifference[0];

        Assert.Equal(ShopFacts.RegressionSpanName, grown.Name);
    }

    [Fact]
    public void A_failed_trace_against_the_last_success()
    {
        var (tree, side) = Find(ShopFacts.FailedCheckoutTraceId, CompareWith.LastSuccess);

        var success = Assert.Single(side.Traces);
        Assert.Equal((0, tree.Root.Resource), (success.ErrorCount, success.Root.Resource));
        Assert.True(success.StartUnixNanos < tree.StartUnixNanos);
        Assert.Contains(TraceComparison.Of(tree, side.Traces).Rows, row => row.LeftErrorCount > 0 && row.RightErrorCount == 0);
    }

    [Fact]
    public void The_median_is_of_traces_of_the_same_endpoint()
    {
        var (tree, side) = Find(ShopFacts.NPlusOneTraceId, CompareWith.Median);

        Assert.Equal(CompareQuery.MaxSampledTraces, side.Traces.Count);
        Assert.All(side.Traces, other => Assert.Equal((tree.Root.Service, tree.Root.Resource), (other.Root.Service, other.Root.Resource)));
        Assert.DoesNotContain(side.Traces, other => other.TraceId == tree.TraceId);
    }

    [Fact]
    public void Without_another_version_it_says_what_is_missing()
    {
        Span[] spans = [Some.Span(), Some.Span(trace: 2)];
        var side = Query(spans).Find(new TraceLookup(new BatchList(Some.Batch(spans))).Read(Some.TraceId())!, CompareWith.LastVersion);

        Assert.Equal((0, "None of its services is known to have run another version in the 24 hours before it; spans tell theirs by the tag version."), (side.Traces.Count, side.Says));
    }

    [Fact]
    public void The_map_names_the_lost_header_in_words_and_no_other()
    {
        var spans = Spans;
        var range = new TimeRange(history.Scenario.At(TimeSpan.FromHours(1)), ShopHistory.Now);

        var map = new ServiceMapQuery(new BatchList(Some.Batch(spans)), new StatsList(Some.Stats(spans)), new ServiceCatalogue(new MemoryDocuments()), new FixedClock(ShopHistory.Now)).Read(range);

        var lost = Assert.Single(map.Unpaired, calls => calls.Reason == UnpairedReason.HeaderLost);
        Assert.Equal((ShopFacts.LostHeaderCaller, ShopFacts.LostHeaderCallee, ShopFacts.LostHeaderResource), (lost.From, lost.To, lost.CalleeResource));
        Assert.StartsWith("recommendations began a trace of its own (GET /recommendations/{user}) while web-store waited for it (", lost.Sentence, StringComparison.Ordinal);
        Assert.Equal(EdgeConfidence.HeaderLost, Assert.Single(map.Edges, edge => edge is { From: ShopFacts.LostHeaderCaller, To: ShopFacts.LostHeaderCallee }).Confidence);
        Assert.DoesNotContain(map.Edges, edge => edge.Confidence == EdgeConfidence.HeaderLost && edge.To != ShopFacts.LostHeaderCallee);
        Assert.DoesNotContain(map.Unpaired, calls => calls.Reason is UnpairedReason.CalleeNotStored or UnpairedReason.CallerNotStored && calls.Count > 5);
    }

    List<Span> Spans => _spans ??= [.. history.Traces.SelectMany(trace => trace.Spans)];

    List<Span>? _spans;

    (TraceTree Tree, CompareSide Side) Find(Core.Ids.TraceId id, CompareWith with)
    {
        var tree = TreeOf(id);
        return (tree, Query(Spans).Find(tree, with));
    }

    TraceTree TreeOf(Core.Ids.TraceId id) => new TraceLookup(new BatchList(Some.Batch(history.TraceOf(id).Spans))).Read(id)!;

    static CompareQuery Query(IReadOnlyList<Span> spans)
    {
        var reader = new BatchList(Some.Batch(spans));
        return new CompareQuery(new TraceSearch(reader, new FixedClock(ShopHistory.Now)), new TraceLookup(reader), new VersionStats(spans));
    }

    /// <summary>Statistics that know the versions of spans.</summary>
    sealed class VersionStats : Core.Ports.IStatsReader
    {
        readonly SimpleStats _stats = new();

        public VersionStats(IEnumerable<Span> spans)
        {
            foreach (var span in spans) _stats.Add(span);
        }

        public IEnumerable<Core.Ports.StatsRow> Read(TimeRange range, Core.Ports.StatsFilter filter, long coarsestNanos) => _stats.Read(range, filter, coarsestNanos);
    }
}
