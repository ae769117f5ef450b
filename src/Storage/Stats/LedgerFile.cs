using System.Buffers.Binary;
using System.Globalization;
using Apm.Core.Ledger;
using Apm.Core.Time;
using Apm.Storage.Files;

namespace Apm.Storage.Stats;

/// <summary>The bytes of one hour of the ledger, as <c>docs/formats/ledger.md</c> says: a header, then records of one page each.</summary>
static class LedgerFile
{
    public const int HeaderBytes = 28;
    const int Version = 1;
    const int RecordHeaderBytes = 8;
    const string NameFormat = "yyyy-MM-ddTHH";

    /// <summary>Such as <c>2026-11-25T17.lm</c>; hours are UTC.</summary>
    public static string NameOf(long hourUnixNanos, long widthNanos) =>
        UnixTime.ToDateTime(hourUnixNanos).ToString(NameFormat, CultureInfo.InvariantCulture) + (widthNanos == LedgerPage.HourNanos ? ".lh" : ".lm");

    /// <summary>Hour and width that a file name says; null when it is none of ours.</summary>
    public static (long HourUnixNanos, long WidthNanos)? Parse(string name)
    {
        var extension = Path.GetExtension(name);
        if (extension is not (".lm" or ".lh")) return null;
        if (!DateTimeOffset.TryParseExact(Path.GetFileNameWithoutExtension(name), NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hour)) return null;
        return (hour.ToUnixNanos(), extension == ".lh" ? LedgerPage.HourNanos : LedgerPage.MinuteNanos);
    }

    public static byte[] Header(long hourUnixNanos, long widthNanos)
    {
        var header = new byte[HeaderBytes];
        "APML"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), hourUnixNanos);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), widthNanos);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), Checksum.Of(header.AsSpan(0, 24)));
        return header;
    }

    public static void WriteRecord(StatsByteWriter into, LedgerPage page) => StatsSegment.WriteRecord(into, Encode(page));

    public static byte[] Encode(LedgerPage page)
    {
        var texts = new Dictionary<string, int>(StringComparer.Ordinal);
        var entries = new StatsByteWriter();
        entries.WriteVarint((ulong)page.Entries.Count);
        foreach (var (key, count) in page.Entries)
        {
            WriteText(entries, key.Service, texts);
            entries.WriteVarint((ulong)key.Outcome);
            WriteText(entries, key.Reason, texts);
            entries.WriteVarint((ulong)count.SpanCount);
            entries.WriteVarint((ulong)count.PayloadCount);
        }
        var bytes = new StatsByteWriter();
        bytes.WriteSigned(page.StartUnixNanos);
        bytes.WriteSigned(page.WidthNanos);
        bytes.WriteVarint((ulong)texts.Count);
        foreach (var text in texts.Keys) bytes.WriteText(text); // A dictionary that only grows keeps the order of its entries.
        bytes.WriteRaw(entries.Written);
        return bytes.Written.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are no page.</exception>
    public static LedgerPage Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new StatsByteReader(payload);
        var page = new LedgerPage(reader.ReadSigned(), reader.ReadSigned());
        var texts = new string[reader.ReadNumberOf(leastBytesEach: 1)];
        for (var i = 0; i < texts.Length; i++) texts[i] = reader.ReadText();
        for (var left = reader.ReadNumberOf(leastBytesEach: 5); left > 0; left--)
        {
            var service = ReadText(ref reader, texts);
            var outcome = reader.ReadVarint();
            if (outcome > (ulong)SpanOutcome.Dropped) throw reader.Broken();
            var key = new LedgerKey(service, (SpanOutcome)outcome, ReadText(ref reader, texts));
            page.Add(key, new LedgerCount(ReadCount(ref reader), ReadCount(ref reader)));
        }
        return reader.AtEnd ? page : throw reader.Broken();
    }

    /// <summary>The good pages of a file.</summary>
    /// <param name="isDamaged">Something could not be read and is missing.</param>
    public static List<LedgerPage> ReadPages(ReadOnlySpan<byte> file, long hourUnixNanos, long widthNanos, out bool isDamaged)
    {
        isDamaged = file.Length < HeaderBytes || !file[..HeaderBytes].SequenceEqual(Header(hourUnixNanos, widthNanos));
        var pages = new List<LedgerPage>();
        for (var at = HeaderBytes; at < file.Length;)
        {
            var length = at + RecordHeaderBytes <= file.Length ? BinaryPrimitives.ReadUInt32LittleEndian(file[at..]) : uint.MaxValue;
            if (length > file.Length - at - RecordHeaderBytes)
            {
                isDamaged = true;
                break;
            }
            var payload = file.Slice(at + RecordHeaderBytes, (int)length);
            if (TryDecode(payload, BinaryPrimitives.ReadUInt32LittleEndian(file[(at + 4)..])) is { } page) pages.Add(page);
            else isDamaged = true; // The next record may be good again.
            at += RecordHeaderBytes + (int)length;
        }
        return pages;
    }

    static LedgerPage? TryDecode(ReadOnlySpan<byte> payload, uint checksum)
    {
        if (checksum != Checksum.Of(payload)) return null;
        try
        {
            return Decode(payload);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    static void WriteText(StatsByteWriter bytes, string text, Dictionary<string, int> texts)
    {
        if (!texts.TryGetValue(text, out var number)) texts.Add(text, number = texts.Count);
        bytes.WriteVarint((ulong)number);
    }

    static string ReadText(ref StatsByteReader reader, string[] texts)
    {
        var number = reader.ReadVarint();
        return number < (ulong)texts.Length ? texts[number] : throw reader.Broken();
    }

    static long ReadCount(ref StatsByteReader reader)
    {
        var count = reader.ReadVarint();
        return count <= long.MaxValue / 4 ? (long)count : throw reader.Broken(); // Sums of some must not overflow either.
    }
}
