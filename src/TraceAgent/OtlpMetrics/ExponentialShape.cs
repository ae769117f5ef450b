namespace Apm.TraceAgent.OtlpMetrics;

/// <summary>Which buckets the counts of an exponential histogram are of. It widens and coarsens while the histogram grows.</summary>
/// <param name="Scale">A bucket's bounds have the ratio 2^(2^−scale).</param>
/// <param name="PositiveOffset">Index of the first positive bucket.</param>
/// <param name="PositiveCount">How many positive buckets; the rest are negative.</param>
public sealed record ExponentialShape(int Scale, int PositiveOffset, int PositiveCount, int NegativeOffset)
{
    /// <summary>Values before the buckets: count, sum, zeros.</summary>
    public const int FactCount = 3;

    /// <summary>The counts of an earlier point in the buckets of a later one.</summary>
    /// <returns>Null when that is not possible: the later one is finer, or lacks a bucket that held something.</returns>
    public static double[]? Reshape(CumulativePoint earlier, CumulativePoint later)
    {
        if (earlier.Shape is not { } from || later.Shape is not { } to || from.Scale < to.Scale) return null;
        var values = new double[later.Values.Length];
        earlier.Values.AsSpan(0, FactCount).CopyTo(values);
        var coarser = Math.Min(31, from.Scale - to.Scale);
        var isWhole = Move(earlier.Values.AsSpan(FactCount, from.PositiveCount), from.PositiveOffset, values.AsSpan(FactCount, to.PositiveCount), to.PositiveOffset, coarser)
            && Move(earlier.Values.AsSpan(FactCount + from.PositiveCount), from.NegativeOffset, values.AsSpan(FactCount + to.PositiveCount), to.NegativeOffset, coarser);
        return isWhole ? values : null;
    }

    static bool Move(ReadOnlySpan<double> from, int fromOffset, Span<double> to, int toOffset, int coarser)
    {
        for (var i = 0; i < from.Length; i++)
        {
            if (from[i] == 0) continue;
            var at = (((long)fromOffset + i) >> coarser) - toOffset;
            if (at < 0 || at >= to.Length) return false;
            to[(int)at] += from[i];
        }
        return true;
    }
}
