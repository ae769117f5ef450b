using System.Buffers.Binary;
using Apm.Core.Metrics;
using Apm.Storage.Files;
using Apm.Storage.Metrics.Chunks;
using Apm.Storage.Traces.Blocks;
using ZstdSharp;

namespace Apm.Storage.Metrics;

/// <summary>Which series a block has, by metric and tags, and where their chunks are.</summary>
/// <remarks>Immutable.</remarks>
sealed class BlockDirectory
{
    readonly SeriesKey[] _keys;
    readonly MetricType[] _types;
    readonly int[] _intervalSeconds;
    readonly int[] _lastSeconds;
    readonly uint[] _checksums;
    readonly long[] _starts;

    BlockDirectory(int count)
    {
        (_keys, _types, _intervalSeconds, _lastSeconds, _checksums, _starts) = (new SeriesKey[count], new MetricType[count], new int[count], new int[count], new uint[count], new long[count + 1]);
    }

    /// <summary>Bounds what is unpacked.</summary>
    const int DirectoryCeiling = 1 << 30;

    public int Count => _keys.Length;

    /// <summary>About what it takes in memory, for names that nobody else holds.</summary>
    public long MemoryBytes => 200 + Count * 350L;

    public SeriesKey KeyAt(int index) => _keys[index];

    public MetricType TypeAt(int index) => _types[index];

    public int IntervalSecondsAt(int index) => _intervalSeconds[index];

    /// <summary>Time of the newest point, in seconds of the day.</summary>
    public int LastSecondAt(int index) => _lastSeconds[index];

    public uint ChecksumAt(int index) => _checksums[index];

    /// <summary>Where the chunks of a series begin, from the first chunk of the block; those of the series at <see cref="Count"/> would begin where the chunks end.</summary>
    public long StartAt(int index) => _starts[index];

    /// <summary>The series of a metric stand together: the first, and the one behind the last.</summary>
    public (int From, int To) RangeOf(string metric)
    {
        var from = FirstNotBefore(metric, isBehind: false);
        return (from, FirstNotBefore(metric, isBehind: true));
    }

    int FirstNotBefore(string metric, bool isBehind)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = string.CompareOrdinal(_keys[middle].Metric, metric);
            if (order < 0 || (isBehind && order == 0)) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    /// <param name="canonical">Gives the instance of a name that others hold already, or the name itself.</param>
    /// <exception cref="BlockDamagedException">The bytes are no directory.</exception>
    public static BlockDirectory Decode(ReadOnlySpan<byte> stored, int count, Func<SeriesKey, SeriesKey> canonical)
    {
        var outer = new ByteReader(stored);
        if (outer.UInt32() != Checksum.Of(stored[sizeof(uint)..])) throw new BlockDamagedException("The directory of a block is not what was written.");
        var raw = new byte[outer.VarintInt(DirectoryCeiling)];
        Unpack(outer.Bytes(outer.Left), raw);
        var reader = new ByteReader(raw);
        if (count > raw.Length) throw new BlockDamagedException("The directory of a block is too short for its series.");
        var directory = new BlockDirectory(count);
        for (var i = 0; i < count; i++)
        {
            directory._keys[i] = canonical(SeriesKeyBytes.Decode(reader.Bytes(reader.VarintInt(reader.Left))));
            directory._types[i] = (MetricType)reader.Byte();
            directory._intervalSeconds[i] = reader.VarintInt(int.MaxValue);
            directory._lastSeconds[i] = reader.VarintInt(MetricDay.Seconds);
            directory._starts[i + 1] = directory._starts[i] + reader.VarintInt(int.MaxValue);
            directory._checksums[i] = reader.UInt32();
        }
        return directory;
    }

    static void Unpack(ReadOnlySpan<byte> packed, byte[] into)
    {
        try
        {
            using var zstd = new Decompressor();
            if (zstd.Unwrap(packed, into) == into.Length) return;
        }
        catch (ZstdException failure)
        {
            throw new BlockDamagedException($"The directory of a block cannot be unpacked: {failure.Message}");
        }
        throw new BlockDamagedException("The directory of a block is shorter than it says.");
    }

    /// <summary>Adds a series to the bytes that <see cref="Pack"/> packs.</summary>
    public static void WriteEntry(ByteWriter into, ReadOnlySpan<byte> keyBytes, MetricType type, int intervalSeconds, int lastSecond, int dataBytes, uint checksum)
    {
        into.Varint(keyBytes.Length);
        into.Bytes(keyBytes);
        into.Byte((byte)type);
        into.Varint(intervalSeconds);
        into.Varint(lastSecond);
        into.Varint(dataBytes);
        into.UInt32(checksum);
    }

    public static byte[] Pack(ReadOnlySpan<byte> entries)
    {
        var packed = new ByteWriter(64 + entries.Length / 4);
        packed.UInt32(0);
        packed.Varint(entries.Length);
        using var zstd = new Compressor(ZstdLevel);
        packed.Bytes(zstd.Wrap(entries));
        var bytes = packed.Written.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Checksum.Of(bytes.AsSpan(sizeof(uint))));
        return bytes;
    }

    const int ZstdLevel = 3;
}
