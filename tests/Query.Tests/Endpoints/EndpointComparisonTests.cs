using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Endpoints;
using Apm.Query.Filters;
using Apm.Query.Tests.Shop;
using Apm.TestKit;
using Apm.TestKit.Shop;

namespace Apm.Query.Tests.Endpoints;

/// <summary>What the shop has planted is what differs.</summary>
public sealed class EndpointComparisonTests(ShopHistory history) : IClassFixture<ShopHistory>
{
    readonly EndpointComparison _comparison = new(new BatchList(SpanBatches.Of([.. history.Traces.SelectMany(trace => trace.Spans)])), new FixedClock(ShopHistory.Now));

    TimeRange Whole => new(history.Scenario.At(ShopFacts.History), ShopHistory.Now);

    static TraceFilter Endpoint(string service, string resource) => TraceFilter.Empty.With("service", service).With("resource", resource);

    /// <summary>Durations of the endpoint's requests, shortest first.</summary>
    long[] Durations(string service, string resource, TimeRange range) =>
        [.. history.Entries.Where(span => span.Service == service && span.Resource == resource && range.Contains(span.StartUnixNanos)).Select(span => span.DurationNanos).Order()];

    [Fact]
    public void The_slow_requests_of_an_endpoint_are_those_of_one_kind_of_customer()
    {
        var durations = Durations(ShopFacts.TierSlowService, ShopFacts.TierSlowResource, Whole);
        var slow = RequestChoice.Lasting(durations[durations.Length * 8 / 10], long.MaxValue);

        var found = _comparison.Attributes(Whole, Endpoint(ShopFacts.TierSlowService, ShopFacts.TierSlowResource), slow);

        var first = found.StandOut[0];
        Assert.Equal((ShopFacts.TierTag, ShopFacts.SlowTier), (first.Key, first.Value));
        Assert.True(first.Share > 0.9 && first.ShareOfOthers < 0.4, $"{first}");
    }

    [Fact]
    public void The_slow_requests_after_a_deploy_are_those_of_the_new_version_and_the_operation_that_grew_is_named()
    {
        var deploy = ShopFacts.Deploys.Single(deploy => deploy.Version == ShopFacts.RegressionVersion);
        var around = new TimeRange(history.Scenario.At(deploy.Before) - (history.Scenario.At(TimeSpan.Zero) - history.Scenario.At(deploy.Before)), ShopHistory.Now);
        var durations = Durations(ShopFacts.RegressionService, ShopFacts.RegressionResource, around);
        var slow = RequestChoice.Lasting(durations[durations.Length * 6 / 10], long.MaxValue);

        var endpoint = Endpoint(ShopFacts.RegressionService, ShopFacts.RegressionResource);

        Assert.Contains(_comparison.Attributes(around, endpoint, slow).StandOut, tells => tells is { Key: "version", Value: ShopFacts.RegressionVersion });
        var operations = _comparison.Operations(around, endpoint, slow);
        var grown = operations.Chosen.Operations.MaxBy(time => time.SelfNanos - (operations.Rest!.Find(time.Operation)?.SelfNanos ?? 0))!;
        Assert.Equal(ShopFacts.RegressionSpanResource, grown.Operation.Resource);
    }

    [Fact]
    public void All_requests_are_compared_with_nothing()
    {
        var endpoint = Endpoint(ShopFacts.TierSlowService, ShopFacts.TierSlowResource);
        var found = _comparison.Operations(Whole, endpoint, RequestChoice.All);

        Assert.Null(found.Rest);
        Assert.InRange(found.Chosen.RequestCount, 1, EndpointComparison.MaxTraces);
        Assert.Same(AttributeComparison.None, _comparison.Attributes(Whole, endpoint, RequestChoice.All));
    }

    [Fact]
    public void The_rest_of_a_band_is_what_is_shorter_and_what_is_longer()
    {
        Assert.Equal("duration:>=5 duration:<=9", Plain(RequestChoice.Lasting(5, 9).Filter));
        Assert.Equal("duration:<=4 OR duration:>=10", Plain(RequestChoice.Lasting(5, 9).Rest!));
        Assert.Equal(("duration:<=9", "duration:>=10"), (Plain(RequestChoice.Lasting(0, 9).Filter), Plain(RequestChoice.Lasting(0, 9).Rest!)));
        Assert.Equal(("duration:>=5", "duration:<=4"), (Plain(RequestChoice.Lasting(5, long.MaxValue).Filter), Plain(RequestChoice.Lasting(5, long.MaxValue).Rest!)));
        Assert.Null(RequestChoice.Lasting(0, long.MaxValue).Rest);

        static string Plain(TraceFilter filter) => filter.ToString().Replace("ns", "", StringComparison.Ordinal);
    }
}
