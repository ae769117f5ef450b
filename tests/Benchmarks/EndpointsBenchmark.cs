using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Endpoints;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;
using Apm.Wire.Datadog;

namespace Apm.Benchmarks;

/// <summary>What giving paths their endpoint's template costs: decoding and normalising with and without. <c>endpoints</c> prints a table within seconds.</summary>
static class EndpointsBenchmark
{
    const int Spans = 4_000;
    const int Bodies = 50;

    /// <summary>Entry of the quick runner; writes results/endpoints.md.</summary>
    public static int Run()
    {
        var table = new StringBuilder();
        table.AppendLine("| web spans | off, ns per span | on, ns per span | templates, ns per span | more bytes allocated per span |");
        table.AppendLine("|---|---|---|---|---|");
        Row(table, "named by routes already (`http.route`)", (_, i) => ($"GET /user/<id>/{i % 40}", "/user/<id>"));
        Row(table, "40 paths, known", (_, i) => ($"GET /page/{i % 40}", ""));
        Row(table, "each its own path of 40 routes", (urls, _) => (urls.Next().Raw, ""));
        Console.Write(table);
        var text = $"""
            # Names of endpoints

            `dotnet run -c Release --project tests/Benchmarks -- endpoints`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, one thread on a machine of {Environment.ProcessorCount} cores.
            v0.5 bodies of {Spans} spans with 7 tags, decoded and normalised, {Bodies} different ones in turn; medians of 9 rounds. Differences below about 15 ns are noise.

            {table}
            """;
        Figures.WriteFile("endpoints.md", text);
        return 0;
    }

    static void Row(StringBuilder table, string name, Func<RawUrls, int, (string Resource, string Route)> make)
    {
        var urls = new RawUrls(1);
        var bodies = Enumerable.Range(0, Bodies).Select(_ => DatadogV05Encoder.Encode([.. Enumerable.Range(0, Spans).Select(i => (IReadOnlyList<Span>)[Make(i, make(urls, i))])])).ToArray();
        var off = PerSpan(bodies, null);
        using var documents = new MemoryDocuments();
        var on = PerSpan(bodies, new EndpointNames(documents, new Counters()));
        Figures.Note($"endpoint templates: {name}", $"{on.Nanos - off.Nanos:N0} ns per span");
        table.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {off.Nanos:N0} | {on.Nanos:N0} | {on.Nanos - off.Nanos:N0} | {on.Bytes - off.Bytes:N0} |");
    }

    static (double Nanos, double Bytes) PerSpan(byte[][] bodies, EndpointNames? names)
    {
        var payload = new Payload { Protocol = "benchmark", ReceivedUnixNanos = 0 };
        var normalizer = new SpanNormalizer(new Counters(), new NormalizeSettings(), names);
        var next = 0;
        var (perSecond, bytes) = Rate.Measure(() =>
        {
            var batch = new SpanBatch(Spans);
            DatadogV05Decoder.Decode(bodies[next++ % bodies.Length], batch, payload);
            normalizer.Normalize(batch);
        });
        return (1e9 / perSecond / Spans, bytes / Spans);
    }

    static Span Make(int i, (string Resource, string Route) name) => Some.Span(
        id: (ulong)i + 1, trace: (ulong)i + 1, resource: name.Resource, service: "shop", kind: SpanKind.Server,
        tags: [("http.url", "http://shop/x"), ("span.kind", "server"), ("http.status_code", "200"), ("http.method", "GET"), ("env", "prod"), ("version", "1"), .. name.Route.Length > 0 ? new[] { ("http.route", name.Route) } : [("runtime-id", "a")]]);
}
