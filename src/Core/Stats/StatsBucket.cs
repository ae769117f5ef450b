namespace Apm.Core.Stats;

/// <summary>All cells of one span of time. A span belongs to the bucket in which it ended.</summary>
/// <param name="StartUnixNanos">A multiple of <paramref name="WidthNanos"/>.</param>
/// <param name="WidthNanos">10 s where spans are counted; 1 min and 1 h in roll-ups.</param>
/// <remarks>Not thread-safe.</remarks>
public sealed record StatsBucket(long StartUnixNanos, long WidthNanos)
{
    /// <summary>Width of the buckets in which spans are counted.</summary>
    public const long CountedWidthNanos = 10_000_000_000;

    /// <summary>Memory of a cell with its key and its sketches, on average of real services.</summary>
    public const int MemoryBytesPerCell = 1_024;

    public Dictionary<StatsKey, StatsCell> Cells { get; } = [];

    public long EndUnixNanos => StartUnixNanos + WidthNanos;

    /// <summary>The cell of a key, made when new.</summary>
    public StatsCell CellOf(StatsKey key)
    {
        if (!Cells.TryGetValue(key, out var cell)) Cells.Add(key, cell = new StatsCell());
        return cell;
    }
}
