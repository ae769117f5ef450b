using System.Globalization;
using Apm.Core.Counting;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>
/// Finds the blocks of a slice when the store opens: those in the catalogue as it says, those behind its last entry by
/// reading them. An unfinished block at the end is cut off; damage before a good block is set aside.
/// </summary>
sealed class SliceRecovery(SliceFile slice, TraceStoreSettings settings, Counters counters)
{
    const int ScanBytes = 1 << 20;

    bool _metNewerVersion;

    /// <summary>False when the slice is damaged elsewhere, so that nothing can be judged by where it stands.</summary>
    public bool MayCut { get; init; } = true;

    /// <param name="known">Catalogue entries of this slice, by offset.</param>
    /// <param name="found">Told of each block that the catalogue did not have.</param>
    public SliceBlocks Read(IEnumerable<StoredBlock> known, Action<StoredBlock> found)
    {
        var blocks = SliceBlocks.None(slice);
        var length = slice.File.Length;
        long end = SliceFile.HeaderBytes;
        long knownEnd = 0;
        foreach (var block in known)
        {
            knownEnd = block.Offset + block.Info.ByteCount;
            // An entry that does not follow on the one before was entered after others got lost: read those again.
            if (block.Offset != end || block.Offset + block.Info.ByteCount > length) break;
            blocks = blocks.With(block);
            end += block.Info.ByteCount;
        }
        while (end < length)
        {
            if (TryReadBlock(end, length, out var block))
            {
                blocks = blocks.With(block!);
                found(block!);
                end += block!.Info.ByteCount;
                continue;
            }
            var next = FindNextBlock(end, length);
            if (next < 0)
            {
                // Only what was never acknowledged may be cut: not what the catalogue knows, nor what we cannot judge.
                if (knownEnd > end || _metNewerVersion || !MayCut) next = length;
                else
                {
                    Cut(end, length);
                    break;
                }
            }
            counters.Add("trace_blocks_damaged");
            Tell($"bytes {end} to {next} are damaged or of a newer version and are left out; the spans in them cannot be read. Check the disk.");
            end = next;
        }
        if (knownEnd > length)
        {
            counters.Add("trace_blocks_damaged");
            Tell($"the file has {length} bytes where the catalogue knows {knownEnd}; the spans in the missing part cannot be read. Check the disk, or restore the file.");
        }
        return blocks;
    }

    bool TryReadBlock(long offset, long length, out StoredBlock? block)
    {
        block = null;
        var prefix = new byte[BlockFormat.PrefixBytes];
        slice.File.Read(offset, prefix);
        try
        {
            if (!BlockHeader.TryReadPrefix(prefix, out var headerBytes, out var byteCount) || offset + byteCount > length) return false;
            var reader = new BlockReader(slice.File, offset, headerBytes);
            reader.Verify();
            block = new StoredBlock(slice, offset, reader.Header.Info, reader.ReadTraceFilter());
            return true;
        }
        catch (BlockDamagedException damage)
        {
            _metNewerVersion |= damage is BlockVersionException;
            return false;
        }
    }

    /// <summary>The nearest good block behind a damaged place; -1 when there is none.</summary>
    long FindNextBlock(long damaged, long length)
    {
        var buffer = new byte[ScanBytes];
        for (var at = damaged + BlockFormat.Alignment; at < length; at += ScanBytes)
        {
            var read = slice.File.Read(at, buffer);
            for (var i = 0; i + 4 <= read; i += BlockFormat.Alignment)
                if (BitConverter.ToUInt32(buffer, i) == BlockFormat.Magic && TryReadBlock(at + i, length, out _)) return at + i;
        }
        return -1;
    }

    void Cut(long end, long length)
    {
        counters.Add("trace_blocks_cut");
        Tell($"the last {length - end} bytes are a block that was not finished when the process died. They are cut off; the log still has the spans.");
        slice.File.SetLength(end);
        slice.File.Flush();
    }

    void Tell(FormattableString what) => settings.OnTrouble($"Trace slice {slice.Path}: {what.ToString(CultureInfo.InvariantCulture)}");
}
