using Apm.Core.Metrics;

namespace Apm.Core.Ports;

/// <summary>What is asked of the series of one metric.</summary>
/// <param name="Metric">Its normalised name.</param>
/// <param name="FromUnixSeconds">Buckets that start earlier are left out.</param>
/// <param name="ToUnixSeconds">Buckets that start then or later are left out.</param>
/// <param name="StepSeconds">Width of a bucket, at least 1; buckets start at its multiples since 1970.</param>
public sealed record MetricRead(string Metric, long FromUnixSeconds, long ToUnixSeconds, int StepSeconds)
{
    /// <summary>Which series, by their own tags; null for all.</summary>
    public Predicate<MetricTags>? Accepts { get; init; }

    /// <summary>False when nobody looks at sketches, least and greatest values of distributions: a reader may leave them out, which saves decoding them.</summary>
    public bool NeedsSketches { get; init; } = true;

    /// <summary>Start of the first bucket.</summary>
    public long FirstUnixSeconds => (FromUnixSeconds + StepSeconds - 1) / StepSeconds * StepSeconds;

    /// <summary>How many buckets there are; 0 when none starts in the window.</summary>
    public int BucketCount => (int)Math.Max(0, (ToUnixSeconds - FirstUnixSeconds + StepSeconds - 1) / StepSeconds);
}

/// <summary>A series in the buckets of a <see cref="MetricRead"/>: what each bucket's points come to, whatever of it is wanted.</summary>
/// <remarks>All columns have <see cref="MetricRead.BucketCount"/> values. Of distributions a "point" is a value.</remarks>
public sealed class SeriesBuckets(SeriesKey key, MetricType type, int intervalSeconds, int bucketCount)
{
    public SeriesKey Key { get; } = key;

    public MetricType Type { get; } = type;

    /// <summary>How long a point lasts; 0 when that is not known.</summary>
    public int IntervalSeconds { get; } = intervalSeconds;

    /// <summary>How many points; 0 marks an empty bucket, whose other columns mean nothing.</summary>
    public double[] Counts { get; } = new double[bucketCount];
    public double[] Sums { get; } = new double[bucketCount];
    public double[] Mins { get; } = new double[bucketCount];
    public double[] Maxs { get; } = new double[bucketCount];

    /// <summary>The values of the latest points.</summary>
    public double[] Lasts { get; } = new double[bucketCount];

    /// <summary>Of distributions one per bucket that has values, to be read only; null for other types.</summary>
    public IValueSketch?[]? Sketches { get; init; }

    /// <summary>Adds points to a bucket that are later than all in it. For whoever fills the columns.</summary>
    public void Add(int bucket, double count, double sum, double min, double max, double last)
    {
        var isFirst = Counts[bucket] == 0;
        Counts[bucket] += count;
        Sums[bucket] += sum;
        Mins[bucket] = isFirst ? min : Math.Min(Mins[bucket], min);
        Maxs[bucket] = isFirst ? max : Math.Max(Maxs[bucket], max);
        Lasts[bucket] = last;
    }
}

/// <summary>What is known of a metric.</summary>
/// <param name="Type">Of its newest series, or as somebody set it.</param>
/// <param name="SeriesCount">Series kept.</param>
/// <param name="LastUnixSeconds">Time of its newest point.</param>
public sealed record MetricInfo(string Name, MetricType Type, int SeriesCount, long LastUnixSeconds);

/// <summary>A series and when it last had a point.</summary>
public sealed record SeriesInfo(SeriesKey Key, MetricType Type, int IntervalSeconds, long LastUnixSeconds);

/// <summary>Gives numbers over time out, from wherever they come.</summary>
/// <remarks>Any thread may call anything. Every call may throw <see cref="StoreUnavailableException"/>; safe to retry.</remarks>
public interface IMetricReader
{
    /// <summary>The metrics with a point since a time, by name.</summary>
    IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds);

    /// <summary>One metric; null when it has no point that is kept.</summary>
    MetricInfo? Find(string metric);

    /// <summary>What kind of metric one of that name is or would be, for whoever asks before each read: told without looking at its series. Null when that is not known.</summary>
    MetricType? TypeOf(string metric) => Find(metric)?.Type;

    /// <summary>The series of a metric with a point since a time, by their tags.</summary>
    IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds);

    /// <summary>
    /// The series with points in the window, by their tags. The finest points that are still kept of a time are used; where only 1-minute or
    /// 1-hour roll-ups are left, each counts in the bucket in which it starts.
    /// </summary>
    IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel);
}

/// <summary>What became of points that were offered.</summary>
/// <param name="StoredPointCount">Points kept.</param>
/// <param name="DroppedPointCount">Points dropped, each counted by its reason in the counters (<c>metric_points_dropped</c>).</param>
public readonly record struct MetricWriteResult(long StoredPointCount, long DroppedPointCount);

/// <summary>
/// Keeps numbers over time. A point of the same series and second as an earlier one takes its place; of distributions it is merged with it.
/// </summary>
public interface IMetricStore : IMetricReader, IDisposable
{
    /// <summary>Keeps points; they are durable and can be read when the task ends. Those who write at once share one flush. Any thread.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was kept; the same points may be offered again.</exception>
    Task<MetricWriteResult> WriteAsync(IReadOnlyList<SeriesPoints> series, CancellationToken cancel = default);
}
