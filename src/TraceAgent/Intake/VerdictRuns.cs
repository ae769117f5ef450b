using System.Buffers;
using System.Buffers.Binary;
using Apm.Core;
using Apm.Core.Spans;

namespace Apm.TraceAgent.Intake;

/// <summary>
/// What sampling decided for the chunks of a payload, as it stands in the log: one entry for each run of chunks with the same verdict.
/// <code>
/// uint32 length of what follows
///   run: byte (verdict | 0x80 when a detail follows | 0x40 when earlier parts were dropped), count as a varint, [detail as a double]
/// </code>
/// </summary>
public sealed class VerdictRuns
{
    const byte HasDetail = 0x80;
    const byte EarlierPartsDropped = 0x40;
    const byte VerdictMask = 0x3F;

    readonly List<Run> _runs = [];

    /// <summary>The verdicts of a batch; null when all is kept for no special reason, or only dropped because the tracer did, which the body says itself.</summary>
    public static VerdictRuns? Of(SpanBatch batch)
    {
        if (!batch.Chunks.Exists(IsWorthSaying)) return null;
        var runs = new VerdictRuns();
        foreach (var chunk in batch.Chunks)
        {
            var run = new Run(chunk.Verdict, chunk.VerdictDetail, chunk.EarlierPartsDropped, 1);
            if (runs._runs.Count > 0 && runs._runs[^1] is var last && run with { Count = last.Count } == last) runs._runs[^1] = last with { Count = last.Count + 1 };
            else runs._runs.Add(run);
        }
        return runs;
    }

    /// <summary>Gives the chunks of a batch that was decoded again the verdicts they had.</summary>
    /// <param name="runs">From the log; null when everything was kept.</param>
    /// <returns>
    /// False when there are not as many chunks as verdicts, because another version of the rules left others out. Then all are kept:
    /// rather a trace too many than one that somebody was promised.
    /// </returns>
    public static bool Restore(VerdictRuns? runs, SpanBatch batch)
    {
        var fits = runs is null || runs._runs.Sum(run => (long)run.Count) == batch.Chunks.Count;
        var isSaid = runs is not null && fits;
        var saved = isSaid ? runs!._runs : [new Run(SampleVerdict.KeepAll, 0, false, batch.Chunks.Count)];
        var c = 0;
        foreach (var run in saved)
        {
            for (var end = c + run.Count; c < end; c++)
            {
                var chunk = batch.Chunks[c];
                (chunk.Verdict, chunk.VerdictDetail, chunk.EarlierPartsDropped) = (run.Verdict, run.Detail, run.EarlierPartsDropped);
                if (!isSaid) chunk.Verdict = Unsaid(chunk);
                batch.Chunks[c] = chunk;
            }
        }
        return fits;
    }

    /// <summary>Appends the runs.</summary>
    public void Write(IBufferWriter<byte> writer)
    {
        var target = writer.GetSpan(4 + _runs.Count * 14);
        var at = 4;
        foreach (var run in _runs)
        {
            target[at++] = (byte)((byte)run.Verdict | (run.Detail != 0 ? HasDetail : 0) | (run.EarlierPartsDropped ? EarlierPartsDropped : 0));
            var count = (uint)run.Count;
            for (; count >= 0x80; count >>= 7) target[at++] = (byte)(count & 0x7F | 0x80);
            target[at++] = (byte)count;
            if (run.Detail == 0) continue;
            BinaryPrimitives.WriteDoubleLittleEndian(target[at..], run.Detail);
            at += 8;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(target, (uint)(at - 4));
        writer.Advance(at);
    }

    /// <summary>Reads runs back.</summary>
    /// <param name="bytes">The log record.</param>
    /// <param name="at">Where they begin; moved behind them.</param>
    /// <exception cref="PayloadException">These are no runs.</exception>
    public static VerdictRuns Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (at + 4 > bytes.Length || BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]) is var length && length > bytes.Length - at - 4) throw Cut();
        at += 4;
        var end = at + (int)length;
        var runs = new VerdictRuns();
        while (at < end)
        {
            var first = bytes[at++];
            var count = ReadCount(bytes[..end], ref at);
            var detail = 0.0;
            if ((first & HasDetail) != 0)
            {
                if (at + 8 > end) throw Cut();
                detail = BinaryPrimitives.ReadDoubleLittleEndian(bytes[at..]);
                at += 8;
            }
            runs._runs.Add(new Run((SampleVerdict)(first & VerdictMask), detail, (first & EarlierPartsDropped) != 0, count));
        }
        return runs;
    }

    static int ReadCount(ReadOnlySpan<byte> bytes, ref int at)
    {
        var count = 0L;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (at >= bytes.Length) throw Cut();
            var next = bytes[at++];
            count |= (long)(next & 0x7F) << shift;
            if (next < 0x80) return count <= int.MaxValue ? (int)count : throw Cut();
        }
        throw Cut();
    }

    static bool IsWorthSaying(Chunk chunk) =>
        chunk.Verdict != Unsaid(chunk) || chunk.VerdictDetail != 0 || chunk.EarlierPartsDropped;

    /// <summary>The verdict that holds when the log says none.</summary>
    static SampleVerdict Unsaid(Chunk chunk) => chunk.DroppedByTracer ? SampleVerdict.DropByTracer : SampleVerdict.KeepAll;

    static PayloadException Cut() => new("Log record: the envelope ends within the verdicts of sampling.");

    readonly record struct Run(SampleVerdict Verdict, double Detail, bool EarlierPartsDropped, int Count);
}
