using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.Files;
using ZstdSharp;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Reads the parts of one block, each only when it is asked for.</summary>
/// <remarks>Thread-safe: it holds no state but the block's list of parts.</remarks>
public sealed class BlockReader
{
    [ThreadStatic] static Decompressor? t_zstd;

    readonly StoreFile _file;
    readonly long _offset;

    /// <summary>Reads a block's header.</summary>
    /// <param name="offset">Of the block's first byte in the file.</param>
    /// <param name="headerBytes">Bytes of prefix and header.</param>
    /// <exception cref="BlockDamagedException">It is not what was written; so it is for all methods.</exception>
    /// <exception cref="StoreUnavailableException">The file cannot be read, or was closed; so it is for all methods, and for tags that are loaded later.</exception>
    public BlockReader(StoreFile file, long offset, int headerBytes)
    {
        _file = file;
        _offset = offset;
        var header = new byte[headerBytes];
        if (ReadFile(0, header) < headerBytes) throw new BlockDamagedException("A block begins behind the end of its file.");
        Header = BlockHeader.Read(header);
    }

    public BlockHeader Header { get; }

    BlockInfo Info => Header.Info;

    public BloomFilter ReadTraceFilter() => BloomFilter.FromBytes(Read(SectionKind.TraceFilter));

    /// <summary>Where the trace filter stands in the file as it is; null when it is packed, as in blocks of earlier versions.</summary>
    public FilterPlace? PlaceOfTraceFilter()
    {
        foreach (var section in Header.Sections)
            if (section.Kind == SectionKind.TraceFilter) return section.IsCompressed ? null : new FilterPlace(_offset + section.Offset, section.StoredBytes);
        return null;
    }

    /// <summary>Null when no span has text tags.</summary>
    public BloomFilter? ReadTagFilter()
    {
        var bytes = Read(SectionKind.TagFilter);
        return bytes.Length == 0 ? null : BloomFilter.FromBytes(bytes);
    }

    /// <summary>Compares every part with its checksum.</summary>
    public void Verify()
    {
        foreach (var section in Header.Sections) ReadStored(section);
    }

    /// <summary>All spans.</summary>
    /// <param name="onTagsLoaded">Told how many bytes of memory the tags took when somebody asked for them.</param>
    /// <param name="onTagsDamaged">Told when they cannot be read back; the spans then have none.</param>
    public SpanBatch ReadAll(Action<long>? onTagsLoaded = null, Action<Exception>? onTagsDamaged = null)
    {
        var columns = new BlockColumns(this);
        return columns.ReadSpans(0, Info.SpanCount, onTagsLoaded, onTagsDamaged);
    }

    /// <summary>The spans of one trace, a batch per distinct id that <see cref="TraceId.Matches"/> it. Reads the trace ids alone when it is not there.</summary>
    public IReadOnlyList<SpanBatch> ReadTrace(TraceId id, Action<Exception>? onTagsDamaged = null)
    {
        var lows = ReadIds(SectionKind.TraceLows, Info.TraceCount);
        var at = lows.AsSpan().IndexOf(id.Low);
        if (at < 0) return [];
        BlockColumns? columns = null;
        var found = new List<SpanBatch>(1);
        for (; at < lows.Length; at++)
        {
            if (lows[at] != id.Low) continue;
            columns ??= new BlockColumns(this);
            if (!columns.TraceIdOf(at).Matches(id)) continue;
            found.Add(columns.ReadSpans(columns.TraceBegins[at], columns.TraceBegins[at + 1], null, onTagsDamaged));
        }
        return found;
    }

    /// <summary>Whether spans of one of these traces are in it, by the lower half of the ids. Reads those alone.</summary>
    public bool HoldsAny(IReadOnlySet<ulong> traceLows)
    {
        foreach (var low in ReadIds(SectionKind.TraceLows, Info.TraceCount)) if (traceLows.Contains(low)) return true;
        return false;
    }

    /// <summary>Whether a span lasted so long, both bounds included. Reads the durations alone, a small part of the block.</summary>
    public bool HoldsDuration(long minNanos, long maxNanos)
    {
        var durations = new long[Info.SpanCount];
        TimeCoder.ReadDurations(Read(SectionKind.Durations), 0, durations);
        foreach (var nanos in durations) if (nanos >= minNanos && nanos <= maxNanos) return true;
        return false;
    }

    internal ulong[] ReadIds(SectionKind kind, int count) => new ByteReader(Read(kind)).UInt64s(count);

    /// <summary>A part, unpacked; empty when the block has none of the kind.</summary>
    internal byte[] Read(SectionKind kind)
    {
        foreach (var section in Header.Sections)
            if (section.Kind == kind) return Read(section);
        return [];
    }

    internal byte[] Read(Section section)
    {
        var stored = ReadStored(section);
        if (!section.IsCompressed) return stored;
        var raw = GC.AllocateUninitializedArray<byte>(section.RawBytes);
        try
        {
            var zstd = t_zstd ??= new Decompressor();
            if (zstd.Unwrap(stored, raw) == raw.Length) return raw;
        }
        catch (ZstdException failure)
        {
            throw new BlockDamagedException($"A part of a block ({section.Kind}) cannot be unpacked.", failure);
        }
        throw new BlockDamagedException($"A part of a block ({section.Kind}) is not as long as its header says.");
    }

    byte[] ReadStored(Section section)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(section.StoredBytes);
        if (ReadFile(section.Offset, bytes) < bytes.Length) throw new BlockDamagedException($"A part of a block ({section.Kind}) lies behind the end of the file.");
        if (Checksum.Of(bytes) != section.Checksum) throw new BlockDamagedException($"A part of a block ({section.Kind}) does not match its checksum.");
        return bytes;
    }

    int ReadFile(int offset, byte[] bytes) => ReadFile(_file, _offset + offset, bytes);

    /// <summary>Reads as far as the file goes; failures as of all methods.</summary>
    internal static int ReadFile(StoreFile file, long offset, Span<byte> bytes)
    {
        try
        {
            return file.Read(offset, bytes);
        }
        catch (ObjectDisposedException closed)
        {
            throw new StoreUnavailableException("Traces cannot be read: their store was closed.", closed);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException($"Traces cannot be read: {failure.Message} Try again; if this repeats, check the disk.", failure);
        }
    }
}
