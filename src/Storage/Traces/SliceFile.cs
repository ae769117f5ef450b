using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>
/// A segment file: a header of 32 bytes, then blocks (docs/formats/trace-segment.md). One writer appends, any thread reads.
/// </summary>
/// <remarks>
/// A dropped slice's file is deleted but not closed: readers that still hold it finish, and it goes when the last lets go.
/// </remarks>
public sealed class SliceFile
{
    public const string Suffix = ".seg";

    /// <summary>Ends the name of a slice that was rewritten into larger blocks; it replaces the one without.</summary>
    public const string RewrittenMark = "+";
    public const int HeaderBytes = 32;
    const ulong Magic = 0x0A474553_4D50411A; // 1A "APMSEG" 0A as little-endian bytes
    const uint Version = 1;

    SliceFile(string path, StoreFile file, long startUnixNanos, LogPosition coveredAtStart)
    {
        Path = path;
        File = file;
        StartUnixNanos = startUnixNanos;
        CoveredAtStart = coveredAtStart;
    }

    public string Path { get; }

    /// <summary>The file's name without its ending; names sort as the slices began.</summary>
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public StoreFile File { get; }

    /// <summary>It was rewritten into larger blocks already.</summary>
    public bool IsRewritten => Name.EndsWith(RewrittenMark, StringComparison.Ordinal);

    /// <summary>When it was begun.</summary>
    public long StartUnixNanos { get; }

    /// <summary>All up to this log position was stored in slices before it; kept here, so that dropping them does not lose it.</summary>
    public LogPosition CoveredAtStart { get; }

    /// <summary>Begins a slice and makes it durable.</summary>
    public static SliceFile Create(StoreFiles files, string folder, long nowUnixNanos, LogPosition covered) =>
        CreateAt(files, FreePath(files, folder, nowUnixNanos), nowUnixNanos, covered);

    /// <summary>Begins a slice that shall take another's place; it counts once <see cref="PutInPlace"/> named it.</summary>
    public static SliceFile CreateReplacement(StoreFiles files, SliceFile of)
    {
        var path = ReplacementPathOf(of.Path) + StoreFiles.TemporarySuffix;
        files.Delete(path);
        return CreateAt(files, path, of.StartUnixNanos, of.CoveredAtStart);
    }

    /// <summary>Makes the replacement, which must be flushed, the slice that the next start finds.</summary>
    public static SliceFile PutInPlace(StoreFiles files, SliceFile replacement, SliceFile of)
    {
        var path = ReplacementPathOf(of.Path);
        files.Rename(replacement.Path, path);
        files.FlushFolder(System.IO.Path.GetDirectoryName(path)!);
        return new SliceFile(path, replacement.File, replacement.StartUnixNanos, replacement.CoveredAtStart);
    }

    static string ReplacementPathOf(string path) => path[..^Suffix.Length] + RewrittenMark + Suffix;

    static SliceFile CreateAt(StoreFiles files, string path, long nowUnixNanos, LogPosition covered)
    {
        var header = new ByteWriter(HeaderBytes);
        header.UInt64(Magic);
        header.UInt32(Version);
        header.Int64(nowUnixNanos);
        header.Int64(covered.Number);
        header.UInt32(Checksum.Of(header.Written));
        StoreFile? file = null;
        try
        {
            file = files.Open(path);
            file.Write(0, header.Written);
            file.Flush();
            files.FlushFolder(System.IO.Path.GetDirectoryName(path)!);
            return new SliceFile(path, file, nowUnixNanos, covered);
        }
        catch
        {
            file?.Dispose();
            TryDelete(files, path);
            throw;
        }
    }

    /// <summary>Opens a slice that is there.</summary>
    /// <exception cref="BlockDamagedException">Its header is not what was written.</exception>
    public static SliceFile Open(StoreFiles files, string path)
    {
        var file = files.Open(path);
        try
        {
            var header = new byte[HeaderBytes];
            if (file.Read(0, header) < HeaderBytes) throw new BlockDamagedException("its header is cut short");
            var reader = new ByteReader(header);
            if (reader.UInt64() != Magic || Checksum.Of(header.AsSpan(0, HeaderBytes - 4)) != new ByteReader(header.AsSpan(HeaderBytes - 4)).UInt32())
                throw new BlockDamagedException("its header is damaged");
            var version = reader.UInt32();
            if (version != Version) throw new BlockVersionException($"it is of version {version}, this program reads version {Version}");
            return new SliceFile(path, file, reader.Int64(), new LogPosition(reader.Int64()));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a slice whose header cannot be read, for the blocks in it: its beginning is taken from its name.</summary>
    public static SliceFile OpenWithoutHeader(StoreFiles files, string path)
    {
        var name = System.IO.Path.GetFileName(path)[..^Suffix.Length].TrimEnd(RewrittenMark[0]);
        var start = DateTimeOffset.TryParseExact(name, NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var begun) ? begun.ToUnixNanos() : 0;
        return new SliceFile(path, files.Open(path), start, LogPosition.Start);
    }

    const string NameFormat = "yyyyMMdd'T'HHmmss'-'fff";

    static string FreePath(StoreFiles files, string folder, long nowUnixNanos)
    {
        for (var time = UnixTime.ToDateTime(nowUnixNanos); ; time = time.AddMilliseconds(1))
        {
            var path = System.IO.Path.Combine(folder, time.ToString(NameFormat, CultureInfo.InvariantCulture) + Suffix);
            // A rewritten slice counts as well: beside it, the new one would be taken for what it replaced.
            if (!files.Exists(path) && !files.Exists(ReplacementPathOf(path))) return path;
        }
    }

    static void TryDelete(StoreFiles files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The next start deletes what has no header.
        }
    }
}
