using System.Buffers;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

public class OtlpTraceWriterTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_our_own_decoder_reads_back_as_the_same_spans(bool isJson)
    {
        var shop = new ShopData(seed: 7);
        var spans = Enumerable.Range(0, 40).SelectMany(i => shop.Request(Some.BaseUnixNanos + i * Some.Second)).ToList();
        spans[0] = spans[0] with
        {
            Tags = new Dictionary<string, string>(spans[0].Tags)
            {
                ["events"] = """[{"time_unix_nano":1772359200005000000,"name":"cache miss","attributes":{"key":"a","n":2,"hit":false,"share":0.5}}]""",
                ["_dd.span_links"] = """[{"trace_id":"00000000000000010000000000000002","span_id":"0000000000000003","tracestate":"a=b","attributes":{"why":"retry"},"flags":0}]""",
                ["otel.scope.name"] = "lib",
            },
        };
        var batch = new SpanBatch();
        var template = new Payload { Protocol = "test", ReceivedUnixNanos = Some.BaseUnixNanos };

        if (isJson)
        {
            var body = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(body))
            {
                json.WriteStartObject();
                json.WritePropertyName("resourceSpans");
                OtlpJsonTraceWriter.WriteResourceSpans(json, OtlpTrace.Of(spans), OtlpJsonStyle.Otlp);
                json.WriteEndObject();
            }
            OtlpJsonTraceDecoder.Decode(body.WrittenSpan, batch, template);
        }
        else OtlpProtobufTraceDecoder.Decode(OtlpProtobufTraceWriter.Write(OtlpTrace.Of(spans)), batch, template);

        var read = SpanBatches.Spans(batch).ToDictionary(span => span.Id);
        Assert.Equal(spans.Count, read.Count);
        foreach (var span in spans) // A type that is not known is guessed on the way in.
        {
            var back = read[span.Id];
            Assert.Equal((span.TraceId, span.ParentId, span.StartUnixNanos, span.DurationNanos), (back.TraceId, back.ParentId, back.StartUnixNanos, back.DurationNanos));
            Assert.Equal((span.Service, span.Name, span.Resource, span.Type.Length > 0 ? span.Type : back.Type, span.Kind, span.IsError), (back.Service, back.Name, back.Resource, back.Type, back.Kind, back.IsError));
            foreach (var (key, value) in span.Tags.Where(tag => tag.Key is not ("events" or "_dd.span_links" or "otel.scope.name"))) Assert.Equal((key, value), (key, back.Tag(key)));
        }
        var first = read[spans[0].Id];
        Assert.Contains("\"cache miss\"", first.Tags["events"], StringComparison.Ordinal);
        Assert.Contains("0.5", first.Tags["events"], StringComparison.Ordinal);
        Assert.Contains("00000000000000010000000000000002", first.Tags["_dd.span_links"], StringComparison.Ordinal);
        Assert.Contains("a=b", first.Tags["_dd.span_links"], StringComparison.Ordinal);
    }

    [Fact]
    public void Odd_spans_are_written_without_failing() // Times before 1970, numbers that JSON has none for, broken lists.
    {
        var chance = new Random(11);
        var spans = Enumerable.Range(0, 300).Select(_ => SpanBatches.RandomSpan(chance, Some.BaseUnixNanos)).Append(Some.Span(tags: [("events", "{broken"), ("_dd.span_links", "7")])).ToList();
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body)) OtlpJsonTraceWriter.WriteResourceSpans(json, OtlpTrace.Of(spans), OtlpJsonStyle.Protobuf);
        var batch = new SpanBatch();
        OtlpProtobufTraceDecoder.Decode(OtlpProtobufTraceWriter.Write(OtlpTrace.Of(spans)), batch, new Payload { Protocol = "test", ReceivedUnixNanos = 1 });

        Assert.Equal(spans.Count, batch.SpanCount);
    }
}
