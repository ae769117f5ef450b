using Apm.Core.Spans;

namespace Apm.TraceAgent.Sample;

/// <summary>Finds the chunk with an entry or measured span of a kind that was not seen for a while (trace-intake §4.5).</summary>
/// <remarks>One thread.</remarks>
sealed class RareSampler(RareSamplerSettings settings, int maxServices)
{
    /// <summary>How often a sighting moves the end of a cooldown; so a steady kind costs one look-up and no write.</summary>
    const long RenewAfterNanos = 60_000_000_000;

    /// <summary>What may pass at once after a quiet while, in seconds' worth.</summary>
    const double BurstSeconds = 10;

    readonly TokenBucket _tokens = new(settings.TracesPerSecond, settings.TracesPerSecond * BurstSeconds);
    readonly Dictionary<uint, Dictionary<uint, long>> _seen = []; // (env, service) → kind → end of its cooldown
    readonly long _cooldownNanos = settings.Cooldown.Ticks * 100;
    long _nextSweepNanos;

    /// <summary>Traces per second at most.</summary>
    public double TracesPerSecond
    {
        get => _tokens.PerSecond;
        set => _tokens.PerSecond = value;
    }

    /// <summary>The span that makes a chunk rare, by its index in the batch; −1 when none does. All its spans are then known.</summary>
    /// <param name="isKeptAnyway">The tracer kept the trace: its kinds are noted, and it takes none of the allowance.</param>
    public int Find(long nowNanos, SpanBatch batch, Chunk chunk, int env, in SampleKeys keys, bool isKeptAnyway)
    {
        if (nowNanos >= _nextSweepNanos) Sweep(nowNanos);
        var rare = -1;
        for (var i = chunk.FirstSpan; i < chunk.FirstSpan + chunk.SpanCount; i++)
        {
            if ((batch.Flags[i] & (SpanFlags.TopLevel | SpanFlags.Measured)) == 0) continue;
            var isNew = Note(nowNanos, batch, i, env, keys, rare < 0 && !isKeptAnyway);
            if (isNew) rare = i;
        }
        return rare;
    }

    bool Note(long nowNanos, SpanBatch batch, int span, int env, in SampleKeys keys, bool mayBeRare)
    {
        var place = TraceSignature.OfService(batch.Strings.Utf8(batch.Services[span]), batch.Strings.Utf8(env));
        if (!_seen.TryGetValue(place, out var kinds))
        {
            if (_seen.Count >= maxServices) return false;
            _seen.Add(place, kinds = []);
        }
        var kind = TraceSignature.OfSpan(batch, span, env, withResource: true, keys);
        if (kinds.Count >= settings.Cardinality && !kinds.ContainsKey(kind)) kind %= (uint)settings.Cardinality;
        var until = kinds.GetValueOrDefault(kind, long.MinValue);
        var isRare = until <= nowNanos;
        if (isRare && mayBeRare && !_tokens.TryTake(nowNanos)) return false; // Not noted: it is still rare when it comes again.
        if (until < nowNanos + _cooldownNanos - RenewAfterNanos) kinds[kind] = nowNanos + _cooldownNanos;
        return isRare && mayBeRare;
    }

    void Sweep(long nowNanos)
    {
        _nextSweepNanos = nowNanos + RenewAfterNanos;
        foreach (var (place, kinds) in _seen)
        {
            foreach (var (kind, until) in kinds) if (until <= nowNanos) kinds.Remove(kind);
            if (kinds.Count == 0) _seen.Remove(place);
        }
    }
}
