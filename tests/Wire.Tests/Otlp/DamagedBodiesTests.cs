using System.Text;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Otlp;
using Apm.Wire.Zipkin;

namespace Apm.Wire.Tests.Otlp;

/// <summary>Whatever the bytes, a decoder gives spans or a <see cref="PayloadException"/> that names protocol and byte.</summary>
public class DamagedBodiesTests
{
    delegate void Decoder(ReadOnlySpan<byte> body);

    static readonly (string Name, Decoder Decode, byte[] Sound)[] Decoders =
    [
        ("OTLP trace request (protobuf)", body => OtlpProtobufTraceDecoder.Decode(body, new SpanBatch(), OtlpGolden.Template), Recorded.Load("node-otel-grpc/002.bin").Body),
        ("OTLP trace request (protobuf)", body => OtlpProtobufTraceDecoder.Decode(body, new SpanBatch(), OtlpGolden.Template), OtlpGolden.Request),
        ("OTLP trace request (JSON)", body => OtlpJsonTraceDecoder.Decode(body, new SpanBatch(), OtlpGolden.Template), Recorded.Load("node-otel-http-json/002.bin").Body),
        ("OTLP metrics request (protobuf)", body => OtlpCounts.CountMetrics(body, isJson: false), Recorded.Load("node-otel-http-protobuf/002.bin").Body),
        ("OTLP metrics request (JSON)", body => OtlpCounts.CountMetrics(body, isJson: true), Recorded.Load("node-otel-http-json/003.bin").Body),
        ("OTLP metrics request (protobuf)", body => OtlpProtobufMetricsDecoder.Decode(body), Recorded.Load("node-otel-http-protobuf/002.bin").Body),
        ("OTLP metrics request (JSON)", body => OtlpJsonMetricsDecoder.Decode(body), Recorded.Load("node-otel-http-json/003.bin").Body),
        ("OTLP logs request (protobuf)", body => OtlpCounts.CountLogs(body, isJson: false), Recorded.Load("node-otel-http-protobuf/004.bin").Body),
        ("OTLP logs request (JSON)", body => OtlpCounts.CountLogs(body, isJson: true), Recorded.Load("node-otel-http-json/004.bin").Body),
        ("Zipkin v2 body (JSON)", body => ZipkinJsonDecoder.Decode(body, new SpanBatch(), OtlpGolden.Template), Recorded.Load("node-zipkin/003.bin").Body),
        ("Zipkin v2 body (protobuf)", body => ZipkinProtobufDecoder.Decode(body, new SpanBatch(), OtlpGolden.Template), Zipkin.ZipkinProtobufDecoderTests.Body()),
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Decoders.Length)];

    [Theory, MemberData(nameof(All))]
    public void Cut_off_at_any_length(int decoder)
    {
        var (name, decode, sound) = Decoders[decoder];
        var refused = 0;
        for (var length = 0; length < sound.Length; length += length < 2_000 ? 1 : 13) refused += Try(name, decode, sound.AsSpan(0, length));
        Assert.True(refused > 50, $"{name}: {refused} of the cut bodies were refused");
    }

    [Theory, MemberData(nameof(All))]
    public void With_bytes_changed(int decoder)
    {
        var (name, decode, sound) = Decoders[decoder];
        var chance = new Random(20_261);
        for (var round = 0; round < 2_000; round++)
        {
            var body = sound.ToArray();
            for (var left = chance.Next(1, 6); left > 0; left--) body[chance.Next(body.Length)] = (byte)chance.Next(256);
            Try(name, decode, body);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Of_random_bytes(int decoder)
    {
        var (name, decode, _) = Decoders[decoder];
        var chance = new Random(20_262);
        for (var round = 0; round < 2_000; round++)
        {
            var body = new byte[chance.Next(200)];
            chance.NextBytes(body);
            Try(name, decode, body);
        }
    }

    static int Try(string name, Decoder decode, ReadOnlySpan<byte> body)
    {
        try
        {
            decode(body);
            return 0;
        }
        catch (PayloadException error)
        {
            Assert.StartsWith(name + ", byte ", error.Message, StringComparison.Ordinal);
            return 1;
        }
    }

    [Fact]
    public void Values_nested_too_deep_are_refused_in_both_forms()
    {
        var json = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"deep\",\"value\":"
            + string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", 33)) + "{\"intValue\":1}" + string.Concat(Enumerable.Repeat("]}}", 33)) + "}]}}]}";
        var error = Assert.Throws<PayloadException>(() => OtlpGolden.DecodeJson(Encoding.UTF8.GetBytes(json)));
        Assert.Contains("in resource 0, attribute \"deep\": arrays and maps are nested deeper than 32. ", error.Message, StringComparison.Ordinal);

        var value = new Generated.AnyValue { IntValue = 1 };
        for (var i = 0; i < 33; i++) value = new Generated.AnyValue { ArrayValue = new Generated.ArrayValue { Values = { value } } };
        var request = new Generated.ExportTraceServiceRequest
        {
            ResourceSpans = { new Generated.ResourceSpans { Resource = new Generated.Resource { Attributes = { new Generated.KeyValue { Key = "deep", Value = value } } } } },
        };
        error = Assert.Throws<PayloadException>(() => OtlpGolden.Decode(Google.Protobuf.MessageExtensions.ToByteArray(request)));
        Assert.Contains("in resource 0, attribute \"deep\": arrays and maps are nested deeper than 32. ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hundred_thousand_brackets_do_not_take_the_process_down()
    {
        var bomb = Encoding.ASCII.GetBytes(new string('[', 100_000));
        Assert.Throws<PayloadException>(() => OtlpGolden.DecodeJson(bomb));
        Assert.Throws<PayloadException>(() => ZipkinJsonDecoder.Decode(bomb, new SpanBatch(), OtlpGolden.Template));
    }
}
