using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.Wire.Tests.Datadog;

public class DatadogV07DecoderTests
{
    [Fact]
    public void Fields_of_payload_and_chunk_in_any_order()
    {
        var body = new MsgPackWriter().Map(12)
            .Text("chunks").Array(2)
                .Map(5)
                    .Text("spans").Array(2)
                        .Map(3).Text("span_id").Unsigned(1).Text("trace_id").Unsigned(9).Text("meta").Map(1).Text("_dd.p.dm").Text("-4")
                        .Map(3).Text("span_id").Unsigned(2).Text("trace_id").Unsigned(9).Text("parent_id").Unsigned(1)
                    .Text("tags").Map(2).Text("_dd.p.dm").Text("-1").Text("_dd.p.tid").Text("6b04de9b00000000")
                    .Text("priority").Integer(-1)
                    .Text("origin").Text("synthetics")
                    .Text("dropped_trace").Bool(true)
                .Map(1).Text("spans").Array(1).Map(2).Text("span_id").Unsigned(3).Text("trace_id").Unsigned(8)
            .Text("container_id").Text("c1")
            .Text("language_name").Text("go")
            .Text("language_version").Text("1.30")
            .Text("tracer_version").Nil()
            .Text("runtime_id").Text("r1")
            .Text("env").Text("prod")
            .Text("hostname").Text("h1")
            .Text("app_version").Text("7")
            .Text("tags").Map(2).Text("team").Text("shop").Text("_dd.p.dm").Text("-9")
            .Text("new").Array(1).Nil()
            .Text("newer").Nil();
        var batch = new SpanBatch();

        Decoding.Decoders["v0.7"](body.ToArray(), batch, new Payload
        {
            Protocol = "datadog v0.7",
            ReceivedUnixNanos = 5,
            Language = "python",
            TracerVersion = "of the header",
            ClientComputedStats = true,
        });

        Assert.Equal("""
            payload datadog v0.7, go, 1.30, of the header, prod, h1, 7, c1, r1
            chunk of 2 from 0, priority -1, origin synthetics, dropped by the tracer
            chunk of 1 from 2
            earliest 0
            trace 0000000000000009
                    0 ms
                  span 0000000000000001 +0 ns
                  _dd.hostname = h1
                  _dd.p.dm = -4
                  _dd.p.tid = 6b04de9b00000000
                  runtime-id = r1
                  team = shop
                  version = 7
                      0 ms
                    span 0000000000000002 +0 ns
                    _dd.hostname = h1
                    runtime-id = r1
                    version = 7
            trace 0000000000000008
                    0 ms
                  span 0000000000000003 +0 ns
                  _dd.hostname = h1
                  _dd.p.dm = -9
                  runtime-id = r1
                  team = shop
                  version = 7
            """, TraceText.DrawFull(batch));
        Assert.True(batch.Payloads[0].ClientComputedStats);
    }

    [Fact]
    public void A_wrong_priority_is_told_with_its_chunk()
    {
        var body = new MsgPackWriter().Map(1).Text("chunks").Array(1).Map(1).Text("priority").Text("keep");

        Assert.StartsWith("Datadog v0.7 body, byte 19 (trace 0, key \"priority\"): expected an integer, found a string (0xa4).", Decoding.Problem("v0.7", body.ToArray()), StringComparison.Ordinal);
    }
}
