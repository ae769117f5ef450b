using System.Text;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

/// <summary>What OpenTelemetry's Node SDK (exporters 0.301) sent over each transport.</summary>
public class RecordedOtlpTests
{
    [Theory]
    [InlineData("node-otel-grpc", "002.bin")]
    [InlineData("node-otel-http-json", "002.bin")]
    [InlineData("node-otel-http-protobuf", "003.bin")]
    public void Every_request_is_read_and_what_it_holds_is_drawn(string folder, string inFull)
    {
        var drawn = new StringBuilder();
        foreach (var request in Recorded.Of(folder))
        {
            drawn.Append("== ").Append(request.Name).Append('\n');
            if (request.IsTraces)
            {
                var batch = new SpanBatch();
                var result = request.IsJson
                    ? OtlpJsonTraceDecoder.Decode(request.Body, batch, OtlpGolden.Template)
                    : OtlpProtobufTraceDecoder.Decode(request.Body, batch, OtlpGolden.Template);
                Assert.Equal(new OtlpDecodeResult(batch.SpanCount, 0, ""), result);
                Batches.CheckChunks(batch);
                drawn.Append(request.Name.EndsWith(inFull, StringComparison.Ordinal) ? TraceText.DrawFull(batch) : TraceText.Draw(batch)).Append('\n');
            }
            else if (request.IsMetrics) drawn.Append(OtlpCounts.CountMetrics(request.Body, request.IsJson)).Append(" data points\n");
            else drawn.Append(OtlpCounts.CountLogs(request.Body, request.IsJson)).Append(" log records\n");
        }
        Approved.Equal($"Otlp/approved/{folder}", drawn.ToString().TrimEnd());
    }
}
