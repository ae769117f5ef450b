using Apm.Core.Metrics;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>A series that is known, and its points that wait in memory.</summary>
/// <remarks>All but what is given to the constructor is read and changed under the store's lock.</remarks>
sealed class SeriesEntry(MetricEntry metric, SeriesKey key, byte[] keyBytes, long knownSinceUnixSeconds)
{
    public MetricEntry Metric { get; } = metric;
    public SeriesKey Key { get; } = key;
    public byte[] KeyBytes { get; } = keyBytes;

    public long KnownSinceUnixSeconds { get; } = knownSinceUnixSeconds;

    public MetricType Type { get; set; }
    public int IntervalSeconds { get; set; }

    /// <summary>Of the newest point; min value when there is none yet.</summary>
    public long LastUnixSeconds { get; set; } = long.MinValue;

    /// <summary>What came since the last flush began; null when nothing did.</summary>
    public WaitingPoints? Live { get; set; }

    /// <summary>What is being flushed, until it can be read from the file.</summary>
    public WaitingPoints? Frozen { get; set; }

    /// <summary>It went from the catalogue, perhaps while somebody was about to add to it: points go to the one that has its name now.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>About what it takes in memory, points not counted.</summary>
    public long MemoryBytes => 400 + KeyBytes.Length * 5L + 60L * Key.Tags.Count;
}

/// <summary>Points that are in the log and not yet in a file.</summary>
sealed class WaitingPoints
{
    public PointList Points { get; } = new();

    public List<StoredSketch> Sketches { get; } = [];

    public long FirstUnixSeconds { get; private set; } = long.MaxValue;

    public long LastUnixSeconds { get; private set; } = long.MinValue;

    public void Add(MetricPoint point)
    {
        Points.Add(point);
        Note(point.UnixSeconds);
    }

    public void Add(StoredSketch point)
    {
        Sketches.Add(point);
        Note(point.UnixSeconds);
    }

    void Note(long seconds)
    {
        if (seconds < FirstUnixSeconds) FirstUnixSeconds = seconds;
        if (seconds > LastUnixSeconds) LastUnixSeconds = seconds;
    }
}

/// <summary>A metric that is known.</summary>
/// <remarks>Under the store's lock.</remarks>
sealed class MetricEntry(string name)
{
    public string Name { get; } = name;

    /// <summary>Of what was written last.</summary>
    public MetricType Type { get; set; }

    public HashSet<SeriesEntry> Series { get; } = [];

    /// <summary>Somebody was told that it has too many series; the tag key that makes them.</summary>
    public string? GuiltyTagKey { get; set; }
}
