using System.Text;
using Apm.Core;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Tests.Otlp;
using Apm.Wire.Zipkin;

namespace Apm.Wire.Tests.Zipkin;

/// <summary>What zipkin-js, OpenTelemetry's Zipkin exporter and a sender by hand sent.</summary>
public class RecordedZipkinTests
{
    [Fact]
    public void Every_request_is_read_and_what_it_holds_is_drawn()
    {
        var drawn = new StringBuilder();
        foreach (var request in Recorded.Of("node-zipkin"))
        {
            drawn.Append("== ").Append(request.Name).Append('\n');
            var batch = new SpanBatch();
            try
            {
                var result = ZipkinJsonDecoder.Decode(request.Body, batch, OtlpGolden.Template);
                Assert.Equal(batch.SpanCount, result.Spans);
                Batches.CheckChunks(batch);
                drawn.Append(result).Append('\n').Append(TraceText.DrawFull(batch)).Append('\n');
            }
            catch (PayloadException error)
            {
                drawn.Append(error.Message).Append('\n');
            }
        }
        Approved.Equal("Zipkin/approved/node-zipkin", drawn.ToString().TrimEnd());
    }
}
