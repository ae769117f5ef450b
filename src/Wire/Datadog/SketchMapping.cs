namespace Apm.Wire.Datadog;

/// <summary>
/// Which values a client's bins stand for: <c>index = floor(log(value) / log(gamma) + offset)</c>, where some clients
/// approximate the logarithm between powers of two by a polynomial (trace-intake §3.9).
/// </summary>
/// <param name="gamma">Ratio of neighbouring bins, above 1.</param>
/// <param name="offset">Index of value 1.</param>
/// <param name="interpolation">0 none, 1 linear, 2 quadratic, 3 cubic.</param>
readonly struct SketchMapping(double gamma, double offset, int interpolation)
{
    readonly double _log2Gamma = Math.Log2(gamma);

    /// <summary>The value that is at most the sketch's relative error away from all of the bin: 0 to infinity.</summary>
    public double ValueOf(long index)
    {
        var low = LowerBoundOf(index);
        var high = LowerBoundOf(index + 1);
        return double.IsFinite(high) ? 2 * low * (high / (low + high)) : high;
    }

    double LowerBoundOf(long index)
    {
        var log2 = (index - offset) * _log2Gamma;
        if (log2 < -1000) return double.Epsilon;
        if (interpolation == 0 || log2 > 1000) return Math.Pow(2, log2);
        var exponent = Math.Floor(log2);
        return Math.ScaleB(1 + Significand(log2 - exponent), (int)exponent);
    }

    /// <summary>The s in 0 … 1 whose approximated log2(1 + s) is a fraction.</summary>
    double Significand(double fraction) => interpolation switch
    {
        1 => fraction,
        2 => 2 - Math.Sqrt(4 - (3 * fraction)), // f = (4s − s²) / 3
        _ => SolveCubic(fraction),
    };

    static double SolveCubic(double fraction)
    {
        var (low, high) = (0.0, 1.0); // f = 6/35 s³ − 3/5 s² + 10/7 s rises all the way
        for (var i = 0; i < 52; i++)
        {
            var s = (low + high) / 2;
            if ((((6.0 / 35 * s) - 0.6) * s + (10.0 / 7)) * s < fraction) low = s;
            else high = s;
        }
        return low;
    }
}
