using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.Wire.Tests.Datadog;

/// <summary>Bodies that real tracers sent (shared/fixtures), drawn and counted.</summary>
public class RecordedTracesTests
{
    /// <summary>The sums come from another decoder, shared/fixtures/decode.py.</summary>
    [Theory]
    //          body                                     route        traces spans xor of span ids     xor of trace ids    meta metrics errors nanoseconds
    [InlineData("node-dd-trace-6/007",                   "v0.4",       7,  40, 0x002358ce8b08bfd4u, 0x6ac3934b68fce32eu,  510,  98, 6, 147_116_211)]
    [InlineData("node-dd-trace-6/008",                   "v0.4",      22, 134, 0x79a59927e032a875u, 0x3b2aa430294ef3c7u, 1746, 356, 9, 434_761_714)]
    [InlineData("node-dd-trace-6-v05-stats/007",         "v0.5",       5,  27, 0x321bc2ad0d812d2eu, 0x4ed8ecb09f758a6bu,  346,  67, 4, 71_671_143)]
    [InlineData("node-dd-trace-6-v05-stats/008",         "v0.5",      15,  90, 0x31580afd819bc558u, 0x0192549ee04d2800u, 1175, 241, 6, 261_202_880)]
    [InlineData("py-ddtrace-0.14.0-ddtrace-run/001",     "v0.3 json", 12,  12, 0x9c186a27a5cc8713u, 0x55eff551dd791eb8u,   60,   0, 0, 7_943_386)]
    [InlineData("py-ddtrace-0.14.0-middleware-msgpack/001", "v0.4",   12,  12, 0xe8c3408ed18ee56fu, 0xe8223b4f828bdbceu,   48,   0, 0, 4_627_936)]
    [InlineData("py-ddtrace-0.36.3-ddtrace-run/001",     "v0.4",      12,  99, 0x00030bc30fcb483du, 0xf10c9417f6c90ab0u,  174,  40, 3, 20_348_600)]
    public void Counted_as_another_decoder_counts(
        string body, string route, int traces, int spans, ulong spanIds, ulong traceIds, int tags, int numbers, int errors, long nanos)
    {
        var batch = Decoding.Decode(route, Fixtures.Bytes(body + ".bin"));
        var all = Enumerable.Range(0, batch.SpanCount).Select(batch.SpanAt).ToList();

        Assert.Equal((traces, spans), (batch.Chunks.Count, all.Count));
        Assert.Equal(spanIds, all.Aggregate(0ul, (sum, span) => sum ^ span.Id.Value));
        Assert.Equal(traceIds, all.Aggregate(0ul, (sum, span) => sum ^ span.TraceId.Low));
        Assert.Equal((tags, numbers), (all.Sum(span => span.Tags.Count), all.Sum(span => span.Numbers.Count)));
        Assert.Equal((errors, nanos), (all.Count(span => span.IsError), all.Sum(span => span.DurationNanos)));
    }

    [Theory]
    [InlineData("node-dd-trace-6/007", "v0.4", true)]
    [InlineData("node-dd-trace-6/008", "v0.4", false)]
    [InlineData("node-dd-trace-6-v05-stats/007", "v0.5", true)]
    [InlineData("node-dd-trace-6-v05-stats/008", "v0.5", false)]
    [InlineData("py-ddtrace-0.14.0-ddtrace-run/001", "v0.3 json", true)]
    [InlineData("py-ddtrace-0.14.0-middleware-msgpack/001", "v0.4", true)]
    [InlineData("py-ddtrace-0.36.3-ddtrace-run/001", "v0.4", true)]
    public void Drawn(string body, string route, bool full)
    {
        var batch = Decoding.Decode(route, Fixtures.Bytes(body + ".bin"));

        Approved.Equal("Datadog/Recorded/" + body.Replace('/', '-'), full ? TraceText.DrawFull(batch) : TraceText.Draw(batch));
    }

    [Theory]
    [InlineData("node-dd-trace-6/008", "v0.4")]
    [InlineData("py-ddtrace-0.36.3-ddtrace-run/001", "v0.4")]
    public void Written_as_v05_and_read_back_nothing_changes(string body, string route)
    {
        var batch = Decoding.Decode(route, Fixtures.Bytes(body + ".bin"));
        var traces = batch.Chunks
            .Select(chunk => (IReadOnlyList<Span>)[.. Enumerable.Range(chunk.FirstSpan, chunk.SpanCount).Select(batch.SpanAt)])
            .ToList();

        Assert.Equal(TraceText.DrawFull(batch), TraceText.DrawFull(Decoding.Decode("v0.5", DatadogV05Encoder.Encode(traces))).Replace("v0.5", route, StringComparison.Ordinal));
        Assert.Equal(TraceText.DrawFull(batch), TraceText.DrawFull(Decoding.Decode("v0.4", DatadogV04Encoder.Encode(traces))));
    }
}
