using System.Buffers.Binary;
using Apm.Storage.Files;

namespace Apm.Storage.Metrics;

/// <summary>The 64 bytes before a block (docs/formats/metrics.md): behind them the chunks, then the directory.</summary>
/// <param name="DataBytes">Of all chunks.</param>
/// <param name="DirectoryBytes">As stored.</param>
/// <param name="Covered">Number of the newest record of the log whose points of this day are in this block or in one before.</param>
/// <param name="AllCovered">Up to this record everything was in files, of whatever day, when the block was begun.</param>
/// <param name="FirstUnixSeconds">Of the oldest point.</param>
/// <param name="LastUnixSeconds">Of the newest point.</param>
/// <param name="BodyChecksum">Of chunks and directory.</param>
readonly record struct MetricBlockHeader(
    long DataBytes, int DirectoryBytes, int SeriesCount, long Covered, long AllCovered, long FirstUnixSeconds, long LastUnixSeconds, uint BodyChecksum)
{
    public const int Bytes = 64;
    public const uint Magic = 0x4D4D5041; // "APMM"
    const uint Version = 1;

    /// <summary>Of the whole block.</summary>
    public long ByteCount => Bytes + DataBytes + DirectoryBytes;

    public byte[] Encode()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), DataBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), DirectoryBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), SeriesCount);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), Covered);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), AllCovered);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(40), FirstUnixSeconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(48), LastUnixSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(56), BodyChecksum);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Checksum.Of(bytes.AsSpan(0, 60)));
        return bytes;
    }

    /// <summary>Null when these are not the bytes of a header.</summary>
    /// <exception cref="NotSupportedException">It is whole and of a newer version.</exception>
    public static MetricBlockHeader? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic || BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]) != Checksum.Of(bytes[..60])) return null;
        var version = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (version > Version) throw new NotSupportedException($"it has blocks of version {version}, and this program reads version {Version}");
        return new MetricBlockHeader(
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]));
    }
}
