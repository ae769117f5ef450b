using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Storage.InMemory;
using Apm.TraceAgent.Metrics;
using Apm.Wire.DogStatsD;

namespace Apm.Benchmarks;

/// <summary>
/// DogStatsD: lines read per core, lines read and summed up per core, and packets over loopback UDP at rising rates, with how many of them were lost.
/// Receiver and sender share this process and its cores. Writes results/dogstatsd.md.
/// </summary>
static class DogStatsDBenchmark
{
    const int GoalPacketsPerSecond = 200_000;

    /// <summary>The setting that takes what the system gives.</summary>
    const int UnaskedBuffer = 0;

    static readonly int[] RatesPerSecond = [100_000, 200_000, 250_000, 300_000, int.MaxValue];

    /// <param name="arguments">Seconds of each rate; default 10.</param>
    public static int Run(string[] arguments)
    {
        var seconds = new Arguments(arguments).Number(0, 10);
        var lines = Lines();
        var text = new StringBuilder();
        text.AppendLine("| What, one thread | per second | allocated bytes each |");
        text.AppendLine("|---|---|---|");
        MeasureReading(text, lines);
        MeasureSums(text, lines);
        Exchange(lines, 100_000, 3, UnaskedBuffer).GetAwaiter().GetResult(); // Warms up.
        foreach (var (buffer, whose) in new[] { (new DogStatsDSettings().ReceiveBufferBytes, "Apm's default"), (UnaskedBuffer, "what the system gives unasked") })
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"\nReceive buffer: {whose}, {BufferBytes(buffer):N0} bytes by the system's count.\n");
            text.AppendLine("| Packets over UDP, asked for | sent per second | sent | lost | processor time, sender and receiver |");
            text.AppendLine("|---|---|---|---|---|");
            foreach (var rate in RatesPerSecond)
            {
                var run = Exchange(lines, rate, seconds, buffer).GetAwaiter().GetResult();
                text.AppendLine(CultureInfo.InvariantCulture, $"| {(rate == int.MaxValue ? "as many as one thread can" : $"{rate:N0}/s")} | {run.SentPerSecond:N0} | {run.Sent:N0} | {run.Sent - run.Received:N0} | {run.Cores:0.00} cores |");
                if (buffer != UnaskedBuffer) Figures.Note($"dogstatsd over UDP, {run.SentPerSecond:N0} packets/s", $"{run.Sent - run.Received:N0} of {run.Sent:N0} lost", rate == GoalPacketsPerSecond ? "none lost" : "");
            }
        }
        Console.Write(text);
        Figures.WriteFile("dogstatsd.md", $"""
            # DogStatsD

            `dotnet run -c Release --project tests/Benchmarks -- dogstatsd {seconds}`; {Figures.Machine()}.
            {lines.Length} different lines of 5 types with 2 to 4 tags, of {lines.Average(line => line.Length):0} bytes on average, one in a packet. Sender and receiver are threads of one process.
            Goal: {GoalPacketsPerSecond:N0} packets a second without loss at the default buffer.

            {text}
            """);
        return 0;
    }

    static void MeasureReading(StringBuilder text, byte[][] lines)
    {
        var sum = 0.0;
        var (perSecond, allocated) = Rate.Measure(() =>
        {
            foreach (var line in lines)
                if (MetricLineReader.TryRead(line, takesTimestamps: true, out var metric, out _)) sum += metric.FirstValue;
        });
        Note(text, "lines read", perSecond * lines.Length, allocated / lines.Length);
        GC.KeepAlive(sum);
    }

    static void MeasureSums(StringBuilder text, byte[][] lines)
    {
        var counters = new Counters();
        var stats = Start(counters, port: null);
        var (perSecond, allocated) = Rate.Measure(() =>
        {
            foreach (var line in lines) stats.Intake.Take(line, "udp");
        });
        Note(text, "packets of one line read and summed up", perSecond * lines.Length, allocated / lines.Length);
        stats.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    static void Note(StringBuilder text, string what, double perSecond, double allocated)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"| {what} | {perSecond:N0} | {allocated:0.0} |");
        Figures.Note($"dogstatsd: {what}", $"{perSecond:N0}/s, one thread");
    }

    static async Task<(double SentPerSecond, long Sent, long Received, double Cores)> Exchange(byte[][] lines, int perSecond, int seconds, int bufferBytes)
    {
        var counters = new Counters();
        await using var stats = Start(counters, port: 0, bufferBytes);
        var spent = Process.GetCurrentProcess().TotalProcessorTime;
        var (sent, took) = await Task.Factory.StartNew(() => Send(lines, stats.Port!.Value, perSecond, seconds), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var cores = (Process.GetCurrentProcess().TotalProcessorTime - spent).TotalSeconds / took.TotalSeconds;
        long received = -1;
        while (counters.Read("dogstatsd_packets", "udp") is var now && now != received) // What is in the buffer is read; nothing more comes then.
        {
            received = now;
            await Task.Delay(200);
        }
        return (sent / took.TotalSeconds, sent, received, cores);
    }

    /// <summary>Sends each packet when it is due, or at once when it is late.</summary>
    static (long Sent, TimeSpan Took) Send(byte[][] lines, int port, int perSecond, int seconds)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, port);
        var began = Stopwatch.GetTimestamp();
        var end = began + seconds * Stopwatch.Frequency;
        var ticksPerPacket = (double)Stopwatch.Frequency / perSecond;
        long sent = 0;
        while (true)
        {
            var now = Stopwatch.GetTimestamp();
            if (now >= end) return (sent, Stopwatch.GetElapsedTime(began, now));
            if (perSecond != int.MaxValue && now < began + (long)(sent * ticksPerPacket)) continue;
            socket.Send(lines[sent % lines.Length]);
            sent++;
        }
    }

    static DogStatsD Start(Counters counters, int? port, int bufferBytes = UnaskedBuffer)
    {
        var problems = new RecentProblems();
        var intake = new MetricIntake(new MetricSinks(new InMemoryMetricStore(), happened => happened, _ => { }), new MetricIntakeSettings(), counters, problems, TimeProvider.System);
        return DogStatsD.Start(new DogStatsDSettings { Port = port, ReceiveBufferBytes = bufferBytes }, new HistogramSettings(), new DogStatsDParts(intake, new MemoryBudget(), counters, problems, TimeProvider.System) { Host = "bench" }, Console.Error.WriteLine);
    }

    static int BufferBytes(int asked)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        if (asked != UnaskedBuffer) socket.ReceiveBufferSize = asked;
        return socket.ReceiveBufferSize;
    }

    static byte[][] Lines()
    {
        var lines = new List<byte[]>();
        foreach (var (name, type) in new[] { ("page.views", "c"), ("queue.depth", "g"), ("request.time", "ms"), ("basket.value", "d"), ("users.seen", "s") })
            for (var i = 0; i < 40; i++)
                lines.Add(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"shop.{name}:{i * 1.25 + 1}|{type}|#env:prod,service:web-{i % 4},page:/p/{i}{(i % 2 == 0 ? ",version:1.4.2" : "")}")));
        return [.. lines];
    }
}
