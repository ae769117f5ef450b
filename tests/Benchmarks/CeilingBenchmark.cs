using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.Benchmarks;

/// <summary>
/// Does the memory ceiling hold? Real `apm up` under everything at once: small payloads as fast as four senders can, 20 MB
/// payloads, 600 connections of which most stay open with half a request, a trace of 100,000 spans being read, searches over
/// all that is stored. Prints the peak of resident memory that the kernel noted, and what was answered.
/// </summary>
static class CeilingBenchmark
{
    static readonly TraceId Big = new(0, 0xB16);

    /// <summary>Arguments: seconds, and ceiling in MiB (needs a Release build of src/Cli).</summary>
    public static int Run(string[] args)
    {
        var seconds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 30;
        var ceiling = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 512;
        return RunAsync(TimeSpan.FromSeconds(seconds), ceiling, Console.Out).GetAwaiter().GetResult();
    }

    static async Task<int> RunAsync(TimeSpan duration, int ceilingMega, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-ceiling").FullName;
        var agent = ApmUnderTest.Start(folder, ceilingMega * 1_048_576L);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 64 }) { Timeout = TimeSpan.FromMinutes(1) };
            await ApmUnderTest.Ready(http);
            output.WriteLine($"idle: {Peak(agent)} MiB");
            var answers = new ConcurrentDictionary<string, int>();
            using var end = new CancellationTokenSource(duration);
            var small = Enumerable.Range(0, 20).Select(seed => Body(seed, traces: 100, spansPerTrace: 10, new TraceId(0, 0))).ToList();
            var large = Body(99, traces: 4_000, spansPerTrace: 10, new TraceId(0, 0));
            await Post(http, Body(7, traces: 1, spansPerTrace: 50_000, Big), answers, "big trace", CancellationToken.None);
            await Post(http, Body(8, traces: 1, spansPerTrace: 50_000, Big), answers, "big trace", CancellationToken.None);
            var idle = Enumerable.Range(0, 600).Select(_ => HalfRequest()).ToList();
            var work = new List<Task>();
            for (var i = 0; i < 4; i++) work.Add(Repeat(n => Post(http, Stamped(small[n % small.Count]), answers, "small", end.Token), end.Token));
            for (var i = 0; i < 4; i++) work.Add(Repeat(_ => Post(http, Stamped(large), answers, "20 MB", end.Token), end.Token));
            for (var i = 0; i < 2; i++) work.Add(Repeat(_ => Get(http, $"/jaeger/api/traces/{Big}", answers, "read", end.Token), end.Token));
            for (var i = 0; i < 2; i++) work.Add(Repeat(n => Get(http, $"/traces?q=http.url:*item/{n}*&data=1", answers, "search", end.Token), end.Token));
            while (!end.IsCancellationRequested && !agent.HasExited)
            {
                await Task.Delay(TimeSpan.FromSeconds(5)); // Between two lines of the report.
                agent.Refresh();
                output.WriteLine($"  now {agent.WorkingSet64 / 1_048_576} MiB, peak {Peak(agent)} MiB");
            }
            await Task.WhenAll(work);
            foreach (var client in idle) client?.Dispose();
            foreach (var (what, count) in answers.OrderBy(pair => pair.Key, StringComparer.Ordinal)) output.WriteLine($"{what}: {count}");
            var peak = Peak(agent);
            output.WriteLine($"peak {peak} MiB of {ceilingMega} MiB: {(peak <= ceilingMega ? "the ceiling held" : "THE CEILING DID NOT HOLD")}");
            return peak <= ceilingMega ? 0 : 1;
        }
        finally
        {
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The most resident memory there ever was, in MiB, as the kernel noted it.</summary>
    static long Peak(Process process)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^2], CultureInfo.InvariantCulture) / 1_024;
    }

    static async Task Repeat(Func<int, Task> step, CancellationToken end)
    {
        try
        {
            for (var n = 0; !end.IsCancellationRequested; n++) await step(n);
        }
        catch (OperationCanceledException)
        {
            // Time is up.
        }
    }

    static async Task Post(HttpClient http, byte[] body, ConcurrentDictionary<string, int> answers, string what, CancellationToken cancel)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
        try
        {
            using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{ApmUnderTest.AgentPort}/v0.4/traces"), content, cancel);
            Note(answers, $"{what} → {(int)answer.StatusCode}");
        }
        catch (HttpRequestException problem)
        {
            Note(answers, $"{what} → {problem.HttpRequestError}");
        }
    }

    static async Task Get(HttpClient http, string path, ConcurrentDictionary<string, int> answers, string what, CancellationToken cancel)
    {
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ApmUnderTest.UiPort}{path}"), HttpCompletionOption.ResponseHeadersRead, cancel);
        await answer.Content.CopyToAsync(Stream.Null, cancel);
        Note(answers, $"{what} → {(int)answer.StatusCode}");
    }

    static void Note(ConcurrentDictionary<string, int> answers, string what) => answers.AddOrUpdate(what, 1, (_, count) => count + 1);

    /// <summary>A connection with a request whose body never comes; null when it was refused.</summary>
    static TcpClient? HalfRequest()
    {
        try
        {
            var client = new TcpClient();
            client.Connect(IPAddress.Loopback, ApmUnderTest.AgentPort);
            client.GetStream().Write("PUT /v0.4/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"u8);
            client.GetStream().Write(new byte[60_000]);
            return client;
        }
        catch (IOException)
        {
            return null;
        }
    }

    static readonly byte[] Stamp = [0xD3, 0x18, 0x7B, 0x1A, 0x00, 0x11, 0x22, 0x33, 0x44];
    const long StampNanos = 0x187B_1A00_1122_3344;

    static byte[] Body(int seed, int traces, int spansPerTrace, TraceId id)
    {
        var chance = new Random(seed);
        return DatadogV04Encoder.Encode([.. Enumerable.Range(0, traces).Select(_ => MakeTrace(chance, spansPerTrace, id.Low != 0 ? id : new TraceId(0, (ulong)chance.NextInt64(1, long.MaxValue))))]);
    }

    static List<Span> MakeTrace(Random chance, int spans, TraceId id)
    {
        var root = new SpanId((ulong)chance.NextInt64(1, long.MaxValue));
        var isBig = spans > 1_000;
        return [.. Enumerable.Range(0, spans).Select(i => new Span
        {
            TraceId = id, Id = i == 0 ? root : new SpanId((ulong)chance.NextInt64(1, long.MaxValue)), ParentId = i == 0 ? default : root,
            StartUnixNanos = isBig ? TimeProvider.System.NowUnixNanos() : StampNanos, DurationNanos = chance.Next(50_000, 90_000_000),
            Service = i == 0 ? "shop" : "shop-db", Name = i == 0 ? "flask.request" : "postgres.query", Resource = $"GET /item/{chance.Next(40)}", Type = "web",
            Tags = new Dictionary<string, string>
            {
                ["env"] = "prod", ["version"] = "1.4.2", ["component"] = "flask", ["span.kind"] = i == 0 ? "server" : "client", ["http.method"] = "GET",
                ["http.url"] = $"http://shop.example/api/item/{chance.Next(100_000)}?user={chance.Next(50_000)}", ["http.status_code"] = "200",
                ["user.id"] = chance.Next(50_000).ToString(CultureInfo.InvariantCulture), ["host"] = $"web-{chance.Next(12)}", ["out.host"] = $"db-{chance.Next(4)}",
                ["request.id"] = chance.NextInt64().ToString("x16", CultureInfo.InvariantCulture), ["language"] = "python",
            },
        })];
    }

    /// <summary>A copy whose spans start now.</summary>
    static byte[] Stamped(byte[] template)
    {
        var body = (byte[])template.Clone();
        Span<byte> now = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(now, TimeProvider.System.NowUnixNanos() - 100_000_000);
        for (var at = 0; body.AsSpan(at).IndexOf(Stamp.AsSpan(1)) is var found and >= 0; at += found + 8) now.CopyTo(body.AsSpan(at + found));
        return body;
    }
}
