using Apm.Core.Spans;
using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Sample;

/// <summary>The samplers in the order in which the Datadog agent asks them (trace-intake §4.2), and what follows for spans that come late.</summary>
/// <remarks>One thread at a time.</remarks>
sealed class ChunkSamplers(SamplerSettings settings)
{
    /// <summary>Priority of what somebody, or a rule of the tracer, asked to keep; or more.</summary>
    public const int UserKeep = 2;

    readonly PrioritySampler _priority = new(settings);
    readonly ScoreSampler _noPriority = new(settings.TargetTracesPerSecond, settings.ExtraSampleRate);
    readonly ScoreSampler _errors = new(settings.ErrorsPerSecond, settings.ExtraSampleRate);
    readonly RareSampler _rare = new(settings.Rare, settings.MaxServices);
    readonly ProbabilisticSampler _probabilistic = new(settings.Probabilistic, settings.Has(AgentFeatures.FullTraceId));
    readonly AnalyzedSpans _analyzed = new(settings.AnalyzedSpans);
    readonly TokenBucket _events = new(settings.MaxEventsPerSecond, settings.MaxEventsPerSecond);
    readonly bool _errorsOfDropped = settings.Has(AgentFeatures.ErrorsOfDroppedAreRare);
    bool _thins;

    /// <summary>The rates that tracers shall be told.</summary>
    public SortedDictionary<string, double> Rates() => _priority.Publish();

    /// <summary>Services that had to make room for others in the rates.</summary>
    public long ForgottenServiceCount => _priority.ForgottenCount;

    /// <summary>Thins to what the storage budget allows: errors may take a quarter, rare kinds a twentieth, the rest goes by the rates of services.</summary>
    public void ThinTo(double tracesPerSecond)
    {
        _thins = true;
        _errors.TargetPerSecond = tracesPerSecond / 4;
        _rare.TracesPerSecond = Math.Min(settings.Rare.TracesPerSecond, tracesPerSecond / 20);
        _priority.TargetPerSecond = tracesPerSecond * PriorityShare;
        _noPriority.TargetPerSecond = tracesPerSecond * (0.7 - PriorityShare);
    }

    /// <summary>Of what is left for traces that are not special, the share of those with a priority: as they come.</summary>
    double PriorityShare => 0.7 * Math.Clamp(_withPriority / Math.Max(1, _withPriority + _withoutPriority), 0.05, 0.95);

    double _withPriority;
    double _withoutPriority;

    /// <summary>The targets of the settings again.</summary>
    public void ThinNoMore()
    {
        _thins = false;
        _errors.TargetPerSecond = settings.ErrorsPerSecond;
        _rare.TracesPerSecond = settings.Rare.TracesPerSecond;
        _priority.TargetPerSecond = _noPriority.TargetPerSecond = settings.TargetTracesPerSecond;
    }

    /// <summary>Priority −1: nothing but a rule for single spans overrides it.</summary>
    public static bool IsManualDrop(in Chunk chunk) => chunk.Priority < 0 && chunk.Priority != Chunk.NoPriority;

    /// <summary>Decides about a trace of which nothing is known.</summary>
    /// <param name="chunk">Gets the sampler's detail.</param>
    /// <param name="areRatesNew">Set when rates were reckoned anew.</param>
    public SampleVerdict Decide(in SampleRequest asked, ref Chunk chunk, ref bool areRatesNew)
    {
        if (chunk.DroppedByTracer) return SampleVerdict.DropByTracer;
        if (settings.ErrorTrackingStandalone) return KeepsError(asked, ref chunk, orException: true) ? SampleVerdict.KeepError : SampleVerdict.DropNoError;

        var hasPriority = chunk.Priority != Chunk.NoPriority;
        var rare = settings.Rare.Enabled || _thins
            ? _rare.Find(asked.NowNanos, asked.Batch, chunk, asked.Facts.Env, asked.Keys, isKeptAnyway: !settings.Probabilistic.Enabled && chunk.Priority > 0)
            : -1;
        if (settings.Probabilistic.Enabled) return DecideByShare(asked, ref chunk, rare);
        if (IsManualDrop(chunk) && !(_errorsOfDropped && !IsDroppedByHand(asked))) return SampleVerdict.DropManual;
        if (rare >= 0) return Rare(ref chunk, rare);

        if (hasPriority ? KeepsByPriority(asked, ref chunk, ref areRatesNew) : KeepsWithoutPriority(asked, ref chunk))
            return chunk.Priority >= UserKeep ? SampleVerdict.KeepManual : hasPriority ? SampleVerdict.KeepPriority : SampleVerdict.KeepNoPriority;
        if (KeepsError(asked, ref chunk, orException: false)) return SampleVerdict.KeepError;
        return !hasPriority ? SampleVerdict.DropNoPriority
            : chunk.Priority > 0 ? SampleVerdict.DropBudget
            : chunk.Priority < 0 ? SampleVerdict.DropManual
            : SampleVerdict.DropPriority;
    }

    /// <summary>Spans that come late follow what became of their trace, unless they failed or somebody asks to keep them.</summary>
    public SampleVerdict Follow(in SampleRequest asked, SampleVerdict before, ref Chunk chunk)
    {
        if (chunk.DroppedByTracer) return SampleVerdict.DropByTracer;
        if (IsManualDrop(chunk) && !(_errorsOfDropped && !IsDroppedByHand(asked))) return SampleVerdict.DropManual;
        if (before.IsKept()) return before;
        var verdict = chunk.Priority >= UserKeep ? SampleVerdict.KeepManual
            : before != SampleVerdict.DropManual && KeepsError(asked, ref chunk, settings.ErrorTrackingStandalone) ? SampleVerdict.KeepError
            : SampleVerdict.DropWithTrace;
        chunk.EarlierPartsDropped = verdict.IsKept();
        return verdict;
    }

    /// <summary>Of a chunk that is dropped, the spans that a rule of the tracer or an analysis wants are kept (§4.2 step 7).</summary>
    public SampleVerdict KeepSome(in SampleRequest asked, SampleVerdict dropped)
    {
        if (settings.ErrorTrackingStandalone) return dropped;
        if (asked.Keys.HasSpanRule(asked.Batch, asked.Chunk)) return SampleVerdict.KeepSpanRule;
        if (dropped == SampleVerdict.DropManual || !_analyzed.MayHold(asked.Keys)) return dropped;
        var count = _analyzed.Count(asked.Batch, asked.Chunk, asked.Keys);
        return count > 0 && _events.TryTake(asked.NowNanos, count) ? SampleVerdict.KeepAnalyzed : dropped;
    }

    SampleVerdict DecideByShare(in SampleRequest asked, ref Chunk chunk, int rare)
    {
        if (rare >= 0) return Rare(ref chunk, rare);
        if (_probabilistic.Keeps(asked.TraceIdHigh, asked.TraceIdLow))
        {
            chunk.VerdictDetail = _probabilistic.Rate;
            return SampleVerdict.KeepProbabilistic;
        }
        return KeepsError(asked, ref chunk, orException: false) ? SampleVerdict.KeepError : SampleVerdict.DropProbabilistic;
    }

    /// <summary>By priority alone; when the budget thins, only the share of trace ids that the tracer is told to keep.</summary>
    bool KeepsByPriority(in SampleRequest asked, ref Chunk chunk, ref bool areRatesNew)
    {
        if (chunk.Priority is not (0 or 1)) return chunk.Priority >= UserKeep; // By hand or by a rule: not steered, so not counted.
        var weight = asked.Keys.WeightOf(asked.Batch, asked.Root) + asked.DroppedTraceCount;
        areRatesNew |= _priority.Add(asked.NowNanos, asked.Batch, asked.Batch.Services[asked.Root], asked.Facts.Env, weight, out var rate);
        _withPriority = _withPriority * Fading + weight;
        if (chunk.Priority == 0) return false;
        if (_thins && !TraceIdRate.Keeps(asked.TraceIdLow, rate)) return false;
        chunk.VerdictDetail = rate;
        return true;
    }

    /// <summary>So that the counts of traces with and without priority tell of the last ten thousand or so.</summary>
    const double Fading = 0.9999;

    bool KeepsWithoutPriority(in SampleRequest asked, ref Chunk chunk)
    {
        _withoutPriority = _withoutPriority * Fading + 1;
        return Keeps(_noPriority, asked, ref chunk);
    }

    bool KeepsError(in SampleRequest asked, ref Chunk chunk, bool orException) =>
        _errors.TargetPerSecond > 0 && asked.Keys.HasError(asked.Batch, chunk, orException) && Keeps(_errors, asked, ref chunk);

    readonly TraceSignature _signature = new();

    bool Keeps(ScoreSampler sampler, in SampleRequest asked, ref Chunk chunk)
    {
        var signature = _signature.Of(asked.Batch, chunk, asked.Root, asked.Facts.Env, asked.Keys);
        var tracerRate = SampleKeys.Share(asked.Batch, asked.Root, asked.Keys.SampleRate);
        var keeps = sampler.Keeps(asked.NowNanos, asked.TraceIdLow, signature, asked.Keys.WeightOf(asked.Batch, asked.Root), tracerRate, out var rate);
        if (keeps) chunk.VerdictDetail = rate;
        return keeps;
    }

    /// <summary>The detail of a rare chunk is the position of the span, from 1.</summary>
    static SampleVerdict Rare(ref Chunk chunk, int span)
    {
        chunk.VerdictDetail = span - chunk.FirstSpan + 1;
        return SampleVerdict.KeepRare;
    }

    static bool IsDroppedByHand(in SampleRequest asked)
    {
        for (var i = asked.Chunk.FirstSpan; i < asked.Chunk.FirstSpan + asked.Chunk.SpanCount; i++)
            if (SampleKeys.Text(asked.Batch, i, asked.Keys.DecisionMaker) is >= 0 and var value) return asked.Batch.Strings.Utf8(value).SequenceEqual("-4"u8);
        return false;
    }
}
