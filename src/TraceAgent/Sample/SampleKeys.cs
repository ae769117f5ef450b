using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>The keys that sampling looks for, as indexes into one batch's texts; −1 where the batch does not have it (trace-intake §4.7).</summary>
readonly struct SampleKeys(SpanBatch batch)
{
    public readonly int SampleRate = batch.Strings.Find("_sample_rate"u8);
    public readonly int PreSampleRate = batch.Strings.Find("_dd1.sr.rapre"u8);
    public readonly int AgentRate = batch.Strings.Find("_dd.agent_psr"u8);
    public readonly int RuleRate = batch.Strings.Find("_dd.rule_psr"u8);
    public readonly int OldRate = batch.Strings.Find("_sampling_priority_rate_v1"u8);
    public readonly int EventRate = batch.Strings.Find("_dd1.sr.eausr"u8);
    public readonly int SpanRule = batch.Strings.Find("_dd.span_sampling.mechanism"u8);
    public readonly int DecisionMaker = batch.Strings.Find("_dd.p.dm"u8);
    public readonly int HasException = batch.Strings.Find("_dd.span_events.has_exception"u8);
    public readonly int HttpStatusCode = batch.Strings.Find("http.status_code"u8);
    public readonly int ErrorType = batch.Strings.Find("error.type"u8);

    /// <summary>A numeric tag; null when the span has none.</summary>
    public static double? Number(SpanBatch batch, int span, int key) => key >= 0 && batch.Numbers.TryGet(span, key, out var value) ? value : null;

    /// <summary>Index of a text tag's value; −1 when the span has none.</summary>
    public static int Text(SpanBatch batch, int span, int key) => key >= 0 && batch.Tags.TryGet(span, key, out var value) ? value : -1;

    /// <summary>How many traces the chunk of this root stands for: the tracer may have sampled before (§4.3).</summary>
    public double WeightOf(SpanBatch batch, int root) => 1 / (Share(batch, root, SampleRate) * Share(batch, root, PreSampleRate));

    /// <summary>A rate tag as a share: 1 when there is none, or none that can be meant.</summary>
    public static double Share(SpanBatch batch, int span, int key) => Number(batch, span, key) is > 0 and <= 1 and var rate ? rate : 1;

    /// <summary>Whether a single-span rule of the tracer marked any span of the chunk.</summary>
    public bool HasSpanRule(SpanBatch batch, Chunk chunk)
    {
        if (SpanRule < 0) return false;
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++) if (batch.Numbers.TryGet(i, SpanRule, out _)) return true;
        return false;
    }

    /// <summary>Whether any span of the chunk failed.</summary>
    /// <param name="orException">A span that carries an exception event counts as well.</param>
    public bool HasError(SpanBatch batch, Chunk chunk, bool orException)
    {
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++)
        {
            if ((batch.Flags[i] & SpanFlags.Error) != 0) return true;
            if (orException && Text(batch, i, HasException) is >= 0 and var value && batch.Strings.Utf8(value).SequenceEqual("true"u8)) return true;
        }
        return false;
    }
}
