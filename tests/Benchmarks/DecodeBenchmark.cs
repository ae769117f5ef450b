using System.Globalization;
using System.Text;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Datadog;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Running;

namespace Apm.Benchmarks;

/// <summary>
/// Bytes of Datadog's trace protocols to span columns, per core. <c>decode</c> prints medians within seconds and writes
/// results/decode.md; <c>decode full</c> runs BenchmarkDotNet.
/// </summary>
[MemoryDiagnoser]
public class DecodeBenchmark
{
    const int Traces = 100;
    const int SpansPerTrace = 10;

    readonly Dictionary<string, Body> _bodies = Bodies().ToDictionary(body => body.Name, StringComparer.Ordinal);

    sealed record Body(string Name, byte[] Bytes, int Spans, Action Decode);

    /// <summary>Entry of the quick runner.</summary>
    public static int Run(string[] arguments)
    {
        if (arguments is ["full", ..])
        {
            BenchmarkRunner.Run<DecodeBenchmark>();
            return 0;
        }
        var table = new StringBuilder();
        table.AppendLine("| body | spans | bytes per span | spans/s | MB/s | allocated bytes per span | times the first row |");
        table.AppendLine("|---|---|---|---|---|---|---|");
        var first = 0.0;
        foreach (var body in Bodies())
        {
            var (perSecond, allocated) = Rate.Measure(body.Decode);
            var spansPerSecond = perSecond * body.Spans;
            if (first == 0) first = spansPerSecond;
            Figures.Note($"decode {body.Name}", $"{spansPerSecond:N0} spans/s, one thread");
            table.AppendLine(CultureInfo.InvariantCulture,
                $"| {body.Name} | {body.Spans} | {body.Bytes.Length / body.Spans} | {spansPerSecond:N0} | {perSecond * body.Bytes.Length / 1e6:N0} | {allocated / body.Spans:N0} | {spansPerSecond / first:0.00} |");
        }
        Console.Write(table);
        var text = $"""
            # Decoding Datadog bodies

            `dotnet run -c Release --project tests/Benchmarks -- decode`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, one thread on a machine of {Environment.ProcessorCount} cores.
            Medians of 9 rounds. Absolute figures depend on what else the machine does; ratios hardly.
            "shop" bodies: {Traces} traces of {SpansPerTrace} spans of four kinds, 12 text tags and 2 numbers each, ids, times and urls different everywhere.

            {table}
            """;
        Figures.WriteFile("decode.md", text);
        return 0;
    }

    /// <summary>BenchmarkDotNet's parameter.</summary>
    public static IEnumerable<string> BodyNames => Bodies().Select(body => body.Name);

    [ParamsSource(nameof(BodyNames))]
    public string BodyName { get; set; } = "";

    [Benchmark]
    public void Decode() => _bodies[BodyName].Decode();

    static IEnumerable<Body> Bodies()
    {
        var shop = Shop();
        yield return Make("v0.4 shop", DatadogV04Encoder.Encode(shop), DatadogV04Decoder.Decode);
        yield return Make("v0.5 shop", DatadogV05Encoder.Encode(shop), DatadogV05Decoder.Decode);
        yield return Make("v0.4 node-dd-trace-6", Fixtures.Bytes("node-dd-trace-6/008.bin"), DatadogV04Decoder.Decode);
        yield return Make("v0.5 node-dd-trace-6", Fixtures.Bytes("node-dd-trace-6-v05-stats/008.bin"), DatadogV05Decoder.Decode);
        yield return Make("v0.4 py-ddtrace-0.36.3", Fixtures.Bytes("py-ddtrace-0.36.3-ddtrace-run/001.bin"), DatadogV04Decoder.Decode);
        yield return Make("v0.3 JSON py-ddtrace-0.14.0", Fixtures.Bytes("py-ddtrace-0.14.0-ddtrace-run/001.bin"),
            static (body, batch, payload) => { DatadogJsonDecoder.Decode(body, batch, payload); return 0; });
    }

    delegate int Decoder(ReadOnlySpan<byte> body, SpanBatch batch, Payload payload);

    static Body Make(string name, byte[] bytes, Decoder decode)
    {
        var payload = new Payload { Protocol = name, ReceivedUnixNanos = 0 };
        var once = new SpanBatch();
        decode(bytes, once, payload);
        var spans = once.SpanCount;
        return new Body(name, bytes, spans, () => decode(bytes, new SpanBatch(spans), payload));
    }

    static List<IReadOnlyList<Span>> Shop()
    {
        var random = new Random(1);
        string[] names = ["flask.request", "flask.render", "postgres.query", "http.request"];
        string[] types = ["web", "template", "sql", "http"];
        var traces = new List<IReadOnlyList<Span>>();
        for (var trace = 0; trace < Traces; trace++)
        {
            var spans = new List<Span>();
            var traceId = new TraceId(0, (ulong)random.NextInt64());
            for (var i = 0; i < SpansPerTrace; i++)
            {
                var kind = i == 0 ? 0 : 1 + random.Next(3);
                spans.Add(new Span
                {
                    TraceId = traceId,
                    Id = new SpanId((ulong)random.NextInt64()),
                    ParentId = i == 0 ? SpanId.None : spans[random.Next(i)].Id,
                    StartUnixNanos = 1_700_000_000_000_000_000 + random.NextInt64(1_000_000_000),
                    DurationNanos = random.Next(100_000, 50_000_000),
                    Service = kind == 2 ? "shop-db" : "shop",
                    Name = names[kind],
                    Resource = kind switch { 0 => $"GET /product/{{id}}", 2 => "SELECT id, title, price FROM product WHERE id = ?", _ => "page " + random.Next(20) },
                    Type = types[kind],
                    Tags = Tags(kind, random),
                    Numbers = new Dictionary<string, double> { ["_sampling_priority_v1"] = 1, ["process_id"] = 4711 },
                });
            }
            traces.Add(spans);
        }
        return traces;
    }

    static Dictionary<string, string> Tags(int kind, Random random)
    {
        var tags = new Dictionary<string, string>
        {
            ["env"] = "production",
            ["version"] = "1.14.2",
            ["runtime-id"] = "b42d21c9-a28e-4064-9051-f676be3ae367",
            ["language"] = "python",
            ["component"] = kind == 2 ? "psycopg" : "flask",
            ["span.kind"] = kind switch { 0 => "server", 1 => "internal", _ => "client" },
            ["_dd.p.tid"] = "6b04de9b00000000",
        };
        for (var i = 0; i < 4; i++) tags[$"{(kind == 2 ? "db" : "http")}.tag_{kind}_{i}"] = "value " + random.Next(3);
        tags[kind == 2 ? "db.rows" : "http.url"] = "http://shop.example/product/" + random.Next(100_000).ToString(CultureInfo.InvariantCulture);
        return tags;
    }
}
