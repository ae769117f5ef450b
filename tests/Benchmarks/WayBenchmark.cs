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
    /// <summary>
    /// Arguments: <c>v04</c>, <c>v05</c>, <c>otlp-http</c> or <c>otlp-grpc</c>, the seconds to send for, and spans a second to send at most (then memory is
    /// printed every minute). Needs a Release build of src/Cli.
    /// </summary>
    public static int Run(string[] args)
    {
        int Number(int at, int otherwise) => args.Length > at ? int.Parse(args[at], CultureInfo.InvariantCulture) : otherwise;
        RunAsync(WayProtocol.Of(args.ElementAtOrDefault(0) ?? "v04"), Number(1, 10), Number(2, int.MaxValue), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    static async Task RunAsync(WayProtocol protocol, int seconds, int spansPerSecond, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-way").FullName;
        using var agent = Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await Ready(http);
            var load = new WayLoad(protocol);
            var port = PortOf(protocol);
            await load.WarmUp(port);

            agent.Refresh();
            var cpuBefore = agent.TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            using var watch = new Timer(_ => PrintMemory(agent, clock, output), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
            var sent = await load.Send(port, TimeSpan.FromSeconds(seconds), spansPerSecond);
            var wall = clock.Elapsed;
            await Settled(http);
            agent.Refresh();
            var cpu = agent.TotalProcessorTime - cpuBefore;
            output.WriteLine($"{protocol.Name}: {sent:N0} spans in {wall.TotalSeconds:F1} s: {sent / wall.TotalSeconds:N0} spans/s on the box, {sent / cpu.TotalSeconds:N0} spans/s per core of the agent ({cpu.TotalSeconds / wall.TotalSeconds:F2} cores, {cpu.TotalMicroseconds / sent:F2} µs per span)");
            output.WriteLine($"body: {load.BytesPerSpan:F0} bytes per span; memory of the agent: {agent.WorkingSet64 / 1_048_576} MiB");
            await PrintStore(http, output);
            await PrintLookups(http, load.Traces, output);
            await PrintVisible(http, output);
        }
        finally
        {
            agent.Kill();
            await agent.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    const int AgentPort = 24626;
    const int UiPort = 24627;

    const int OtlpHttpPort = 24628;
    const int OtlpGrpcPort = 24629;

    public static int PortOf(WayProtocol protocol) => protocol.IsGrpc ? OtlpGrpcPort : protocol.IsOtlp ? OtlpHttpPort : AgentPort;

    public static Process Start(string folder)
    {
        var apm = Path.Combine(Fixtures.RepoRoot, "src", "Cli", "bin", "Release", "net10.0", "apm.dll");
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { apm, "up", "--no-browser", "--data", folder, "--port", $"agent={AgentPort}", "--port", $"ui={UiPort}", "--port", $"otlp-grpc={OtlpGrpcPort}", "--port", $"otlp-http={OtlpHttpPort}", "--port", "zipkin=off" })
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    public static async Task Ready(HttpClient http)
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

    /// <summary>Until all that was received is in blocks: then the CPU spent is the whole way's.</summary>
    public static async Task Settled(HttpClient http)
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
            var id = traces[chance.Next(traces.Count)][chance.Next(WayLoad.TracesPerPayload)][0].TraceId;
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
    static async Task PrintVisible(HttpClient http, TextWriter output)
    {
        var millis = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var id = new TraceId(0, 0x5EEE_0000UL + (ulong)i);
            var span = new Span { TraceId = id, Id = new SpanId(7), StartUnixNanos = TimeProvider.System.NowUnixNanos(), DurationNanos = 1_000, Service = "visible", Name = "web.request", Resource = "GET /" };
            using var content = new ByteArrayContent(DatadogV04Encoder.Encode([[span]]));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/msgpack");
            var sent = Stopwatch.GetTimestamp();
            using var accepted = await http.PostAsync(new Uri($"http://127.0.0.1:{AgentPort}/v0.4/traces"), content);
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
}
