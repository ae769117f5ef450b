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
        if (ReadFile(_file, offset, header) < headerBytes) throw new BlockDamagedException("A block begins behind the end of its file.");
        Header = BlockHeader.Read(header);
    }

    public BlockHeader Header { get; }

    BlockInfo Info => Header.Info;

    public BloomFilter ReadTraceFilter()
    {
        using var part = Read(SectionKind.TraceFilter);
        return BloomFilter.FromBytes(part.Bytes);
    }

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
        using var part = Read(SectionKind.TagFilter);
        return part.Bytes.Length == 0 ? null : BloomFilter.FromBytes(part.Bytes);
    }

    /// <summary>The shortest and the longest duration of each service, in the order of <see cref="BlockInfo.Services"/>; empty when the block does not say.</summary>
    public IReadOnlyList<DurationBounds> ReadServiceDurations()
    {
        using var part = Read(SectionKind.ServiceDurations);
        if (part.Bytes.Length == 0 || Info.Services is not { } services) return [];
        var reader = new ByteReader(part.Bytes);
        var durations = new DurationBounds[services.Count];
        for (var i = 0; i < durations.Length; i++) durations[i] = new DurationBounds(reader.Int64(), reader.Int64());
        return durations;
    }

    /// <summary>False only when one of the texts is nowhere among the block's strings. Reads those alone.</summary>
    public bool MayHoldTexts(IEnumerable<string> texts)
    {
        using var values = Read(SectionKind.ValueStrings);
        using var names = Read(SectionKind.BaseStrings);
        foreach (var text in texts)
        {
            var utf8 = System.Text.Encoding.UTF8.GetBytes(text);
            if (values.Bytes.IndexOf(utf8) < 0 && names.Bytes.IndexOf(utf8) < 0) return false;
        }
        return true;
    }

    /// <summary>Compares every part with its checksum.</summary>
    public void Verify()
    {
        foreach (var section in Header.Sections) ReadStored(section).Dispose();
    }

    /// <summary>All spans.</summary>
    /// <param name="onTagsLoaded">Told how many bytes of memory the tags took when somebody asked for them.</param>
    /// <param name="onTagsDamaged">Told when they cannot be read back; the spans then have none.</param>
    public SpanBatch ReadAll(Action<long>? onTagsLoaded = null, Action<Exception>? onTagsDamaged = null)
    {
        using var columns = new BlockColumns(this);
        return columns.ReadSpans(SpanPlaces.Between(0, Info.SpanCount), onTagsLoaded, onTagsDamaged);
    }

    /// <summary>The spans of one trace, a batch per distinct id that <see cref="TraceId.Matches"/> it. Reads the trace ids alone when it is not there.</summary>
    public IReadOnlyList<SpanBatch> ReadTrace(TraceId id, Action<Exception>? onTagsDamaged = null)
    {
        var lows = ReadTraceLows();
        var at = lows.AsSpan().IndexOf(id.Low);
        if (at < 0) return [];
        using var columns = new BlockColumns(this);
        var found = new List<SpanBatch>(1);
        for (; at < lows.Length; at++)
        {
            if (lows[at] != id.Low) continue;
            if (!columns.TraceIdOf(at).Matches(id)) continue;
            found.Add(columns.ReadSpans(SpanPlaces.Between(columns.TraceBegins[at], columns.TraceBegins[at + 1]), null, onTagsDamaged));
        }
        return found;
    }

    /// <summary>The lower halves of the ids of its traces, a trace each. Reads those alone.</summary>
    public ulong[] ReadTraceLows() => ReadIds(SectionKind.TraceLows, Info.TraceCount);

    ulong[] ReadIds(SectionKind kind, int count)
    {
        using var part = Read(kind);
        return new ByteReader(part.Bytes).UInt64s(count);
    }

    /// <summary>A part, unpacked; empty when the block has none of the kind.</summary>
    internal PartBytes Read(SectionKind kind)
    {
        foreach (var section in Header.Sections)
            if (section.Kind == kind) return Read(section);
        return PartBytes.None;
    }

    internal PartBytes Read(Section section)
    {
        var stored = ReadStored(section);
        if (!section.IsCompressed) return stored;
        var raw = new PartBytes(section.RawBytes);
        try
        {
            var zstd = t_zstd ??= new Decompressor();
            if (zstd.Unwrap(stored.Bytes, raw.Bytes) == raw.Bytes.Length) return raw;
            throw new BlockDamagedException($"A part of a block ({section.Kind}) is not as long as its header says.");
        }
        catch (Exception failure) when (failure is ZstdException or BlockDamagedException)
        {
            raw.Dispose();
            throw failure as BlockDamagedException ?? new BlockDamagedException($"A part of a block ({section.Kind}) cannot be unpacked.", failure);
        }
        finally
        {
            stored.Dispose();
        }
    }

    PartBytes ReadStored(Section section)
    {
        var part = new PartBytes(section.StoredBytes);
        try
        {
            if (ReadFile(_file, _offset + section.Offset, part.Bytes) < part.Bytes.Length) throw new BlockDamagedException($"A part of a block ({section.Kind}) lies behind the end of the file.");
            if (Checksum.Of(part.Bytes) != section.Checksum) throw new BlockDamagedException($"A part of a block ({section.Kind}) does not match its checksum.");
            return part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

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
