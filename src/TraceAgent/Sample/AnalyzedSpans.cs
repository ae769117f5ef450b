using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Which spans are events that are kept of a trace that is not (trace-intake §4.2 step 7): those a tracer gave a rate
/// (<c>_dd1.sr.eausr</c>), and those that a rule names.
/// </summary>
/// <remarks>Depends on span and settings alone, so that a replay chooses the same. Thread-safe.</remarks>
sealed class AnalyzedSpans(IReadOnlyList<AnalyzedSpanRule> rules)
{
    /// <summary>Whether any span of the batch can be an event at all.</summary>
    public bool MayHold(in SampleKeys keys) => keys.EventRate >= 0 || rules.Count > 0;

    public int Count(SpanBatch batch, Chunk chunk, in SampleKeys keys)
    {
        var count = 0;
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) if (Contains(batch, i, keys)) count++;
        return count;
    }

    /// <summary>Whether a span is an event.</summary>
    public bool Contains(SpanBatch batch, int span, in SampleKeys keys)
    {
        var rate = SampleKeys.Number(batch, span, keys.EventRate) ?? RuleRate(batch, span);
        return rate > 0 && TraceIdRate.Keeps(batch.TraceIdLow[span], rate);
    }

    double RuleRate(SpanBatch batch, int span)
    {
        foreach (var rule in rules)
            if (rule.Service == batch.Strings.Text(batch.Services[span]) && rule.Operation == batch.Strings.Text(batch.Names[span])) return rule.Rate;
        return 0;
    }
}
