using System.Text.Json;
using Apm.Core;
using Apm.Core.Spans;

namespace Apm.Wire.Datadog;

/// <summary>
/// Decodes JSON trace bodies, which tracers up to 2018 send when no msgpack package is there (trace-intake §1.17):
/// <code>
/// array of traces                    v0.2 and later
///   array of spans
///     object { service, name, … }    names in any case, null leaves a field empty
///
/// array of spans                     v0.1, grouped by trace_id
/// </code>
/// Only the first JSON value of the body is read.
/// </summary>
public static class DatadogJsonDecoder
{
    /// <summary>Appends the payload, its spans and one chunk per trace.</summary>
    /// <param name="payload">What the request's headers said.</param>
    /// <param name="flatSpans">The body is a v0.1 one: spans without traces around them.</param>
    /// <exception cref="PayloadException">The bytes are not such a body; the message says where. The batch may be half filled then: throw it away.</exception>
    public static void Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload, bool flatSpans = false)
    {
        var spans = new JsonSpanReader(body, batch);
        try
        {
            var payloadIndex = batch.Payloads.Count;
            batch.Payloads.Add(payload);
            spans.Read();
            if (spans.IsNull) return;
            if (flatSpans) ReadFlat(ref spans, body, batch, payloadIndex);
            else ReadTraces(ref spans, batch, payloadIndex);
        }
        catch (JsonException problem)
        {
            throw spans.Explain(problem);
        }
    }

    static void ReadTraces(ref JsonSpanReader spans, SpanBatch batch, int payloadIndex)
    {
        spans.ExpectArray("an array of traces");
        for (spans.TraceIndex = 0; spans.ReadUnlessArrayEnds(); spans.TraceIndex++)
        {
            if (spans.IsNull) continue;
            spans.ExpectArray("an array of spans");
            var firstSpan = batch.SpanCount;
            for (spans.SpanIndex = 0; spans.ReadUnlessArrayEnds(); spans.SpanIndex++)
            {
                if (!spans.IsNull) spans.ReadSpan();
            }
            spans.SpanIndex = -1;
            if (batch.SpanCount > firstSpan) batch.AddChunk(firstSpan, payloadIndex);
        }
    }

    /// <summary>
    /// A chunk's spans stand together in the batch, but in a v0.1 body they may be mixed. So the body is read once to learn where
    /// each span begins and to which trace it belongs, and then span by span in the order of the traces.
    /// </summary>
    static void ReadFlat(ref JsonSpanReader spans, ReadOnlySpan<byte> body, SpanBatch batch, int payloadIndex)
    {
        spans.ExpectArray("an array of spans");
        var sketch = new SpanBatch(strings: batch.Strings);
        var survey = spans.Into(sketch);
        var offsets = new List<int>();
        try
        {
            for (survey.SpanIndex = 0; survey.ReadUnlessArrayEnds(); survey.SpanIndex++)
            {
                if (survey.IsNull) continue;
                offsets.Add(survey.TokenOffset);
                survey.ReadSpan();
            }
        }
        catch (JsonException problem)
        {
            throw survey.Explain(problem);
        }
        foreach (var trace in Enumerable.Range(0, offsets.Count).GroupBy(i => sketch.TraceIdLow[i]))
        {
            var firstSpan = batch.SpanCount;
            foreach (var i in trace)
            {
                var span = new JsonSpanReader(body[offsets[i]..], batch);
                span.Read();
                span.ReadSpan();
            }
            batch.AddChunk(firstSpan, payloadIndex);
        }
    }
}
