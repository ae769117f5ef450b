using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Traces;
using Apm.TestKit;
using Apm.TestKit.Shop;

namespace Apm.Query.Tests.Shop;

/// <summary>Each of <see cref="ShopFacts"/> is in the traffic, so that a screen that does not find one is at fault itself.</summary>
public sealed class ShopScenarioTests(ShopHistory history) : IClassFixture<ShopHistory>
{
    [Fact]
    public void All_services_and_endpoints_have_traffic()
    {
        Assert.Equal(ShopFacts.ServiceCount, ShopServices.All.Count);
        Assert.Equal(ShopFacts.EndpointCount, ShopEndpoints.All.Count);
        Assert.Equal(
            ShopEndpoints.All.Select(endpoint => (endpoint.Service, endpoint.Resource)).Order(),
            history.Entries.Select(span => (span.Service, span.Resource)).Distinct().Order());
    }

    [Fact]
    public void The_same_seed_and_now_give_the_same_spans()
    {
        var range = new TimeRange(ShopHistory.Now - (3 * 60 * UnixTime.NanosPerSecond), ShopHistory.Now);
        Assert.Equal(Draw(new ShopScenario(5, ShopHistory.Now)), Draw(new ShopScenario(5, ShopHistory.Now)));

        string Draw(ShopScenario scenario) => string.Join('\n', scenario.Requests(range).SelectMany(trace => trace.Spans).Select(span => $"{span.TraceId} {span.Id} {span.ParentId} {span.StartUnixNanos} {span.DurationNanos} {span.Service} {span.Resource} {string.Join(',', span.Tags)}"));
    }

    [Fact]
    public void Each_deploy_changes_the_version_at_its_time()
    {
        foreach (var deploy in ShopFacts.Deploys)
        {
            var (from, to) = (history.Scenario.At(deploy.Before), history.Scenario.TakenAt(deploy, ShopServices.Of(deploy.Service).Instances - 1));
            var entries = history.Entries.Where(span => span.Service == deploy.Service).ToList();
            Assert.DoesNotContain(entries, span => span.StartUnixNanos < from - Margin && span.Tag("version") == deploy.Version);
            Assert.Contains(entries, span => span.StartUnixNanos > to + Margin);
            Assert.All(entries.Where(span => span.StartUnixNanos > to + Margin), span => Assert.Equal(deploy.Version, span.Tag("version")));
        }
    }

    [Fact]
    public void The_regression_is_slower_and_fails_anew_and_nothing_else_of_its_service_is()
    {
        var (slow, before) = (RegressionOf(ShopFacts.RegressionVersion), RegressionOf(ShopFacts.VersionBeforeRegression));
        Assert.InRange(Median(slow) - Median(before), 0.7 * ShopFacts.RegressionMillis, 1.3 * ShopFacts.RegressionMillis);
        var type = ShopFacts.Faults.Single(fault => fault.Name == ShopFacts.ReservationTimeout).Type;
        Assert.Contains(slow, span => span.Tag("error.type") == type);
        Assert.DoesNotContain(before, span => span.Tag("error.type") == type);
        Assert.All(history.Entries.Where(span => span.Resource == ShopFacts.NewEndpointResource), span => Assert.Equal(ShopFacts.RegressionVersion, span.Tag("version")));

        List<Span> RegressionOf(string version) => [.. history.Entries.Where(span => span.Service == ShopFacts.RegressionService && span.Resource == ShopFacts.RegressionResource && span.Tag("version") == version)];
    }

    [Fact]
    public void One_request_asks_the_same_statement_again_and_again()
    {
        var spans = history.TraceOf(ShopFacts.NPlusOneTraceId).Spans.Where(span => span.Resource == ShopFacts.NPlusOneStatement).ToList();
        Assert.Equal(ShopFacts.NPlusOneCount, spans.Count);
        Assert.Single(spans.Select(span => span.ParentId).Distinct());
    }

    [Fact]
    public void The_clock_of_one_host_is_wrong()
    {
        var skewed = TreeOf(ShopFacts.SkewedTraceId);
        Assert.NotNull(skewed.ClockSkewReason);
        Assert.Null(TreeOf(ShopFacts.NPlusOneTraceId).ClockSkewReason);
        Assert.All(history.Traces.SelectMany(trace => trace.Chunks).Where(chunk => chunk.Process.Host == ShopFacts.SkewedHost), chunk => Assert.Equal(ShopFacts.SkewedService, chunk.Process.Service.Name));
    }

    [Fact]
    public void A_header_is_lost_between_one_pair_only()
    {
        var caller = history.TraceOf(ShopFacts.LostHeaderTraceId);
        var call = caller.Spans.Single(span => span.Kind == SpanKind.Client && span.Tag("peer.service") == ShopFacts.LostHeaderCallee);
        Assert.DoesNotContain(caller.Spans, span => span.ParentId == call.Id);
        Assert.Contains(caller.Spans, span => span.TraceId == ShopFacts.LostHeaderCalleeTraceId && span.ParentId.IsNone && span.Service == ShopFacts.LostHeaderCallee);
        foreach (var trace in history.Traces)
        {
            var parents = trace.Spans.Select(span => span.ParentId).ToHashSet();
            Assert.All(trace.Spans.Where(span => span.Tag("peer.service") is not null && !parents.Contains(span.Id)), span => Assert.Equal((ShopFacts.LostHeaderCaller, ShopFacts.LostHeaderCallee), (span.Service, span.Tag("peer.service")!)));
        }
    }

    [Fact]
    public void The_rare_endpoint_was_called_when_it_is_said()
    {
        var times = history.Entries.Where(span => span.Service == ShopFacts.RareService && span.Resource == ShopFacts.RareResource).Select(span => span.StartUnixNanos);
        Assert.Equal(ShopFacts.RareBefore.Select(history.Scenario.At).Order(), times.Order());
    }

    [Fact]
    public void Requests_of_one_tier_are_slow_at_one_endpoint()
    {
        var free = Of(ShopFacts.TierSlowResource, tier => tier == ShopFacts.SlowTier);
        Assert.InRange(Median(free) / Median(Of(ShopFacts.TierSlowResource, tier => tier != ShopFacts.SlowTier)), 3, ShopFacts.TierFactor);
        Assert.InRange(Median(Of("GET /cart", tier => tier == ShopFacts.SlowTier)) / Median(Of("GET /cart", tier => tier != ShopFacts.SlowTier)), 0.8, 1.2);

        List<Span> Of(string resource, Predicate<string> isTier) => [.. history.Entries.Where(span => span.Service == ShopFacts.TierSlowService && span.Resource == resource && isTier(span.Tag(ShopFacts.TierTag)!))];
    }

    [Fact]
    public void Each_fault_occurs_with_different_messages_of_one_pattern()
    {
        foreach (var fault in ShopFacts.Faults)
        {
            var messages = history.Entries.Where(span => span.IsError && span.Service == fault.Service && span.Resource == fault.Resource && span.Tag("error.type") == fault.Type).Select(span => span.Tag("error.message")!).ToHashSet();
            Assert.True(messages.Count > 1, $"{fault.Name}: {messages.Count} messages");
            var pattern = new Regex("^" + Regex.Replace(Regex.Escape(fault.Message), @"\\\{\w+}", @"\w+") + "$");
            Assert.All(messages, message => Assert.Matches(pattern, message));
        }
    }

    [Fact]
    public void Planted_traces_are_there_once_at_their_times()
    {
        foreach (var plant in ShopFacts.Planted)
        {
            var root = history.TraceOf(plant.TraceId).Spans.Single(span => span.ParentId.IsNone && span.TraceId == plant.TraceId);
            Assert.Equal((plant.Service, plant.Resource, history.Scenario.At(plant.Before)), (root.Service, root.Resource, root.StartUnixNanos));
            Assert.Equal(plant.Choice.Fault is not null, root.IsError);
        }
    }

    /// <summary>A request reaches a service a little after it began.</summary>
    const long Margin = 10 * UnixTime.NanosPerSecond;

    TraceTree TreeOf(TraceId id) => new TraceLookup(new BatchList(Some.Batch(history.TraceOf(id).Spans))).Read(id)!;

    static double Median(List<Span> spans) => spans.Select(span => span.DurationNanos).Order().ElementAt(spans.Count / 2) / (double)UnixTime.NanosPerMillisecond;
}

/// <summary>Six hours of the shop, made once for the class.</summary>
public sealed class ShopHistory
{
    public static readonly long Now = Some.Hour.FromUnixNanos;

    public ShopScenario Scenario { get; } = new(1, Now);
    public IReadOnlyList<ShopTrace> Traces { get; }

    /// <summary>Spans with which a request enters a service.</summary>
    public IReadOnlyList<Span> Entries { get; }

    public ShopHistory()
    {
        Traces = [.. Scenario.Requests(new TimeRange(Scenario.At(ShopFacts.History), Now))];
        Entries = [.. Traces.SelectMany(trace => trace.Spans).Where(span => span.Kind is SpanKind.Server or SpanKind.Consumer)];
    }

    public ShopTrace TraceOf(TraceId id) => Traces.Single(trace => trace.Spans.Any(span => span.TraceId == id));
}
