namespace Apm.ApmUi.Shared;

/// <summary>A logarithmic scale that the latencies of all rows of a table share.</summary>
/// <param name="MinNanos">Its left end.</param>
/// <param name="MaxNanos">Its right end; larger than <paramref name="MinNanos"/>.</param>
public sealed record LatencyScale(double MinNanos, double MaxNanos)
{
    /// <summary>Narrowest bar, percent.</summary>
    const double Hair = 4;

    /// <summary>A scale that holds all the values, in whole powers of ten.</summary>
    public static LatencyScale Of(IEnumerable<double?> nanos)
    {
        var (min, max) = (double.MaxValue, double.MinValue);
        foreach (var value in nanos)
        {
            if (value is not > 0) continue;
            min = Math.Min(min, value.Value);
            max = Math.Max(max, value.Value);
        }
        if (max < min) return new LatencyScale(1e6, 1e9);
        var low = Math.Pow(10, Math.Floor(Math.Log10(min)));
        var high = Math.Pow(10, Math.Ceiling(Math.Log10(max)));
        return new LatencyScale(low, high > low ? high : low * 10);
    }

    /// <summary>Where a value lies, 0 to 100.</summary>
    public double PercentOf(double nanos) =>
        nanos <= MinNanos ? 0 : Math.Min(100, 100 * Math.Log(nanos / MinNanos) / Math.Log(MaxNanos / MinNanos));

    /// <summary>The bar from one value to another, at least a hair wide; a mark at the second when the first is missing. Null without the second.</summary>
    public (double Left, double Width)? Bar(double? fromNanos, double? toNanos)
    {
        if (toNanos is not { } to) return null;
        var right = Math.Max(Hair, PercentOf(to));
        var left = Math.Min(fromNanos is { } from ? PercentOf(from) : right, right - Hair);
        return (left, right - left);
    }
}
