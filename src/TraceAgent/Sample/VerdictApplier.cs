using Apm.Core.Spans;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Does what <see cref="TraceSampler"/> decided: takes out the spans that are not stored, and writes the reason on those that are.
/// The ledger has counted whole chunks by their verdicts before; of those kept in part it is told the rest here.
/// </summary>
/// <remarks>Depends on the batch, its verdicts and the settings alone, so that a replay of the log comes to the same. One thread.</remarks>
public sealed class VerdictApplier(SamplerSettings settings)
{
    /// <summary>The word under which folded spans stand in the ledger.</summary>
    public const string Folded = "folded";

    readonly AnalyzedSpans _analyzed = new(settings.AnalyzedSpans);

    /// <summary>Changes the batch in place.</summary>
    /// <param name="facts">One per chunk.</param>
    /// <param name="tally">What the ledger will enter.</param>
    public void Apply(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts, LedgerTally tally)
    {
        if (batch.Chunks.TrueForAll(chunk => chunk.Verdict == SampleVerdict.KeepAll && !chunk.EarlierPartsDropped)) return;
        var keys = new SampleKeys(batch);
        var keep = new bool[batch.SpanCount];
        for (var c = 0; c < batch.Chunks.Count; c++)
        {
            var chunk = batch.Chunks[c];
            Choose(batch, chunk, facts[c].RootSpan, keys, keep);
            if (!chunk.Verdict.IsKept()) continue;
            TakeOut(batch, chunk, keep, tally);
            if (chunk.Verdict == SampleVerdict.KeepSpanRule) chunk.Priority = ChunkSamplers.UserKeep; // trace-intake §4.2 step 7
            batch.Chunks[c] = chunk;
            WriteReason(batch, chunk, facts[c].RootSpan, keys);
        }
        batch.KeepSpans(keep);
    }

    void Choose(SpanBatch batch, Chunk chunk, int root, in SampleKeys keys, bool[] keep)
    {
        switch (chunk.Verdict)
        {
            case SampleVerdict.KeepShape: ShapeFold.Fold(batch, chunk, root, (int)chunk.VerdictDetail, keep); break;
            case SampleVerdict.KeepSpanRule:
                for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) keep[i] = SampleKeys.Number(batch, i, keys.SpanRule) is not null;
                break;
            case SampleVerdict.KeepAnalyzed:
                for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) keep[i] = _analyzed.Contains(batch, i, keys);
                break;
            default: Array.Fill(keep, chunk.Verdict.IsKept(), chunk.FirstSpan, chunk.SpanCount); break;
        }
    }

    /// <summary>The reason on each span, and on the root with which rate it was kept, as the Datadog agent notes it (trace-intake §4.3–4.5).</summary>
    static void WriteReason(SpanBatch batch, Chunk chunk, int root, in SampleKeys keys)
    {
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) batch.Flags[i] = batch.Flags[i].With(chunk.Verdict);
        if (chunk.EarlierPartsDropped) batch.Tags.Set(root, batch.Strings.Intern(FoldedTags.Incomplete), batch.Strings.Intern("Earlier spans of this trace were sampled out; this part came later and failed, or somebody asked to keep it."));
        if (chunk.VerdictDetail == 0) return;
        switch (chunk.Verdict)
        {
            case SampleVerdict.KeepError: Set(batch, root, "_dd.errors_sr", chunk.VerdictDetail); break;
            case SampleVerdict.KeepNoPriority: Set(batch, root, "_dd.no_p_sr", chunk.VerdictDetail); break;
            case SampleVerdict.KeepRare: Set(batch, chunk.FirstSpan + (int)chunk.VerdictDetail - 1, "_dd.rare", 1); break;
            case SampleVerdict.KeepProbabilistic:
                Set(batch, root, "_dd.prob_sr", chunk.VerdictDetail);
                batch.Tags.Set(root, batch.Strings.Intern(TagNames.DecisionMaker), batch.Strings.Intern("-9"));
                break;
            case SampleVerdict.KeepPriority:
                var isNoted = batch.ParentIds[root] != 0 || new[] { keys.AgentRate, keys.RuleRate, keys.OldRate }.Any(key => SampleKeys.Number(batch, root, key) is not null);
                if (!isNoted) Set(batch, root, "_sampling_priority_rate_v1", chunk.VerdictDetail);
                break;
        }
    }

    static void Set(SpanBatch batch, int span, string key, double value) => batch.Numbers.Set(span, batch.Strings.Intern(key), value);

    /// <summary>What is left out, by service. Of a chunk that is kept in part, the rest counts under the rule that chose the part.</summary>
    static void TakeOut(SpanBatch batch, Chunk chunk, bool[] keep, LedgerTally tally)
    {
        var word = chunk.Verdict == SampleVerdict.KeepShape ? Folded : chunk.Verdict.Word();
        var end = chunk.FirstSpan + chunk.SpanCount;
        for (var i = chunk.FirstSpan; i < end;)
        {
            var from = i;
            while (i < end && keep[i] == keep[from] && batch.Services[i] == batch.Services[from]) i++;
            if (!keep[from]) tally.TakeOut(batch.Strings.Text(batch.Services[from]), chunk.Verdict, word, i - from);
        }
    }
}
