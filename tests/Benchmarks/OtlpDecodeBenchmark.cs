using System.Globalization;
using System.Text;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Otlp;
using Apm.Wire.Zipkin;

namespace Apm.Benchmarks;

/// <summary>OTLP and Zipkin bodies to span columns, per core: <c>decode-otlp</c> prints medians and writes results/decode-otlp.md.</summary>
public static class OtlpDecodeBenchmark
{
    const int Traces = 100;
    const int SpansPerTrace = 10;

    delegate void Decoder(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload);

    static readonly Payload Payload = new() { Protocol = "otlp", ReceivedUnixNanos = 1_700_000_000_000_000_000 };

    public static int Run()
    {
        var table = new StringBuilder();
        table.AppendLine("| body | spans | bytes per span | spans/s | MB/s | allocated bytes per span |");
        table.AppendLine("|---|---|---|---|---|---|");
        Decoder protobuf = static (body, batch, payload) => OtlpProtobufTraceDecoder.Decode(body, batch, payload);
        Decoder json = static (body, batch, payload) => OtlpJsonTraceDecoder.Decode(body, batch, payload);
        Decoder zipkin = static (body, batch, payload) => ZipkinJsonDecoder.Decode(body, batch, payload);
        Measure("protobuf shop, 12 attributes", Shop(interleaved: false), protobuf, table);
        Measure("protobuf shop, traces interleaved", Shop(interleaved: true), protobuf, table);
        Measure("protobuf node-otel-http-protobuf/001", Fixtures.Bytes("node-otel-http-protobuf/001.bin"), protobuf, table);
        Measure("JSON node-otel-http-json/001", Fixtures.Bytes("node-otel-http-json/001.bin"), json, table);
        Measure("Zipkin JSON node-zipkin/002", Fixtures.Bytes("node-zipkin/002.bin"), zipkin, table);
        Console.Write(table);
        var text = $"""
            # Decoding OTLP and Zipkin bodies

            `dotnet run -c Release --project tests/Benchmarks -- decode-otlp`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, one thread on a machine of {Environment.ProcessorCount} cores.
            Medians of 9 rounds. "shop" bodies: {Traces} traces of {SpansPerTrace} spans, 10 text and 2 numeric attributes each, 10 on the resource,
            which are copied to each span; ids, times and urls different everywhere.

            {table}
            """;
        Figures.WriteFile("decode-otlp.md", text);
        return 0;
    }

    static void Measure(string name, byte[] bytes, Decoder decode, StringBuilder table)
    {
        var once = new SpanBatch();
        decode(bytes, once, Payload);
        var spans = once.SpanCount;
        var (perSecond, allocated) = Rate.Measure(() => decode(bytes, new SpanBatch(spans), Payload));
        Figures.Note($"decode {name}", $"{perSecond * spans:N0} spans/s, one thread");
        table.AppendLine(CultureInfo.InvariantCulture,
            $"| {name} | {spans} | {bytes.Length / spans} | {perSecond * spans:N0} | {perSecond * bytes.Length / 1e6:N0} | {allocated / spans:N0} |");
    }

    static byte[] Shop(bool interleaved)
    {
        var random = new Random(1);
        var spans = new List<Span>();
        for (var trace = 0; trace < Traces; trace++)
        {
            var traceId = new TraceId((ulong)random.NextInt64(), (ulong)random.NextInt64());
            for (var i = 0; i < SpansPerTrace; i++) spans.Add(SpanOf(traceId, i, i == 0 ? SpanId.None : spans[^1].Id, random));
        }
        var ordered = interleaved ? spans.Select((span, i) => (span, i)).OrderBy(pair => pair.i % SpansPerTrace).Select(pair => pair.span) : spans;
        return OtlpEncoder.Encode(new Dictionary<string, string>
        {
            ["service.name"] = "shop", ["service.version"] = "1.14.2", ["deployment.environment.name"] = "production", ["host.name"] = "box-7",
            ["telemetry.sdk.language"] = "dotnet", ["telemetry.sdk.name"] = "opentelemetry", ["telemetry.sdk.version"] = "1.20.1",
            ["service.instance.id"] = "b42d21c9-a28e-4064-9051-f676be3ae367", ["os.type"] = "linux", ["process.runtime.name"] = ".NET",
        }, ordered);
    }

    static Span SpanOf(TraceId trace, int i, SpanId parent, Random random)
    {
        var isServer = i == 0;
        return new Span
        {
            TraceId = trace,
            Id = new SpanId((ulong)random.NextInt64()),
            ParentId = parent,
            StartUnixNanos = 1_700_000_000_000_000_000 + random.NextInt64(1_000_000_000),
            DurationNanos = random.Next(100_000, 50_000_000),
            Service = "shop",
            Name = "",
            Resource = isServer ? "GET /product/{id}" : "work " + random.Next(20),
            Kind = isServer ? SpanKind.Server : i % 3 == 0 ? SpanKind.Client : SpanKind.Internal,
            Tags = new Dictionary<string, string>
            {
                ["http.request.method"] = "GET", ["url.scheme"] = "https", ["server.address"] = "shop.example", ["http.route"] = "/product/{id}",
                ["url.full"] = "https://shop.example/product/" + random.Next(100_000).ToString(CultureInfo.InvariantCulture),
                ["network.protocol.version"] = "1.1", ["user_agent.original"] = "curl/8.9", ["client.address"] = "10.0.0." + random.Next(200),
                ["app.tier"] = "front " + random.Next(3), ["app.region"] = "eu " + random.Next(3),
            },
            Numbers = new Dictionary<string, double> { ["http.response.status_code"] = 200, ["server.port"] = 443 },
        };
    }
}
