using System.Text;
using Apm.Core;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Tests.Otlp;
using Apm.Wire.Zipkin;

namespace Apm.Wire.Tests.Zipkin;

public class ZipkinJsonDecoderTests
{
    const string Client = """{"traceId":"1","id":"a","parentId":"9","kind":"CLIENT","name":"get","timestamp":1000,"duration":90,"localEndpoint":{"serviceName":"front"}}""";
    const string Server = """{"traceId":"1","id":"a","parentId":"9","kind":"SERVER","shared":true,"name":"get /x","timestamp":1010,"duration":70,"localEndpoint":{"serviceName":"back"}}""";
    const string Child = """{"traceId":"1","id":"b","parentId":"a","name":"query","timestamp":1020,"duration":5,"localEndpoint":{"serviceName":"back"}}""";

    [Fact]
    public void The_halves_of_a_shared_span_are_parent_and_child_and_what_the_server_called_stands_below_its_half()
    {
        foreach (var order in new[] { $"[{Client},{Server},{Child}]", $"[{Child},{Server},{Client}]" })
        {
            Assert.Equal(
                """
                trace 0000000000000001
                  front  client.request  get  [http]  client  0.09 ms
                    back  server.request  get /x  [web]  server  0.07 ms
                      back  Internal  query  [custom]  0.005 ms
                """, TraceText.Draw(Decode(order)));
        }
    }

    [Fact]
    public void The_halves_connect_when_they_come_in_different_requests()
    {
        var client = Decode($"[{Client}]").SpanAt(0);
        var server = Decode($"[{Server}]").SpanAt(0);
        Assert.Equal((0xAUL, 0x9UL), (client.Id.Value, client.ParentId.Value));
        Assert.Equal(client.Id, server.ParentId);
        Assert.Equal(SharedSpanId.Derive(0xA), server.Id.Value);
        Assert.Equal("true", server.Tags["zipkin.shared"]);
        Assert.Equal(0xAUL, Decode($"[{Child}]").SpanAt(0).ParentId.Value); // Below the client half: the tree stays whole.
    }

    [Fact]
    public void A_span_of_the_clients_service_stays_below_the_client_half() =>
        Assert.Equal(0xAUL, Decode($"[{Server},{Child.Replace("back", "front", StringComparison.Ordinal)}]").SpanAt(1).ParentId.Value);

    [Fact]
    public void Derived_ids_are_new_distinct_and_stay_the_same()
    {
        var ids = Enumerable.Range(1, 10_000).Select(id => SharedSpanId.Derive((ulong)id)).ToList();
        Assert.Equal(10_000, ids.Distinct().Count());
        Assert.DoesNotContain(0UL, ids);
        Assert.All(ids.Select((id, i) => (id, i)), pair => Assert.NotEqual((ulong)pair.i + 1, pair.id));
        Assert.Equal(0x5692161D100B05E5UL, SharedSpanId.Derive(1)); // Stored spans depend on it: never change.
    }

    [Theory]
    //           tags                                                             failed  message      status
    [InlineData("""{"error":"it broke"}""", true, "it broke", "Error")]
    [InlineData("""{"error":"true"}""", true, null, "Error")]
    [InlineData("""{"error":""}""", true, null, "Error")]
    [InlineData("""{"error":"true","http.status_code":"500"}""", true, "500", "Error")]
    [InlineData("""{"error":"false"}""", false, null, "Unset")]
    [InlineData("""{"error":"deadlock","otel.status_code":"ERROR"}""", true, "deadlock", "Error")]
    [InlineData("""{"otel.status_description":"why","otel.status_code":"STATUS_CODE_ERROR"}""", true, "why", "Error")]
    [InlineData("""{"otel.status_code":"OK"}""", false, null, "Ok")]
    public void Errors(string tags, bool failed, string? message, string status)
    {
        var span = Decode($$"""[{"traceId":"1","id":"a","timestamp":5,"tags":{{tags}}}]""").SpanAt(0);
        Assert.Equal((failed, message, status), (span.IsError, span.Tag("error.msg"), span.Tag("otel.status_code")));
    }

    [Fact]
    public void Links_and_events_packed_by_the_collector_are_unpacked()
    {
        var span = Decode("""
            [{"traceId":"1","id":"a","timestamp":5,"duration":1,
              "tags":{"otlp.link.0":"000000000000000000000000000000ff|00000000000000ee|k=v|{\"n\":1,\"t\":\"x\"}|2","otlp.link.1":"not a link"},
              "annotations":[{"timestamp":7,"value":"exception|{\"exception.message\":\"bad\",\"list\":[1,2]}|3"},{"value":"a|b","timestamp":8}]}]
            """).SpanAt(0);
        Assert.Equal(
            """[{"trace_id":"000000000000000000000000000000ff","span_id":"00000000000000ee","attributes":{"n":"1","t":"x"},"tracestate":"k=v","dropped_attributes_count":2}]""",
            span.Tags["_dd.span_links"]);
        Assert.Equal(
            """[{"name":"exception","time_unix_nano":7000,"attributes":{"exception.message":"bad","list":[1,2]},"dropped_attributes_count":3},{"name":"a|b","time_unix_nano":8000}]""",
            span.Tags["events"]);
        Assert.Equal("not a link", span.Tags["otlp.link.1"]);
        Assert.Equal("unknown_service", span.Service);
    }

    [Fact]
    public void A_span_without_a_timestamp_ended_when_it_was_received()
    {
        var batch = new SpanBatch();
        var result = ZipkinJsonDecoder.Decode("""[{"traceId":"1","id":"a","duration":4}]"""u8, batch, OtlpGolden.Template);
        Assert.Equal(new ZipkinDecodeResult(1, 0, 1), result);
        Assert.Equal(OtlpGolden.Template.ReceivedUnixNanos, batch.EndUnixNanosOf(0));
        Assert.Equal("true", batch.TagOf(0, "otel.zipkin.absentField.startTime"));
    }

    [Theory]
    [InlineData("get /user/{id}", """{"http.method":"GET"}""", "get /user/{id}")]
    [InlineData("get", """{"http.method":"GET"}""", "GET")]
    [InlineData("get /user/{id}", """{"http.method":"GET","http.route":"/user/:id"}""", "GET /user/:id")]
    public void An_endpoint_is_called_by_its_route_wherever_that_stands(string name, string tags, string resource) =>
        Assert.Equal(resource, Decode($$"""[{"traceId":"1","id":"a","timestamp":5,"kind":"SERVER","name":"{{name}}","tags":{{tags}}}]""").SpanAt(0).Resource);

    [Fact]
    public void Debug_keeps_the_trace()
    {
        var batch = Decode("""[{"traceId":"1","id":"a","timestamp":5},{"traceId":"1","id":"b","timestamp":5,"debug":true}]""");
        Assert.Equal(2, Assert.Single(batch.Chunks).Priority);
        Assert.Equal("-4", batch.TagOf(0, "_dd.p.dm"));
    }

    [Theory]
    [InlineData("""{}""", "byte 0: an array is expected, not an object")]
    [InlineData("""[{"id":"a"}]""", "byte 10 in span 0: the span has no traceId")]
    [InlineData("""[{"traceId":"1"}]""", "byte 15 in span 0: the span has no id")]
    [InlineData("""[{"traceId":"0","id":"a"}]""", "byte 12 in span 0: traceId must be 1 to 32 hex digits, not all zero")]
    [InlineData("""[{"traceId":"1","id":"x"}]""", "byte 21 in span 0: id must be 1 to 16 hex digits, not all zero")]
    [InlineData("""[{"kind":"BOTH"}]""", "byte 9 in span 0: kind must be CLIENT, SERVER, PRODUCER or CONSUMER, or be left out")]
    [InlineData("""[{"tags":{"a":null}}]""", "byte 14 in span 0, attribute \"a\": a tag's value must be a text, not null")]
    [InlineData("""[{"annotations":[{"value":"a"}]}]""", "byte 29 in span 0: an annotation needs timestamp and value")]
    [InlineData("""[{"binaryAnnotations":[]}]""", "byte 2 in span 0: binaryAnnotations belongs to Zipkin v1, this is the path for v2")]
    public void A_wrong_body_says_where(string body, string what)
    {
        var error = Assert.Throws<PayloadException>(() => Decode(body));
        Assert.Equal($"Zipkin v2 body (JSON), {what}. Expected a JSON_V2 encoded list: send [ {{\"traceId\": …, \"id\": …, …}}, … ] as Zipkin v2 describes it.", error.Message);
    }

    static SpanBatch Decode(string json)
    {
        var batch = new SpanBatch();
        ZipkinJsonDecoder.Decode(Encoding.UTF8.GetBytes(json), batch, OtlpGolden.Template);
        Batches.CheckChunks(batch);
        return batch;
    }
}
