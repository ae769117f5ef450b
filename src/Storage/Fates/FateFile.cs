using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Storage.Files;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Fates;

/// <summary>One filter over trace ids that met the same fate in the same hour.</summary>
/// <param name="Capacity">Ids it is meant for; a full one is followed by a larger one.</param>
sealed record FateFilter(FateKind Kind, string Reason, long FromUnixNanos, int Capacity, BloomFilter Bits)
{
    public int Count { get; set; }

    /// <summary>Traces entered for each that it was made for; above 1 it is wrong more often.</summary>
    public double Fullness => (double)Count / Math.Max(1, Capacity);

    /// <summary>How probably it says yes to an id that it never saw, from the share of bits that are set.</summary>
    public double WrongOdds()
    {
        var words = MemoryMarshal.Cast<byte, ulong>(Bits.Bytes);
        var set = 0L;
        foreach (var word in words) set += BitOperations.PopCount(word);
        return Math.Pow(set / (64.0 * words.Length), 8);
    }
}

/// <summary>The bytes of a file of fates, as <c>docs/formats/fates.md</c> says.</summary>
static class FateFile
{
    public const string Extension = ".fates";
    const int HeaderBytes = 8;
    const int RecordHeaderBytes = 8;
    const int FixedBytes = 19;
    const uint Version = 1;
    const string NameFormat = "yyyy-MM-ddTHH";

    /// <summary>Names sort by time.</summary>
    public static string NameOf(long unixNanos, string suffix = "") => UnixTime.ToDateTime(unixNanos).ToString(NameFormat, CultureInfo.InvariantCulture) + suffix + Extension;

    /// <summary>The hour that a name says; null when it is none of ours.</summary>
    public static long? HourOf(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal) && name.Length > 13
        && DateTimeOffset.TryParseExact(name.AsSpan(0, 13), NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hour) ? hour.ToUnixNanos() : null;

    public static byte[] Encode(IEnumerable<FateFilter> filters)
    {
        using var bytes = new MemoryStream();
        Span<byte> head = stackalloc byte[HeaderBytes];
        "APMF"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Version);
        bytes.Write(head);
        foreach (var filter in filters)
        {
            var reason = Encoding.UTF8.GetBytes(filter.Reason);
            var payload = new byte[FixedBytes + reason.Length + filter.Bits.ByteCount];
            payload[0] = (byte)filter.Kind;
            BinaryPrimitives.WriteInt64LittleEndian(payload.AsSpan(1), filter.FromUnixNanos);
            BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(9), filter.Capacity);
            BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(13), filter.Count);
            BinaryPrimitives.WriteUInt16LittleEndian(payload.AsSpan(17), (ushort)reason.Length);
            reason.CopyTo(payload, FixedBytes);
            filter.Bits.Bytes.CopyTo(payload.AsSpan(FixedBytes + reason.Length));
            BinaryPrimitives.WriteInt32LittleEndian(head, payload.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Checksum.Of(payload));
            bytes.Write(head);
            bytes.Write(payload);
        }
        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not such a file, or damaged.</exception>
    public static List<FateFilter> Decode(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes || !file[..4].SequenceEqual("APMF"u8)) throw new InvalidDataException("it is not a file of fates");
        if (BinaryPrimitives.ReadUInt32LittleEndian(file[4..]) > Version) throw new InvalidDataException("it was written by a newer version of Apm");
        var filters = new List<FateFilter>();
        for (var at = HeaderBytes; at < file.Length;)
        {
            var length = at + RecordHeaderBytes <= file.Length ? BinaryPrimitives.ReadInt32LittleEndian(file[at..]) : -1;
            if (length < FixedBytes || length > file.Length - at - RecordHeaderBytes) throw new InvalidDataException($"it ends within a record at byte {at}");
            var payload = file.Slice(at + RecordHeaderBytes, length);
            if (BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]) != Checksum.Of(payload)) throw new InvalidDataException($"the checksum of the record at byte {at} is wrong");
            var reason = BinaryPrimitives.ReadUInt16LittleEndian(payload[17..]);
            if (reason > length - FixedBytes) throw new InvalidDataException($"the record at byte {at} is damaged");
            filters.Add(Filter(payload, reason, at));
            at += RecordHeaderBytes + length;
        }
        return filters;
    }

    static FateFilter Filter(ReadOnlySpan<byte> payload, int reasonBytes, int at)
    {
        try
        {
            var bits = BloomFilter.FromBytes(payload[(FixedBytes + reasonBytes)..]);
            return new FateFilter((FateKind)payload[0], Encoding.UTF8.GetString(payload.Slice(FixedBytes, reasonBytes)), BinaryPrimitives.ReadInt64LittleEndian(payload[1..]), BinaryPrimitives.ReadInt32LittleEndian(payload[9..]), bits)
            {
                Count = BinaryPrimitives.ReadInt32LittleEndian(payload[13..]),
            };
        }
        catch (BlockDamagedException damage)
        {
            throw new InvalidDataException($"the filter at byte {at} is damaged: {damage.Message}", damage);
        }
    }
}
