using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Diagnosis;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Doctor.Witness;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Sample;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Receive;

/// <summary>What all protocols do alike: read the body, decode it, have it logged.</summary>
public sealed class PayloadReceiver(TracePipeline pipeline, BodyReader bodies, Counters counters, TimeProvider clock, FactBook? facts = null)
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
            if (facts is not null) NoteFor(facts, decoded, body.Length);
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

    /// <summary>A body without a byte: a valid payload of nothing.</summary>
    public void TookNothing(string protocol) => facts?.Taken(PathOf(protocol), 0, 0);

    /// <summary>Tells the doctor what came, and how far the clocks of its senders are off.</summary>
    static void NoteFor(FactBook facts, DecodedPayload decoded, int byteCount)
    {
        if (decoded.ClientStats.Count > 0) return;
        if (decoded.Batch.SpanCount > 0 && decoded.Batch.Strings.Text(decoded.Batch.Services[0]) == TestTrace.Service) return; // The doctor's own.
        var payload = decoded.Envelope.Payload;
        facts.Taken(PathOf(payload.Protocol), decoded.Batch.SpanCount, byteCount);
        var newest = new Dictionary<int, long>(); // Per process; a body rarely has more than one.
        for (var i = 0; i < decoded.Facts.Length; i++)
        {
            var start = decoded.Batch.StartUnixNanos[decoded.Facts[i].RootSpan];
            if (!newest.TryGetValue(decoded.Facts[i].RuntimeId, out var known) || start > known) newest[decoded.Facts[i].RuntimeId] = start;
        }
        foreach (var (runtimeId, start) in newest) facts.SawClock(decoded.Batch.Strings.Text(runtimeId), unchecked(start - payload.ReceivedUnixNanos));
        facts.Arrived(ArrivalsOf(decoded, payload.ReceivedUnixNanos));
    }

    /// <summary>The last few of a payload, and of those whose time is off.</summary>
    static List<Arrival> ArrivalsOf(DecodedPayload decoded, long receivedUnixNanos)
    {
        var (found, usual, off) = (new List<Arrival>(), 0, 0);
        var batch = decoded.Batch;
        for (var i = decoded.Facts.Length - 1; i >= 0 && (usual < FactBook.MaxArrivalsOfPayload || off < FactBook.MaxArrivalsOfPayload); i--)
        {
            var (chunk, root) = (decoded.Facts[i], decoded.Facts[i].RootSpan);
            var isOff = Facts.IsOutOfTimeBy(unchecked(batch.StartUnixNanos[root] - receivedUnixNanos));
            if ((isOff ? off++ : usual++) >= FactBook.MaxArrivalsOfPayload) continue;
            found.Add(new Arrival(batch.TraceIdOf(root).ToString(), batch.Strings.Text(batch.Services[root]), batch.Strings.Text(batch.Resources[root]), batch.Strings.Text(chunk.Hostname), chunk.ProcessId, batch.StartUnixNanos[root], receivedUnixNanos));
        }
        found.Reverse();
        return found;
    }

    static string PathOf(string protocol) => protocol switch
    {
        _ when protocol.StartsWith("datadog v", StringComparison.Ordinal) => $"/{protocol["datadog ".Length..]}/traces",
        "otlp/grpc" => "TraceService/Export",
        _ when protocol.StartsWith("otlp", StringComparison.Ordinal) => "/v1/traces",
        _ when protocol.StartsWith("zipkin", StringComparison.Ordinal) => "/api/v2/spans",
        _ => protocol,
    };

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
