using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.TestKit;
using Apm.TraceAgent.Filter;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>The same requests, counted here from their spans and by a tracer itself, meet in one key (trace-intake §3.10).</summary>
public sealed class ClientStatsMeetTests : IDisposable
{
    const long Second = 1_000_000_000;

    readonly MemoryDocuments _documents = new();
    readonly Counters _counters = new();

    public void Dispose() => _documents.Dispose();

    [Fact]
    public void A_server_span_with_a_raw_path()
    {
        var decoder = new PayloadDecoder(_counters, new NormalizeSettings(), new EndpointNames(_documents, _counters));
        var span = Some.Span(service: "Web Shop", name: "web-request", resource: "GET /user/1", env: "", kind: SpanKind.Server,
            tags: [("span.kind", "server"), ("http.status_code", "200"), ("http.method", "GET"), ("env", "Prod EU"), ("version", "1"), ("_dd.hostname", "h")]);

        AssertMeet(decoder, span, Group("Web Shop", "web-request", "GET /user/2", "web", "server", root: 1, status: 200, method: "GET"), env: "Prod EU");
    }

    [Fact]
    public void A_client_span_to_a_database_by_address()
    {
        var decoder = new PayloadDecoder(_counters, new NormalizeSettings(), new EndpointNames(_documents, _counters));
        var span = Some.Span(id: 2, parent: 1, service: "web", name: "pg.query", resource: "SELECT a FROM b WHERE c = 1", type: "sql", kind: SpanKind.Client,
            tags: [("span.kind", "client"), ("db.name", "orders"), ("out.host", "10.0.0.7"), ("env", "prod"), ("version", "1"), ("_dd.hostname", "h")]);

        AssertMeet(decoder, span, Group("web", "pg.query", "SELECT a FROM b WHERE c = 2", "sql", "client", root: 2, status: 0, method: "", "out.host:10.0.0.8", "db.name:orders"), env: "prod");
    }

    [Fact]
    public void Ignored_resources_are_left_out_of_both()
    {
        var decoder = new PayloadDecoder(_counters, new NormalizeSettings { Filters = new FilterSettings { IgnoreResources = ["healthz"] } });

        var buckets = decoder.Decode(new PayloadEnvelope(PayloadFormat.ClientStats, Payload()), Stats(Group("web", "r", "GET /healthz", "web", "server", 1, 200, "GET"), "prod")).ClientStats;

        Assert.Empty(buckets.SelectMany(bucket => bucket.Cells));
        Assert.Equal(1, _counters.Read("client_stats_rejected", "ignored_resource", "web"));
    }

    static void AssertMeet(PayloadDecoder decoder, Span span, byte[] group, string env)
    {
        var spans = decoder.Decode(new PayloadEnvelope(PayloadFormat.DatadogMsgPack, Payload()), DatadogV04Encoder.Encode([[span]]));
        var counted = new Apm.TraceAgent.Aggregate.StatsAggregator(new FixedClock(Some.BaseUnixNanos), new Counters(), null);
        counted.Add(spans.Batch, spans.Facts, new Apm.Core.Ports.LogPosition(1), []);
        var ours = counted.Checkpoint().Open.SelectMany(bucket => bucket.Cells.Keys).Single();

        var theirs = decoder.Decode(new PayloadEnvelope(PayloadFormat.ClientStats, Payload()), Stats(group, env)).ClientStats.SelectMany(bucket => bucket.Cells.Keys).Single();

        Assert.Equal(ours, theirs);
    }

    static Payload Payload() => new() { Protocol = "test", ReceivedUnixNanos = Some.BaseUnixNanos, Language = "python" };

    static byte[] Stats(byte[] group, string env) => new MsgPackWriter().Map(4)
        .Text("Hostname").Text("h").Text("Env").Text(env).Text("Version").Text("1")
        .Text("Stats").Array(1).Map(3).Text("Start").Integer(Some.BaseUnixNanos).Text("Duration").Integer(10 * Second).Text("Stats").Array(1).Raw(group).ToArray();

    static byte[] Group(string service, string name, string resource, string type, string kind, int root, int status, string method, params string[] peers)
    {
        var writer = new MsgPackWriter().Map(10)
            .Text("Service").Text(service).Text("Name").Text(name).Text("Resource").Text(resource).Text("Type").Text(type).Text("SpanKind").Text(kind)
            .Text("IsTraceRoot").Integer(root).Text("HTTPStatusCode").Integer(status).Text("HTTPMethod").Text(method).Text("Hits").Integer(1)
            .Text("PeerTags").Array(peers.Length);
        foreach (var peer in peers) writer.Text(peer);
        return writer.ToArray();
    }
}
