namespace Apm.TraceAgent.Sample;

/// <summary>Lets so many pass per second, and after a quiet while so many at once.</summary>
/// <remarks>One thread.</remarks>
sealed class TokenBucket(double perSecond, double burst)
{
    readonly double _burst = burst;
    double _tokens = double.PositiveInfinity;
    long _lastNanos = long.MinValue;

    /// <summary>How many pass per second; may be changed.</summary>
    public double PerSecond { get; set; } = perSecond;

    /// <summary>Takes tokens when there are enough; none otherwise.</summary>
    /// <param name="nowNanos">Monotonic.</param>
    public bool TryTake(long nowNanos, double count = 1)
    {
        _tokens = _lastNanos == long.MinValue ? _burst : Math.Min(_burst, _tokens + (nowNanos - _lastNanos) / 1e9 * PerSecond);
        _lastNanos = nowNanos;
        if (_tokens < count) return false;
        _tokens -= count;
        return true;
    }
}
