using System.Runtime.InteropServices;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>Rewrites a closed slice of small blocks into large ones, in a file beside it that then takes its place.</summary>
/// <remarks>One thread at a time.</remarks>
sealed class SliceRewriter(TraceStoreSettings settings, StoreFiles files) : IDisposable
{
    readonly BlockEncoder _encoder = new();
    readonly SpanOrder _order = new();
    readonly HashSet<SliceFile> _leftAlone = [];

    /// <summary>Whether it has several blocks, and on average they are less than half full.</summary>
    public bool IsWorthwhile(SliceBlocks slice) =>
        slice.Count > 1 && slice.SpanCount / slice.Count < settings.BlockSpans / 2 && !slice.File.IsRewritten && !_leftAlone.Contains(slice.File);

    /// <summary>Writes the replacement and puts it in place; the old file is still there.</summary>
    /// <returns>Null when something of the slice is damaged: then it is left alone, so that nothing is lost for good.</returns>
    public SliceBlocks? Rewrite(SliceBlocks old, CancellationToken cancel)
    {
        if (IsDamaged(old)) return LeaveAlone(old);
        var file = SliceFile.CreateReplacement(files, old.File);
        var isInPlace = false;
        try
        {
            var blocks = WriteBlocks(old, file, cancel);
            file.File.Flush();
            var placed = SliceFile.PutInPlace(files, file, old.File);
            isInPlace = true;
            var rewritten = SliceBlocks.None(placed);
            foreach (var (offset, block) in blocks) rewritten = rewritten.With(new StoredBlock(placed, offset, block.Info, block.TraceFilter));
            return rewritten;
        }
        catch (BlockDamagedException)
        {
            // Damaged, or not worth it.
            return LeaveAlone(old);
        }
        finally
        {
            if (!isInPlace)
            {
                file.File.Dispose();
                files.Delete(file.Path);
            }
        }
    }

    static bool IsDamaged(SliceBlocks slice)
    {
        long bytes = SliceFile.HeaderBytes;
        for (var i = 0; i < slice.Count; i++)
        {
            if (slice[i].IsSetAside) return true;
            bytes += slice[i].Info.ByteCount;
        }
        return bytes != slice.File.File.Length;
    }

    SliceBlocks? LeaveAlone(SliceBlocks slice)
    {
        _leftAlone.Add(slice.File);
        return null;
    }

    List<(long Offset, EncodedBlock Block)> WriteBlocks(SliceBlocks old, SliceFile to, CancellationToken cancel)
    {
        var written = new List<(long, EncodedBlock)>();
        var batches = new List<SpanBatch>();
        var (spans, bytes, offset) = (0L, 0L, (long)SliceFile.HeaderBytes);
        for (var i = 0; i < old.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            var block = old[i];
            batches.Add(ReadWhole(block));
            spans += block.Info.SpanCount;
            bytes += batches[^1].Strings.ByteCount;
            if (spans < settings.BlockSpans && bytes < settings.BlockTextBytes && i + 1 < old.Count) continue;
            var encoded = Encode(batches, block.Info.CoveredUpTo, block.Info.WrittenUnixNanos);
            if (offset + encoded.Info.ByteCount > old.ByteCount) throw new BlockDamagedException("The blocks would not become smaller."); // Nothing to gain; the budget has room for no more.
            to.File.Write(offset, encoded.Parts);
            written.Add((offset, encoded));
            offset += encoded.Info.ByteCount;
            batches.Clear();
            (spans, bytes) = (0, 0);
        }
        return written;
    }

    EncodedBlock Encode(List<SpanBatch> batches, LogPosition covered, long writtenUnixNanos)
    {
        var all = CollectionsMarshal.AsSpan(batches);
        _order.Sort(all);
        return _encoder.Encode(all, _order, 0, _order.SpanCount, covered, writtenUnixNanos);
    }

    /// <exception cref="BlockDamagedException">The block is not what was written, its tags included.</exception>
    static SpanBatch ReadWhole(StoredBlock block)
    {
        Exception? damage = null;
        var batch = new BlockReader(block.Slice.File, block.Offset, block.Info.HeaderBytes).ReadAll(onTagsDamaged: found => damage = found);
        _ = batch.Tags;
        return damage is null ? batch : throw new BlockDamagedException("The tags of a block are damaged.", damage);
    }

    public void Dispose() => _encoder.Dispose();
}
