using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Decides for each chunk whether it is stored, and why. It runs on the request's thread before the payload is logged; what it decided
/// is logged with it. <see cref="VerdictApplier"/> does it, after the statistics.
/// </summary>
/// <remarks>Any thread.</remarks>
public sealed class TraceSampler(SamplerSettings settings)
{
    /// <summary>Where priority says that somebody, or a rule of the tracer, asked to drop the trace.</summary>
    const int ManualDropBelow = 0;

    /// <summary>Sets the verdict of each chunk.</summary>
    public void Decide(SpanBatch batch)
    {
        _ = settings;
        for (var c = 0; c < batch.Chunks.Count; c++)
        {
            var chunk = batch.Chunks[c];
            chunk.Verdict = chunk.DroppedByTracer ? SampleVerdict.DropByTracer
                : chunk.Priority < ManualDropBelow && chunk.Priority != Chunk.NoPriority ? SampleVerdict.DropManual
                : SampleVerdict.KeepAll;
            batch.Chunks[c] = chunk;
        }
    }
}
