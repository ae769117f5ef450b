using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>
/// The band of <c>anomalies(…, 'basic', …)</c> (metrics-monitors §5.13): around the median of the last 20 points before a point, as wide as
/// their lower and upper quantile of one standard deviation, times the bounds.
/// </summary>
public static class RollingBand
{
    /// <summary>Points looked back at.</summary>
    public const int WindowPoints = 20;

    /// <summary>With fewer points there is no band.</summary>
    public const int FewestPoints = 3;

    const double LowerQuantile = 0.1587;
    const double UpperQuantile = 0.8413;

    /// <summary>The band of each value; NaN where there is none.</summary>
    /// <param name="values">NaN where empty; such a bucket has the band too, so that it is drawn through gaps.</param>
    public static FrameBand Of(double[] values, double bounds)
    {
        var band = new FrameBand(new double[values.Length], new double[values.Length]);
        var window = new double[WindowPoints];
        var sorted = new double[WindowPoints];
        var seen = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var count = Math.Min(seen, WindowPoints);
            (band.Lower[i], band.Upper[i]) = (double.NaN, double.NaN);
            if (count >= FewestPoints)
            {
                window.AsSpan(0, count).CopyTo(sorted);
                Array.Sort(sorted, 0, count);
                var points = sorted.AsSpan(0, count);
                var median = Quantiles.OfSorted(points, 0.5);
                var least = 1e-9 * Math.Max(1, Math.Abs(median)); // Against rounding only.
                band.Lower[i] = median - Math.Max(least, bounds * (median - Quantiles.OfSorted(points, LowerQuantile)));
                band.Upper[i] = median + Math.Max(least, bounds * (Quantiles.OfSorted(points, UpperQuantile) - median));
            }
            if (!double.IsNaN(values[i])) window[seen++ % WindowPoints] = values[i];
        }
        return band;
    }
}
