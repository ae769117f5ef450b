using Apm.Core.Stats;

namespace Apm.Query.Services;

/// <summary>
/// Application performance index (the Apdex Alliance's specification): requests without an error within the threshold count whole,
/// those within four times of it half, all others nothing; divided by all requests.
/// </summary>
public static class Apdex
{
    /// <summary>A request without an error that takes no longer satisfies; 500 ms.</summary>
    public const long SatisfiedNanos = 500_000_000;

    /// <summary>Up to here it is tolerated: four times the threshold, as the specification says.</summary>
    public const long ToleratedNanos = 4 * SatisfiedNanos;

    /// <summary>0 to 1; null without requests.</summary>
    /// <param name="okNanos">Durations of requests without an error.</param>
    /// <param name="errorNanos">Durations of those with one.</param>
    public static double? Of(DDSketch okNanos, DDSketch errorNanos)
    {
        var all = okNanos.Count + errorNanos.Count;
        if (all <= 0) return null;
        var satisfied = okNanos.CountUpTo(SatisfiedNanos);
        return (satisfied + (okNanos.CountUpTo(ToleratedNanos) - satisfied) / 2) / all;
    }
}
