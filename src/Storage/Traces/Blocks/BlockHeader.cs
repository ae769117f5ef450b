using System.Text;
using Apm.Core.Ports;
using Apm.Storage.Files;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// The beginning of a block:
/// <code>
/// prefix   magic, version, content, header bytes, body bytes, header checksum, 0, 0, prefix checksum
/// header   catalogue entry, services, list of parts
/// body     the parts, one after the other; then zeros up to the next multiple of 8
/// </code>
/// </summary>
public sealed class BlockHeader
{
    static readonly byte[] Padding = new byte[BlockFormat.Alignment];

    BlockHeader(BlockInfo info, IReadOnlyList<Section> sections)
    {
        Info = info;
        Sections = sections;
    }

    public BlockInfo Info { get; }

    /// <summary>Offsets are from the block's first byte.</summary>
    public IReadOnlyList<Section> Sections { get; }

    internal static EncodedBlock Write(BlockInfo info, SectionWriter sections, ByteWriter to, BloomFilter traceFilter)
    {
        to.Clear();
        to.Advance(to.Free(BlockFormat.PrefixBytes)[..BlockFormat.PrefixBytes].Length);
        to.Int64(info.CoveredUpTo.Number);
        to.Int64(info.WrittenUnixNanos);
        to.Int64(info.StartUnixNanosMin);
        to.Int64(info.StartUnixNanosMax);
        to.Int64(info.DurationNanosMin);
        to.Int64(info.DurationNanosMax);
        to.Varint(info.SpanCount);
        to.Varint(info.TraceCount);
        to.Varint(info.Services is null ? 0 : info.Services.Count + 1);
        foreach (var service in info.Services ?? [])
        {
            to.Varint(Encoding.UTF8.GetByteCount(service));
            to.Bytes(Encoding.UTF8.GetBytes(service));
        }
        to.Varint(sections.Sections.Count);
        foreach (var section in sections.Sections)
        {
            to.Varint((int)section.Kind);
            to.Varint(section.Key);
            to.Varint(section.ValueCount);
            to.Byte(section.IsCompressed ? (byte)1 : (byte)0);
            to.Varint(section.StoredBytes);
            to.Varint(section.RawBytes);
            to.UInt32(section.Checksum);
        }

        var prefix = new ByteWriter(BlockFormat.PrefixBytes);
        prefix.UInt32(BlockFormat.Magic);
        prefix.UInt16(BlockFormat.Version);
        prefix.UInt16((ushort)info.Content);
        prefix.UInt32((uint)(to.Count - BlockFormat.PrefixBytes));
        prefix.UInt32((uint)sections.Body.Count);
        prefix.UInt32(Checksum.Of(to.Written[BlockFormat.PrefixBytes..]));
        prefix.UInt64(0);
        prefix.UInt32(Checksum.Of(prefix.Written));

        var whole = Padded(to.Count + sections.Body.Count);
        var padding = Padding.AsMemory(0, (int)(whole - to.Count - sections.Body.Count));
        return new EncodedBlock(
            info with { ByteCount = (int)whole, HeaderBytes = to.Count },
            traceFilter,
            [prefix.WrittenMemory, to.WrittenMemory[BlockFormat.PrefixBytes..], sections.Body.WrittenMemory, padding]);
    }

    /// <summary>Reads the prefix alone: how long the header is, and the whole block.</summary>
    /// <returns>False when no block begins here, or its prefix is damaged.</returns>
    /// <exception cref="BlockVersionException">It is of a version we do not know.</exception>
    public static bool TryReadPrefix(ReadOnlySpan<byte> bytes, out int headerBytes, out long byteCount)
    {
        (headerBytes, byteCount) = (0, 0);
        if (bytes.Length < BlockFormat.PrefixBytes) return false;
        var reader = new ByteReader(bytes[..BlockFormat.PrefixBytes]);
        if (reader.UInt32() != BlockFormat.Magic) return false;
        if (Checksum.Of(bytes[..(BlockFormat.PrefixBytes - 4)]) != new ByteReader(bytes[(BlockFormat.PrefixBytes - 4)..]).UInt32()) return false;
        var version = reader.UInt16();
        if (version is 0 or > BlockFormat.Version)
            throw new BlockVersionException($"A block is of version {version}; this program reads up to {BlockFormat.Version}. Use the newer program that wrote it.");
        reader.UInt16();
        var header = BlockFormat.PrefixBytes + (long)reader.UInt32();
        byteCount = Padded(header + reader.UInt32());
        if (byteCount > int.MaxValue) return false;
        headerBytes = (int)header;
        return true;
    }

    /// <summary>Reads prefix and header.</summary>
    /// <param name="bytes">At least both of them.</param>
    /// <exception cref="BlockDamagedException">They are not what was written.</exception>
    public static BlockHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (!TryReadPrefix(bytes, out var headerBytes, out var byteCount)) throw new BlockDamagedException("The beginning of a block is damaged.");
        if (bytes.Length < headerBytes) throw new BlockDamagedException("The header of a block is cut short.");
        var header = bytes[BlockFormat.PrefixBytes..headerBytes];
        if (Checksum.Of(header) != new ByteReader(bytes[16..]).UInt32()) throw new BlockDamagedException("The header of a block does not match its checksum.");

        var reader = new ByteReader(header);
        var coveredUpTo = new LogPosition(reader.Int64());
        var written = reader.Int64();
        var (startMin, startMax) = (reader.Int64(), reader.Int64());
        var (durationMin, durationMax) = (reader.Int64(), reader.Int64());
        var info = new BlockInfo
        {
            CoveredUpTo = coveredUpTo,
            WrittenUnixNanos = written,
            StartUnixNanosMin = startMin,
            StartUnixNanosMax = startMax,
            DurationNanosMin = durationMin,
            DurationNanosMax = durationMax,
            SpanCount = reader.VarintInt(BlockFormat.MaxSectionBytes),
            TraceCount = reader.VarintInt(BlockFormat.MaxSectionBytes),
            Services = ReadServices(ref reader),
            Content = (BlockContent)new ByteReader(bytes[6..]).UInt16(),
            ByteCount = (int)byteCount,
            HeaderBytes = headerBytes,
        };
        return new BlockHeader(info, ReadSections(ref reader, headerBytes, byteCount));
    }

    static string[]? ReadServices(ref ByteReader reader)
    {
        var count = reader.VarintInt(BlockFormat.MaxServicesNamed + 1) - 1;
        if (count < 0) return null;
        var services = new string[count];
        for (var i = 0; i < count; i++) services[i] = string.Intern(Encoding.UTF8.GetString(reader.Bytes(reader.VarintInt(BlockFormat.MaxServiceBytes))));
        return services;
    }

    static Section[] ReadSections(ref ByteReader reader, int headerBytes, long byteCount)
    {
        var sections = new Section[reader.VarintInt(reader.Left)];
        var offset = headerBytes;
        for (var i = 0; i < sections.Length; i++)
        {
            var kind = (SectionKind)reader.VarintInt(int.MaxValue);
            var key = reader.VarintInt(BlockFormat.MaxSectionBytes);
            var valueCount = reader.VarintInt(BlockFormat.MaxSectionBytes);
            var isCompressed = reader.Byte() != 0;
            var stored = reader.VarintInt(BlockFormat.MaxSectionBytes);
            var raw = reader.VarintInt(BlockFormat.MaxSectionBytes);
            sections[i] = new Section(kind, key, valueCount, isCompressed, offset, stored, raw, reader.UInt32());
            if (offset + (long)stored > byteCount) throw new BlockDamagedException("A part of a block lies behind its end.");
            offset += stored;
        }
        return sections;
    }

    static long Padded(long bytes) => (bytes + BlockFormat.Alignment - 1) / BlockFormat.Alignment * BlockFormat.Alignment;
}
