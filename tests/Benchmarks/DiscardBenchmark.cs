using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Apm.Core.Spans;
using Apm.Wire.Datadog;
using Apm.Wire.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Apm.Benchmarks;

/// <summary>
/// The agent beside an endpoint that reads the same bodies and forgets them, and one that decodes them besides: what of the machine's way of taking
/// bodies is left when everything is decoded, counted, logged and stored, and how much of the gap is the decoding alone. All in processes of their own,
/// one after the other, twice in turn.
/// </summary>
static class DiscardBenchmark
{
    const int Port = 24630;

    enum Receiver
    {
        Empty,
        Decodes,
        Agent,
    }

    /// <summary>
    /// Arguments: the protocol (over HTTP/1.1) and the seconds of each run. Options: <c>--warm-up SECONDS</c> before each, <c>--traces</c> and <c>--spans</c>
    /// of a body (100 of 10), <c>--senders</c> (4).
    /// </summary>
    public static int Run(string[] args)
    {
        var arguments = new Arguments(args, "warm-up", "traces", "spans", "senders");
        var protocol = WayProtocol.Of(arguments.Text(0, "v04"));
        if (protocol.IsGrpc) throw new ArgumentException("The empty endpoint speaks HTTP/1.1: v04, v05 or otlp-http.");
        var load = new WayLoad(protocol, arguments.Number("traces", 100), arguments.Number("spans", 10), arguments.Number("senders", 4));
        RunAsync(protocol, load, TimeSpan.FromSeconds(arguments.Number(1, 5)), arguments.Number("warm-up", WayLoad.DefaultWarmUpSeconds), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>The endpoint; arguments: the port, and a protocol to decode or <c>empty</c>. Started by <see cref="Run"/>.</summary>
    public static int Serve(string[] args)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5)); // As the agent's.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, int.Parse(args[0], CultureInfo.InvariantCulture), listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var decodes = args[1] == "empty" ? null : new Decodes(args[1]);
        app.Run(async context =>
        {
            var reader = context.Request.BodyReader;
            if (decodes is not null) await decodes.Read(reader, (int)context.Request.ContentLength!.Value, context.RequestAborted);
            else
            {
                while (true)
                {
                    var read = await reader.ReadAsync(context.RequestAborted);
                    reader.AdvanceTo(read.Buffer.End);
                    if (read.IsCompleted) break;
                }
            }
            context.Response.ContentLength = 0;
        });
        app.Run();
        return 0;
    }

    /// <summary>Reads a body into pooled memory and decodes it into a batch with room for it, as the agent does, and forgets both.</summary>
    sealed class Decodes(string protocol)
    {
        static readonly Payload s_payload = new() { Protocol = "", ReceivedUnixNanos = 0 };
        BatchCapacity _lately = BatchCapacity.For(16);

        public async Task Read(PipeReader reader, int length, CancellationToken cancel)
        {
            var body = ArrayPool<byte>.Shared.Rent(length);
            var at = 0;
            while (true)
            {
                var read = await reader.ReadAsync(cancel);
                foreach (var part in read.Buffer)
                {
                    part.Span.CopyTo(body.AsSpan(at));
                    at += part.Length;
                }
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            Decode(body.AsSpan(0, at));
            ArrayPool<byte>.Shared.Return(body);
        }

        void Decode(ReadOnlySpan<byte> body)
        {
            var batch = new SpanBatch(_lately);
            switch (protocol)
            {
                case "v04": DatadogV04Decoder.Decode(body, batch, s_payload); break;
                case "v05": DatadogV05Decoder.Decode(body, batch, s_payload); break;
                default: OtlpProtobufTraceDecoder.Decode(body, batch, s_payload); break;
            }
            _lately = new BatchCapacity(batch.SpanCount, batch.Tags.PoolCount, batch.Numbers.PoolCount, batch.Strings.Count, batch.Strings.ByteCount);
        }
    }

    static async Task RunAsync(WayProtocol protocol, WayLoad load, TimeSpan duration, int warmUpSeconds, TextWriter output)
    {
        output.WriteLine($"{protocol.Name}: bodies of {load.TracesPerPayload} traces of {load.SpansPerTrace} spans, {load.BytesPerSpan:F0} bytes per span, {load.Senders} senders; {warmUpSeconds} s of warm-up before each run");
        var rates = Enum.GetValues<Receiver>().ToDictionary(receiver => receiver, _ => new List<(double OnBox, double PerCore)>());
        foreach (var receiver in new[] { Receiver.Agent, Receiver.Decodes, Receiver.Empty, Receiver.Empty, Receiver.Decodes, Receiver.Agent })
        {
            var rate = receiver == Receiver.Agent ? await RunAgent(load, ApmUnderTest.PortOf(protocol), duration, warmUpSeconds)
                : await RunEmpty(load, receiver == Receiver.Decodes ? protocol.Name : "empty", duration, warmUpSeconds);
            rates[receiver].Add(rate);
            output.WriteLine($"{protocol.Name} {receiver.ToString().ToLowerInvariant()}: {rate.OnBox:N0} spans/s on the box, {rate.PerCore:N0} per core");
        }
        double Share(Receiver a, Receiver b, Func<(double OnBox, double PerCore), double> of) => rates[a].Average(of) / rates[b].Average(of);
        foreach (var (a, b) in new[] { (Receiver.Agent, Receiver.Empty), (Receiver.Decodes, Receiver.Empty), (Receiver.Agent, Receiver.Decodes) })
        {
            var (onBox, perCore) = (Share(a, b, rate => rate.OnBox), Share(a, b, rate => rate.PerCore));
            output.WriteLine($"{a.ToString().ToLowerInvariant()} of {b.ToString().ToLowerInvariant()}: {onBox:P0} on the box, {perCore:P0} per core");
            Figures.Note($"{a.ToString().ToLowerInvariant()} as a share of {b.ToString().ToLowerInvariant()}, {protocol.Name}, {load.SpansPerPayload} spans a body", $"{100 * onBox:F0} % on the box, {100 * perCore:F0} % per core", a == Receiver.Agent && b == Receiver.Empty ? "≥ 50 %, but see ADR 0011" : "");
        }
    }

    static async Task<(double OnBox, double PerCore)> RunAgent(WayLoad load, int port, TimeSpan duration, int warmUpSeconds)
    {
        var folder = Directory.CreateTempSubdirectory("apm-discard").FullName;
        var agent = ApmUnderTest.Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await ApmUnderTest.Ready(http);
            return await Measure(agent, load, port, duration, warmUpSeconds, () => ApmUnderTest.Settled(http));
        }
        finally
        {
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task<(double OnBox, double PerCore)> RunEmpty(WayLoad load, string decodes, TimeSpan duration, int warmUpSeconds)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(DiscardBenchmark).Assembly.Location, "discard-endpoint", Port.ToString(CultureInfo.InvariantCulture), decodes }) start.ArgumentList.Add(argument);
        start.Environment["DOTNET_gcServer"] = "1"; // As the agent's.
        var empty = Process.Start(start)!;
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await ApmUnderTest.Answers(http, new Uri($"http://127.0.0.1:{Port}/"), TimeSpan.FromSeconds(20), "the endpoint answers");
            return await Measure(empty, load, Port, duration, warmUpSeconds, () => Task.CompletedTask);
        }
        finally
        {
            await ApmUnderTest.End(empty);
        }
    }

    static async Task<(double OnBox, double PerCore)> Measure(Process process, WayLoad load, int port, TimeSpan duration, int warmUpSeconds, Func<Task> settled)
    {
        await load.WarmUp(port, warmUpSeconds);
        process.Refresh();
        var cpuBefore = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        var sent = await load.Send(port, duration, int.MaxValue);
        var wall = clock.Elapsed;
        await settled();
        process.Refresh();
        return (sent / wall.TotalSeconds, sent / (process.TotalProcessorTime - cpuBefore).TotalSeconds);
    }
}
