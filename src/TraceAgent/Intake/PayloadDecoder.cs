using Apm.Core;
using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Spans;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Errors;
using Apm.TraceAgent.Normalize;
using Apm.Wire.Datadog;
using Apm.Wire.Otlp;
using Apm.Wire.Zipkin;

namespace Apm.TraceAgent.Intake;

/// <summary>Turns a body into normalised spans or statistics. A broken body gives nothing at all.</summary>
/// <remarks>Thread-safe. The same envelope and bytes give the same spans at any time, so the log can be read again; the names of endpoints are those learnt by then.</remarks>
public sealed class PayloadDecoder(Counters counters, NormalizeSettings settings, EndpointNames? endpoints = null)
{
    readonly PayloadSizes[] _sizes = [.. Enumerable.Range(0, (int)PayloadFormat.ZipkinProtobuf + 1).Select(_ => new PayloadSizes())]; // By format.
    readonly ClientStatsNormalizer _statsNormalizer = new(counters, settings, endpoints);
    readonly SpanNormalizer _normalizer = new(counters, settings, endpoints);

    /// <summary>The rules by which it repairs, hides and leaves out.</summary>
    public NormalizeSettings Settings => settings;

    /// <exception cref="PayloadException">The bytes are not what the format says; the message says where.</exception>
    public DecodedPayload Decode(PayloadEnvelope envelope, ReadOnlySpan<byte> body)
    {
        if (envelope.Format == PayloadFormat.ClientStats)
        {
            var buckets = _statsNormalizer.Normalize(ClientStatsDecoder.Decode(body), envelope.Payload.ClientObfuscatedStats);
            return new DecodedPayload(envelope, new SpanBatch(1), [], buckets, default);
        }
        var sizes = (int)envelope.Format < _sizes.Length ? _sizes[(int)envelope.Format] : _sizes[0]; // One that is not known is refused below.
        var batch = new SpanBatch(sizes.Expect(body.Length));
        var note = DecodeSpans(envelope, body, batch);
        var rejections = new List<SpanRejection>();
        if (note.RejectedSpanCount > 0) rejections.Add(new SpanRejection("", "invalid_id", note.RejectedSpanCount)); // Whose they are is not known: they were not read.
        var facts = _normalizer.Normalize(batch, rejections);
        sizes.Learn(body.Length, batch);
        return new DecodedPayload(envelope, batch, facts, [], note) { Rejections = rejections, Errors = ErrorFinder.Find(batch) };
    }

    static DecodeNote DecodeSpans(PayloadEnvelope envelope, ReadOnlySpan<byte> body, SpanBatch batch)
    {
        var payload = envelope.Payload;
        switch (envelope.Format)
        {
            case PayloadFormat.DatadogMsgPack: return new DecodeNote { UnreadByteCount = DatadogV04Decoder.Decode(body, batch, payload) };
            case PayloadFormat.DatadogV05: return new DecodeNote { UnreadByteCount = DatadogV05Decoder.Decode(body, batch, payload) };
            case PayloadFormat.DatadogV07: return new DecodeNote { UnreadByteCount = DatadogV07Decoder.Decode(body, batch, payload) };
            case PayloadFormat.DatadogV1: return new DecodeNote { UnreadByteCount = DatadogV1Decoder.Decode(body, batch, payload) };
            case PayloadFormat.DatadogJson: DatadogJsonDecoder.Decode(body, batch, payload, flatSpans: false); return default;
            case PayloadFormat.DatadogJsonSpans: DatadogJsonDecoder.Decode(body, batch, payload, flatSpans: true); return default;
            case PayloadFormat.OtlpProtobuf: return Note(OtlpProtobufTraceDecoder.Decode(body, batch, payload));
            case PayloadFormat.OtlpJson: return Note(OtlpJsonTraceDecoder.Decode(body, batch, payload));
            case PayloadFormat.ZipkinJson: ZipkinJsonDecoder.Decode(body, batch, payload); return default;
            case PayloadFormat.ZipkinProtobuf: ZipkinProtobufDecoder.Decode(body, batch, payload); return default;
            default: throw new PayloadException($"Payload format {(int)envelope.Format} is not known to this version of Apm.");
        }
    }

    static DecodeNote Note(OtlpDecodeResult result) => new(result.RejectedSpans, result.FirstReason);
}
