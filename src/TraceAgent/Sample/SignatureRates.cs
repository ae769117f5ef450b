namespace Apm.TraceAgent.Sample;

/// <summary>
/// Shares a number of traces per second fairly among signatures (trace-intake §4.3): what each was seen to send in the last half
/// minute gives its rate, anew whenever a trace comes in a new slot of five seconds.
/// </summary>
/// <remarks>One thread. Times are monotonic nanoseconds, from the clock of the caller.</remarks>
sealed class SignatureRates(double targetPerSecond, double extraRate)
{
    /// <summary>Width of a slot.</summary>
    public const long SlotNanos = 5_000_000_000;
    const double SlotSeconds = 5;
    const int SlotCount = 6;

    /// <summary>A rate rises by no more than this from one slot to the next; it falls at once.</summary>
    const double LargestRise = 1.2;

    readonly Dictionary<uint, Signature> _seen = [];
    readonly List<double> _sorted = [];
    readonly double[] _all = new double[SlotCount];
    long _slot = -1;
    double _lowestRate = 1;

    /// <summary>Traces per second to keep; takes effect with the next slot.</summary>
    public double TargetPerSecond { get; set; } = targetPerSecond;

    /// <summary>Signatures that were seen lately.</summary>
    public int Count => _seen.Count;

    /// <summary>The signatures that were seen lately.</summary>
    public IEnumerable<uint> Signatures => _seen.Keys;

    /// <summary>Rate of a signature that has none yet.</summary>
    public double DefaultRate
    {
        get
        {
            if (TargetPerSecond <= 0) return 0;
            var seen = _all.Max() / SlotSeconds;
            var rate = TargetPerSecond < seen ? TargetPerSecond / seen : 1;
            return _lowestRate < rate && _lowestRate > 0 ? _lowestRate : rate;
        }
    }

    /// <summary>Counts a trace.</summary>
    /// <param name="weight">How many it stands for.</param>
    /// <returns>True when it was the first in a new slot, so that rates are new.</returns>
    public bool Add(long nowNanos, uint signature, double weight)
    {
        var slot = nowNanos / SlotNanos;
        var isNew = slot != _slot;
        if (isNew) Recompute(slot);
        if (!_seen.TryGetValue(signature, out var seen)) _seen.Add(signature, seen = new Signature());
        seen.Slots[slot % SlotCount] += weight;
        _all[slot % SlotCount] += weight;
        return isNew;
    }

    /// <summary>The share of a signature's traces to keep.</summary>
    public double RateOf(uint signature) => OwnRateOf(signature) is { } rate ? rate * extraRate : DefaultRate;

    /// <summary>Whether a signature was seen lately, with a rate or not yet.</summary>
    public bool Has(uint signature) => _seen.ContainsKey(signature);

    /// <summary>The rate of a signature, times the extra rate; null when it has none.</summary>
    public double? PublishedRateOf(uint signature) => OwnRateOf(signature) * extraRate;

    double? OwnRateOf(uint signature) => _seen.TryGetValue(signature, out var seen) ? seen.Rate : null;

    void Recompute(long slot)
    {
        var from = _slot;
        _slot = slot;
        if (from < 0) return;
        foreach (var seen in _seen.Values) seen.PerSecond = LargestThenClear(seen.Slots, from, slot) / SlotSeconds;
        LargestThenClear(_all, from, slot);
        var share = FairShare();
        _lowestRate = 1;
        foreach (var (signature, seen) in _seen)
        {
            var rate = share < seen.PerSecond ? share / seen.PerSecond : 1;
            if (seen.Rate is > 0 and var before) rate = Math.Min(rate, before * LargestRise);
            rate = Math.Min(1, rate);
            if (rate >= 1 && seen.PerSecond <= 0)
            {
                _seen.Remove(signature); // Nothing holds it back, and nothing comes: forgotten.
                continue;
            }
            seen.Rate = rate;
            _lowestRate = Math.Min(_lowestRate, rate);
        }
    }

    /// <summary>The largest slot, those that are about to be used again included; these are then cleared.</summary>
    static double LargestThenClear(double[] slots, long from, long to)
    {
        var largest = slots.Max();
        for (var slot = from + 1; slot <= Math.Min(to, from + SlotCount); slot++) slots[slot % SlotCount] = 0;
        return largest;
    }

    /// <summary>What each signature may send: those that need less leave the rest to the others.</summary>
    double FairShare()
    {
        _sorted.Clear();
        foreach (var seen in _seen.Values) _sorted.Add(seen.PerSecond);
        _sorted.Sort();
        var left = TargetPerSecond;
        var share = left / Math.Max(1, _sorted.Count);
        for (var i = 0; i < _sorted.Count - 1 && _sorted[i] < share; i++)
        {
            left -= _sorted[i];
            share = left / (_sorted.Count - i - 1);
        }
        return share;
    }

    sealed class Signature
    {
        public readonly double[] Slots = new double[SlotCount];
        public double PerSecond;
        public double? Rate;
    }
}
