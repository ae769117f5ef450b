using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Intake;

public class PayloadDecoderTests
{
    [Fact]
    public void A_span_left_out_of_an_OTLP_request_is_received_and_rejected()
    {
        var decoder = new PayloadDecoder(new Counters(), new NormalizeSettings());

        var decoded = decoder.Decode(new PayloadEnvelope(PayloadFormat.OtlpJson, new Payload { Protocol = "otlp/http json", ReceivedUnixNanos = 1_700_000_000_100_000_000 }), """
            {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeSpans":[{"spans":[
              {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","name":"GET /","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000001000000"},
              {"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"0000000000000000","name":"GET /","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000001000000"}]}]}]}
            """u8);

        Assert.Equal((1, 1), (decoded.Batch.SpanCount, (int)decoded.Note.RejectedSpanCount));
        Assert.Equal(new SpanRejection("", "invalid_id", 1), Assert.Single(decoded.Rejections));
    }
}
