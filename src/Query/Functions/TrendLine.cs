using Apm.Query.Frames;

namespace Apm.Query.Functions;

/// <summary>A straight line through values at the places 0, 1, 2 …; empty ones (NaN) are passed over.</summary>
public readonly record struct TrendLine(double Start, double Slope)
{
    /// <summary>Residuals beyond so many standard deviations count less; the usual figure, which keeps 95 % of the efficiency on normal errors.</summary>
    const double HuberDeviations = 1.345;

    /// <summary>Turns a median absolute deviation into a standard deviation of normal errors.</summary>
    public const double DeviationsPerMad = 1.4826;

    const int Rounds = 20;

    public double At(double place) => Start + Slope * place;

    public static TrendLine LeastSquares(ReadOnlySpan<double> values)
    {
        var weights = new double[values.Length];
        Array.Fill(weights, 1);
        return Weighted(values, weights);
    }

    /// <summary>Least squares again and again, each time with less weight for what lies far off.</summary>
    public static TrendLine Huber(ReadOnlySpan<double> values)
    {
        var weights = new double[values.Length];
        Array.Fill(weights, 1);
        var line = Weighted(values, weights);
        for (var round = 0; round < Rounds; round++)
        {
            var far = HuberDeviations * DeviationsPerMad * Quantiles.Median(line.Distances(values));
            if (!(far > 0)) break;
            for (var i = 0; i < weights.Length; i++)
            {
                var distance = Math.Abs(values[i] - line.At(i));
                weights[i] = distance <= far ? 1 : far / distance;
            }
            var next = Weighted(values, weights);
            var isSame = Math.Abs(next.Slope - line.Slope) <= 1e-9 * Math.Max(1e-12, Math.Abs(line.Slope)) && Math.Abs(next.Start - line.Start) <= 1e-9 * Math.Max(1e-12, Math.Abs(line.Start));
            line = next;
            if (isSame) break;
        }
        return line;
    }

    /// <summary>Standard deviation of the values around the line; 0 for fewer than three.</summary>
    public double Deviation(ReadOnlySpan<double> values)
    {
        var (count, sum) = (0, 0.0);
        foreach (var distance in Distances(values))
        {
            if (double.IsNaN(distance)) continue;
            count++;
            sum += distance * distance;
        }
        return count < 3 ? 0 : Math.Sqrt(sum / (count - 2));
    }

    double[] Distances(ReadOnlySpan<double> values)
    {
        var distances = new double[values.Length];
        for (var i = 0; i < distances.Length; i++) distances[i] = Math.Abs(values[i] - At(i));
        return distances;
    }

    static TrendLine Weighted(ReadOnlySpan<double> values, ReadOnlySpan<double> weights)
    {
        var (weight, places, sum) = (0.0, 0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i])) continue;
            weight += weights[i];
            places += weights[i] * i;
            sum += weights[i] * values[i];
        }
        if (weight == 0) return new TrendLine(double.NaN, double.NaN);
        var (place, mean) = (places / weight, sum / weight);
        var (both, spread) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i])) continue;
            both += weights[i] * (i - place) * (values[i] - mean);
            spread += weights[i] * (i - place) * (i - place);
        }
        var slope = spread > 0 ? both / spread : 0;
        return new TrendLine(mean - slope * place, slope);
    }
}
