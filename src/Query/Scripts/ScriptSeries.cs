using Apm.Core.Metrics;
using Apm.Core.Ports;

namespace Apm.Query.Scripts;

/// <summary>Series held in memory and read as from a store that keeps every point. Small on purpose: each read goes through all points.</summary>
/// <remarks>Not thread-safe while series are added.</remarks>
/// <param name="nowUnixSeconds">Points from then on have not come yet, for those who ask when the last came; null when all have.</param>
public sealed class ScriptSeries(Func<long>? nowUnixSeconds = null) : IMetricReader
{
    readonly List<SeriesPoints> _series = [];

    /// <summary>Adds the points of a series; one that is there already gets them too.</summary>
    public void Add(SeriesPoints points)
    {
        var at = _series.FindIndex(one => one.Key == points.Key && one.Type == points.Type);
        if (at < 0) _series.Add(points);
        else _series[at] = points with { Points = [.. _series[at].Points, .. points.Points], Sketches = [.. _series[at].Sketches, .. points.Sketches] };
    }

    public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) =>
        [.. _series.Where(one => LastOf(one) >= sinceUnixSeconds).GroupBy(one => one.Key.Metric, StringComparer.Ordinal).Select(InfoOf).OrderBy(info => info.Name, StringComparer.Ordinal)];

    public MetricInfo? Find(string metric) => _series.Where(one => one.Key.Metric == metric && LastOf(one) > long.MinValue).GroupBy(one => one.Key.Metric).Select(InfoOf).FirstOrDefault();

    public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) =>
        [.. _series.Where(one => one.Key.Metric == metric && LastOf(one) >= sinceUnixSeconds).Select(one => new SeriesInfo(one.Key, one.Type, one.IntervalSeconds, LastOf(one)))];

    public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel) =>
        [.. _series.Where(one => one.Key.Metric == read.Metric && read.Accepts?.Invoke(one.Key.Tags) != false).Select(one => BucketsOf(one, read)).Where(buckets => Array.Exists(buckets.Counts, count => count > 0))
            .OrderBy(buckets => buckets.Key.Tags.ToString(), StringComparer.Ordinal)];

    static SeriesBuckets BucketsOf(SeriesPoints one, MetricRead read)
    {
        var buckets = new SeriesBuckets(one.Key, one.Type, one.IntervalSeconds, read.BucketCount) { Sketches = one.Type == MetricType.Distribution ? new IValueSketch?[read.BucketCount] : null };
        foreach (var point in one.Points)
            if (BucketOf(point.UnixSeconds, read) is { } at) buckets.Add(at, 1, point.Value, point.Value, point.Value, point.Value);
        foreach (var (unixSeconds, sketch) in one.Sketches)
        {
            if (BucketOf(unixSeconds, read) is not { } at) continue;
            buckets.Add(at, sketch.Count, sketch.Sum, sketch.Min, sketch.Max, sketch.Max);
            if (buckets.Sketches![at] is { } merged) merged.Merge(sketch);
            else buckets.Sketches[at] = sketch.Copy();
        }
        return buckets;
    }

    static int? BucketOf(long unixSeconds, MetricRead read)
    {
        if (unixSeconds < read.FirstUnixSeconds) return null;
        var at = (unixSeconds - read.FirstUnixSeconds) / read.StepSeconds;
        return at < read.BucketCount ? (int)at : null;
    }

    MetricInfo InfoOf(IGrouping<string, SeriesPoints> group) => new(group.Key, group.First().Type, group.Count(), group.Max(LastOf));

    long LastOf(SeriesPoints one)
    {
        var now = nowUnixSeconds?.Invoke() ?? long.MaxValue;
        return one.Points.Select(point => point.UnixSeconds).Concat(one.Sketches.Select(point => point.UnixSeconds)).Where(time => time < now).DefaultIfEmpty(long.MinValue).Max();
    }
}
