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

    static Span Call(ulong id, string type, params (string, string)[] tags) => Some.Span(id: id, parent: 1, type: type, kind: SpanKind.Client, tags: tags);

    static ServiceGraph MapOf(IReadOnlyList<Span> spans) => Map([Some.Batch(spans)], spans);

    static ServiceGraph Map(IEnumerable<SpanBatch> batches, IEnumerable<Span> spans, string? env = null) =>
        new ServiceMapQuery(new BatchList(batches), new StatsList(Some.Stats(spans)), new ServiceCatalogue(new MemoryDocuments()), new FixedClock(Some.Hour.ToUnixNanos)).Read(Some.Hour, env);
}
