using Apm.Core.Counting;
using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Storage.InMemory;

/// <summary>
/// The metric store's twin in memory: every point as it came, no roll-ups, no limits, nothing is dropped but what is no finite number, and nothing
/// survives the process.
/// </summary>
public sealed class InMemoryMetricStore(Counters? counters = null) : IMetricStore
{
    readonly Lock _lock = new();
    readonly Dictionary<SeriesKey, KeptSeries> _series = [];
    readonly Dictionary<string, MetricType> _types = new(StringComparer.Ordinal);

    public Task<MetricWriteResult> WriteAsync(IReadOnlyList<SeriesPoints> series, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        var (stored, dropped) = (0L, 0L);
        lock (_lock)
        {
            foreach (var written in series)
            {
                var points = written.Points.Where(point => double.IsFinite(point.Value)).ToList();
                var sketches = written.Sketches.Where(point => IsFinite(point.Sketch)).ToList();
                stored += points.Count + sketches.Count;
                dropped += written.Points.Count - points.Count + written.Sketches.Count - sketches.Count;
                if (points.Count + sketches.Count > 0) Keep_NeedsLock(written, points, sketches);
            }
        }
        counters?.Add("metric_points_dropped", "not_finite", dropped);
        return Task.FromResult(new MetricWriteResult(stored, dropped));
    }

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds)
    {
        lock (_lock)
        {
            return
            [
                .. _series.GroupBy(pair => pair.Key.Metric)
                    .Select(metric => new MetricInfo(metric.Key, _types[metric.Key], metric.Count(), metric.Max(pair => pair.Value.LastUnixSeconds)))
                    .Where(info => info.LastUnixSeconds >= sinceUnixSeconds)
                    .OrderBy(info => info.Name, StringComparer.Ordinal),
            ];
        }
    }

    public MetricInfo? Find(string metric) => Metrics(long.MinValue).FirstOrDefault(info => info.Name == metric);

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds)
    {
        lock (_lock)
        {
            return
            [
                .. SeriesOf_NeedsLock(metric).Where(pair => pair.Value.LastUnixSeconds >= sinceUnixSeconds)
                    .Select(pair => new SeriesInfo(pair.Key, pair.Value.Type, pair.Value.IntervalSeconds, pair.Value.LastUnixSeconds)),
            ];
        }
    }

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
    {
        var found = new List<SeriesBuckets>();
        lock (_lock)
        {
            foreach (var (key, series) in SeriesOf_NeedsLock(read.Metric))
            {
                cancel.ThrowIfCancellationRequested();
                if (read.Accepts?.Invoke(key.Tags) != false && ReadSeries(read, key, series) is { } buckets) found.Add(buckets);
            }
        }
        return found;
    }

    public void Dispose()
    {
    }

    List<KeyValuePair<SeriesKey, KeptSeries>> SeriesOf_NeedsLock(string metric)
    {
        var found = _series.Where(pair => pair.Key.Metric == metric).ToList();
        found.Sort(static (left, right) => MetricTags.Compare(left.Key.Tags, right.Key.Tags));
        return found;
    }

    void Keep_NeedsLock(SeriesPoints written, List<MetricPoint> points, List<SketchPoint> sketches)
    {
        if (!_series.TryGetValue(written.Key, out var series)) _series.Add(written.Key, series = new KeptSeries());
        (series.Type, series.IntervalSeconds, _types[written.Key.Metric]) = (written.Type, written.IntervalSeconds, written.Type);
        foreach (var point in points) series.Values[point.UnixSeconds] = point.Value;
        foreach (var point in sketches)
        {
            if (series.Sketches.TryGetValue(point.UnixSeconds, out var known)) known.Merge(point.Sketch);
            else series.Sketches.Add(point.UnixSeconds, (DistributionSketch)point.Sketch.Copy());
        }
    }

    static SeriesBuckets? ReadSeries(MetricRead read, SeriesKey key, KeptSeries series)
    {
        var sketches = series.Type == MetricType.Distribution ? new IValueSketch?[read.BucketCount] : null;
        var buckets = new SeriesBuckets(key, series.Type, series.IntervalSeconds, read.BucketCount) { Sketches = sketches };
        var isEmpty = true;
        foreach (var (seconds, value) in series.Values)
        {
            if (BucketOf(read, seconds) is not { } at) continue;
            buckets.Add(at, 1, value, value, value, value);
            if (sketches is not null)
            {
                var sketch = new DistributionSketch();
                sketch.Add(value);
                AddSketch(sketches, at, sketch);
            }
            isEmpty = false;
        }
        foreach (var (seconds, sketch) in series.Sketches)
        {
            if (BucketOf(read, seconds) is not { } at) continue;
            buckets.Add(at, sketch.Count, sketch.Sum, sketch.Min, sketch.Max, sketch.Sum / sketch.Count);
            if (sketches is not null) AddSketch(sketches, at, sketch);
            isEmpty = false;
        }
        return isEmpty ? null : buckets;
    }

    static void AddSketch(IValueSketch?[] sketches, int at, DistributionSketch sketch)
    {
        if (sketches[at] is { } known) known.Merge(sketch);
        else sketches[at] = sketch.Copy();
    }

    static int? BucketOf(MetricRead read, long seconds)
    {
        if (seconds < read.FirstUnixSeconds) return null;
        var at = (seconds - read.FirstUnixSeconds) / read.StepSeconds;
        return at < read.BucketCount ? (int)at : null;
    }

    static bool IsFinite(DistributionSketch sketch) =>
        sketch.Count > 0 && double.IsFinite(sketch.Count) && double.IsFinite(sketch.Sum) && double.IsFinite(sketch.Min) && double.IsFinite(sketch.Max);

    sealed class KeptSeries
    {
        public MetricType Type { get; set; }
        public int IntervalSeconds { get; set; }
        public SortedDictionary<long, double> Values { get; } = [];
        public SortedDictionary<long, DistributionSketch> Sketches { get; } = [];

        public long LastUnixSeconds => Math.Max(Values.Count > 0 ? Values.Keys.Last() : long.MinValue, Sketches.Count > 0 ? Sketches.Keys.Last() : long.MinValue);
    }
}
