using System.Globalization;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Obfuscate;
using Apm.Wire.Datadog;

namespace Apm.Benchmarks;

/// <summary>What obfuscation adds to decoding and normalising a span: the same bodies with the default settings and with everything off.</summary>
static class ObfuscateBenchmark
{
    const int Spans = 1_000;

    static readonly ObfuscationSettings Off = new()
    {
        SqlEnabled = false,
        RedisEnabled = false,
        MemcachedEnabled = false,
        CreditCardsEnabled = false,
        MongoDb = new JsonObfuscationSettings { Enabled = false },
    };

    /// <summary>Entry of the quick runner; writes results/obfuscate.md.</summary>
    public static int Run()
    {
        var table = new StringBuilder();
        table.AppendLine("| spans | off, ns per span | on, ns per span | obfuscation, ns per span | more bytes allocated per span |");
        table.AppendLine("|---|---|---|---|---|");
        foreach (var (name, make) in Kinds())
        {
            var chance = new Random(1);
            var body = DatadogV05Encoder.Encode([.. Enumerable.Range(0, Spans / 10).Select(trace => (IReadOnlyList<Span>)[.. Enumerable.Range(0, 10).Select(i => make(chance, (ulong)(trace * 10 + i + 1)))])]);
            var off = PerSpan(body, Off);
            var on = PerSpan(body, new ObfuscationSettings());
            Figures.Note($"hiding values: {name}", $"{on.Nanos - off.Nanos:N0} ns per span");
        table.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {off.Nanos:N0} | {on.Nanos:N0} | {on.Nanos - off.Nanos:N0} | {on.Bytes - off.Bytes:N0} |");
        }
        var obfuscator = new Obfuscator(new ObfuscationSettings());
        var statement = Statement(7, 42);
        var (perSecond, _) = Rate.Measure(() => obfuscator.StatsResource("sql", statement, isObfuscated: false));
        table.AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"One statement of {statement.Length} bytes, text to text: {1e9 / perSecond:N0} ns ({perSecond * statement.Length / 1e6:N0} MB/s).");
        Console.Write(table);
        var text = $"""
            # Obfuscation

            `dotnet run -c Release --project tests/Benchmarks -- obfuscate`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}, one thread on a machine of {Environment.ProcessorCount} cores.
            v0.5 bodies of {Spans} spans with 12 tags, decoded and normalised; medians of 9 rounds. Differences below about 15 ns are noise.

            {table}
            """;
        Figures.WriteFile("obfuscate.md", text);
        return 0;
    }

    static (double Nanos, double Bytes) PerSpan(byte[] body, ObfuscationSettings settings)
    {
        var payload = new Payload { Protocol = "benchmark", ReceivedUnixNanos = 0 };
        var normalizer = new SpanNormalizer(new Counters(), new NormalizeSettings { Obfuscation = settings });
        var (perSecond, bytes) = Rate.Measure(() =>
        {
            var batch = new SpanBatch(Spans);
            DatadogV05Decoder.Decode(body, batch, payload);
            normalizer.Normalize(batch);
        });
        return (1e9 / perSecond / Spans, bytes / Spans);
    }

    static IEnumerable<(string Name, Func<Random, ulong, Span> Make)> Kinds()
    {
        yield return ("nothing to hide", (chance, id) => Make(chance, id, "custom", "job", ("path", $"/item/{chance.Next()}")));
        yield return ("web, each its own URL", (chance, id) => Make(chance, id, "web", "GET /item", ("http.url", $"http://shop.example/item/{chance.Next()}")));
        yield return ("SQL, 20 statements", (chance, id) => Make(chance, id, "sql", Statement(chance.Next(20), 42), ("db.system", "postgresql")));
        yield return ("SQL, each its own statement", (chance, id) => Make(chance, id, "sql", Statement(chance.Next(20), chance.Next()), ("db.system", "postgresql")));
        yield return ("Redis, each its own command", (chance, id) => Make(chance, id, "redis", "SET", ("redis.raw_command", $"SET user:{chance.Next()} {chance.Next()} EX 60")));
        yield return ("MongoDB, each its own query", (chance, id) => Make(chance, id, "mongodb", "find user", ("mongodb.query", $$"""{"user": {"$eq": {{chance.Next()}} }, "active": true}""")));
    }

    static string Statement(int table, int value) =>
        string.Create(CultureInfo.InvariantCulture, $"SELECT id, title, price FROM product_{table} WHERE id = {value} AND state IN ('new', 'open') ORDER BY title LIMIT 20");

    static Span Make(Random chance, ulong id, string type, string resource, (string Key, string Value) special) => Some.Span(
        id: id, trace: ((id - 1) / 10) + 1, parent: id % 10 == 1 ? 0 : ((id - 1) / 10 * 10) + 1, type: type, resource: resource, service: "shop",
        tags:
        [
            special, ("env", "prod"), ("version", "1.4.2"), ("runtime-id", "0f3c2a51e8d14b7e9d1f6b0c4a7e5d21"), ("language", "python"), ("component", "own"),
            ("span.kind", "client"), ("host", $"web-{chance.Next(12)}"), ("out.host", $"db-{chance.Next(4)}"), ("user.id", chance.Next(50_000).ToString(CultureInfo.InvariantCulture)),
            ("a", "1"), ("b", "2"),
        ]);
}
