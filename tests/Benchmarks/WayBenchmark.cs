using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>
/// The whole way: real `apm up` in a process of its own, payloads over HTTP, all spans kept, answers durable. Prints spans a
/// second on the box with the sender on it, spans a second per core of the agent's own CPU, bytes per stored span, and the
/// time to read one trace by id.
/// </summary>
static class WayBenchmark
{
    const int SpansPerTrace = 10;
    const int TracesPerPayload = 100;
    const int Payloads = 160;
    const int Senders = 4;

    /// <summary>
    /// Arguments: <c>v04</c> or <c>v05</c>, the seconds to send for, and spans a second to send at most (then memory is
    /// printed every minute). Needs a Release build of src/Cli.
    /// </summary>
    public static int Run(string[] args)
    {
        int Number(int at, int otherwise) => args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
        RunAsync(args.ElementAtOrDefault(0) ?? "v04", Number(1, 10), Number(2, int.MaxValue), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    static async Task RunAsync(string version, int seconds, int spansPerSecond, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-way").FullName;
        using var agent = Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await Ready(http);
            var traces = MakeTraces();
            var payloads = traces.Select(payload => new Template(version == "v05" ? DatadogV05Encoder.Encode(payload) : DatadogV04Encoder.Encode(payload), payload)).ToList();
            await Send(http, version, payloads, TimeSpan.FromSeconds(2), int.MaxValue); // Warm-up: compiled code, opened files.

            var cpuBefore = agent.TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            using var watch = new Timer(_ => PrintMemory(agent, clock, output), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
            var sent = await Send(http, version, payloads, TimeSpan.FromSeconds(seconds), spansPerSecond);
            var wall = clock.Elapsed;
            await Settled(http);
            agent.Refresh();
            var cpu = agent.TotalProcessorTime - cpuBefore;
            output.WriteLine($"{version}: {sent:N0} spans in {wall.TotalSeconds:F1} s: {sent / wall.TotalSeconds:N0} spans/s on the box, {sent / cpu.TotalSeconds:N0} spans/s per core of the agent ({cpu.TotalSeconds / wall.TotalSeconds:F2} cores, {cpu.TotalMicroseconds / sent:F2} µs per span)");
            output.WriteLine($"body: {payloads.Average(payload => payload.Bytes.Length) / (SpansPerTrace * TracesPerPayload):F0} bytes per span; memory of the agent: {agent.WorkingSet64 / 1_048_576} MiB");
            await PrintStore(http, output);
            await PrintLookups(http, traces, output);
            await PrintVisible(http, version, output);
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    const int AgentPort = 28126;
    const int UiPort = 28127;

    static Process Start(string folder)
    {
        var apm = Path.Combine(Fixtures.RepoRoot, "src", "Cli", "bin", "Release", "net10.0", "apm.dll");
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { apm, "up", "--no-browser", "--data", folder, "--port", $"agent={AgentPort}", "--port", $"ui={UiPort}", "--port", "otlp-grpc=off", "--port", "otlp-http=off", "--port", "zipkin=off" })
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    static async Task Ready(HttpClient http)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{AgentPort}/info"));
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100); // Between two looks at the condition.
            }
        }
        throw new InvalidOperationException("apm up did not become ready within 10 s.");
    }

    static async Task<long> Send(HttpClient http, string version, List<Template> payloads, TimeSpan duration, int spansPerSecond)
    {
        var address = new Uri($"http://127.0.0.1:{AgentPort}/{(version == "v05" ? "v0.5" : "v0.4")}/traces");
        var clock = Stopwatch.StartNew();
        var next = -1;
        var sent = 0L;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < duration)
            {
                var number = Interlocked.Increment(ref next);
                var due = TimeSpan.FromSeconds((double)number * SpansPerTrace * TracesPerPayload / spansPerSecond);
                if (due > clock.Elapsed) await Task.Delay(due - clock.Elapsed);
                var template = payloads[number % payloads.Count];
                using var content = new ByteArrayContent(template.Stamped(TimeProvider.System.NowUnixNanos()));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
                using var answer = await http.PostAsync(address, content);
                if (answer.IsSuccessStatusCode) Interlocked.Add(ref sent, SpansPerTrace * TracesPerPayload);
                else if ((int)answer.StatusCode != 429) throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }
        })));
        return sent;
    }

    /// <summary>Until all that was received is in blocks: then the CPU spent is the whole way's.</summary>
    static async Task Settled(HttpClient http)
    {
        var last = -1L;
        for (var attempt = 0; attempt < 60; attempt++)
        {
            var bytes = (await Status(http)).GetProperty("traces").GetProperty("byteCount").GetInt64();
            if (bytes == last && attempt > 12) return; // A block waits ten seconds at most.
            last = bytes;
            await Task.Delay(1_000); // Between two looks at the condition.
        }
    }

    static async Task PrintStore(HttpClient http, TextWriter output)
    {
        var traces = (await Status(http)).GetProperty("traces");
        var spans = traces.GetProperty("spanCount").GetInt64();
        var bytes = traces.GetProperty("byteCount").GetInt64();
        output.WriteLine($"stored: {spans:N0} spans in {traces.GetProperty("blockCount").GetInt32()} blocks, {(double)bytes / spans:F1} bytes per span");
    }

    static async Task PrintLookups(HttpClient http, List<List<List<Span>>> traces, TextWriter output)
    {
        var millis = new List<double>();
        var chance = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var id = traces[chance.Next(traces.Count)][chance.Next(TracesPerPayload)][0].TraceId;
            var clock = Stopwatch.GetTimestamp();
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{UiPort}/jaeger/api/traces/{id}"));
            await answer.Content.ReadAsByteArrayAsync();
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"Trace {id}: {(int)answer.StatusCode}");
            millis.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
        }
        millis.Sort();
        output.WriteLine($"one trace by id over HTTP, 200 random ones: median {millis[100]:F1} ms, p99 {millis[197]:F1} ms");
    }

    /// <summary>From the answer to a payload until the read API finds a trace of it by its id.</summary>
    static async Task PrintVisible(HttpClient http, string version, TextWriter output)
    {
        var millis = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var id = new TraceId(0, 0x5EEE_0000UL + (ulong)i);
            var span = new Span { TraceId = id, Id = new SpanId(7), StartUnixNanos = TimeProvider.System.NowUnixNanos(), DurationNanos = 1_000, Service = "visible", Name = "web.request", Resource = "GET /" };
            using var content = new ByteArrayContent(version == "v05" ? DatadogV05Encoder.Encode([[span]]) : DatadogV04Encoder.Encode([[span]]));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
            var sent = Stopwatch.GetTimestamp();
            using var accepted = await http.PostAsync(new Uri($"http://127.0.0.1:{AgentPort}/{(version == "v05" ? "v0.5" : "v0.4")}/traces"), content);
            while (true)
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{UiPort}/jaeger/api/traces/{id}"));
                if (answer.IsSuccessStatusCode) break;
            }
            millis.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
        millis.Sort();
        output.WriteLine($"sent until found by id over HTTP, 20 times: median {millis[10]:F1} ms, worst {millis[19]:F1} ms");
    }

    static void PrintMemory(Process agent, Stopwatch clock, TextWriter output)
    {
        agent.Refresh();
        output.WriteLine($"  after {clock.Elapsed.TotalMinutes:F0} min: {agent.WorkingSet64 / 1_048_576} MiB, {agent.TotalProcessorTime.TotalSeconds / clock.Elapsed.TotalSeconds:F2} cores");
    }

    static async Task<JsonElement> Status(HttpClient http)
    {
        using var document = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri($"http://127.0.0.1:{UiPort}/api/status")));
        return document.RootElement.Clone();
    }

    static List<List<List<Span>>> MakeTraces()
    {
        var chance = new Random(42);
        return [.. Enumerable.Range(0, Payloads).Select(_ => Enumerable.Range(0, TracesPerPayload).Select(_ => MakeTrace(chance)).ToList())];
    }

    /// <summary>A web request with nine spans beneath it, twelve tags each, some of them all but unique.</summary>
    static List<Span> MakeTrace(Random chance)
    {
        var id = new TraceId(0, (ulong)chance.NextInt64(1, long.MaxValue));
        var rootId = (ulong)chance.NextInt64(1, long.MaxValue);
        var endpoint = chance.Next(40);
        var host = $"web-{chance.Next(12)}";
        var user = chance.Next(50_000);
        var spans = new List<Span>();
        for (var i = 0; i < SpansPerTrace; i++)
        {
            var isRoot = i == 0;
            var tags = new Dictionary<string, string>
            {
                ["env"] = "prod",
                ["version"] = "1.4.2",
                ["runtime-id"] = "0f3c2a51e8d14b7e9d1f6b0c4a7e5d21",
                ["language"] = "python",
                ["component"] = isRoot ? "flask" : i % 3 == 0 ? "redis" : "sqlalchemy",
                ["span.kind"] = isRoot ? "server" : "client",
                ["http.method"] = "GET",
                ["http.url"] = $"http://shop.example/api/item/{chance.Next(100_000)}?user={user}",
                ["http.status_code"] = chance.Next(50) == 0 ? "500" : "200",
                ["user.id"] = user.ToString(CultureInfo.InvariantCulture),
                ["host"] = host,
                ["out.host"] = $"db-{chance.Next(4)}",
            };
            spans.Add(new Span
            {
                TraceId = id,
                Id = new SpanId(isRoot ? rootId : (ulong)chance.NextInt64(1, long.MaxValue)),
                ParentId = new SpanId(isRoot ? 0 : rootId),
                StartUnixNanos = 1_764_000_000_000_000_000,
                DurationNanos = chance.Next(50_000, 90_000_000),
                Service = isRoot ? "shop" : i % 3 == 0 ? "cache" : "shop-db",
                Name = isRoot ? "flask.request" : i % 3 == 0 ? "redis.command" : "postgres.query",
                Resource = isRoot ? $"GET /api/item/{endpoint}" : $"SELECT * FROM item_{endpoint} WHERE id = ?",
                Type = isRoot ? "web" : i % 3 == 0 ? "redis" : "sql",
                Tags = tags,
                Numbers = isRoot ? new Dictionary<string, double> { ["_sampling_priority_v1"] = 1, ["process_id"] = 4_242 } : new Dictionary<string, double>(),
            });
        }
        return spans;
    }

    /// <summary>An encoded payload and where its start times stand, so that each sending is of now without encoding again.</summary>
    sealed class Template
    {
        readonly List<int> _starts = [];

        public Template(byte[] bytes, List<List<Span>> traces)
        {
            Bytes = bytes;
            Span<byte> start = stackalloc byte[9];
            start[0] = 0xD3;
            BinaryPrimitives.WriteInt64BigEndian(start[1..], traces[0][0].StartUnixNanos);
            for (var pass = 0; pass < 2 && _starts.Count == 0; pass++, start[0] = 0xCF) // int64 or uint64, as the encoder likes.
                for (var at = 0; bytes.AsSpan(at).IndexOf(start) is var found and >= 0; at += found + 9) _starts.Add(at + found + 1);
            if (_starts.Count != SpansPerTrace * TracesPerPayload) throw new InvalidOperationException($"{_starts.Count} start times found.");
        }

        public byte[] Bytes { get; }

        public byte[] Stamped(long nowUnixNanos)
        {
            var bytes = (byte[])Bytes.Clone();
            foreach (var at in _starts) BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), nowUnixNanos - 100_000_000 + (at * 7L % 1_000_000));
            return bytes;
        }
    }
}
