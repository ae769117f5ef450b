using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
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
    /// printed every minute). Options: <c>--warm-up SECONDS</c>; <c>--stored SPANS</c> measures once more when so many are stored, and opens the folder
    /// again; <c>--cli PATH</c> runs another build's apm.dll, to compare. Needs a Release build of src/Cli.
    /// </summary>
    public static int Run(string[] args)
    {
        var arguments = new Arguments(args, "warm-up", "stored", "cli");
        ApmUnderTest.Cli = arguments.Option("cli");
        RunAsync(WayProtocol.Of(arguments.Text(0, "v04")), arguments.Number(1, 10), arguments.Number(2, int.MaxValue), arguments.Number("warm-up", WayLoad.DefaultWarmUpSeconds), arguments.Number("stored", 0), Console.Out)
            .GetAwaiter().GetResult();
        return 0;
    }

    static async Task RunAsync(WayProtocol protocol, int seconds, int spansPerSecond, int warmUpSeconds, long stored, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-way").FullName;
        var agent = ApmUnderTest.Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await ApmUnderTest.Ready(http);
            var load = new WayLoad(protocol);
            var port = ApmUnderTest.PortOf(protocol);
            await load.WarmUp(port, warmUpSeconds);
            output.WriteLine($"{warmUpSeconds} s of warm-up before; bodies of {load.SpansPerPayload} spans, {load.BytesPerSpan:F0} bytes per span, {load.Senders} senders");

            var (onBox, perCore) = await Measure(agent, load, protocol, seconds, spansPerSecond, output);
            Figures.Note($"whole way, {protocol.Name}", $"{perCore:N0} spans/s per core, {onBox:N0} on the box", protocol.Goal);
            if (stored > 0)
            {
                var clock = Stopwatch.StartNew();
                var more = stored - await StoredSpans(http);
                var sent = more <= 0 ? 0 : await load.Send(port, TimeSpan.FromHours(1), spansPerSecond, more);
                await ApmUnderTest.Settled(http);
                output.WriteLine($"filled: {sent:N0} spans in {clock.Elapsed.TotalSeconds:F0} s");
                await load.WarmUp(port, 5); // After the pause.
                var (fullOnBox, fullPerCore) = await Measure(agent, load, protocol, seconds, spansPerSecond, output);
                output.WriteLine($"of the throughput before: {fullOnBox / onBox:P0} on the box, {fullPerCore / perCore:P0} per core");
            }
            await ApmUnderTest.Settled(http);
            await PrintStore(http, output);
            await PrintLookups(http, load.Sent, output);
            await PrintVisible(http, output);
            if (stored > 0)
            {
                await ApmUnderTest.End(agent);
                var opening = Stopwatch.StartNew();
                agent = ApmUnderTest.Start(folder);
                await ApmUnderTest.Ready(http);
                await StoredSpans(http);
                agent.Refresh();
                output.WriteLine($"opened again: ready after {opening.Elapsed.TotalSeconds:F2} s, {agent.WorkingSet64 / 1_048_576} MiB, {agent.TotalProcessorTime.TotalSeconds:F2} s of processor time");
                await PrintLookups(http, load.Sent, output);
                agent.Refresh();
                output.WriteLine($"memory after the look-ups: {agent.WorkingSet64 / 1_048_576} MiB");
            }
        }
        finally
        {
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Sends in rounds without a pause between them, so that each finds the work of the one before and leaves its own; the median counts.</summary>
    static async Task<(double OnBox, double PerCore)> Measure(Process agent, WayLoad load, WayProtocol protocol, int seconds, int spansPerSecond, TextWriter output)
    {
        var total = Stopwatch.StartNew();
        agent.Refresh();
        var cpuAtStart = agent.TotalProcessorTime;
        using var watch = new Timer(_ => PrintMemory(agent, total, cpuAtStart, output), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        var (onBox, perCore) = (new double[Rounds], new double[Rounds]);
        var rounds = spansPerSecond == int.MaxValue ? Rounds : 1; // A run at a given rate is one of minutes.
        for (var round = 0; round < rounds; round++)
        {
            agent.Refresh();
            var cpuBefore = agent.TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            var sent = await load.Send(ApmUnderTest.PortOf(protocol), TimeSpan.FromSeconds(seconds), spansPerSecond);
            var wall = clock.Elapsed;
            agent.Refresh();
            var cpu = agent.TotalProcessorTime - cpuBefore;
            (onBox[round], perCore[round]) = (sent / wall.TotalSeconds, sent / cpu.TotalSeconds);
            output.WriteLine($"{protocol.Name}: {sent:N0} spans in {wall.TotalSeconds:F1} s: {onBox[round]:N0} spans/s on the box, {perCore[round]:N0} spans/s per core of the agent ({cpu.TotalSeconds / wall.TotalSeconds:F2} cores, {cpu.TotalMicroseconds / sent:F2} µs per span), memory {agent.WorkingSet64 / 1_048_576} MiB");
        }
        var median = (OnBox: onBox[..rounds].Order().ElementAt(rounds / 2), PerCore: perCore[..rounds].Order().ElementAt(rounds / 2));
        output.WriteLine($"{protocol.Name}, median of {rounds}: {median.OnBox:N0} spans/s on the box, {median.PerCore:N0} per core");
        return median;
    }

    const int Rounds = 3;

    static async Task PrintStore(HttpClient http, TextWriter output)
    {
        var traces = (await ApmUnderTest.Status(http)).GetProperty("traces");
        var spans = traces.GetProperty("spanCount").GetInt64();
        var bytes = traces.GetProperty("byteCount").GetInt64();
        output.WriteLine($"stored: {spans:N0} spans in {traces.GetProperty("blockCount").GetInt32()} blocks, {(double)bytes / spans:F1} bytes per span");
    }

    static async Task<long> StoredSpans(HttpClient http) => (await ApmUnderTest.Status(http)).GetProperty("traces").GetProperty("spanCount").GetInt64();

    static async Task PrintLookups(HttpClient http, IReadOnlyList<TraceId> sent, TextWriter output)
    {
        var millis = new List<double>();
        var chance = new Random(1);
        for (var i = -WarmUpLookups; i < 500; i++)
        {
            var id = sent[chance.Next(sent.Count)];
            var clock = Stopwatch.GetTimestamp();
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ApmUnderTest.UiPort}/jaeger/api/traces/{id}"));
            await answer.Content.ReadAsByteArrayAsync();
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"Trace {id}: {(int)answer.StatusCode}");
            if (i >= 0) millis.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
        }
        millis.Sort();
        output.WriteLine($"one trace by id over HTTP, {millis.Count} random ones: median {millis[millis.Count / 2]:F1} ms, p99 {millis[millis.Count * 99 / 100]:F1} ms, worst {millis[^1]:F1} ms");
        Figures.Note("one trace by id over HTTP", $"median {millis[millis.Count / 2]:F1} ms, p99 {millis[millis.Count * 99 / 100]:F1} ms", "p99 ≤ 20 ms with 100 M stored");
    }

    const int WarmUpLookups = 50;

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
            using var accepted = await http.PostAsync(new Uri($"http://127.0.0.1:{ApmUnderTest.AgentPort}/v0.4/traces"), content);
            while (true)
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{ApmUnderTest.UiPort}/jaeger/api/traces/{id}"));
                if (answer.IsSuccessStatusCode) break;
            }
            millis.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }
        millis.Sort();
        Figures.Note("last byte received until found by id over HTTP", $"median {millis[10]:F1} ms, worst {millis[19]:F1} ms", "≤ 1 s");
        output.WriteLine($"sent until found by id over HTTP, 20 times: median {millis[10]:F1} ms, worst {millis[19]:F1} ms");
    }

    static void PrintMemory(Process agent, Stopwatch clock, TimeSpan cpuAtStart, TextWriter output)
    {
        agent.Refresh();
        output.WriteLine($"  after {clock.Elapsed.TotalMinutes:F0} min: {agent.WorkingSet64 / 1_048_576} MiB, {(agent.TotalProcessorTime - cpuAtStart).TotalSeconds / clock.Elapsed.TotalSeconds:F2} cores");
    }
}
