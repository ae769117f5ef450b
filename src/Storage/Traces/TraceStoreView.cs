using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.Storage.Traces;

/// <summary>Everything a reader sees, taken at one instant: what waits in memory, and the slices on disk, oldest first.</summary>
/// <remarks>Replaced as a whole, so a span is never seen twice or not at all while it moves to disk.</remarks>
sealed record TraceStoreView(HeadList Head, SliceBlocks[] Slices)
{
    public static TraceStoreView Empty { get; } = new(HeadList.Empty, []);

    /// <summary>Bytes of all slices and their indexes.</summary>
    public long SliceBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var slice in Slices) bytes += slice.StoredBytes;
            return bytes;
        }
    }

    /// <summary>With another state of the newest slice, or with a new one.</summary>
    public TraceStoreView WithSlice(SliceBlocks slice) =>
        Slices.Length > 0 && Slices[^1].File == slice.File ? this with { Slices = [.. Slices.AsSpan(0, Slices.Length - 1), slice] } : this with { Slices = [.. Slices, slice] };

    /// <summary>What <see cref="ITraceReader.Scan"/> gives.</summary>
    public IEnumerable<SpanBatch> Scan(BlockSource source, SpanScan scan, CancellationToken cancel)
    {
        for (var i = Head.Count - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            if (Head[i].MayMatch(scan)) yield return Head[i].Batch;
        }
        for (var s = Slices.Length - 1; s >= 0; s--)
        {
            var slice = Slices[s];
            if (!scan.Range.Overlaps(slice.StartUnixNanosMin, slice.StartUnixNanosMax)) continue;
            foreach (var block in slice.Matching(scan))
            {
                cancel.ThrowIfCancellationRequested();
                foreach (var batch in source.Read(block, scan)) yield return batch;
            }
        }
    }

    /// <summary>What <see cref="ITraceReader.Parts"/> gives.</summary>
    public IReadOnlyList<SpanPart> Parts(BlockSource source, SpanScan scan)
    {
        var parts = new List<SpanPart>();
        for (var i = Head.Count - 1; i >= 0; i--)
            if (Head[i].MayMatch(scan)) parts.Add(Head[i]);
        for (var s = Slices.Length - 1; s >= 0; s--)
        {
            var slice = Slices[s];
            if (!scan.Range.Overlaps(slice.StartUnixNanosMin, slice.StartUnixNanosMax)) continue;
            foreach (var block in slice.Matching(scan)) parts.Add(new BlockPart(source, block, scan));
        }
        parts.Sort(static (left, right) => right.StartUnixNanosMax.CompareTo(left.StartUnixNanosMax));
        return parts;
    }

    /// <summary>A slice's first block is written when the slice is begun or soon after.</summary>
    long? OldestWritten => Slices is [var oldest, ..] && oldest.Count > 0 ? oldest[0].Info.WrittenUnixNanos : null;

    /// <summary>What <see cref="ITraceReader.Facts"/> gives, but for the budget.</summary>
    public TraceStoreFacts Facts()
    {
        var (oldest, newest, spans, blocks) = (long.MaxValue, long.MinValue, Head.SpanCount, 0);
        for (var i = 0; i < Head.Count; i++)
        {
            oldest = Math.Min(oldest, Head[i].StartUnixNanosMin);
            newest = Math.Max(newest, Head[i].StartUnixNanosMax);
        }
        foreach (var slice in Slices)
        {
            oldest = Math.Min(oldest, slice.StartUnixNanosMin);
            newest = Math.Max(newest, slice.StartUnixNanosMax);
            spans += slice.SpanCount;
            blocks += slice.Count;
        }
        return spans == 0
            ? new TraceStoreFacts(null, null, 0, SliceBytes, blocks)
            : new TraceStoreFacts(oldest, newest, spans, SliceBytes, blocks) { OldestWrittenUnixNanos = OldestWritten };
    }
}
