using Apm.Core;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Intake;
using Apm.Wire.Datadog;
using Apm.Wire.DatadogMetrics;
using Apm.Wire.Otlp;

namespace Apm.Endurance.Fuzz;

/// <summary>Everything that reads bytes of strangers, with bodies to start from.</summary>
static class FuzzTargets
{
    const string GoldenStats =
        "88a8486f73746e616d65a168a3456e76a470726f64a756657273696f6ea131a553746174739183a55374617274cf17979cfe362a0000a84475726174696f6ecf00000002540be400a5537461747391de0010a753657276696365a3776562a44e" +
        "616d65ad666c61736b2e72657175657374a85265736f75726365a5474554202fae48545450537461747573436f6465ccc8a454797065a3776562a44869747301a64572726f727300a84475726174696f6ece000f4240a94f6b53756d6d617279" +
        "c4250a1209000000000040f03f110000000000ea9440120d1208000000000000f03f18ea221a00ac4572726f7253756d6d617279c400aa53796e74686574696373c2ac546f704c6576656c4869747301a85370616e4b696e64a6736572766572" +
        "a8506565725461677390ab49735472616365526f6f7401ae47525043537461747573436f6465a0a44c616e67a6707974686f6ead54726163657256657273696f6ea131a952756e74696d654944a172a853657175656e636501";

    /// <summary>All of them; what they use belongs to one thread.</summary>
    public static IReadOnlyList<FuzzTarget> All(FuzzChecks checks)
    {
        List<FuzzTarget> all =
        [
            Spans("v0.1 JSON", PayloadFormat.DatadogJsonSpans, FuzzCorpus.Nasty(1, traces => FuzzCorpus.Json(traces, isFlat: true))),
            Spans("v0.3 JSON", PayloadFormat.DatadogJson, [.. FuzzCorpus.Recorded("/v0.3/traces", "application/json"), .. FuzzCorpus.Nasty(2, traces => FuzzCorpus.Json(traces, isFlat: false))]),
            Spans("v0.4", PayloadFormat.DatadogMsgPack, [.. FuzzCorpus.Recorded("/v0.4/traces", "application/msgpack"), .. FuzzCorpus.Recorded("/v0.3/traces", "application/msgpack"), .. FuzzCorpus.Nasty(3, DatadogV04Encoder.Encode)]),
            Spans("v0.5", PayloadFormat.DatadogV05, [.. FuzzCorpus.Recorded("/v0.5/traces", "application/msgpack"), .. FuzzCorpus.Nasty(4, DatadogV05Encoder.Encode)]),
            Spans("v0.7", PayloadFormat.DatadogV07, FuzzCorpus.Nasty(5, FuzzCorpus.V07)),
            Spans("v1.0", PayloadFormat.DatadogV1, FuzzCorpus.Nasty(6, FuzzCorpus.V1)),
            Spans("client statistics", PayloadFormat.ClientStats, [Convert.FromHexString(GoldenStats), .. FuzzCorpus.Recorded("/v0.6/stats", "application/msgpack")]),
            Spans("OTLP protobuf", PayloadFormat.OtlpProtobuf, [.. FuzzCorpus.Recorded("/v1/traces", "application/x-protobuf"), .. FuzzCorpus.Recorded("/opentelemetry.proto.collector.trace", "application/grpc"), .. FuzzCorpus.Nasty(7, FuzzCorpus.Otlp)]),
            Spans("OTLP JSON", PayloadFormat.OtlpJson, FuzzCorpus.Recorded("/v1/traces", "application/json")),
            Spans("Zipkin JSON", PayloadFormat.ZipkinJson, [.. FuzzCorpus.Recorded("/api/v2/spans", "application/json"), .. FuzzCorpus.Nasty(8, FuzzCorpus.ZipkinJson)]),
            Spans("Zipkin protobuf", PayloadFormat.ZipkinProtobuf, FuzzCorpus.Nasty(9, FuzzCorpus.ZipkinProtobuf)),
            Other("telemetry", FuzzCorpus.Recorded("/telemetry/", "application/json"), body => TelemetryDecoder.Decode(body)),
            Other("remote configuration", FuzzCorpus.Recorded("/v0.7/config", "application/json"), body => RemoteConfigRequest.Decode(body)),
            Other("OTLP metrics", FuzzCorpus.Recorded("/v1/metrics", "application/x-protobuf"), body => OtlpProtobufMetricsDecoder.Decode(body)),
            Other("OTLP metrics JSON", FuzzCorpus.Recorded("/v1/metrics", "application/json"), body => OtlpJsonMetricsDecoder.Decode(body)),
            Other("OTLP logs", FuzzCorpus.Recorded("/v1/logs", "application/x-protobuf"), body => OtlpCounts.CountLogs(body, isJson: false)),
            Other("OTLP logs JSON", FuzzCorpus.Recorded("/v1/logs", "application/json"), body => OtlpCounts.CountLogs(body, isJson: true)),
            Other("series v1", FuzzCorpus.Recorded("/api/v1/series", "application/json"), body => SeriesV1Decoder.Decode(body)),
            Other("distribution points", FuzzCorpus.Recorded("/api/v1/distribution_points", "application/json"), body => DistributionPointsDecoder.Decode(body)),
            Other("answers of checks", FuzzCorpus.Recorded("/api/v1/check_run", "application/json"), body => CheckRunDecoder.Decode(body, 5)),
            Other("events", FuzzCorpus.Recorded("/api/v1/events", "application/json"), body => EventDecoder.Decode(body, 5)),
            Other("log record", [Envelope()], record => PayloadEnvelope.Read(record, out _)),
        ];
        all.Add(new FuzzTarget("block", [.. all[2].Bodies.Select(body => checks.BlockOf(PayloadFormat.DatadogMsgPack, body)).OfType<byte[]>()], FuzzChecks.Block));
        return all;

        FuzzTarget Spans(string name, PayloadFormat format, IEnumerable<byte[]> bodies) => new(name, [.. bodies], body => checks.Payload(format, body));
    }

    static FuzzTarget Other(string name, IEnumerable<byte[]> bodies, Action<byte[]> decode) => new(name, [.. bodies], body =>
    {
        try
        {
            decode(body);
            return true;
        }
        catch (PayloadException)
        {
            return false;
        }
    });

    static byte[] Envelope() => new PayloadEnvelope(PayloadFormat.DatadogMsgPack, new Payload
    {
        Protocol = "datadog v0.4", ReceivedUnixNanos = FuzzChecks.NowUnixNanos, Language = "python", LanguageVersion = "3.12", TracerVersion = "2.1", Env = "prod", Hostname = "h", RuntimeId = "r",
    }).ToBytes();
}
