using Apm.Core.Spans;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

public class RepeatedCallsTests
{
    [Fact]
    public void A_query_for_each_item_is_one_finding_whatever_lies_between_the_queries()
    {
        var spans = new List<Span> { Some.Span(id: 1, durationNanos: Ms(200), kind: SpanKind.Server) };
        for (var i = 0; i < 18; i++)
        {
            var step = (ulong)(2 + (i * 2));
            spans.Add(Some.Span(id: step, parent: 1, name: "render", resource: "item", type: "custom", startNanos: Ms(10 * i), durationNanos: Ms(8)));
            spans.Add(Some.Span(id: step + 1, parent: step, name: "query", resource: "SELECT * FROM price WHERE id = ?", type: "sql", startNanos: Ms(10 * i), durationNanos: Ms(3)));
        }

        var call = Assert.Single(Find(spans));

        Assert.Equal((18L, 18, Ms(54)), (call.CallCount, call.Spans.Count, call.TakenNanos));
        Assert.Equal((1UL, "SELECT * FROM price WHERE id = ?"), (call.Entry.SpanId.Value, call.First.Resource));
    }

    [Theory]
    //          calls  apart ms  type      kind                found
    [InlineData(5,     10,       "sql",    SpanKind.Unspecified, 1)]
    [InlineData(4,     10,       "sql",    SpanKind.Unspecified, 0)] // fewer are ordinary code
    [InlineData(20,    0,        "sql",    SpanKind.Unspecified, 0)] // all at once is meant so
    [InlineData(20,    10,       "custom", SpanKind.Unspecified, 0)] // the service's own work is no call
    [InlineData(20,    10,       "custom", SpanKind.Client,      1)]
    [InlineData(20,    10,       "web",    SpanKind.Server,      0)] // what serves calls is not what makes them
    public void The_rule(int calls, int apartMs, string type, SpanKind kind, int found)
    {
        var spans = Enumerable.Range(0, calls).Select(i => Some.Span(id: (ulong)i + 2, parent: 1, name: "call", resource: "x", type: type, kind: kind, startNanos: Ms(apartMs * i), durationNanos: Ms(9)));

        Assert.Equal(found, Find([Some.Span(id: 1, durationNanos: Ms(500)), .. spans]).Count);
    }

    [Fact]
    public void Calls_of_different_requests_are_not_counted_together()
    {
        var spans = new List<Span> { Some.Span(id: 1, service: "front", durationNanos: Ms(500)) };
        for (var request = 0UL; request < 4; request++)
        {
            spans.Add(Some.Span(id: 10 + request, parent: 1, service: "back", kind: SpanKind.Server, startNanos: Ms(100 * (long)request), durationNanos: Ms(90)));
            for (var call = 0UL; call < 3; call++)
                spans.Add(Some.Span(id: 100 + (request * 10) + call, parent: 10 + request, service: "back", name: "query", type: "sql", startNanos: Ms((100 * (long)request) + (10 * (long)call)), durationNanos: Ms(5)));
        }

        Assert.Empty(Find(spans));
    }

    [Fact]
    public void A_store_that_is_a_service_to_its_tracer_belongs_to_the_request_that_asks_it()
    {
        var spans = Enumerable.Range(0, 6).Select(i => Some.Span(id: (ulong)i + 2, parent: 1, service: "web-postgres", name: "query", type: "sql", startNanos: Ms(10 * i), durationNanos: Ms(5)));

        Assert.Equal("web", Assert.Single(Find([Some.Span(id: 1, durationNanos: Ms(500)), .. spans])).Entry.Service);
    }

    [Fact]
    public void Spans_that_stand_for_many_count_as_many()
    {
        var folded = Some.Span(id: 2, parent: 1, name: "query", type: "sql", durationNanos: Ms(50), flags: SpanFlags.None.With(SampleVerdict.KeepShape), numbers: [(FoldedTags.Count, 400)]);

        Assert.Equal(400, Assert.Single(Find([Some.Span(id: 1, durationNanos: Ms(500)), folded])).CallCount);
    }

    static IReadOnlyList<RepeatedCall> Find(IEnumerable<Span> spans) => RepeatedCalls.Find(new TraceLookup(new BatchList(Some.Batch(spans))).Read(Some.TraceId())!);
    static long Ms(long count) => count * Some.Millisecond;
}
