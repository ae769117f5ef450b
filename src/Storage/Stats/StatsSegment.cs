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
            if (TryReadRecord(file, at, keys, out var end) is { } bucket)
            {
                if (bucket.WidthNanos == widthNanos) buckets.Add(bucket);
                at = end;
                continue;
            }
            isDamaged = true;
            at = FindRecord(file, at + 1, hourUnixNanos, widthNanos);
        }
        return buckets;
    }

    static StoredBucket? TryReadRecord(ReadOnlySpan<byte> file, int at, StatsKeyPool keys, out int end)
    {
        end = at;
        if (at + RecordHeaderBytes > file.Length) return null;
        var length = BinaryPrimitives.ReadUInt32LittleEndian(file[at..]);
        if (length > file.Length - at - RecordHeaderBytes) return null;
        end = at + RecordHeaderBytes + (int)length;
        return TryReadBucket(file[(at + RecordHeaderBytes)..end], BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..]), keys);
    }

    /// <summary>The next place behind damage where a record of this hour may begin; the file's end when there is none.</summary>
    static int FindRecord(ReadOnlySpan<byte> file, int from, long hourUnixNanos, long widthNanos)
    {
        for (var at = from; at + RecordHeaderBytes < file.Length; at++)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(file[at..]);
            if (length is < 3 || length > file.Length - at - RecordHeaderBytes) continue;
            if (BeginsBucket(file.Slice(at + RecordHeaderBytes, (int)length), hourUnixNanos, widthNanos)) return at;
        }
        return file.Length;
    }

    /// <summary>Start and width are as they should be: enough to look at the checksum, which costs more.</summary>
    static bool BeginsBucket(ReadOnlySpan<byte> payload, long hourUnixNanos, long widthNanos)
    {
        try
        {
            var reader = new StatsByteReader(payload);
            var start = reader.ReadSigned();
            return start >= hourUnixNanos && start - hourUnixNanos < HourNanos && reader.ReadSigned() == widthNanos;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    static StoredBucket? TryReadBucket(ReadOnlySpan<byte> payload, uint checksum, StatsKeyPool keys)
    {
        if (payload.Length == 0 || checksum != Checksum.Of(payload)) return null;
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
