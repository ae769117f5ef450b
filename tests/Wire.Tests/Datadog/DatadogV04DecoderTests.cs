using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Datadog;

namespace Apm.Wire.Tests.Datadog;

public class DatadogV04DecoderTests
{
    [Fact]
    public void The_golden_payload()
    {
        var batch = Decode(Golden.V04);

        Assert.Equal("""
            payload datadog v0.4
            chunk of 1 from 0
            earliest 1700000000000000000
            trace 0000000000000001
              web  flask.request  GET /  [web]  1 ms
                  span 0000000000000002 +0 ns
                  http.status_code = 200
                  _sampling_priority_v1 := 1
            """, TraceText.DrawFull(batch));
    }

    static SpanBatch Decode(byte[] body)
    {
        var batch = new SpanBatch();
        DatadogV04Decoder.Decode(body, batch, new Payload { Protocol = "datadog v0.4", ReceivedUnixNanos = 1 });
        return batch;
    }
}
