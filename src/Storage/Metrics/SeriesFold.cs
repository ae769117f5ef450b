using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>Adds points of one series to its buckets, in the order of their time.</summary>
sealed class SeriesFold(MetricRead read, SeriesKey key, MetricType type, int intervalSeconds)
{
    readonly long _from = read.FirstUnixSeconds;
    readonly long _to = read.FirstUnixSeconds + (long)read.BucketCount * read.StepSeconds;

    public SeriesBuckets Buckets { get; } = new(key, type, intervalSeconds, read.BucketCount)
    {
        Sketches = type == MetricType.Distribution ? new IValueSketch?[read.BucketCount] : null,
    };

    /// <summary>Some point fell into a bucket.</summary>
    public bool HasPoints { get; private set; }

    /// <param name="points">Strictly ascending.</param>
    public void Add(ReadOnlySpan<MetricPoint> points)
    {
        unchecked
        {
            for (var i = FirstIn(points); i < points.Length && points[i].UnixSeconds < _to;)
            {
                // One bucket at a time, and its sums in registers: this loop is most of what a chart costs.
                var at = (int)((points[i].UnixSeconds - _from) / read.StepSeconds);
                var end = _from + (long)(at + 1) * read.StepSeconds;
                var begin = i;
                double sum = 0, min = points[i].Value, max = min;
                for (; i < points.Length && points[i].UnixSeconds < end; i++)
                {
                    var value = points[i].Value;
                    sum += value;
                    if (value < min) min = value;
                    if (value > max) max = value;
                }
                Add(at, i - begin, sum, min, max, points[i - 1].Value);
                if (Buckets.Sketches is not null) AddToSketch(at, points[begin..i]);
            }
        }
    }

    /// <param name="rollups">Strictly ascending.</param>
    public void Add(List<RollupPoint> rollups)
    {
        foreach (var rollup in rollups)
        {
            if (BucketOf(rollup.UnixSeconds) is not { } at) continue;
            Add(at, rollup.Count, rollup.Sum, rollup.Min, rollup.Max, rollup.Last);
        }
    }

    /// <param name="sketches">Ascending.</param>
    public void Add(List<StoredSketch> sketches)
    {
        foreach (var stored in sketches)
        {
            if (BucketOf(stored.UnixSeconds) is not { } at) continue;
            var sketch = stored.Decode();
            Add(at, sketch.Count, sketch.Sum, sketch.Min, sketch.Max, stored.Last);
            if (Buckets.Sketches is not { } kept) continue;
            if (kept[at] is { } known) known.Merge(sketch);
            else kept[at] = sketch;
        }
    }

    int FirstIn(ReadOnlySpan<MetricPoint> points)
    {
        var (low, high) = (0, points.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (points[middle].UnixSeconds < _from) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    int? BucketOf(long unixSeconds) => unixSeconds >= _from && unixSeconds < _to ? (int)((unixSeconds - _from) / read.StepSeconds) : null;

    void Add(int at, double count, double sum, double min, double max, double last)
    {
        HasPoints = true;
        var isFirst = Buckets.Counts[at] == 0;
        Buckets.Counts[at] += count;
        Buckets.Sums[at] += sum;
        if (isFirst || min < Buckets.Mins[at]) Buckets.Mins[at] = min;
        if (isFirst || max > Buckets.Maxs[at]) Buckets.Maxs[at] = max;
        Buckets.Lasts[at] = last;
    }

    void AddToSketch(int at, ReadOnlySpan<MetricPoint> points)
    {
        var sketch = Buckets.Sketches![at] as DistributionSketch ?? new DistributionSketch();
        foreach (var point in points) sketch.Add(point.Value);
        Buckets.Sketches[at] = sketch;
    }
}
