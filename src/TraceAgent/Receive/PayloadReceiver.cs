using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Sample;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive;

/// <summary>What all protocols do alike: read the body, decode it, have it logged.</summary>
public sealed class PayloadReceiver(TracePipeline pipeline, BodyReader bodies, Counters counters, TimeProvider clock)
{
    /// <summary>Memory to reserve for decoding, for each byte of a body: a batch takes about as much as its body, and grows by doubling.</summary>
    const int DecodedBytesPerBodyByte = 2;

    /// <summary>Reads, decodes and keeps a body. When the task completes, it is on disk.</summary>
    /// <param name="format">How to read it.</param>
    /// <param name="describe">What the headers say, given the time of receipt.</param>
    public async Task<DecodedPayload> Receive(HttpContext context, PayloadFormat format, Func<long, Payload> describe)
    {
        using var body = await Read(context);
        return await Keep(body, format, describe(clock.NowUnixNanos()));
    }

    /// <summary>Reads the body of spans. When that fails, the ledger knows of a payload that nobody read.</summary>
    public async Task<PooledBody> Read(HttpContext context)
    {
        try
        {
            return await bodies.Read(context.Request, context.RequestAborted);
        }
        catch (Exception problem)
        {
            RefuseUnread(context.RequestAborted.IsCancellationRequested ? "client_went_away" : RefusalReasons.Of(problem));
            throw;
        }
    }

    /// <summary>Enters a payload that is refused before anybody could read its spans.</summary>
    public void RefuseUnread(string reason) => pipeline.Books.RejectUnread(reason);

    /// <summary>Decodes and keeps a body that was read already.</summary>
    /// <param name="isLastTry">False when the body will be read as another format if it is not of this one.</param>
    public async Task<DecodedPayload> Keep(PooledBody body, PayloadFormat format, Payload payload, bool isLastTry = true)
    {
        var memory = pipeline.QueueMemory;
        var reserved = (long)body.Length * DecodedBytesPerBodyByte;
        if (!memory.TryReserve(reserved))
        {
            RefuseUnread(OverloadedException.NoMemory);
            throw OverloadedException.OutOfMemory(memory.Budget);
        }
        try
        {
            var decoded = Decode(body, format, payload, isLastTry);
            counters.Add("payloads_received", payload.Protocol);
            counters.Add("bytes_received", payload.Protocol, body.Length);
            if (decoded.Note.UnreadByteCount > 0) RefuseUnread(RefusalReasons.BehindThePayload);
            if (decoded.Batch.SpanCount == 0 && decoded.ClientStats.Count == 0)
            {
                if (decoded.Rejections.Count > 0) EnterRejections(decoded.Tally()); // Nothing is left to be logged.
                return decoded;
            }
            decoded.ReservedBytes = decoded.MemoryBytes;
            memory.Reserve(decoded.ReservedBytes); // It is there already, in place of the guess.
            memory.Release(reserved);
            reserved = 0;
            try
            {
                await pipeline.Accept(decoded, body.Memory);
            }
            catch
            {
                memory.Release(decoded.ReservedBytes); // Else the pipeline does, when it is through.
                throw;
            }
            return decoded;
        }
        finally
        {
            memory.Release(reserved);
        }
    }

    /// <summary>What tracers are told to keep.</summary>
    public RatesAnswer Rates => pipeline.Rates;
    void EnterRejections(LedgerTally tally)
    {
        pipeline.Books.Settle(tally);
        pipeline.NoteRejections(tally);
    }

    DecodedPayload Decode(PooledBody body, PayloadFormat format, Payload payload, bool isLastTry)
    {
        try
        {
            return pipeline.Decoder.Decode(new PayloadEnvelope(format, payload), body.Memory.Span);
        }
        catch (Exception problem) when (isLastTry || problem is not PayloadException)
        {
            RefuseUnread(RefusalReasons.Of(problem));
            throw;
        }
    }

    public BodyReader Bodies => bodies;

    public long NowUnixNanos => clock.NowUnixNanos();
}
