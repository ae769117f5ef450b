using System.Buffers.Binary;
using Apm.Core.Errors;
using Apm.Core.Ids;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Stats;
using Apm.Storage.Files;

namespace Apm.Storage.Stats;

/// <summary>
/// The file <c>checkpoint</c>: the open buckets at a log position, and the appends that belong to it, so that an append
/// which a crash prevented is done at the next start. Its form is in <c>docs/formats/stats-segment.md</c>.
/// </summary>
static class StatsCheckpointFile
{
    const int Version = 3;
    const int MaxBuckets = 1_000_000;

    public static byte[] Encode(StatsCheckpoint checkpoint, IReadOnlyList<StatsAppend> appends, IReadOnlyList<LedgerAppend> ledgerAppends)
    {
        var bytes = new StatsByteWriter();
        bytes.WriteRaw("APMC"u8);
        bytes.WriteUInt32(Version);
        bytes.WriteSigned(checkpoint.Covered.Number);
        bytes.WriteSigned(checkpoint.OldestOpenStartUnixNanos);
        bytes.WriteVarint((ulong)appends.Count);
        foreach (var append in appends)
        {
            bytes.WriteSigned(append.HourUnixNanos);
            bytes.WriteSigned(append.LengthBefore);
            bytes.WriteBlob(append.Bytes);
        }
        bytes.WriteVarint((ulong)checkpoint.Open.Count);
        foreach (var bucket in checkpoint.Open) bytes.WriteBlob(StoredBucket.Encode(bucket));
        EncodeLedger(bytes, checkpoint.Ledger, ledgerAppends);
        EncodeIssues(bytes, checkpoint.Issues);
        bytes.WriteUInt32(Checksum.Of(bytes.Written));
        return bytes.Written.ToArray();
    }

    static void EncodeLedger(StatsByteWriter bytes, LedgerCheckpoint ledger, IReadOnlyList<LedgerAppend> appends)
    {
        bytes.WriteSigned(ledger.Number);
        bytes.WriteVarint((ulong)appends.Count);
        foreach (var append in appends)
        {
            bytes.WriteSigned(append.HourUnixNanos);
            bytes.WriteSigned(append.WidthNanos);
            bytes.WriteSigned(append.LengthBefore);
            bytes.WriteBlob(append.Bytes);
        }
        bytes.WriteVarint((ulong)ledger.Open.Count);
        foreach (var page in ledger.Open) bytes.WriteBlob(LedgerFile.Encode(page));
    }

    /// <returns>The checkpoint (without its closed buckets and pages), and the appends to do again.</returns>
    /// <exception cref="InvalidDataException">The bytes are no checkpoint.</exception>
    /// <exception cref="NotSupportedException">It is of a newer version.</exception>
    public static (StatsCheckpoint Checkpoint, IReadOnlyList<StatsAppend> Appends, IReadOnlyList<LedgerAppend> LedgerAppends) Decode(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || !file[..4].SequenceEqual("APMC"u8) || BinaryPrimitives.ReadUInt32LittleEndian(file[^4..]) != Checksum.Of(file[..^4]))
            throw new InvalidDataException("its checksum is wrong");
        var reader = new StatsByteReader(file[..^4]);
        reader.ReadRaw(4);
        var version = reader.ReadUInt32();
        if (version > Version) throw new NotSupportedException($"it was written by a newer version of Apm (format {version})");
        var covered = new LogPosition(reader.ReadSigned());
        var oldestOpen = reader.ReadSigned();
        var appends = new StatsAppend[Math.Min(reader.ReadNumberOf(leastBytesEach: 3), MaxBuckets)];
        for (var i = 0; i < appends.Length; i++) appends[i] = new StatsAppend(reader.ReadSigned(), reader.ReadSigned(), reader.ReadBlob().ToArray());
        var open = new StatsBucket[Math.Min(reader.ReadNumberOf(leastBytesEach: 1), MaxBuckets)];
        for (var i = 0; i < open.Length; i++) open[i] = new StoredBucket(reader.ReadBlob().ToArray(), keys: null).ToBucket();
        var (ledger, ledgerAppends) = version >= 2 ? DecodeLedger(ref reader) : (LedgerCheckpoint.None, []); // Version 1 had none.
        var issues = version >= 3 ? DecodeIssues(ref reader) : IssueCheckpoint.None;
        return (new StatsCheckpoint([], open, oldestOpen, covered) { Ledger = ledger, Issues = issues }, appends, ledgerAppends);
    }

    static void EncodeIssues(StatsByteWriter bytes, IssueCheckpoint issues)
    {
        bytes.WriteVarint((ulong)issues.Totals.Count);
        foreach (var (id, totals) in issues.Totals)
        {
            WriteUInt64(bytes, id.Value);
            bytes.WriteVarint((ulong)totals.Count);
            bytes.WriteSigned(totals.FirstSeenUnixNanos);
            bytes.WriteSigned(totals.LastSeenUnixNanos);
            bytes.WriteVarint((ulong)totals.Versions.Count);
            foreach (var version in totals.Versions)
            {
                bytes.WriteText(version.Version);
                bytes.WriteVarint((ulong)version.Count);
                bytes.WriteSigned(version.FirstSeenUnixNanos);
                bytes.WriteSigned(version.LastSeenUnixNanos);
            }
            bytes.WriteVarint(totals.Newest is null ? 0UL : 1UL);
            if (totals.Newest is not { } newest) continue;
            WriteUInt64(bytes, newest.TraceId.High);
            WriteUInt64(bytes, newest.TraceId.Low);
            WriteUInt64(bytes, newest.SpanId.Value);
            bytes.WriteSigned(newest.ReceivedUnixNanos);
        }
    }

    static IssueCheckpoint DecodeIssues(ref StatsByteReader reader)
    {
        var totals = new KeyValuePair<IssueId, IssueTotals>[reader.ReadNumberOf(leastBytesEach: 13)];
        for (var i = 0; i < totals.Length; i++)
        {
            var id = new IssueId(ReadUInt64(ref reader));
            var (count, first, last) = ((long)reader.ReadVarint(), reader.ReadSigned(), reader.ReadSigned());
            var versions = new IssueVersion[reader.ReadNumberOf(leastBytesEach: 4)];
            for (var v = 0; v < versions.Length; v++) versions[v] = new IssueVersion(reader.ReadText(), (long)reader.ReadVarint(), reader.ReadSigned(), reader.ReadSigned());
            var newest = reader.ReadVarint() == 0 ? null
                : new IssueExample(new TraceId(ReadUInt64(ref reader), ReadUInt64(ref reader)), new SpanId(ReadUInt64(ref reader)), reader.ReadSigned());
            totals[i] = new(id, new IssueTotals { Count = count, FirstSeenUnixNanos = first, LastSeenUnixNanos = last, Versions = versions, Newest = newest });
        }
        return new IssueCheckpoint(totals);
    }

    static void WriteUInt64(StatsByteWriter bytes, ulong value)
    {
        bytes.WriteUInt32((uint)(value >> 32));
        bytes.WriteUInt32((uint)(value & uint.MaxValue));
    }

    static ulong ReadUInt64(ref StatsByteReader reader) => ((ulong)reader.ReadUInt32() << 32) | reader.ReadUInt32();

    static (LedgerCheckpoint, IReadOnlyList<LedgerAppend>) DecodeLedger(ref StatsByteReader reader)
    {
        var number = reader.ReadSigned();
        var appends = new LedgerAppend[Math.Min(reader.ReadNumberOf(leastBytesEach: 4), MaxBuckets)];
        for (var i = 0; i < appends.Length; i++) appends[i] = new LedgerAppend(reader.ReadSigned(), reader.ReadSigned(), reader.ReadSigned(), reader.ReadBlob().ToArray());
        var open = new LedgerPage[Math.Min(reader.ReadNumberOf(leastBytesEach: 1), MaxBuckets)];
        for (var i = 0; i < open.Length; i++) open[i] = LedgerFile.Decode(reader.ReadBlob());
        return (new LedgerCheckpoint(number, [], open), appends);
    }
}

/// <summary>Bytes that belong behind a known length of an hour's 10 s file. Doing it twice is the same as once.</summary>
/// <param name="LengthBefore">0 when the file begins with it, header included.</param>
sealed record StatsAppend(long HourUnixNanos, long LengthBefore, byte[] Bytes);
