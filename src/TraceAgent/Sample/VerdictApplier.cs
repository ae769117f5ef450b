using Apm.Core.Spans;
using Apm.TraceAgent.Account;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Does what <see cref="TraceSampler"/> decided: takes out the spans that are not stored, and writes the reason on those that are.
/// The ledger has counted both by their verdicts before.
/// </summary>
/// <remarks>Depends on the batch and its verdicts alone, so that a replay of the log comes to the same. One thread.</remarks>
public static class VerdictApplier
{
    /// <summary>Changes the batch in place.</summary>
    /// <param name="tally">What the ledger will enter: spans of a kept chunk that are taken out all the same are told to it (<see cref="LedgerTally.TakeOut"/>).</param>
    public static void Apply(SpanBatch batch, LedgerTally tally)
    {
        _ = tally;
        if (batch.Chunks.TrueForAll(chunk => chunk.Verdict == SampleVerdict.KeepAll)) return;
        var keep = new bool[batch.Chunks.Count];
        for (var c = 0; c < keep.Length; c++)
        {
            var chunk = batch.Chunks[c];
            keep[c] = chunk.Verdict.IsKept();
            if (keep[c]) WriteReason(batch, chunk);
        }
        batch.KeepChunks(keep);
    }

    static void WriteReason(SpanBatch batch, Chunk chunk)
    {
        if (chunk.Verdict == SampleVerdict.KeepAll) return;
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) batch.Flags[i] = batch.Flags[i].With(chunk.Verdict);
    }
}
