using Apm.Core.Metrics;
using Apm.Storage.Metrics.Chunks;

namespace Apm.Storage.Metrics;

/// <summary>All that one series has in one day, put together from blocks and memory, the older first.</summary>
/// <remarks>One thread; meant to be kept and cleared.</remarks>
sealed class DayOfSeries
{
    readonly ChunkReader _reader = new();

    /// <summary>Numbers; strictly ascending after <see cref="Arrange"/>.</summary>
    public PointList Points { get; } = new();

    /// <summary>Of a roll-up's file.</summary>
    public List<RollupPoint> Rollups { get; } = [];

    /// <summary>Distributions, each second once after <see cref="Arrange"/>.</summary>
    public List<StoredSketch> Sketches { get; } = [];

    /// <summary>Of the oldest point, once arranged; max value when it is empty. Roll-ups do not count.</summary>
    public long FirstUnixSeconds => Math.Min(Points.Count > 0 ? Points.Span[0].UnixSeconds : long.MaxValue, Sketches.Count > 0 ? Sketches[0].UnixSeconds : long.MaxValue);

    /// <summary>Of the newest point, likewise; min value when it is empty.</summary>
    public long LastUnixSeconds => Math.Max(Points.Count > 0 ? Points.Span[^1].UnixSeconds : long.MinValue, Sketches.Count > 0 ? Sketches[^1].UnixSeconds : long.MinValue);

    public bool IsEmpty => Points.Count == 0 && Rollups.Count == 0 && Sketches.Count == 0;

    public void Clear()
    {
        Points.Clear();
        Rollups.Clear();
        Sketches.Clear();
    }

    /// <summary>Adds what a block has in a window, or somewhat more.</summary>
    /// <exception cref="Traces.Blocks.BlockDamagedException">The bytes are no chunks.</exception>
    public void Add(ReadOnlySpan<byte> chunks, long dayUnixSeconds, long fromUnixSeconds, long toUnixSeconds) =>
        _reader.Read(chunks, dayUnixSeconds, fromUnixSeconds, toUnixSeconds, Points, Rollups, Sketches);

    /// <summary>Adds what waits in memory in a window.</summary>
    public void Add(WaitingView waiting, long fromUnixSeconds, long toUnixSeconds)
    {
        foreach (var point in waiting.Points.Span)
            if (point.UnixSeconds >= fromUnixSeconds && point.UnixSeconds < toUnixSeconds) Points.Add(point);
        foreach (var point in waiting.Sketches)
            if (point.UnixSeconds >= fromUnixSeconds && point.UnixSeconds < toUnixSeconds) Sketches.Add(point);
    }

    /// <summary>Puts it in order: of numbers of one second the latest stays, distributions of one second become one.</summary>
    public void Arrange()
    {
        Points.Arrange();
        if (AreAscending(Sketches)) return;
        var merged = Sketches.GroupBy(point => point.UnixSeconds).OrderBy(group => group.Key).Select(group => group.Skip(1).Any() ? Merge(group.Key, group) : group.First()).ToList();
        Sketches.Clear();
        Sketches.AddRange(merged);
    }

    /// <summary>The points of each minute or hour as one.</summary>
    /// <param name="rollups">Of the numbers.</param>
    /// <param name="sketches">Of the distributions.</param>
    public void RollUp(int widthSeconds, List<RollupPoint> rollups, List<StoredSketch> sketches)
    {
        rollups.Clear();
        sketches.Clear();
        foreach (var point in Points.Span)
        {
            var start = point.UnixSeconds - point.UnixSeconds % widthSeconds;
            if (rollups.Count > 0 && rollups[^1].UnixSeconds == start) rollups[^1] = rollups[^1].Plus(point.Value);
            else rollups.Add(RollupPoint.Of(start, point.Value));
        }
        foreach (var group in Sketches.GroupBy(point => point.UnixSeconds - point.UnixSeconds % widthSeconds))
            sketches.Add(Merge(group.Key, group) with { Last = group.Last().Last });
    }

    static StoredSketch Merge(long unixSeconds, IEnumerable<StoredSketch> points)
    {
        var merged = new DistributionSketch();
        foreach (var point in points) merged.Merge(point.Decode());
        return StoredSketch.Of(unixSeconds, merged);
    }

    static bool AreAscending(List<StoredSketch> points)
    {
        for (var i = 1; i < points.Count; i++)
            if (points[i].UnixSeconds <= points[i - 1].UnixSeconds) return false;
        return true;
    }
}

/// <summary>What waited of a series when somebody looked.</summary>
readonly record struct WaitingView(SeriesEntry Entry, ReadOnlyMemory<MetricPoint> Points, IReadOnlyList<StoredSketch> Sketches, long FirstUnixSeconds, long LastUnixSeconds);
