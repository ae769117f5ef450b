using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Errors;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Intake;

/// <summary>A payload as the pipeline takes it: normalised spans, or statistics of a client.</summary>
/// <param name="Envelope">What the headers said.</param>
/// <param name="Batch">The spans; empty when the payload held statistics.</param>
/// <param name="Facts">One per chunk of the batch.</param>
/// <param name="ClientStats">Buckets of <c>/v0.6/stats</c>; empty for spans.</param>
/// <param name="Note">What the decoder had to leave out, for partial answers.</param>
public sealed record DecodedPayload(
    PayloadEnvelope Envelope, SpanBatch Batch, ChunkFacts[] Facts, IReadOnlyList<StatsBucket> ClientStats, DecodeNote Note)
{
    /// <summary>What was reserved for it in <see cref="TracePipeline.QueueMemory"/>; whoever ends its way gives it back.</summary>
    public long ReservedBytes { get; set; }

    /// <summary>Memory that it takes, as an estimate.</summary>
    public long MemoryBytes
    {
        get
        {
            var bytes = Batch.MemoryBytes;
            foreach (var bucket in ClientStats) bytes += (long)bucket.Cells.Count * StatsBucket.MemoryBytesPerCell;
            return bytes;
        }
    }

    /// <summary>Spans that were left out because of what they are, with the reason of each. The same again whenever the bytes are read again.</summary>
    public IReadOnlyList<SpanRejection> Rejections { get; init; } = [];

    /// <summary>The errors in it that count, with indexes of the spans as they were decoded.</summary>
    public IReadOnlyList<ErrorSighting> Errors { get; init; } = [];

    /// <summary>Counts the spans for the ledger, as they are now.</summary>
    public LedgerTally Tally() => LedgerTally.Of(Batch, Envelope.Payload.ReceivedUnixNanos, Rejections);
}

/// <summary>Spans that a decoder could not accept although the payload was readable (OTLP partial success).</summary>
/// <param name="RejectedSpanCount">0 when all was well.</param>
/// <param name="Reason">Sentence for the first; "" when all was well.</param>
public readonly record struct DecodeNote(long RejectedSpanCount, string Reason)
{
    /// <summary>Bytes behind the payload, which nobody read: 0 unless a client sends several payloads as one body.</summary>
    public int UnreadByteCount { get; init; }
}
