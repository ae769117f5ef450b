using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

public class OtlpProtobufTraceDecoderTests
{
    [Fact]
    public void The_worked_request_of_the_reference()
    {
        var batch = new SpanBatch();
        var result = OtlpProtobufTraceDecoder.Decode(OtlpGolden.Request, batch, OtlpGolden.Template);

        Assert.Equal(new OtlpDecodeResult(1, 0, ""), result);
        var span = batch.SpanAt(0);
        Assert.Equal("5b8efff798038103d269b633813fc60c", span.TraceId.ToString());
        Assert.Equal(15161849952847513100UL, span.TraceId.Low);
        Assert.Equal(17213210219539181940UL, span.Id.Value);
        Assert.True(span.ParentId.IsNone);
        Assert.Equal(("web", "server.request", "GET /", "web"), (span.Service, span.Name, span.Resource, span.Type));
        Assert.Equal((1_700_000_000_000_000_000, 1_000_000), (span.StartUnixNanos, span.DurationNanos));
        Assert.Equal(SpanKind.Server, span.Kind);
        Assert.True(span.IsError);
        Assert.Equal(200, span.Numbers["http.status_code"]);
        Assert.Equal("server", span.Tags["span.kind"]);
        Assert.Equal("lib", span.Tags["otel.library.name"]);
        Assert.Equal("200", span.Tags["error.msg"]);
        Assert.Equal("Error", span.Tags["otel.status_code"]);
        Assert.Equal("-9", span.Tags["_dd.p.dm"]);
        Assert.DoesNotContain("otel.trace_id", span.Tags.Keys);
        Assert.DoesNotContain("service.name", span.Tags.Keys);
        var chunk = Assert.Single(batch.Chunks);
        Assert.Equal((0, 1, 1, 0), (chunk.FirstSpan, chunk.SpanCount, chunk.Priority, chunk.Payload));
        Assert.Equal("agent-host", Assert.Single(batch.Payloads).Hostname);
    }

    [Fact]
    public void An_empty_request_holds_no_spans()
    {
        var batch = new SpanBatch();
        Assert.Equal(new OtlpDecodeResult(0, 0, ""), OtlpProtobufTraceDecoder.Decode([], batch, OtlpGolden.Template));
        Assert.Equal((0, 0, 0), (batch.SpanCount, batch.Chunks.Count, batch.Payloads.Count));
    }

    [Fact]
    public void A_body_cut_off_says_where_and_what_to_do()
    {
        var error = Assert.Throws<PayloadException>(() => OtlpGolden.Decode(OtlpGolden.Request.AsSpan(0, 100)));
        Assert.Equal(
            "OTLP trace request (protobuf), byte 1: a length of 135 bytes is declared, but only 97 remain. " +
            "Send one whole ExportTraceServiceRequest; if this came through a proxy, see whether it cut or changed the body.",
            error.Message);
    }
}
