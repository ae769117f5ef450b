using Apm.Core.Spans;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Sample;

/// <summary>A chunk about which the samplers are asked, with what they need to know.</summary>
/// <param name="DroppedTraceCount">Traces that its tracer dropped itself, and for which it stands.</param>
readonly record struct SampleRequest(SpanBatch Batch, Chunk Chunk, ChunkFacts Facts, SampleKeys Keys, long NowNanos, double DroppedTraceCount)
{
    public int Root => Facts.RootSpan;

    public ulong TraceIdLow => Batch.TraceIdLow[Chunk.FirstSpan];

    public ulong TraceIdHigh => Batch.TraceIdHigh[Chunk.FirstSpan];
}
