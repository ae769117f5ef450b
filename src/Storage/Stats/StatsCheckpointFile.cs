using System.Buffers.Binary;
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
    const int Version = 2;
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
        return (new StatsCheckpoint([], open, oldestOpen, covered) { Ledger = ledger }, appends, ledgerAppends);
    }

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
