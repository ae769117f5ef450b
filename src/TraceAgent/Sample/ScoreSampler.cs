namespace Apm.TraceAgent.Sample;

/// <summary>
/// Keeps so many traces per second, fairly by signature: the one for traces without priority, and the one for those with an error
/// (trace-intake §4.4).
/// </summary>
/// <remarks>One thread.</remarks>
sealed class ScoreSampler(double targetPerSecond, double extraRate)
{
    /// <summary>From so many signatures on, unknown ones share as many places.</summary>
    const int MaxSignatures = 100;

    readonly SignatureRates _rates = new(targetPerSecond, extraRate);
    HashSet<uint>? _known;

    /// <summary>Traces per second to keep.</summary>
    public double TargetPerSecond
    {
        get => _rates.TargetPerSecond;
        set => _rates.TargetPerSecond = value;
    }

    /// <summary>Counts a trace and says whether it is kept.</summary>
    /// <param name="tracerRate">The rate at which its tracer sampled before; 1 when it did not.</param>
    /// <param name="rate">The rate of its signature, which is noted on its root.</param>
    public bool Keeps(long nowNanos, ulong traceIdLow, uint signature, double weight, double tracerRate, out double rate)
    {
        var place = PlaceOf(signature);
        _rates.Add(nowNanos, place, weight);
        rate = _rates.RateOf(place);
        return TraceIdRate.Keeps(traceIdLow, rate * tracerRate);
    }

    uint PlaceOf(uint signature)
    {
        if (_known is null)
        {
            if (_rates.Count < MaxSignatures) return signature;
            _known = [.. _rates.Signatures];
        }
        else if (_rates.Count < MaxSignatures / 2) _known = null;
        return _known is null || _known.Contains(signature) ? signature : signature % MaxSignatures;
    }
}
