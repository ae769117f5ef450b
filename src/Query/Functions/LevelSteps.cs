using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>
/// Finds where the level of a line changes: it is cut in two where that lowers the squared distance to the mean most, and each half again,
/// as long as a cut is worth more than noise would be (twice the variance of the steps times the logarithm of the length).
/// </summary>
static class LevelSteps
{
    public static double[] Apply(double[] values)
    {
        var present = values.Where(value => !double.IsNaN(value)).ToArray();
        var levels = new double[present.Length];
        if (present.Length > 0) Split(present, levels);
        var result = new double[values.Length];
        var next = 0;
        for (var i = 0; i < result.Length; i++) result[i] = double.IsNaN(values[i]) ? double.NaN : levels[next++];
        return result;
    }

    static void Split(double[] values, double[] levels)
    {
        var sums = new double[values.Length + 1];
        for (var i = 0; i < values.Length; i++) sums[i + 1] = sums[i] + values[i];
        var least = LeastGain(values);
        var open = new Stack<(int From, int To)>([(0, values.Length)]);
        while (open.TryPop(out var part))
        {
            var (cut, gain) = BestCut(sums, part.From, part.To);
            if (gain > least)
            {
                open.Push((part.From, cut));
                open.Push((cut, part.To));
                continue;
            }
            Array.Fill(levels, (sums[part.To] - sums[part.From]) / (part.To - part.From), part.From, part.To - part.From);
        }
    }

    static (int Cut, double Gain) BestCut(double[] sums, int from, int to)
    {
        var (best, most) = (from, 0.0);
        var whole = sums[to] - sums[from];
        for (var cut = from + 1; cut < to; cut++)
        {
            var left = sums[cut] - sums[from];
            var gain = left * left / (cut - from) + (whole - left) * (whole - left) / (to - cut) - whole * whole / (to - from);
            if (gain > most) (best, most) = (cut, gain);
        }
        return (best, most);
    }

    /// <summary>The noise is read off the steps from point to point, where a change of level is only one of many.</summary>
    static double LeastGain(double[] values)
    {
        if (values.Length < 3) return double.PositiveInfinity;
        var steps = new double[values.Length - 1];
        for (var i = 0; i < steps.Length; i++) steps[i] = Math.Abs(values[i + 1] - values[i]);
        var deviation = TrendLine.DeviationsPerMad * Quantiles.Median(steps) / Math.Sqrt(2);
        var scale = values.Max(Math.Abs);
        return Math.Max(2 * deviation * deviation * Math.Log(values.Length), 1e-12 * scale * scale * values.Length);
    }
}
