using Apm.Core;

namespace Apm.Storage.Traces;

/// <summary>
/// The batches in memory, in the order they came, as one writer extends and many readers see it.
/// A value is a snapshot: what was visible when it was taken stays visible through it.
/// </summary>
/// <remarks>
/// Snapshots share one array; the writer only fills places behind every snapshot's end. So adding is cheap, readers
/// need no lock, and only the newest snapshot may be extended.
/// </remarks>
public sealed class HeadList
{
    readonly HeadBatch[] _batches;

    HeadList(HeadBatch[] batches, int count, long spanCount, long textBytes)
    {
        _batches = batches;
        Count = count;
        SpanCount = spanCount;
        TextBytes = textBytes;
    }

    /// <summary>No batches.</summary>
    public static HeadList Empty { get; } = new([], 0, 0, 0);

    /// <summary>Batches.</summary>
    public int Count { get; }

    /// <summary>Spans of all batches.</summary>
    public long SpanCount { get; }

    /// <summary>Bytes of all batches' strings.</summary>
    public long TextBytes { get; }

    /// <summary>By age: 0 is the oldest.</summary>
    public HeadBatch this[int index]
    {
        get
        {
            Invariant.Holds(index < Count);
            return _batches[index];
        }
    }

    /// <summary>A snapshot with one batch more. Only for the newest snapshot, only by the writer.</summary>
    public HeadList With(HeadBatch batch)
    {
        var batches = _batches;
        if (Count == batches.Length)
        {
            batches = new HeadBatch[Math.Max(16, Count * 2)];
            Array.Copy(_batches, batches, Count);
        }
        batches[Count] = batch;
        return new HeadList(batches, Count + 1, SpanCount + batch.Batch.SpanCount, TextBytes + batch.TextBytes);
    }

    /// <summary>A snapshot without the oldest batches.</summary>
    public HeadList WithoutOldest(int count)
    {
        if (count == 0) return this;
        if (count == Count) return Empty;
        var rest = _batches.AsSpan(count, Count - count).ToArray();
        var (spans, bytes) = (SpanCount, TextBytes);
        foreach (var gone in _batches.AsSpan(0, count)) (spans, bytes) = (spans - gone.Batch.SpanCount, bytes - gone.TextBytes);
        return new HeadList(rest, rest.Length, spans, bytes);
    }
}
