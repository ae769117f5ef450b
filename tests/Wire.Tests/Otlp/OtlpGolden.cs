using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Otlp;

namespace Apm.Wire.Tests.Otlp;

/// <summary>What the tests of this room share: a template as the receiver makes it, and the worked request of trace-intake §7.2.</summary>
internal static class OtlpGolden
{
    public static Payload Template { get; } = new() { Protocol = "otlp/http", ReceivedUnixNanos = 1_795_484_300_000_000_000, Hostname = "agent-host" };

    public static byte[] Request => Convert.FromHexString(
        "0a87010a170a150a0c736572766963652e6e616d6512050a03776562126c0a050a036c696212630a105b8efff798038103d269b633813fc60c1208" +
        "eee19b7ec3c1b1742a05474554202f30023900002a36fe9c97174140423936fe9c97174a200a19687474702e726573706f6e73652e737461747573" +
        "5f636f6465120318c8017a021802850101010000");

    public static SpanBatch Decode(ReadOnlySpan<byte> protobuf)
    {
        var batch = new SpanBatch();
        OtlpProtobufTraceDecoder.Decode(protobuf, batch, Template);
        return batch;
    }

    public static SpanBatch DecodeJson(ReadOnlySpan<byte> json)
    {
        var batch = new SpanBatch();
        OtlpJsonTraceDecoder.Decode(json, batch, Template);
        return batch;
    }
}
