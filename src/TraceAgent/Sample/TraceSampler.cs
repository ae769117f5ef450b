using Apm.Core.Counting;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Decides which chunks are stored. Everything is kept, except chunks that the tracer itself dropped and sent for their
/// numbers only (v0.7 <c>dropped_trace</c>); those are counted as sampled out by the tracer.
/// </summary>
public sealed class TraceSampler(Counters counters)
{
    /// <summary>Takes the chunks that are not stored out of the batch.</summary>
    public void DropUnsampled(SpanBatch batch)
    {
        if (!batch.Chunks.Exists(chunk => chunk.DroppedByTracer)) return;
        var keep = new bool[batch.Chunks.Count];
        for (var c = 0; c < keep.Length; c++)
        {
            var chunk = batch.Chunks[c];
            keep[c] = !chunk.DroppedByTracer;
            if (chunk.DroppedByTracer) counters.Add("spans_sampled_out", "dropped_by_tracer", chunk.SpanCount, batch.Strings.Text(batch.Services[chunk.FirstSpan]));
        }
        batch.KeepChunks(keep);
    }
}
