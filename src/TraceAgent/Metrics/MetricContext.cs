using Apm.Core.Metrics;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>A metric of one type with its host and tags, of which samples come in (metrics-monitors §2.6). Owned by the aggregator.</summary>
sealed class MetricContext(SeriesKey key, StatsdType type)
{
    /// <summary>Different bytes that mean one context, such as tags in another order, are remembered up to this number; others are worked out each time.</summary>
    public const int MaxSpellings = 16;

    /// <summary>About what a context takes, beside its strings: itself, its entries in tables, its cell.</summary>
    const int OwnBytes = 420;

    public SeriesKey Key { get; } = key;

    public StatsdType Type { get; } = type;

    /// <summary>When a sample came last, Unix seconds.</summary>
    public long LastUnixSeconds { get; set; }

    /// <summary>The sums of the bucket that was open when a sample came last; null before.</summary>
    public MetricCell? Cell { get; set; }

    public List<StoredLineKey> Spellings { get; } = new(1);

    /// <summary>What was reserved for it.</summary>
    public long MemoryBytes { get; set; } = OwnBytes + 2L * (key.Metric.Length + key.Tags.Sum(static tag => tag.Length + 16));

    /// <summary>Bounded by what a histogram can send.</summary>
    readonly Dictionary<string, string> _suffixed = new(StringComparer.Ordinal);

    /// <summary>The name with a suffix behind; cut before it where the name would become too long.</summary>
    public string NameWith(string suffix)
    {
        if (_suffixed.TryGetValue(suffix, out var known)) return known;
        return _suffixed[suffix] = Suffixed(Key.Metric, suffix);
    }

    /// <inheritdoc cref="NameWith"/>
    public static string Suffixed(string name, string suffix) => string.Concat(name.AsSpan(0, Math.Min(name.Length, MetricNames.MaxChars - suffix.Length)), suffix);
}

/// <summary>The sums of one context in one bucket.</summary>
sealed class MetricCell(MetricContext context, long bucketUnixSeconds, long bucketNumber)
{
    /// <summary>Most different values of a set in one bucket. Further ones are not counted, but in <c>dogstatsd_samples_dropped{set_values}</c>.</summary>
    public const int MaxSetValues = 100_000;

    /// <summary>About what a cell takes beside what grows.</summary>
    public const int OwnBytes = 96;

    public MetricContext Context { get; } = context;
    public long BucketUnixSeconds { get; } = bucketUnixSeconds;

    /// <summary>Tells buckets apart that begin at the same time, because the clock was set back.</summary>
    public long BucketNumber { get; } = bucketNumber;

    /// <summary>Of a gauge the last value, of a counter the sum.</summary>
    public double Value { get; set; }

    /// <summary>Whether a sample of a gauge or counter came that is a number.</summary>
    public bool HasValue { get; set; }

    public HistogramSamples? Histogram { get; set; }

    public DistributionSketch? Distribution { get; set; }

    /// <summary>Hashes of 64 bits of a set's values: of 100,000 values two are the same once in four thousand million buckets.</summary>
    public HashSet<ulong>? SetValues { get; set; }

    /// <summary>What was reserved for it.</summary>
    public long ReservedBytes { get; set; } = OwnBytes;

    /// <summary>Lets go of what has grown: the context still knows the cell until its next sample.</summary>
    public void Clear() => (Histogram, Distribution, SetValues) = (null, null, null);

    /// <summary>About what it takes now.</summary>
    public long MemoryBytes => OwnBytes + (Histogram?.MemoryBytes ?? 0) + (Distribution is { } sketch ? 100 + sketch.Keys.Length * 16L : 0) + (SetValues is { } values ? 100 + values.EnsureCapacity(0) * 24L : 0);
}

/// <summary>A bucket that takes no more samples.</summary>
sealed record ClosedBucket(long UnixSeconds, IReadOnlyList<MetricCell> Cells);

/// <summary>A value that came with its time.</summary>
readonly record struct TimedPoint(MetricContext Context, MetricPoint Point);
