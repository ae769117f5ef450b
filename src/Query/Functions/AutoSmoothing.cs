namespace Apm.Query.Functions;

/// <summary>
/// Chooses how many points to average: the number that makes the line least rough while what stands out keeps standing out (its kurtosis
/// does not fall). The idea of Rong and Bailis, "ASAP: Prioritizing Attention via Time Series Smoothing" (2017). The mean is centred, so that
/// peaks stay where they are.
/// </summary>
static class AutoSmoothing
{
    /// <summary>At most this part of the points is averaged: beyond it every line is flat.</summary>
    const int LargestPart = 10;

    public static double[] Apply(double[] values)
    {
        var present = values.Where(value => !double.IsNaN(value)).ToArray();
        var sums = new double[present.Length + 1];
        for (var i = 0; i < present.Length; i++) sums[i + 1] = sums[i] + present[i];
        var (best, roughness) = (present, Roughness(present));
        var kurtosis = Kurtosis(present);
        for (var half = 1; 2 * half + 1 <= present.Length / LargestPart; half++)
        {
            var smooth = Mean(sums, half);
            if (Kurtosis(smooth) < kurtosis || Roughness(smooth) >= roughness) continue;
            (best, roughness) = (smooth, Roughness(smooth));
        }
        var result = new double[values.Length];
        var next = 0;
        for (var i = 0; i < result.Length; i++) result[i] = double.IsNaN(values[i]) ? double.NaN : best[next++];
        return result;
    }

    static double[] Mean(double[] sums, int half)
    {
        var mean = new double[sums.Length - 1];
        for (var i = 0; i < mean.Length; i++)
        {
            var (from, to) = (Math.Max(0, i - half), Math.Min(mean.Length, i + half + 1));
            mean[i] = (sums[to] - sums[from]) / (to - from);
        }
        return mean;
    }

    /// <summary>Standard deviation of the steps.</summary>
    static double Roughness(double[] values)
    {
        if (values.Length < 3) return 0;
        var steps = new double[values.Length - 1];
        for (var i = 0; i < steps.Length; i++) steps[i] = values[i + 1] - values[i];
        var mean = steps.Average();
        return Math.Sqrt(steps.Sum(step => (step - mean) * (step - mean)) / steps.Length);
    }

    static double Kurtosis(double[] values)
    {
        if (values.Length == 0) return 0;
        var mean = values.Average();
        var (second, fourth) = (0.0, 0.0);
        foreach (var value in values)
        {
            var square = (value - mean) * (value - mean);
            second += square;
            fourth += square * square;
        }
        return second == 0 ? 0 : values.Length * fourth / (second * second);
    }
}
