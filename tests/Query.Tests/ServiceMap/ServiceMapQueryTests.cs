using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Query.ServiceMap;
using Apm.TestKit;

namespace Apm.Query.Tests.ServiceMap;

public class ServiceMapQueryTests
{
    [Fact]
    public void A_call_is_a_span_whose_parent_is_another_service_also_across_batches()
    {
        var trace = Some.Trace("""
            web flask.request "GET /" 0+100 server
              web http.client "GET /x" 10+50 client
                api http.request "GET /x" 15+40 server error
            """);

        var map = Map(trace.Select(span => Some.Batch(span)), trace);

        Assert.Equal(["api", "web"], map.Nodes.Select(node => node.Id));
        var edge = Assert.Single(map.Edges);
        Assert.Equal(("web", "api", 1L, 1L), (edge.From, edge.To, edge.CallCount, edge.ErrorCount));
        Assert.InRange(edge.P95Nanos!.Value, 39.5 * Some.Millisecond, 40.5 * Some.Millisecond);
        Assert.Equal((3L, true), (map.ScannedSpanCount, map.IsComplete));
        Assert.Equal((1.0, 1.0), (map.Nodes[0].HitCount, map.Nodes[0].ErrorCount));
    }

    [Fact]
    public void A_client_span_that_nobody_answers_is_a_call_to_something_without_spans()
    {
        var map = MapOf([
            Some.Span(id: 1),
            Call(2, "sql", ("db.system", "postgresql"), ("db.name", "orders"), ("out.host", "db1")),
            Call(3, "redis", ("db.system", "redis"), ("out.host", "cache1")),
            Call(4, "http", ("http.url", "https://api.stripe.com/v1/charges")),
            Call(5, "http", ("peer.service", "payments")),
            Some.Span(id: 6, parent: 1, kind: SpanKind.Producer, type: "queue", tags: [("messaging.system", "kafka"), ("messaging.destination.name", "mails")]),
            Some.Span(id: 7, trace: 2, parent: 99, service: "mailer", kind: SpanKind.Consumer, type: "queue", tags: [("messaging.system", "kafka"), ("messaging.destination.name", "mails")]),
            Call(8, "http"),
        ]);

        Assert.Equal(
            ["cache:redis cache1", "database:postgresql orders", "external:api.stripe.com", "external:payments", "mailer", "queue:kafka mails", "web"],
            map.Nodes.Select(node => node.Id));
        Assert.Equal(
            ["queue:kafka mails>mailer", "web>cache:redis cache1", "web>database:postgresql orders", "web>external:api.stripe.com", "web>external:payments", "web>queue:kafka mails"],
            map.Edges.Select(edge => $"{edge.From}>{edge.To}"));
        Assert.Equal(["mailer", "web"], map.Nodes.Where(node => !node.IsInferred).Select(node => node.Id));
    }

    [Fact]
    public void A_peer_that_has_the_name_of_a_service_is_that_service() =>
        Assert.Equal("web>payments", string.Concat(MapOf([Some.Span(id: 1), Call(2, "http", ("peer.service", "payments")), Some.Span(id: 3, trace: 2, service: "payments")])
            .Edges.Select(edge => $"{edge.From}>{edge.To}")));

    [Fact]
    public void A_service_name_of_its_own_for_database_calls_is_the_node()
    {
        var map = MapOf([Some.Span(id: 1), Some.Span(id: 2, parent: 1, service: "postgres", type: "sql", kind: SpanKind.Client, tags: [("db.system", "postgresql")], flags: SpanFlags.TopLevel)]);

        Assert.Equal("web>postgres", string.Concat(map.Edges.Select(edge => $"{edge.From}>{edge.To}")));
        Assert.Equal(Query.Services.ServiceKind.Database, map.Nodes.Single(node => node.Id == "postgres").Kind);
    }

    [Fact]
    public void A_map_of_one_environment_leaves_out_the_others()
    {
        var spans = new[] { Some.Span(id: 1), Some.Span(id: 2, service: "dev-only", env: "dev") };

        Assert.Equal(["web"], Map([Some.Batch(spans)], spans, env: "prod").Nodes.Select(node => node.Id));
    }

    [Fact]
    public void An_edge_says_how_it_is_known()
    {
        var map = MapOf([
            .. Some.Trace("""
                web flask.request "GET /" 0+100 server
                  web http.client "GET /x" 10+50 client
                    api http.request "GET /x" 15+40 server
                """),
            Call(20, "sql", ("db.system", "postgresql"), ("db.name", "orders")),
        ]);

        Assert.Equal(["api BothSides 1", "database:postgresql orders ClientOnly 0"], map.Edges.Select(edge => $"{edge.To} {edge.Confidence} {edge.PairedCount}"));
        Assert.Empty(map.Unpaired); // A database never sends spans.
    }

    [Theory]
    //          root starts and takes, ms   what is found
    [InlineData(12, 30, UnpairedReason.HeaderLost)]
    [InlineData(6, 30, UnpairedReason.HeaderLost)]       // Its clock is 4 ms behind.
    [InlineData(12, 45, UnpairedReason.CalleeNotStored)] // It outlived the call.
    [InlineData(70, 5, UnpairedReason.CalleeNotStored)]  // It came later.
    public void A_root_of_the_callee_within_the_call_is_its_other_side(int startMillis, int millis, UnpairedReason reason)
    {
        var map = MapOf([
            Some.Span(id: 1, durationNanos: 100 * Some.Millisecond),
            Some.Span(id: 2, parent: 1, startNanos: 10 * Some.Millisecond, durationNanos: 40 * Some.Millisecond, type: "http", kind: SpanKind.Client, resource: "GET http://api/x", tags: [("peer.service", "api")]),
            Some.Span(id: 3, trace: 9, service: "api", resource: "GET /x", startNanos: startMillis * Some.Millisecond, durationNanos: millis * Some.Millisecond, kind: SpanKind.Server),
        ]);

        var unpaired = Assert.Single(map.Unpaired);
        Assert.Equal(("web", "api", reason, 1L, Some.TraceId()), (unpaired.From, unpaired.To, unpaired.Reason, unpaired.Count, unpaired.TraceId));
        Assert.Equal(reason == UnpairedReason.HeaderLost ? Some.TraceId(9) : null, unpaired.CalleeTraceId);
        Assert.Equal(reason == UnpairedReason.HeaderLost
            ? "api began a trace of its own (GET /x) while web waited for it (GET http://api/x): the header that carries the trace was lost on the way. Let proxies between them pass traceparent and x-datadog-* on, and give both sides a propagation style in common."
            : "web called api (GET http://api/x), which sends spans, but none answers this call: sampled out, dropped, not sent yet, or another host of that name answered.", unpaired.Sentence);
        Assert.Equal(reason == UnpairedReason.HeaderLost ? EdgeConfidence.HeaderLost : EdgeConfidence.ClientOnly, Assert.Single(map.Edges).Confidence);
    }

    [Fact]
    public void One_root_answers_one_call()
    {
        Span Waiting(ulong id) => Some.Span(id: id, trace: id, durationNanos: 40 * Some.Millisecond, type: "http", kind: SpanKind.Client, tags: [("peer.service", "api")]);

        var map = MapOf([Waiting(1), Waiting(2), Some.Span(id: 3, trace: 9, service: "api", startNanos: Some.Millisecond, kind: SpanKind.Server)]);

        Assert.Equal(["HeaderLost 1", "CalleeNotStored 1"], map.Unpaired.Select(calls => $"{calls.Reason} {calls.Count}"));
    }

    [Fact]
    public void A_missing_caller_and_a_third_party_are_told()
    {
        var map = MapOf([Some.Span(id: 1, parent: 77, kind: SpanKind.Server), Call(2, "http", ("http.url", "https://api.stripe.com/v1"))]);

        Assert.Equal([
            "web was called (GET /) by a span that is not stored: it is from a service without a tracer, was dropped, or began before the time shown.",
            "api.stripe.com sends no spans: somebody else's, or a service without a tracer. What is known of it is what web saw.",
        ], map.Unpaired.Select(calls => calls.Sentence));
    }

    [Fact]
    public void An_edge_that_was_not_there_before_is_new_and_names_the_deploy()
    {
        Span Late(ulong id, ulong parent, string service, SpanKind kind = SpanKind.Server) => Some.Span(id: id, parent: parent, trace: 2, service: service, kind: kind, startNanos: 3700 * Some.Second);
        Span[] spans = [
            Some.Span(id: 1), Some.Span(id: 2, parent: 1, service: "api", kind: SpanKind.Server),
            Late(3, 0, "web"), Late(4, 3, "api"), Late(5, 4, "mails"),
        ];
        var catalogue = new ServiceCatalogue(new MemoryDocuments());
        catalogue.Saw(new ServiceSighting("api", "web", "", "prod", "1.0", Some.BaseUnixNanos));
        catalogue.Saw(new ServiceSighting("api", "web", "", "prod", "2.0", Some.BaseUnixNanos + 3650 * Some.Second));
        var next = new Core.Time.TimeRange(Some.Hour.ToUnixNanos, Some.Hour.ToUnixNanos + 3600 * Some.Second);

        var query = new ServiceMapQuery(new BatchList(Some.Batch(spans)), new StatsList(Some.Stats(spans)), catalogue, new FixedClock(next.ToUnixNanos));

        Assert.Equal(["api>mails True api 2.0", "web>api False "], query.ReadWithNews(next).Edges.Select(edge => $"{edge.From}>{edge.To} {edge.IsNew} {edge.NewSince}"));
        Assert.All(query.ReadWithNews(Some.Hour).Edges, edge => Assert.False(edge.IsNew)); // Nothing before: nobody can tell.
    }

    [Theory]
    [InlineData(true, "1 1 2 3")]
    [InlineData(false, "1 2 3 4")]
    public void Only_a_map_that_was_slow_to_read_is_given_again_to_a_live_page_for_a_while(bool isSlow, string reads)
    {
        var reader = new CountedReader(new BatchList(Some.Batch([Some.Span()])));
        var query = new ServiceMapQuery(reader, new StatsList(Some.Stats([])), new ServiceCatalogue(new MemoryDocuments()), isSlow ? new SlowClock() : new FixedClock(Some.Hour.ToUnixNanos));
        int ReadsAfter(int seconds, int longer = 0)
        {
            query.ReadRecent(new(Some.Hour.FromUnixNanos + (seconds - longer) * Some.Second, Some.Hour.ToUnixNanos + seconds * Some.Second));
            return reader.Reads;
        }

        Assert.Equal(reads, string.Join(' ', [ReadsAfter(0), ReadsAfter(60), ReadsAfter(61), ReadsAfter(61, longer: 1)]));
    }

    sealed class CountedReader(ITraceReader inner) : ITraceReader
    {
        public int Reads { get; private set; }

        public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel)
        {
            Reads++;
            return inner.Scan(scan, cancel);
        }

        public TraceStoreFacts Facts() => inner.Facts();
    }

    /// <summary>Goes on by a second per reading.</summary>
    sealed class SlowClock : TimeProvider
    {
        long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _seconds);
    }

    [Fact]
    public void Team_and_namespace_come_from_entry_spans()
    {
        var node = Assert.Single(MapOf([Some.Span(tags: [("team", "shop"), ("kube_namespace", "retail")])]).Nodes);

        Assert.Equal(("shop", "retail"), (node.Team, node.Namespace));
    }

    static Span Call(ulong id, string type, params (string, string)[] tags) => Some.Span(id: id, parent: 1, type: type, kind: SpanKind.Client, tags: tags);

    static ServiceGraph MapOf(IReadOnlyList<Span> spans) => Map([Some.Batch(spans)], spans);

    static ServiceGraph Map(IEnumerable<SpanBatch> batches, IEnumerable<Span> spans, string? env = null) =>
        new ServiceMapQuery(new BatchList(batches), new StatsList(Some.Stats(spans)), new ServiceCatalogue(new MemoryDocuments()), new FixedClock(Some.Hour.ToUnixNanos)).Read(Some.Hour, env);
}
