using Apm.Core;
using Apm.Core.Ports;

namespace Apm.Storage.Traces;

/// <summary>The blocks of a slice in the order they were written, as one writer extends and many readers see it; a value is a snapshot.</summary>
/// <remarks>Snapshots share one array, as in <see cref="HeadList"/>; only the newest may be extended.</remarks>
public sealed class SliceBlocks
{
    readonly StoredBlock[] _blocks;

    SliceBlocks(SliceFile file, StoredBlock[] blocks, int count)
    {
        File = file;
        _blocks = blocks;
        Count = count;
    }

    public SliceFile File { get; }

    public int Count { get; }

    public long SpanCount { get; private init; }

    /// <summary>Bytes up to the end of the last block.</summary>
    public long ByteCount { get; private init; } = SliceFile.HeaderBytes;

    public long StartUnixNanosMin { get; private init; } = long.MaxValue;

    public long StartUnixNanosMax { get; private init; } = long.MinValue;

    /// <summary>Which of its blocks hold a trace; null as long as it is written to, and until somebody made it.</summary>
    public TraceIndex? Index { get; private init; }

    /// <summary>On disk, with its index.</summary>
    public long StoredBytes => ByteCount + (Index?.ByteCount ?? 0);

    /// <summary>When its last block was written; when it was begun while it has none.</summary>
    public long WrittenUnixNanos { get; private init; }

    public static SliceBlocks None(SliceFile file) => new(file, [], 0) { WrittenUnixNanos = file.StartUnixNanos };

    public StoredBlock this[int index]
    {
        get
        {
            Invariant.Holds(index < Count);
            return _blocks[index];
        }
    }

    /// <summary>Its blocks that may hold what is asked for, the newest first.</summary>
    public IEnumerable<StoredBlock> Matching(SpanScan scan)
    {
        if (Index?.BlocksFor(scan) is { } numbers)
        {
            foreach (var number in numbers)
                if (_blocks[number].MayMatch(scan)) yield return _blocks[number];
            yield break;
        }
        for (var i = Count - 1; i >= 0; i--)
            if (_blocks[i].MayMatch(scan)) yield return _blocks[i];
    }

    /// <summary>The same blocks, with an index of their traces. It takes no more blocks.</summary>
    public SliceBlocks With(TraceIndex index) => new(File, _blocks, Count)
    {
        SpanCount = SpanCount,
        ByteCount = ByteCount,
        StartUnixNanosMin = StartUnixNanosMin,
        StartUnixNanosMax = StartUnixNanosMax,
        WrittenUnixNanos = WrittenUnixNanos,
        Index = index,
    };

    /// <summary>A snapshot with one block more.</summary>
    public SliceBlocks With(StoredBlock block)
    {
        var blocks = _blocks;
        if (Count == blocks.Length)
        {
            blocks = new StoredBlock[Math.Max(16, Count * 2)];
            Array.Copy(_blocks, blocks, Count);
        }
        blocks[Count] = block;
        return new SliceBlocks(File, blocks, Count + 1)
        {
            SpanCount = SpanCount + block.Info.SpanCount,
            ByteCount = Math.Max(ByteCount, block.Offset + block.Info.ByteCount),
            StartUnixNanosMin = Math.Min(StartUnixNanosMin, block.Info.StartUnixNanosMin),
            StartUnixNanosMax = Math.Max(StartUnixNanosMax, block.Info.StartUnixNanosMax),
            WrittenUnixNanos = Math.Max(WrittenUnixNanos, block.Info.WrittenUnixNanos),
        };
    }
}
