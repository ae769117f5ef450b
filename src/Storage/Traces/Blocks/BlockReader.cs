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

    /// <summary>False only when one of the texts is nowhere among the block's strings. Reads those alone.</summary>
    public bool MayHoldTexts(IEnumerable<string> texts)
    {
        byte[]? names = null, values = null;
        return texts.Select(System.Text.Encoding.UTF8.GetBytes).All(text =>
            (values ??= Read(SectionKind.ValueStrings)).AsSpan().IndexOf(text) >= 0 || (names ??= Read(SectionKind.BaseStrings)).AsSpan().IndexOf(text) >= 0);
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
        var lows = ReadTraceLows();
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

    /// <summary>The lower halves of the ids of its traces, a trace each. Reads those alone.</summary>
    public ulong[] ReadTraceLows() => ReadIds(SectionKind.TraceLows, Info.TraceCount);

    /// <summary>Places of the traces that are in it, by the lower half of the ids, ascending. Reads those alone.</summary>
    public IReadOnlyList<int> PlacesOf(IReadOnlySet<ulong> traceLows)
    {
        var lows = ReadTraceLows();
        var places = new List<int>();
        for (var trace = 0; trace < lows.Length; trace++) if (traceLows.Contains(lows[trace])) places.Add(trace);
        return places;
    }

    /// <summary>The spans of the traces at some places, a batch each.</summary>
    public IReadOnlyList<SpanBatch> ReadTraces(IReadOnlyList<int> places, Action<Exception>? onTagsDamaged)
    {
        var columns = new BlockColumns(this);
        return [.. places.Select(trace => columns.ReadSpans(columns.TraceBegins[trace], columns.TraceBegins[trace + 1], null, onTagsDamaged))];
    }

    /// <summary>Whether a span lasted so long. Reads the durations alone, a small part of the block; of a service, what tells services as well.</summary>
    /// <param name="service">Only its spans count; null for all.</param>
    public bool HoldsDuration(DurationBounds bounds, string? service)
    {
        var durations = new long[Info.SpanCount];
        TimeCoder.ReadDurations(Read(SectionKind.Durations), 0, durations);
        bool[]? isOfService = null;
        int[]? shapeOf = null;
        for (var i = 0; i < durations.Length; i++)
        {
            if (!bounds.Hold(durations[i])) continue;
            if (service is null) return true;
            if (isOfService is null)
            {
                (var strings, var count) = BlockStrings.Read(this);
                var shapes = new ReadShapes(Read(SectionKind.Shapes), count);
                shapeOf = shapes.ReadOf(this);
                isOfService = new bool[shapes.Count];
                for (var shape = 0; shape < shapes.Count; shape++) isOfService[shape] = strings.Text(shapes[shape].Service) == service;
            }
            if (isOfService[shapeOf![i]]) return true;
        }
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
