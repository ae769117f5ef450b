using System.Net;
using System.Text;
using Apm.Core;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Tests.GeneratedZipkin;
using Apm.Wire.Tests.Otlp;
using Apm.Wire.Zipkin;
using Google.Protobuf;
using Span = Apm.Wire.Tests.GeneratedZipkin.Span;

namespace Apm.Wire.Tests.Zipkin;

public class ZipkinProtobufDecoderTests
{
    /// <summary>A client half and a server half, as protobuf.</summary>
    internal static byte[] Body() => new ListOfSpans
    {
        Spans =
        {
            new Span
            {
                TraceId = Bytes("00000000000000aa00000000000000bb"), Id = Bytes("000000000000000c"), ParentId = Bytes("000000000000000d"),
                Kind = Span.Types.Kind.Client, Name = "get", Timestamp = 1_000, Duration = 90,
                LocalEndpoint = new Endpoint { ServiceName = "front", Ipv4 = Ip("10.0.0.1"), Port = 80 },
                RemoteEndpoint = new Endpoint { ServiceName = "back", Ipv6 = Ip("2001:db8::1") },
                Annotations = { new Annotation { Timestamp = 1_001, Value = "sent" } },
                Tags = { ["http.method"] = "GET", ["error"] = "slow" },
                Debug = true,
            },
            new Span
            {
                TraceId = Bytes("00000000000000aa00000000000000bb"), Id = Bytes("000000000000000c"), ParentId = Bytes("000000000000000d"),
                Kind = Span.Types.Kind.Server, Name = "get /x", Timestamp = 1_010, Duration = 70, Shared = true,
                LocalEndpoint = new Endpoint { ServiceName = "back" },
            },
        },
    }.ToByteArray();

    [Fact]
    public void Protobuf_and_json_of_the_same_spans_give_the_same()
    {
        SpanBatch fromProtobuf = new(), fromJson = new();
        ZipkinProtobufDecoder.Decode(Body(), fromProtobuf, OtlpGolden.Template);
        ZipkinJsonDecoder.Decode(Encoding.UTF8.GetBytes("""
            [{"traceId":"aa00000000000000bb","id":"c","parentId":"d","kind":"CLIENT","name":"get","timestamp":1000,"duration":90,
              "localEndpoint":{"serviceName":"front","ipv4":"10.0.0.1","port":80},"remoteEndpoint":{"serviceName":"back","ipv6":"2001:db8::1"},
              "annotations":[{"timestamp":1001,"value":"sent"}],"tags":{"http.method":"GET","error":"slow"},"debug":true},
             {"traceId":"aa00000000000000bb","id":"c","parentId":"d","kind":"SERVER","name":"get /x","timestamp":1010,"duration":70,"shared":true,
              "localEndpoint":{"serviceName":"back"}}]
            """), fromJson, OtlpGolden.Template);
        Assert.Equal(2, fromProtobuf.SpanCount);
        Assert.Equal(TraceText.DrawFull(fromJson), TraceText.DrawFull(fromProtobuf));
    }

    [Fact]
    public void An_id_of_a_wrong_length_says_where()
    {
        var body = new ListOfSpans { Spans = { new Span { TraceId = Bytes("00000000000000aa"), Id = Bytes("0c") } } }.ToByteArray();
        var error = Assert.Throws<PayloadException>(() => ZipkinProtobufDecoder.Decode(body, new SpanBatch(), OtlpGolden.Template));
        Assert.Equal("Zipkin v2 body (protobuf), byte 13 in span 0: the id has 1 bytes, not 8. " +
            "Send one whole zipkin.proto3.ListOfSpans, or JSON with Content-Type: application/json.", error.Message);
    }

    static ByteString Bytes(string hex) => ByteString.CopyFrom(Convert.FromHexString(hex));

    static ByteString Ip(string address) => ByteString.CopyFrom(IPAddress.Parse(address).GetAddressBytes());
}
