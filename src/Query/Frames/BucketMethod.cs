namespace Apm.Query.Frames;

/// <summary>How several values become one: over time or over series.</summary>
public enum BucketMethod
{
    Avg,
    Sum,
    Min,
    Max,
    Count,
    Median,

    /// <summary>At <see cref="Reducer.Quantile"/>.</summary>
    Quantile,
}

/// <summary>Makes one value of several; empty ones are passed over, and of none comes none.</summary>
/// <param name="Quantile">0 to 1, of <see cref="BucketMethod.Quantile"/>.</param>
public readonly record struct Reducer(BucketMethod Method, double Quantile = 0.5)
{
    /// <summary>Of <c>avg</c>, <c>sum</c>, <c>min</c>, <c>max</c>, <c>count</c>, <c>median</c>, or <c>p</c> and a percentage; null for another word.</summary>
    public static Reducer? Of(string name) => name.ToLowerInvariant() switch
    {
        "avg" or "mean" => new(BucketMethod.Avg),
        "sum" => new(BucketMethod.Sum),
        "min" => new(BucketMethod.Min),
        "max" => new(BucketMethod.Max),
        "count" => new(BucketMethod.Count),
        "median" => new(BucketMethod.Median),
        ['p', .. var percent] when double.TryParse(percent, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var value) && value is > 0 and < 100
            => new(BucketMethod.Quantile, value / 100),
        _ => null,
    };

    public double Of(ReadOnlySpan<double> values)
    {
        if (Method is BucketMethod.Median or BucketMethod.Quantile) return Quantiles.Of(values, Method == BucketMethod.Median ? 0.5 : Quantile);
        var (count, sum, min, max) = (0, 0.0, double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            if (double.IsNaN(value)) continue;
            count++;
            sum += value;
            if (value < min) min = value;
            if (value > max) max = value;
        }
        if (count == 0) return double.NaN;
        return Method switch
        {
            BucketMethod.Sum => sum,
            BucketMethod.Min => min,
            BucketMethod.Max => max,
            BucketMethod.Count => count,
            _ => sum / count,
        };
    }
}

/// <summary>Order statistics.</summary>
public static class Quantiles
{
    /// <summary>Linear interpolation between the order statistics, at p × (n − 1); NaN values are passed over, NaN of none.</summary>
    public static double Of(ReadOnlySpan<double> values, double quantile)
    {
        var sorted = new double[values.Length];
        var count = 0;
        foreach (var value in values) if (!double.IsNaN(value)) sorted[count++] = value;
        Array.Sort(sorted, 0, count);
        return OfSorted(sorted.AsSpan(0, count), quantile);
    }

    /// <summary>The same of values that ascend and have no NaN.</summary>
    public static double OfSorted(ReadOnlySpan<double> sorted, double quantile)
    {
        if (sorted.Length == 0) return double.NaN;
        var place = quantile * (sorted.Length - 1);
        var below = (int)Math.Floor(place);
        return below + 1 >= sorted.Length ? sorted[^1] : sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
    }

    public static double Median(ReadOnlySpan<double> values) => Of(values, 0.5);
}
