using System.Buffers.Binary;
using System.Globalization;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Storage.Files;

namespace Apm.Storage.Stats;

/// <summary>
/// The bytes of one hour's file, as <c>docs/formats/stats-segment.md</c> says: a header, then records of one bucket each.
/// </summary>
static class StatsSegment
{
    public const long HourNanos = 3_600 * UnixTime.NanosPerSecond;
    public const long MinuteNanos = 60 * UnixTime.NanosPerSecond;
    public const int HeaderBytes = 28;
    public const int Version = 1;
    const int RecordHeaderBytes = 8;
    const string NameFormat = "yyyy-MM-ddTHH";

    /// <summary>Widths that are kept, finest first.</summary>
    public static IReadOnlyList<long> WidthsNanos { get; } = [StatsBucket.CountedWidthNanos, MinuteNanos, HourNanos];

    /// <summary>Such as <c>2026-11-25T17.s10</c>; hours are UTC.</summary>
    public static string NameOf(long hourUnixNanos, long widthNanos) =>
        UnixTime.ToDateTime(hourUnixNanos).ToString(NameFormat, CultureInfo.InvariantCulture) + ExtensionOf(widthNanos);

    /// <summary>Hour and width that a file name says; null when it is none of ours.</summary>
    public static (long HourUnixNanos, long WidthNanos)? Parse(string name)
    {
        foreach (var width in WidthsNanos)
        {
            if (Path.GetExtension(name) == ExtensionOf(width)
                && DateTimeOffset.TryParseExact(Path.GetFileNameWithoutExtension(name), NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hour))
                return (hour.ToUnixNanos(), width);
        }
        return null;
    }

    static string ExtensionOf(long widthNanos) => widthNanos switch
    {
        HourNanos => ".h1",
        MinuteNanos => ".m1",
        _ => ".s10",
    };

    public static byte[] Header(long hourUnixNanos, long widthNanos)
    {
        var header = new byte[HeaderBytes];
        "APMS"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), hourUnixNanos);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), widthNanos);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), Checksum.Of(header.AsSpan(0, 24)));
        return header;
    }

    public static void WriteRecord(StatsByteWriter into, ReadOnlySpan<byte> payload)
    {
        into.WriteUInt32((uint)payload.Length);
        into.WriteUInt32(Checksum.Of(payload));
        into.WriteRaw(payload);
    }

    /// <summary>The good buckets of a file.</summary>
    /// <param name="isDamaged">Something could not be read and is missing.</param>
    public static List<StoredBucket> ReadBuckets(ReadOnlySpan<byte> file, long hourUnixNanos, long widthNanos, StatsKeyPool keys, out bool isDamaged)
    {
        isDamaged = file.Length < HeaderBytes || !file[..HeaderBytes].SequenceEqual(Header(hourUnixNanos, widthNanos));
        var buckets = new List<StoredBucket>();
        for (var at = HeaderBytes; at < file.Length;)
        {
            var length = at + RecordHeaderBytes <= file.Length ? BinaryPrimitives.ReadUInt32LittleEndian(file[at..]) : uint.MaxValue;
            if (length > file.Length - at - RecordHeaderBytes)
            {
                isDamaged = true;
                break;
            }
            var payload = file.Slice(at + RecordHeaderBytes, (int)length);
            if (TryReadBucket(payload, BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]), keys) is { } bucket) buckets.Add(bucket);
            else isDamaged = true; // The next record may be good again.
            at += RecordHeaderBytes + (int)length;
        }
        return buckets;
    }

    static StoredBucket? TryReadBucket(ReadOnlySpan<byte> payload, uint checksum, StatsKeyPool keys)
    {
        if (checksum != Checksum.Of(payload)) return null;
        try
        {
            return new StoredBucket(payload.ToArray(), keys);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
