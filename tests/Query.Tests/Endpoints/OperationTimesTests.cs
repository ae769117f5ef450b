using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Endpoints;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Endpoints;

public class OperationTimesTests
{
    const long T0 = 1_767_225_600_000_000_000;

    /// <summary>caller (0–100) → request (10–90) → select (20–30), select (30–50), cache (60–61).</summary>
    static TraceTree Tree(bool withCache) => TraceLookup.Read(
        [
            SpanBatches.Of(
            [
                Span(1, 0, "web", "page", 0, 100),
                Span(2, 1, "shop", "GET /cart", 10, 80),
                Span(3, 2, "shop", "SELECT", 20, 10),
                Span(4, 2, "shop", "SELECT", 30, 20),
                .. withCache ? [Span(5, 2, "shop", "GET key", 60, 1)] : Array.Empty<Span>(),
            ]),
        ], new TraceId(0, 7))!;

    static Span Span(ulong id, ulong parent, string service, string resource, long at, long lasts) => new()
    {
        TraceId = new TraceId(0, 7),
        Id = new SpanId(id),
        ParentId = new SpanId(parent),
        Service = service,
        Name = "op",
        Resource = resource,
        StartUnixNanos = T0 + at,
        DurationNanos = lasts,
    };

    [Fact]
    public void What_is_below_a_request_is_summed_up_and_what_its_caller_does_is_not()
    {
        var times = OperationTimes.Of([Tree(withCache: true), Tree(withCache: false)], node => node.Resource == "GET /cart");

        Assert.Equal((2, 2), (times.RequestCount, times.TraceCount));
        Assert.Equal(
            ["GET /cart: 1 in 100 %, 49.5 own", "SELECT: 2 in 100 %, 30 own", "GET key: 0.5 in 50 %, 0.5 own"],
            times.Operations.Select(time => $"{time.Operation.Resource}: {time.CallsPerRequest} in {100 * time.RequestShare} %, {time.SelfNanos} own"));
        Assert.Equal(1, times.Operations.Sum(time => time.Share), 9);
        Assert.All(times.Operations, time => Assert.InRange(time.WaitedNanos, 0, time.SelfNanos));
        Assert.Equal(1, times.Operations.Sum(time => time.WaitedShare), 9);
        Assert.Equal(80, times.Operations.Sum(time => time.WaitedNanos), 9); // All of a request's time is waited for in one operation or another.
    }

    [Fact]
    public void Without_a_request_there_is_nothing() =>
        Assert.Same(OperationTimes.None, OperationTimes.Of([Tree(withCache: true)], node => node.Resource == "GET /else"));

    [Fact]
    public void A_request_within_a_request_is_a_part_of_it()
    {
        var times = OperationTimes.Of([Tree(withCache: false)], node => node.Service == "shop");

        Assert.Equal(1, times.RequestCount);
        Assert.Equal(80, times.Operations.Sum(time => time.SelfNanos), 9);
    }
}
