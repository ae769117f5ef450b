using System.Buffers.Binary;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>
/// Says which blocks of a closed slice hold a trace: a file beside the slice with the hashes of its traces in order, so that a question reads
/// two small pieces of it instead of asking each block (docs/formats/trace-index.md). It can be made anew from the slice at any time.
/// </summary>
/// <remarks>Immutable; any thread may ask. Like a slice's, its file is not closed when it is deleted.</remarks>
public sealed class TraceIndex
{
    public const string Suffix = ".ids";
    internal const int HeaderBytes = 48;
    internal const int DirectoryEntryBytes = 8;
    internal const int PairBytes = 6;
    internal const ulong Magic = 0x0A534449_4D50411A; // 1A "APMIDS" 0A as little-endian bytes
    internal const uint Version = 1;

    /// <summary>A bucket that would have more is damaged: hashes are spread evenly, and buckets are made for 256 pairs on average.</summary>
    const int MaxBucketPairs = 1 << 20;

    /// <summary>Of more ids it is quicker to look into the blocks.</summary>
    const int MaxIdsAsked = 256;

    readonly StoreFile _file;
    readonly int _bucketBits;
    readonly int _blockCount;
    volatile bool _isDamaged;

    TraceIndex(StoreFile file, int bucketBits, int blockCount)
    {
        _file = file;
        _bucketBits = bucketBits;
        _blockCount = blockCount;
        ByteCount = file.Length;
    }

    /// <summary>Of its file.</summary>
    public long ByteCount { get; }

    /// <summary>Something in it was not what was written; it says no more, and may be made anew.</summary>
    public bool IsDamaged => _isDamaged;

    public static string PathOf(SliceFile slice) => slice.Path[..^SliceFile.Suffix.Length] + Suffix;

    /// <summary>Opens what was made of these very blocks; null when there is none, it is damaged, or of another version.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal static TraceIndex? Open(StoreFiles files, SliceBlocks slice)
    {
        var path = PathOf(slice.File);
        if (!files.Exists(path)) return null;
        var file = files.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.Read(0, header) == HeaderBytes && ReadHeader(header, slice, out var bucketBits)) return new TraceIndex(file, bucketBits, slice.Count);
        file.Dispose();
        return null;
    }

    /// <summary>Wrong too when it is of other blocks than these.</summary>
    static bool ReadHeader(ReadOnlySpan<byte> header, SliceBlocks slice, out int bucketBits)
    {
        var reader = new ByteReader(header);
        var isOurs = reader.UInt64() == Magic && reader.UInt32() == Version;
        bucketBits = (int)reader.UInt32();
        var blocks = reader.UInt32();
        var places = reader.UInt32();
        return isOurs && Checksum.Of(header[..^4]) == new ByteReader(header[^4..]).UInt32() && bucketBits is >= 0 and <= 31
            && blocks == slice.Count && places == ChecksumOfPlaces(slice);
    }

    /// <summary>Of where the blocks stand: numbers of blocks mean something only with it.</summary>
    internal static uint ChecksumOfPlaces(SliceBlocks slice)
    {
        var checksum = 0u;
        Span<byte> place = stackalloc byte[8];
        for (var i = 0; i < slice.Count; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(place, slice[i].Offset);
            checksum = Checksum.Then(checksum, place);
        }
        return checksum;
    }

    /// <summary>Numbers of the blocks that may hold what a scan asks for, the newest first; null when that cannot be said here, and each block has to be asked.</summary>
    public IReadOnlyCollection<int>? BlocksFor(SpanScan scan)
    {
        if (_isDamaged) return null;
        if (scan.TraceId is { } id) return BlocksOf([id]);
        return scan.TraceIds is { Count: <= MaxIdsAsked } ids ? BlocksOf(ids) : null;
    }

    SortedSet<int>? BlocksOf(IReadOnlyList<TraceId> ids)
    {
        var blocks = new SortedSet<int>(NewestFirst);
        try
        {
            foreach (var id in ids)
                if (!Ask(StableHash.OfTrace(id.Low), blocks)) return null;
            return blocks;
        }
        catch (StoreUnavailableException)
        {
            return null; // The blocks themselves may still be readable, and say so if not.
        }
    }

    static readonly Comparer<int> NewestFirst = Comparer<int>.Create(static (left, right) => right.CompareTo(left));

    /// <summary>False when it is damaged.</summary>
    bool Ask(ulong hash, SortedSet<int> into)
    {
        Span<byte> entries = stackalloc byte[2 * DirectoryEntryBytes];
        if (BlockReader.ReadFile(_file, HeaderBytes + BucketOf(hash, _bucketBits) * (long)DirectoryEntryBytes, entries) < entries.Length) return Damaged();
        var first = BinaryPrimitives.ReadUInt32LittleEndian(entries);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(entries[DirectoryEntryBytes..]) - (long)first;
        if (count is < 0 or > MaxBucketPairs) return Damaged();
        var pairs = count * PairBytes <= 8192 ? stackalloc byte[(int)count * PairBytes] : new byte[count * PairBytes];
        if (BlockReader.ReadFile(_file, PairsBegin(_bucketBits) + first * (long)PairBytes, pairs) < pairs.Length) return Damaged();
        if (Checksum.Of(pairs) != BinaryPrimitives.ReadUInt32LittleEndian(entries[4..])) return Damaged();
        var key = KeyOf(hash, _bucketBits);
        for (; pairs.Length > 0; pairs = pairs[PairBytes..])
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(pairs) != key) continue;
            var block = BinaryPrimitives.ReadUInt16LittleEndian(pairs[4..]);
            if (block >= _blockCount) return Damaged();
            into.Add(block);
        }
        return true;
    }

    bool Damaged()
    {
        _isDamaged = true;
        return false;
    }

    /// <summary>The bucket is the hash's first bits, the key the 32 after them.</summary>
    internal static long BucketOf(ulong hash, int bucketBits) => bucketBits == 0 ? 0 : (long)(hash >> (64 - bucketBits));

    /// <inheritdoc cref="BucketOf"/>
    internal static uint KeyOf(ulong hash, int bucketBits) => unchecked((uint)(hash >> (32 - bucketBits)));

    /// <summary>Behind the directory, which has one entry more than there are buckets.</summary>
    internal static long PairsBegin(int bucketBits) => HeaderBytes + ((1L << bucketBits) + 1) * DirectoryEntryBytes;

    /// <summary>After this it can be asked no more.</summary>
    internal void Close() => _file.Dispose();
}
