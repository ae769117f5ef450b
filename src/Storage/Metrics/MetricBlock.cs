using Apm.Core.Metrics;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics;

/// <summary>A block in a file: immutable, read by any thread.</summary>
sealed class MetricBlock(StoreFile file, long offset, MetricBlockHeader header)
{
    public long Offset { get; } = offset;

    public MetricBlockHeader Header { get; } = header;

    public long EndOffset => Offset + Header.ByteCount;

    /// <exception cref="BlockDamagedException">It is not what was written.</exception>
    public BlockDirectory ReadDirectory(Func<SeriesKey, SeriesKey> canonical)
    {
        var bytes = new byte[Header.DirectoryBytes];
        if (file.Read(Offset + MetricBlockHeader.Bytes + Header.DataBytes, bytes) < bytes.Length) throw new BlockDamagedException("A block is cut short.");
        return BlockDirectory.Decode(bytes, Header.SeriesCount, canonical);
    }

    /// <summary>Reads chunks; fewer bytes than asked for are zeros, which no checksum fits.</summary>
    public byte[] ReadData(long from, long to)
    {
        var bytes = new byte[to - from];
        file.Read(Offset + MetricBlockHeader.Bytes + from, bytes);
        return bytes;
    }

    /// <summary>Whether all of it is as it was written.</summary>
    public bool IsWhole()
    {
        var buffer = new byte[Math.Min(1 << 20, Header.DataBytes + Header.DirectoryBytes)];
        var checksum = Checksum.Of([]);
        for (var at = Offset + MetricBlockHeader.Bytes; at < EndOffset;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, EndOffset - at));
            if (file.Read(at, part) < part.Length) return false;
            checksum = Checksum.Then(checksum, part);
            at += part.Length;
        }
        return checksum == Header.BodyChecksum;
    }
}
