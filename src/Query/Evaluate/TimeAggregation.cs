using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Frames;
using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>How the points of a series become one value per bucket: the rollup method, and what <c>as_count</c> or <c>as_rate</c> make of it (metrics-monitors §5.6).</summary>
/// <param name="Rollup">Null when none was written: the type decides.</param>
/// <param name="Conversion"><see cref="Modifier.AsCount"/>, <see cref="Modifier.AsRate"/>, or null.</param>
readonly record struct TimeAggregation(BucketMethod? Rollup, string? Conversion)
{
    public static TimeAggregation Of(MetricQuery query, string? conversionAround) => new(
        query.Modifiers.FirstOrDefault(modifier => modifier.Name == Modifier.Rollup)?.Method is { } method ? Reducer.Of(method)!.Value.Method : null,
        query.Modifiers.FirstOrDefault(modifier => modifier.Name is Modifier.AsCount or Modifier.AsRate)?.Name ?? conversionAround);

    /// <summary>Whether the values of a series come to counts, of which an empty bucket means none.</summary>
    public bool IsCount(MetricType type) => type == MetricType.Count || (type == MetricType.Rate && Conversion is not null);

    /// <summary>The values of a series; NaN where empty.</summary>
    public double[] Values(SeriesBuckets series, int stepSeconds)
    {
        var values = new double[series.Counts.Length];
        var isRateToCount = series.Type == MetricType.Rate && Conversion is not null;
        var method = Rollup ?? (IsCount(series.Type) ? BucketMethod.Sum : BucketMethod.Avg);
        // A rate times how long it lasted is a count; where that is not known, it lasted for the bucket.
        var (times, isPerBucket) = !isRateToCount ? (1.0, false) : series.IntervalSeconds > 0 ? (series.IntervalSeconds, false) : (stepSeconds, true);
        if (isPerBucket && method == BucketMethod.Sum) method = BucketMethod.Avg;
        if (Conversion == Modifier.AsRate && IsCount(series.Type) && method == (isPerBucket ? BucketMethod.Avg : BucketMethod.Sum)) times /= Math.Max(stepSeconds, series.IntervalSeconds);
        var counts = series.Counts;
        for (var i = 0; i < values.Length; i++)
        {
            var count = counts[i];
            values[i] = count == 0 ? double.NaN : method switch
            {
                BucketMethod.Sum => series.Sums[i] * times,
                BucketMethod.Min => series.Mins[i] * times,
                BucketMethod.Max => series.Maxs[i] * times,
                BucketMethod.Count => count,
                _ => series.Sums[i] / count * times,
            };
        }
        return values;
    }
}
