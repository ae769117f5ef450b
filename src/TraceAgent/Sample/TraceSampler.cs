using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Sample;

/// <summary>
/// Decides for each chunk whether it is stored, and why. It runs on the request's thread before the payload is logged; what it decided
/// is logged with it. <see cref="VerdictApplier"/> does it, after the statistics. docs/sampling.md tells the rules.
/// </summary>
/// <remarks>Any thread. While everything is kept it takes no lock; the samplers are behind one, for a whole batch.</remarks>
public sealed class TraceSampler
{
    readonly SamplerSettings _settings;
    readonly TimeProvider _clock;
    readonly SamplingModes _modes;
    readonly ChunkSamplers _samplers;
    readonly DecisionMemory _memory;
    readonly LargeTraces _large;
    readonly VerdictMinutes _minutes;
    readonly StoredTraces _stored;
    readonly Lock _lock = new();
    readonly long _startedAt;

    /// <summary>A sampler with everything it stands on.</summary>
    /// <param name="traces">Tells how full the store is, and whether it holds a trace.</param>
    /// <param name="memory">What the memory of decisions is taken from; null for no ceiling.</param>
    public TraceSampler(SamplerSettings settings, ITraceReader traces, Counters counters, RecentProblems problems, TimeProvider clock, MemoryBudget? memory = null)
    {
        _memory = new DecisionMemory((memory ?? MemoryBudget.None()).OpenWork("sampling_decisions"));
        _settings = settings;
        _clock = clock;
        _startedAt = clock.GetTimestamp();
        _samplers = new ChunkSamplers(settings);
        _modes = new SamplingModes(settings, traces.Facts, _samplers, counters, problems, clock);
        _large = new LargeTraces(clock);
        _minutes = new VerdictMinutes(clock);
        _stored = new StoredTraces(traces, clock);
    }

    /// <summary>What tracers are told.</summary>
    public RatesAnswer Rates => _modes.Rates;

    /// <summary>Looks at the budget and the clock. About once a second, by one thread.</summary>
    public void Tick()
    {
        _minutes.Turn();
        lock (_lock)
        {
            var before = _modes.AreSampling;
            _modes.Tick();
            if (!before && _modes.AreSampling) _stored.BeginAgain();
        }
    }

    /// <summary>How traces are sampled now. Any thread.</summary>
    public SamplingStatus Status()
    {
        lock (_lock) return _modes.Status(_minutes.Last(), _memory.ByteCount);
    }

    /// <summary>Sets the verdict of each chunk.</summary>
    /// <param name="facts">One per chunk.</param>
    public void Decide(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts)
    {
        if (batch.Chunks.Count == 0) return;
        _modes.Offered(batch);
        _large.Turn();
        if (_modes.AreSampling) DecideBySamplers(batch, facts);
        else KeepAll(batch);
    }

    void KeepAll(SpanBatch batch)
    {
        var whole = 0;
        for (var c = 0; c < batch.Chunks.Count; c++)
        {
            var chunk = batch.Chunks[c];
            var trace = batch.TraceIdLow[chunk.FirstSpan];
            chunk.Verdict = chunk.DroppedByTracer ? SampleVerdict.DropByTracer
                : ChunkSamplers.IsManualDrop(chunk) ? SampleVerdict.DropManual
                : _memory.IsEmpty ? SampleVerdict.KeepAll
                : FollowDrop(batch, ref chunk, trace);
            if (chunk.Verdict == SampleVerdict.DropManual) _memory.Set(trace, SampleVerdict.DropManual);
            if (chunk.Verdict.IsKept()) Shape(ref chunk, trace);
            else if (new SampleKeys(batch).HasSpanRule(batch, chunk)) chunk.Verdict = SampleVerdict.KeepSpanRule;
            if (chunk.Verdict == SampleVerdict.KeepAll) whole++;
            else Finish(batch, c, chunk);
        }
        _minutes.Add(SampleVerdict.KeepAll, whole);
    }

    /// <summary>Earlier parts of the trace may have been dropped, by hand, or while the budget was short.</summary>
    SampleVerdict FollowDrop(SpanBatch batch, ref Chunk chunk, ulong trace)
    {
        if (_memory.Find(trace) is not { } before || before.IsKept()) return SampleVerdict.KeepAll;
        var verdict = chunk.Priority >= ChunkSamplers.UserKeep ? SampleVerdict.KeepManual
            : before != SampleVerdict.DropManual && default(SampleKeys).HasError(batch, chunk, orException: false) ? SampleVerdict.KeepError
            : SampleVerdict.DropWithTrace;
        chunk.EarlierPartsDropped = verdict.IsKept();
        if (verdict.IsKept()) _memory.Set(trace, verdict);
        return verdict;
    }

    void DecideBySamplers(SpanBatch batch, ReadOnlySpan<ChunkFacts> facts)
    {
        var nowNanos = _clock.GetElapsedTime(_startedAt).Ticks * 100;
        var keys = new SampleKeys(batch);
        lock (_lock)
        {
            var areRatesNew = false;
            for (var c = 0; c < batch.Chunks.Count; c++)
            {
                var chunk = batch.Chunks[c];
                var asked = new SampleRequest(batch, chunk, facts[c], keys, nowNanos, DroppedTracesPerChunk(batch, chunk));
                var trace = batch.TraceIdLow[chunk.FirstSpan];
                var before = _memory.Find(trace) ?? (_stored.Holds(asked) ? SampleVerdict.KeepAll : null);
                var verdict = before is { } known ? _samplers.Follow(asked, known, ref chunk) : _samplers.Decide(asked, ref chunk, ref areRatesNew);
                if (verdict != before && verdict != SampleVerdict.DropWithTrace) _memory.Set(trace, verdict);
                chunk.Verdict = verdict.IsKept() ? verdict : _samplers.KeepSome(asked, verdict);
                if (verdict.IsKept()) Shape(ref chunk, trace);
                Finish(batch, c, chunk);
            }
            if (areRatesNew) _modes.PublishRates();
        }
    }

    /// <summary>A trace too large to keep whole keeps its shape from here on.</summary>
    void Shape(ref Chunk chunk, ulong trace)
    {
        var earlier = _large.Add(trace, chunk.SpanCount);
        if (earlier + chunk.SpanCount <= _settings.MaxWholeSpansPerTrace) return;
        chunk.Verdict = SampleVerdict.KeepShape;
        chunk.VerdictDetail = Math.Max(0, _settings.MaxWholeSpansPerTrace - earlier);
    }

    void Finish(SpanBatch batch, int c, Chunk chunk)
    {
        if (!chunk.Verdict.IsKept()) chunk.VerdictDetail = 0;
        batch.Chunks[c] = chunk;
        _minutes.Add(chunk.Verdict, 1);
    }

    /// <summary>A tracer that drops by itself says how many: each of its chunks stands for its part of them (trace-intake §4.3).</summary>
    static double DroppedTracesPerChunk(SpanBatch batch, Chunk chunk) =>
        batch.Payloads[chunk.Payload].ClientDroppedTraceCount is > 0 and var dropped ? dropped / (double)batch.Chunks.Count : 0;
}
