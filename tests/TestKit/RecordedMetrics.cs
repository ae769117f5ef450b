using Apm.Core.Checks;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.TestKit;

/// <summary>Takes metrics, events and answers of checks, keeps them as they came, and gives metrics out again. Thread-safe.</summary>
/// <param name="events">Where events go; null keeps them in <see cref="Events"/> only.</param>
/// <param name="checks">Where answers of checks go as well.</param>
public sealed class RecordedMetrics(IEventStore? events = null, IServiceCheckStore? checks = null) : IMetricIntake, IMetricReader
{
    readonly Lock _lock = new();
    readonly List<IncomingSeries> _series = [];

    /// <summary>What came, in its order.</summary>
    public IReadOnlyList<IncomingSeries> Series()
    {
        lock (_lock) return [.. _series];
    }

    public List<EventRecord> Events { get; } = [];

    public List<ServiceCheckRun> Checks { get; } = [];

    /// <summary>Set to let the store be out of reach.</summary>
    public bool IsDown { get; set; }

    public Task<MetricWriteResult> TakeAsync(IReadOnlyList<IncomingSeries> series, CancellationToken cancel = default)
    {
        if (IsDown) throw new StoreUnavailableException("The store is away. Try again.");
        lock (_lock) _series.AddRange(series);
        return Task.FromResult(new MetricWriteResult(series.Sum(one => one.Points.Count + one.Sketches.Count), 0));
    }

    public EventRecord Take(EventRecord happened)
    {
        var normal = happened with { Tags = [.. happened.Tags.Select(MetricNames.Tag).OfType<string>()] };
        var kept = events?.Add(normal) ?? normal with { Id = Events.Count + 1 };
        Events.Add(kept);
        return kept;
    }

    public void Take(ServiceCheckRun run)
    {
        Checks.Add(run);
        checks?.Add(run);
    }

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) =>
        [.. Kept().Where(one => Newest(one) >= sinceUnixSeconds).GroupBy(one => one.Metric).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new MetricInfo(group.Key, group.Last().Type, group.Select(one => KeyOf(one)).Distinct().Count(), group.Max(Newest)))];

    public MetricInfo? Find(string metric) => Metrics(0).FirstOrDefault(known => known.Name == metric);

    IReadOnlyList<SeriesInfo> IMetricReader.Series(string metric, long sinceUnixSeconds) =>
        [.. Kept().Where(one => one.Metric == metric && Newest(one) >= sinceUnixSeconds).GroupBy(KeyOf).Select(group => new SeriesInfo(group.Key, group.Last().Type, group.Last().IntervalSeconds, group.Max(Newest)))];

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel)
    {
        var all = new List<SeriesBuckets>();
        foreach (var group in Kept().Where(one => one.Metric == read.Metric).GroupBy(KeyOf))
        {
            if (read.Accepts is { } accepts && !accepts(group.Key.Tags)) continue;
            var buckets = new SeriesBuckets(group.Key, group.Last().Type, group.Last().IntervalSeconds, read.BucketCount);
            foreach (var point in group.SelectMany(one => one.Points).OrderBy(point => point.UnixSeconds))
            {
                var at = (point.UnixSeconds - read.FirstUnixSeconds) / read.StepSeconds;
                if (point.UnixSeconds < read.FirstUnixSeconds || at >= read.BucketCount) continue;
                buckets.Counts[at]++;
                buckets.Sums[at] += point.Value;
                buckets.Lasts[at] = point.Value;
            }
            all.Add(buckets);
        }
        return all;
    }

    IReadOnlyList<IncomingSeries> Kept() => Series();

    static SeriesKey KeyOf(IncomingSeries one) => new(one.Metric, MetricTags.Of(one.Tags.Select(MetricNames.Tag).OfType<string>()));

    static long Newest(IncomingSeries one) => one.Points.Select(point => point.UnixSeconds).Concat(one.Sketches.Select(point => point.UnixSeconds)).DefaultIfEmpty(0).Max();
}
