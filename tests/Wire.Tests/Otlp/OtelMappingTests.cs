using System.Text.Json;
using Apm.Core.Spans;

namespace Apm.Wire.Tests.Otlp;

/// <summary>The tables of trace-intake §7.5–7.9, told through JSON requests.</summary>
public class OtelMappingTests
{
    [Theory]
    //          kind  attributes                                                    operation                    resource                      type
    [InlineData(2, "", "server.request", "n", "web")]
    [InlineData(3, "", "client.request", "n", "http")]
    [InlineData(1, "", "Internal", "n", "custom")]
    [InlineData(0, "", "Internal", "n", "custom")]
    [InlineData(4, "", "Producer", "n", "custom")]
    [InlineData(5, "", "Consumer", "n", "custom")]
    [InlineData(2, "http.request.method=GET http.route=/a/{id}", "http.server.request", "GET /a/{id}", "web")]
    [InlineData(2, "http.method=GET http.route=/a", "http.server.request", "GET /a", "web")]
    [InlineData(3, "http.request.method=_OTHER http.route=/a", "http.client.request", "HTTP", "http")]
    [InlineData(1, "http.request.method=PUT", "Internal", "PUT", "custom")]
    [InlineData(2, "network.protocol.name=AMQP", "amqp.server.request", "n", "web")]
    [InlineData(3, "network.protocol.name=dns", "dns.client.request", "n", "http")]
    [InlineData(3, "db.system=mysql db.statement=SELECT", "mysql.query", "SELECT", "sql")]
    [InlineData(3, "db.system.name=microsoft.sql_server db.query.text=SELECT", "microsoft.sql_server.query", "SELECT", "sql")]
    [InlineData(3, "db.system=redis db.statement=GET", "redis.query", "GET", "redis")]
    [InlineData(3, "db.system=My__DB-", "my_db-.query", "n", "db")]
    [InlineData(1, "db.system=mysql db.statement=SELECT", "Internal", "SELECT", "custom")]
    [InlineData(4, "messaging.system=kafka messaging.operation=publish messaging.destination.name=orders", "kafka.publish", "publish orders", "custom")]
    [InlineData(5, "messaging.system=kafka messaging.operation.type=process messaging.destination=orders", "kafka.process", "process orders", "custom")]
    [InlineData(3, "rpc.system=aws-api rpc.service=S3 rpc.method=Put", "aws.s3.request", "Put S3", "http")]
    [InlineData(3, "rpc.system=aws-api", "aws.client.request", "n", "http")]
    [InlineData(3, "rpc.system=grpc rpc.method=Get", "grpc.client.request", "Get", "http")]
    [InlineData(2, "rpc.system=grpc", "grpc.server.request", "n", "web")]
    [InlineData(3, "faas.invoked_provider=aws faas.invoked_name=fn", "aws.fn.invoke", "n", "http")]
    [InlineData(2, "faas.trigger=timer", "timer.invoke", "n", "web")]
    [InlineData(2, "graphql.operation.type=query graphql.operation.name=me", "graphql.server.request", "query me", "web")]
    [InlineData(2, "operation.name=op resource.name=res span.type=worker", "op", "res", "worker")]
    [InlineData(2, "operation.name=op datadog.name=o2 datadog.resource=r2 datadog.type=t2", "o2", "r2", "t2")]
    public void Operation_resource_and_type(int kind, string attributes, string operation, string resource, string type)
    {
        var span = Span(kind, attributes);
        Assert.Equal((operation, resource, type), (span.Name, span.Resource, span.Type));
    }

    [Theory]
    [InlineData("client.address=1.2.3.4", "http.client_ip=1.2.3.4")]
    [InlineData("http.request.method=GET http.method=OLD", "http.method=GET")]
    [InlineData("http.method=OLD http.request.method=GET", "http.method=GET")]
    [InlineData("url.full=http://a http.url=http://old", "http.url=http://a")]
    [InlineData("url.scheme=http server.address=a.b server.port=#81 url.path=/p url.query=x=1", "http.url=http://a.b:81/p?x=1 http.server_name=a.b url.path=/p")]
    [InlineData("http.request.header.referrer=r http.request.header.x-id=i", "http.referrer=r http.request.headers.x-id=i")]
    [InlineData("network.protocol.version=1.1 user_agent.original=curl", "http.version=1.1 http.useragent=curl")]
    [InlineData("http.response.status_code=#404 http.status_code=#1", "http.status_code=404")]
    [InlineData("http.status_code=503", "http.status_code=503")]
    [InlineData("datadog.http_status_code=#418 http.status_code=#200", "http.status_code=418")]
    [InlineData("http.response.body.size=#9 http.request.body.size=#8", "http.response.content_length=9 http.request.content_length=8")]
    [InlineData("datadog.span.kind=proxy span.kind=other", "span.kind=proxy")]
    [InlineData("datadog.env=e2 datadog.version=v2", "env=e2 version=v2")]
    [InlineData("env=mine version=mine", "env=prod version=1.0")]
    [InlineData("analytics.event=true", "_dd1.sr.eausr=1")]
    [InlineData("big=#9007199254740993 small=#5", "big=9007199254740993 small=5")]
    public void Renames(string attributes, string tags)
    {
        var span = Span(2, attributes);
        foreach (var (key, value) in Pairs(tags)) Assert.Equal(value, span.Tag(key));
    }

    [Fact]
    public void What_became_a_field_is_not_a_tag_too()
    {
        var span = Span(2, "service.name=own operation.name=o resource.name=r span.type=t datadog.foo=x sampling.priority=#2");
        Assert.Equal("own", span.Service); // Datadog tracers in OTLP mode put the integration's service there.
        foreach (var key in new[] { "service.name", "operation.name", "resource.name", "span.type", "datadog.foo", "sampling.priority" }) Assert.Null(span.Tag(key));
    }

    [Fact]
    public void The_resource_fills_the_payload_and_every_span()
    {
        var batch = Batch("""
            {"key":"telemetry.sdk.language","value":{"stringValue":"java"}},{"key":"telemetry.sdk.version","value":{"stringValue":"1.2"}},
            {"key":"host.name","value":{"stringValue":"box"}},{"key":"host.id","value":{"stringValue":"id"}},{"key":"k8s.pod.uid","value":{"stringValue":"pod"}},
            {"key":"_dd.stats_computed","value":{"boolValue":true}},{"key":"team","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"x"}]}}}
            """, """{"traceId":"000000000000000000000000000000aa","spanId":"00000000000000bb"}""");
        Assert.Equal(
            OtlpGolden.Template with
            {
                Language = "java", TracerVersion = "otlp-1.2", Env = "prod", Hostname = "box", AppVersion = "1.0", ContainerId = "pod", ClientComputedStats = true,
            }, Assert.Single(batch.Payloads));
        Assert.Equal("""[1,"x"]""", batch.TagOf(0, "team"));
        Assert.Equal("shop", batch.SpanAt(0).Service);
    }

    [Theory]
    [InlineData("k8s.namespace.name=shop k8s.pod.name=web-1 app.kubernetes.io/part-of=store datadog.container.tag.squad=blue", "kube_namespace:shop,pod_name:web-1,kube_app_part_of:store,squad:blue")]
    [InlineData("container.id=c1 container.image.tag=7 tags.datadoghq.com/version=3 aws.ecs.task.family=f", "container_id:c1,image_tag:7,version:3,task_family:f")]
    [InlineData("k8s.namespace.name=shop datadog.container_tags=kube_namespace:own", "kube_namespace:own")]
    [InlineData("host.name=box datadog.container.tag.=x", null)]
    public void The_container_of_a_resource_is_told_in_Datadogs_words(string attributes, string? expected)
    {
        var resource = string.Join(',', attributes.Split(' ').Select(pair => pair.Split('=')).Select(pair => $$$"""{"key":"{{{pair[0]}}}","value":{"stringValue":"{{{pair[1]}}}"}}"""));
        var batch = Batch(resource, """{"traceId":"000000000000000000000000000000aa","spanId":"00000000000000bb"}""");
        Assert.Equal(expected, batch.TagOf(0, "_dd.tags.container"));
        Assert.Null(batch.TagOf(0, "datadog.container_tags"));
    }

    [Fact]
    public void Of_several_exceptions_the_last_that_says_a_field_wins()
    {
        var span = Batch("", """
            {"traceId":"000000000000000000000000000000aa","spanId":"00000000000000bb","status":{"code":2,"message":"not this"},"events":[
              {"name":"exception","attributes":[{"key":"exception.message","value":{"stringValue":"first"}},{"key":"exception.type","value":{"stringValue":"T"}}]},
              {"name":"Exception","attributes":[{"key":"exception.message","value":{"stringValue":"last"}},{"key":"exception.stacktrace","value":{"stringValue":"at x"}}]}]}
            """).SpanAt(0);
        Assert.Equal(("last", "T", "at x", "true"), (span.Tag("error.msg"), span.Tag("error.type"), span.Tag("error.stack"), span.Tag("_dd.span_events.has_exception")));
    }

    [Theory]
    [InlineData("", "not this", "not this")]
    [InlineData("http.status_code=#503 http.status_text=Busy", "", "503 Busy")]
    [InlineData("http.response.status_code=#500", "", "500")]
    public void Without_an_exception_the_status_tells(string attributes, string message, string expected) =>
        Assert.Equal(expected, Span(2, attributes, ",\"status\":{\"code\":2,\"message\":\"" + message + "\"}").Tag("error.msg"));

    [Theory]
    [InlineData("datadog.error=#1", 0, true)]
    [InlineData("datadog.error=#0", 2, false)]
    [InlineData("", 2, true)]
    [InlineData("", 1, false)]
    public void A_span_failed(string attributes, int code, bool failed) =>
        Assert.Equal(failed, Span(2, attributes, ",\"status\":{\"code\":" + code + "}").IsError);

    [Fact]
    public void A_trace_that_comes_in_pieces_becomes_one_chunk_and_a_wish_for_priority_holds_for_all_of_it()
    {
        const string a = "000000000000000000000000000000aa", b = "000000000000000000000000000000bb";
        var batch = Batch("", $$$"""
            {"traceId":"{{{a}}}","spanId":"0000000000000001"},{"traceId":"{{{b}}}","spanId":"0000000000000002"},
            {"traceId":"{{{a}}}","spanId":"0000000000000003","attributes":[{"key":"sampling.priority","value":{"intValue":2}}]}
            """);
        Batches.CheckChunks(batch);
        Assert.Equal([1UL, 3UL, 2UL], batch.SpanIds[..3]);
        Assert.Equal([2, 1], batch.Chunks.Select(chunk => chunk.Priority));
        Assert.Equal(["-4", null, "-9"], Enumerable.Range(0, 3).Select(i => batch.TagOf(i, "_dd.p.dm")));
        Assert.Equal("1.00", batch.TagOf(2, "_dd.otlp_sr"));
    }

    [Theory]
    [InlineData("""{"spanId":"00000000000000bb"}""", "the trace id is missing or zero")]
    [InlineData("""{"traceId":"00000000000000000000000000000000","spanId":"00000000000000bb"}""", "the trace id is missing or zero")]
    [InlineData("""{"traceId":"aa","spanId":"00000000000000bb"}""", "the trace id has 2 characters, not 32 hex digits")]
    [InlineData("""{"traceId":"000000000000000000000000000000xx","spanId":"00000000000000bb"}""", "the trace id is not hex")]
    [InlineData("""{"traceId":"000000000000000000000000000000aa","spanId":"AAAAAAAAALs="}""", "the span id has 12 characters, not 16 hex digits")]
    [InlineData("""{"traceId":"000000000000000000000000000000aa"}""", "the span id is missing or zero")]
    public void A_span_with_a_wrong_id_is_left_out_and_told(string span, string reason)
    {
        var batch = new SpanBatch();
        var body = """{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"000000000000000000000000000000aa","spanId":"0000000000000001"},""" + span + "]}]}]}";
        var result = Apm.Wire.Otlp.OtlpJsonTraceDecoder.Decode(System.Text.Encoding.UTF8.GetBytes(body), batch, OtlpGolden.Template);
        Assert.Equal(new Apm.Wire.Otlp.OtlpDecodeResult(1, 1, $"resource 0, scope 0, span 1: {reason}"), result);
        Assert.Equal(1, batch.SpanCount);
    }

    [Fact]
    public void Events_beyond_the_limit_are_left_out_whole_and_counted()
    {
        var one = "{\"name\":\"e\",\"timeUnixNano\":\"1\",\"attributes\":[{\"key\":\"t\",\"value\":{\"stringValue\":\"" + new string('x', 9_000) + "\"}}]}";
        var span = Span(2, "", $",\"events\":[{one},{one},{one},{one},{one}],\"droppedEventsCount\":4");
        using var events = JsonDocument.Parse(span.Tags["events"]);
        Assert.Equal(3, events.RootElement.GetArrayLength());
        Assert.Equal(8_003, events.RootElement[0].GetProperty("attributes").GetProperty("t").GetString()!.Length);
        Assert.Equal(6, span.Numbers["otel.dropped_events_count"]);
    }

    [Fact]
    public void Attributes_beyond_the_limit_are_counted_as_dropped()
    {
        var span = Span(2, string.Join(' ', Enumerable.Range(0, 600).Select(i => $"k{i}=v")));
        Assert.Equal("v", span.Tags["k511"]);
        Assert.Null(span.Tag("k512"));
        Assert.Equal(88, span.Numbers["otel.dropped_attributes_count"]);
    }

    [Fact]
    public void A_scopes_attribute_does_not_leak_into_the_next_scope()
    {
        const string span = "[{\"traceId\":\"000000000000000000000000000000aa\",\"spanId\":\"0000000000000001\"}]";
        var batch = OtlpGolden.DecodeJson(System.Text.Encoding.UTF8.GetBytes(
            "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"team\",\"value\":{\"stringValue\":\"a\"}}]},\"scopeSpans\":[" +
            "{\"scope\":{\"name\":\"x\",\"attributes\":[{\"key\":\"team\",\"value\":{\"stringValue\":\"b\"}},{\"key\":\"own\",\"value\":{\"stringValue\":\"c\"}}]},\"spans\":" + span + "}," +
            "{\"scope\":{\"name\":\"y\"},\"spans\":" + span + "}]}]}"));
        Assert.Equal(("b", "c", "x"), (batch.TagOf(0, "team"), batch.TagOf(0, "own"), batch.TagOf(0, "otel.library.name")));
        Assert.Equal(("a", null, "y"), (batch.TagOf(1, "team"), batch.TagOf(1, "own"), batch.TagOf(1, "otel.library.name")));
    }

    [Fact]
    public void Spans_of_our_own_tracers_scope_are_called_by_their_operation()
    {
        const string ids = "\"traceId\":\"000000000000000000000000000000aa\",\"spanId\":\"0000000000000001\"";
        var batch = OtlpGolden.DecodeJson(System.Text.Encoding.UTF8.GetBytes(
            "{\"resourceSpans\":[{\"scopeSpans\":[" +
            "{\"scope\":{\"name\":\"Apm.Tracer\"},\"spans\":[{" + ids + ",\"name\":\"cart.add\",\"kind\":1}," +
            "{" + ids + ",\"name\":\"express\",\"kind\":3,\"attributes\":[{\"key\":\"operation.name\",\"value\":{\"stringValue\":\"cart.add\"}}]}]}," +
            "{\"scope\":{\"name\":\"Other\"},\"spans\":[{" + ids + ",\"name\":\"cart.add\",\"kind\":1}]}]}]}"));
        var spans = Enumerable.Range(0, 3).Select(i => batch.SpanAt(i)).Select(span => (span.Name, span.Resource));
        Assert.Equal([("cart.add", "cart.add"), ("cart.add", "express"), ("Internal", "cart.add")], spans);
    }

    static Core.Spans.Span Span(int kind, string attributes, string more = "") =>
        Batch("", $"{{\"traceId\":\"000000000000000000000000000000aa\",\"spanId\":\"00000000000000bb\",\"name\":\"n\",\"kind\":{kind},\"attributes\":[" +
            string.Join(',', Pairs(attributes).Select(pair => pair.Value.StartsWith('#')
                ? $"{{\"key\":\"{pair.Key}\",\"value\":{{\"intValue\":\"{pair.Value[1..]}\"}}}}"
                : $"{{\"key\":\"{pair.Key}\",\"value\":{{\"stringValue\":\"{pair.Value}\"}}}}")) + "]" + more + "}").SpanAt(0);

    static SpanBatch Batch(string moreOfResource, string spans) => OtlpGolden.DecodeJson(System.Text.Encoding.UTF8.GetBytes(
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}," +
        "{\"key\":\"deployment.environment\",\"value\":{\"stringValue\":\"prod\"}},{\"key\":\"service.version\",\"value\":{\"stringValue\":\"1.0\"}}" +
        (moreOfResource.Length > 0 ? "," + moreOfResource : "") + "]},\"scopeSpans\":[{\"spans\":[" + spans + "]}]}]}"));

    static IEnumerable<(string Key, string Value)> Pairs(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => (pair[..pair.IndexOf('=', StringComparison.Ordinal)], pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]));
}
