using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.Query.Metrics;

/// <summary>
/// The metrics of traces, read from the statistics of all spans: <c>trace.OPERATION.hits</c> and <c>.errors</c> as counts,
/// <c>trace.OPERATION</c> as the distribution of durations in seconds, <c>trace.OPERATION.apdex</c> as that of scores. A series is what is
/// counted under one set of tags (<see cref="TraceTags"/>), its points are 10 s apart.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class TraceMetricReader(IStatsReader stats) : IMetricReader
{
    const int PointSeconds = (int)(StatsBucket.CountedWidthNanos / UnixTime.NanosPerSecond);

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds)
    {
        var operations = new Dictionary<string, Operation>(StringComparer.Ordinal);
        foreach (var row in stats.Read(Since(sinceUnixSeconds), StatsFilter.Any, long.MaxValue))
        {
            if (!operations.TryGetValue(row.Key.Name, out var operation)) operations.Add(row.Key.Name, operation = new Operation());
            operation.Add(row);
        }
        return [.. operations.SelectMany(pair => TraceMetricName.OfOperation(pair.Key, pair.Value.StatusSeries.Count > 0)
            .Select(name => new MetricInfo(name.ToString(), TypeOf(name), name.NeedsHttpStatus ? pair.Value.StatusSeries.Count : pair.Value.Series.Count, pair.Value.LastUnixSeconds))).OrderBy(info => info.Name, StringComparer.Ordinal)];
    }

    public MetricInfo? Find(string metric)
    {
        var series = Series(metric, 0);
        return series.Count == 0 ? null : new MetricInfo(metric, series[0].Type, series.Count, series.Max(one => one.LastUnixSeconds));
    }

    /// <inheritdoc/>
    public MetricType? TypeOf(string metric) => TraceMetricName.Of(metric) is { } name ? TypeOf(name) : null;

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds)
    {
        if (TraceMetricName.Of(metric) is not { } name) return [];
        var last = new Dictionary<MetricTags, long>();
        foreach (var row in stats.Read(Since(sinceUnixSeconds), new StatsFilter { Name = name.Operation }, long.MaxValue))
            if (!name.NeedsHttpStatus || row.Key.HttpStatusCode != 0) last[TraceTags.Of(row.Key)] = row.StartUnixNanos / UnixTime.NanosPerSecond;
        return [.. last.Select(pair => new SeriesInfo(new SeriesKey(metric, pair.Key), TypeOf(name), PointSeconds, pair.Value)).OrderBy(info => info.Key.Tags.ToString(), StringComparer.Ordinal)];
    }

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
    {
        if (TraceMetricName.Of(read.Metric) is not { } name || read.BucketCount == 0) return [];
        var stepNanos = read.StepSeconds * UnixTime.NanosPerSecond;
        var range = new TimeRange(read.FirstUnixSeconds * UnixTime.NanosPerSecond, (read.FirstUnixSeconds + (long)read.BucketCount * read.StepSeconds) * UnixTime.NanosPerSecond);
        var slots = new Slots(read, name);
        var rows = 0;
        foreach (var row in stats.Read(range, new StatsFilter { Name = name.Operation }, stepNanos))
        {
            if ((++rows & 0xFFF) == 0) cancel.ThrowIfCancellationRequested();
            if (row.StartUnixNanos < range.FromUnixNanos || row.StartUnixNanos >= range.ToUnixNanos || row.Key.Name != name.Operation || (name.NeedsHttpStatus && row.Key.HttpStatusCode == 0)) continue;
            slots.Of(row.Key)?.Add(row, (int)((row.StartUnixNanos - range.FromUnixNanos) / stepNanos));
        }
        return slots.All();
    }

    static MetricType TypeOf(TraceMetricName name) => name.IsCount ? MetricType.Count : MetricType.Distribution;

    static TimeRange Since(long unixSeconds) => new(Math.Clamp(unixSeconds, 0, long.MaxValue / UnixTime.NanosPerSecond) * UnixTime.NanosPerSecond, long.MaxValue);

    sealed class Operation
    {
        public HashSet<MetricTags> Series { get; } = [];
        public HashSet<MetricTags> StatusSeries { get; } = [];
        public long LastUnixSeconds { get; private set; }

        public void Add(StatsRow row)
        {
            var tags = TraceTags.Of(row.Key);
            Series.Add(tags);
            if (row.Key.HttpStatusCode != 0) StatusSeries.Add(tags);
            LastUnixSeconds = Math.Max(LastUnixSeconds, row.StartUnixNanos / UnixTime.NanosPerSecond);
        }
    }

    /// <summary>The series of an answer while its cells come in. Keys that differ only in what is no tag share one.</summary>
    sealed class Slots(MetricRead read, TraceMetricName name)
    {
        readonly Dictionary<StatsKey, TraceMetricSlot?> _byKey = [];
        readonly Dictionary<MetricTags, TraceMetricSlot> _byTags = [];

        /// <summary>Null for a series that nobody wants.</summary>
        public TraceMetricSlot? Of(StatsKey key)
        {
            if (_byKey.TryGetValue(key, out var slot)) return slot;
            var tags = TraceTags.Of(key);
            if (!_byTags.TryGetValue(tags, out slot) && read.Accepts?.Invoke(tags) != false)
                _byTags.Add(tags, slot = new TraceMetricSlot(name, new SeriesBuckets(new SeriesKey(read.Metric, tags), TypeOf(name), PointSeconds, read.BucketCount)
                {
                    Sketches = name.IsCount ? null : new IValueSketch?[read.BucketCount],
                }, read.NeedsSketches));
            _byKey.Add(key, slot);
            return slot;
        }

        public List<SeriesBuckets> All() => [.. _byTags.Values.Select(slot => slot.Finish()).OrderBy(series => series.Key.Tags.ToString(), StringComparer.Ordinal)];
    }
}
