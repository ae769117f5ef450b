using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Datadog;

namespace Apm.Wire.Tests.Datadog;

/// <summary>Each decoder of traces by its route's name, so that tests can say what they mean in one line.</summary>
static class Decoding
{
    public delegate int Decoder(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload);

    public static IReadOnlyDictionary<string, Decoder> Decoders { get; } = new Dictionary<string, Decoder>
    {
        ["v0.1 json"] = static (body, batch, payload) => { DatadogJsonDecoder.Decode(body, batch, payload, flatSpans: true); return 0; },
        ["v0.3 json"] = static (body, batch, payload) => { DatadogJsonDecoder.Decode(body, batch, payload); return 0; },
        ["v0.4"] = DatadogV04Decoder.Decode,
        ["v0.5"] = DatadogV05Decoder.Decode,
        ["v0.7"] = DatadogV07Decoder.Decode,
        ["v1.0"] = DatadogV1Decoder.Decode,
    };

    public static SpanBatch Decode(string route, ReadOnlySpan<byte> body)
    {
        var batch = new SpanBatch();
        Decoders[route](body, batch, new Payload { Protocol = "datadog " + route, ReceivedUnixNanos = 1 });
        return batch;
    }

    public static string Problem(string route, byte[] body) => Assert.Throws<PayloadException>(() => Decode(route, body)).Message;
}
