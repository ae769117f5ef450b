using System.Buffers.Binary;
using System.Globalization;
using Apm.Storage.Files;

namespace Apm.Storage.Log;

/// <summary>
/// The bytes of one segment, as <c>docs/formats/payload-log.md</c> says:
/// <code>
/// header   "APML", version, number of the first record, checksum
/// records  length, checksum, number, bytes
/// zeros    reserved and not yet written
/// </code>
/// </summary>
static class LogSegment
{
    public const int HeaderBytes = 20;
    public const int RecordHeaderBytes = 16;
    public const int Version = 1;
    public const string Extension = ".log";

    public static string NameOf(long firstNumber) => firstNumber.ToString("D20", CultureInfo.InvariantCulture) + Extension;

    /// <summary>The first number that a file name says; null when it is no segment's.</summary>
    public static long? FirstNumberOf(string name) =>
        name.Length == 20 + Extension.Length && name.EndsWith(Extension, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static byte[] Header(long firstNumber)
    {
        var header = new byte[HeaderBytes];
        "APML"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), firstNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), Checksum.Of(header.AsSpan(0, 16)));
        return header;
    }

    /// <param name="bytesChecksum">Checksum of the record's bytes.</param>
    public static void WriteRecordHeader(Span<byte> into, int length, uint bytesChecksum, long number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(into, length);
        BinaryPrimitives.WriteInt64LittleEndian(into[8..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(into[4..], ChecksumOf(into, bytesChecksum));
    }

    /// <summary>Finds the records of a segment, and whether anything is wrong with it.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="firstNumber">From the file's name.</param>
    /// <param name="nextFirstNumber">First number of the next segment: records from there on were taken back. Max value for the last.</param>
    public static LogSegmentContent Parse(ReadOnlyMemory<byte> bytes, long firstNumber, long nextFirstNumber)
    {
        var span = bytes.Span;
        var records = new List<LogSegmentRecord>();
        var headerIsGood = span.Length >= HeaderBytes && span[..HeaderBytes].SequenceEqual(Header(firstNumber));
        if (!headerIsGood && IsOfNewerVersion(span))
            throw new NotSupportedException($"The log segment {NameOf(firstNumber)} was written by a newer version of Apm. Start that version, or move the file away.");

        var last = firstNumber - 1;
        var at = HeaderBytes;
        var end = at;
        var hasHole = false;
        var badBytes = headerIsGood ? 0L : Math.Min(span.Length, HeaderBytes);
        while (at + RecordHeaderBytes <= span.Length)
        {
            if (TryReadRecord(span, at, last, nextFirstNumber, out var record))
            {
                records.Add(record);
                last = record.Number;
                at = end = record.Offset + record.Length;
                continue;
            }
            // Not a record. Zeros to the end are what was reserved; anything else is damage, and records may follow it.
            var next = span[at..].IndexOfAnyExcept((byte)0);
            if (next < 0) break;
            var found = FindRecord(span, at + 1, last, nextFirstNumber);
            if (found < 0)
            {
                badBytes += span.Length - at;
                break;
            }
            badBytes += found - at;
            at = found;
            hasHole = true;
        }
        return new LogSegmentContent(bytes, records, end, badBytes, hasHole || (!headerIsGood && records.Count > 0));
    }

    static bool IsOfNewerVersion(ReadOnlySpan<byte> span) =>
        span.Length >= HeaderBytes && span[..4].SequenceEqual("APML"u8) && BinaryPrimitives.ReadInt32LittleEndian(span[4..]) > Version
        && BinaryPrimitives.ReadUInt32LittleEndian(span[16..]) == Checksum.Of(span[..16]); // Else it is damage.

    static bool TryReadRecord(ReadOnlySpan<byte> span, int at, long last, long nextFirstNumber, out LogSegmentRecord record)
    {
        record = default;
        var header = span.Slice(at, RecordHeaderBytes);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        var number = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
        if (number <= last || number >= nextFirstNumber || length < 0 || length > span.Length - at - RecordHeaderBytes) return false;
        var checksum = ChecksumOf(header, Checksum.Of(span.Slice(at + RecordHeaderBytes, length)));
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != checksum) return false;
        record = new LogSegmentRecord(number, at + RecordHeaderBytes, length);
        return true;
    }

    static int FindRecord(ReadOnlySpan<byte> span, int from, long last, long nextFirstNumber)
    {
        // A number close behind the last one is a strong sign, and keeps a search through garbage from checking each length.
        var numberLimit = Math.Min(nextFirstNumber, last > long.MaxValue - MaxNumbersLost ? long.MaxValue : last + MaxNumbersLost);
        for (var at = from; at + RecordHeaderBytes <= span.Length; at++)
        {
            var number = BinaryPrimitives.ReadInt64LittleEndian(span[(at + 8)..]);
            if (number > last && number < numberLimit && TryReadRecord(span, at, last, numberLimit, out _)) return at;
        }
        return -1;
    }

    const long MaxNumbersLost = 1 << 24;

    /// <summary>Covers bytes, length and number.</summary>
    static uint ChecksumOf(ReadOnlySpan<byte> recordHeader, uint bytesChecksum) =>
        Checksum.Then(Checksum.Then(bytesChecksum, recordHeader[..4]), recordHeader.Slice(8, 8));
}

/// <summary>A good record in a segment's bytes.</summary>
readonly record struct LogSegmentRecord(long Number, int Offset, int Length);

/// <summary>What a segment holds.</summary>
/// <param name="EndOffset">Behind the last good record.</param>
/// <param name="BadByteCount">Bytes that are neither records nor reserved zeros.</param>
/// <param name="HasHole">Good records stand behind bad bytes: damage, not a torn tail.</param>
sealed record LogSegmentContent(ReadOnlyMemory<byte> Bytes, IReadOnlyList<LogSegmentRecord> Records, int EndOffset, long BadByteCount, bool HasHole);
