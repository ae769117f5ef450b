using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Frames;
using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>Joins the distributions of one group: all values of a bucket are one distribution, then the aggregator is read from it.</summary>
/// <param name="joinsWindow">All buckets are one, the first.</param>
sealed class DistributionMerge(SpaceAggregator aggregator, int bucketCount, bool joinsWindow)
{
    readonly double[] _counts = new double[bucketCount];
    readonly double[] _values = new double[bucketCount];
    readonly IValueSketch?[] _sketches = aggregator.Quantile is null ? [] : new IValueSketch?[bucketCount];
    readonly bool[] _isOwn = aggregator.Quantile is null ? [] : new bool[bucketCount];

    public void Add(SeriesBuckets series)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            var count = series.Counts[i];
            if (count == 0) continue;
            var at = joinsWindow ? 0 : i;
            var isFirst = _counts[at] == 0;
            _counts[at] += count;
            switch (aggregator.Name)
            {
                case "min":
                    if (isFirst || series.Mins[i] < _values[at]) _values[at] = series.Mins[i];
                    break;
                case "max":
                    if (isFirst || series.Maxs[i] > _values[at]) _values[at] = series.Maxs[i];
                    break;
                default:
                    _values[at] += series.Sums[i];
                    break;
            }
            if (_sketches.Length > 0 && series.Sketches?[i] is { } sketch) Merge(at, sketch);
        }
    }

    /// <summary>The values of the group; NaN where it has none.</summary>
    public double[] Result()
    {
        for (var i = 0; i < _values.Length; i++)
        {
            _values[i] = _counts[i] == 0 ? double.NaN
                : aggregator.Quantile is { } quantile ? _sketches[i]?.Quantile(quantile) ?? double.NaN
                : aggregator.Name switch { "count" => _counts[i], "avg" => _values[i] / _counts[i], _ => _values[i] };
        }
        return _values;
    }

    /// <summary>The first sketch of a bucket is only read; with a second one a copy is made.</summary>
    void Merge(int bucket, IValueSketch sketch)
    {
        if (_sketches[bucket] is not { } merged)
        {
            _sketches[bucket] = sketch;
            return;
        }
        if (!_isOwn[bucket])
        {
            _sketches[bucket] = merged = merged.Copy();
            _isOwn[bucket] = true;
        }
        merged.Merge(sketch);
    }
}
