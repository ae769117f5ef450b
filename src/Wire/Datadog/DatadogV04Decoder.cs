using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes the msgpack body of <c>PUT /v0.3/traces</c> and <c>PUT /v0.4/traces</c> (trace-intake §1.10):
/// <code>
/// array of traces
///   array of spans
///     map { service, name, resource, trace_id, span_id, parent_id, start, duration, error, … }   or nil
/// </code>
/// Bytes after the array are passed over, empty traces and nil spans leave nothing.
/// </summary>
public static class DatadogV04Decoder
{
    const string Protocol = "Datadog v0.4";

    /// <summary>Appends the payload, its spans and one chunk per trace.</summary>
    /// <param name="payload">What the request's headers said.</param>
    /// <returns>Bytes behind the payload, which the Datadog agent passes over, too: 0 unless a client sends several payloads as one body.</returns>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where. The batch may be half filled then: throw it away.</exception>
    public static int Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload)
    {
        Span<Guess> guesses = stackalloc Guess[SpanMapReader.GuessCount];
        Span<int> distinct = stackalloc int[SpanMapReader.RowCount];
        var spans = new SpanMapReader(batch, guesses, distinct);
        try
        {
            return ReadTraces(body, batch, payload, ref spans);
        }
        catch (MsgPackException problem)
        {
            throw spans.Place.Explain(Protocol, body, problem);
        }
    }

    static int ReadTraces(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload, ref SpanMapReader spans)
    {
        var reader = new MsgPackReader(body);
        var payloadIndex = batch.Payloads.Count;
        batch.Payloads.Add(payload);
        var traces = reader.ReadArrayLength();
        for (var trace = 0; trace < traces; trace++)
        {
            spans.Place.Trace = trace;
            var firstSpan = batch.SpanCount;
            spans.ReadSpans(ref reader);
            if (batch.SpanCount > firstSpan) batch.AddChunk(firstSpan, payloadIndex);
        }
        return reader.BytesLeft;
    }
}
