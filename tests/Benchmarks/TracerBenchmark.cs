using System.Diagnostics;
using System.Globalization;

namespace Apm.Benchmarks;

/// <summary>
/// What tracing costs an app: an empty ASP.NET endpoint under load, traced by each of <see cref="TracedBy"/>, and one child span. A real agent
/// takes the spans, on the same cores. The apps run side by side and get the load by turns, in short slices, so that what else happens on the
/// machine meets all of them alike. Processor time is told apart by process: the app's is the tracer's cost, the agent's is its own.
/// </summary>
static class TracerBenchmark
{
    const int Senders = 8, WarmUpSeconds = 5, SliceSeconds = 1;

    /// <summary>After a slice; what still waits is sent meanwhile and counts as the slice's.</summary>
    static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(700);

    /// <summary>Sums of all slices of one app.</summary>
    sealed class Sums
    {
        public List<double> RequestsPerSecond { get; } = [];

        public long Requests { get; set; }

        /// <summary>With those of the warm-up and a few of our own.</summary>
        public long AllRequests { get; set; }

        public double AppNanos { get; set; }

        public double AgentNanos { get; set; }

        public double SenderNanos { get; set; }

        public double Bytes { get; set; }
    }

    /// <summary>Argument: the seconds of load on each app.</summary>
    public static int Run(string[] args)
    {
        RunAsync(new Arguments(args).Number(0, 8), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    static async Task RunAsync(int seconds, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-tracer").FullName;
        var agent = ApmUnderTest.Start(folder);
        var apps = Enum.GetValues<TracedBy>().ToDictionary(who => who, TracerApp.Start);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = Senders });
            await ApmUnderTest.Ready(http);
            var sums = apps.Keys.ToDictionary(who => who, _ => new Sums());
            foreach (var who in apps.Keys)
            {
                await ApmUnderTest.Answers(http, TracerApp.Address(who), TimeSpan.FromSeconds(20), $"the app traced by {who} answers");
                sums[who].AllRequests += 1 + await Send(http, who, TimeSpan.FromSeconds(WarmUpSeconds));
            }
            output.WriteLine(Figures.Machine());
            output.WriteLine("| traced by | requests/s, median | app, ns of processor time per request | agent | sender | bytes allocated per request | spans that arrived |");
            output.WriteLine("|---|---|---|---|---|---|---|");
            for (var round = 0; round * SliceSeconds < seconds; round++)
                foreach (var (who, app) in round % 2 == 0 ? apps : apps.Reverse())
                    await Slice(http, who, app, agent, sums[who]);
            await ApmUnderTest.Settled(http);
            var received = (await ApmUnderTest.Status(http)).GetProperty("services").EnumerateArray()
                .ToDictionary(service => service.GetProperty("name").GetString()!, service => service.GetProperty("spans").GetProperty("receivedSpanCount").GetInt64(), StringComparer.OrdinalIgnoreCase);
            foreach (var (who, sum) in sums)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {who} | {Median(sum.RequestsPerSecond):N0} | {sum.AppNanos / sum.Requests:N0} | {sum.AgentNanos / sum.Requests:N0} | {sum.SenderNanos / sum.Requests:N0} | {sum.Bytes / sum.Requests:N0} | {100.0 * received.GetValueOrDefault(who.ToString()) / sum.AllRequests:F1} % |"));
            foreach (var who in (TracedBy[])[TracedBy.Hook, TracedBy.Hand])
            {
                var (cost, nanos) = CostOf(sums[who], sums[TracedBy.Nobody]);
                Figures.Note($"an empty endpoint traced by {who}", $"{100 * cost:F1} % of the throughput on the box, {nanos:N0} ns of the app's processor time per request", "≤ 5 %");
            }
            output.WriteLine();
            output.WriteLine("| one child span with one tag, of | ns | bytes |");
            output.WriteLine("|---|---|---|");
            foreach (var who in apps.Keys.Where(who => who != TracedBy.Nobody))
            {
                var (nanos, bytes) = await Child(http, who);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {who} | {nanos} | {bytes} |"));
                if (who is TracedBy.Hook or TracedBy.Hand) Figures.Note($"one child span, traced by {who}", $"{nanos} ns, {bytes} bytes", "≤ 500 ns, ≤ 400 bytes");
            }
        }
        finally
        {
            foreach (var app in apps.Values) await ApmUnderTest.End(app);
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    static (double Throughput, double Nanos) CostOf(Sums traced, Sums plain) => (
        1 - (Median(traced.RequestsPerSecond) / Median(plain.RequestsPerSecond)),
        (traced.AppNanos / traced.Requests) - (plain.AppNanos / plain.Requests));

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    static async Task Slice(HttpClient http, TracedBy who, Process app, Process agent, Sums sums)
    {
        using var self = Process.GetCurrentProcess();
        var before = (Allocated: await Allocated(http, who), App: NanosOf(app), Agent: NanosOf(agent), Self: NanosOf(self));
        var clock = Stopwatch.StartNew();
        var requests = await Send(http, who, TimeSpan.FromSeconds(SliceSeconds));
        sums.RequestsPerSecond.Add(requests / clock.Elapsed.TotalSeconds);
        await Task.Delay(s_rest);
        sums.Requests += requests;
        sums.AllRequests += requests + 2;
        sums.AppNanos += NanosOf(app) - before.App;
        sums.AgentNanos += NanosOf(agent) - before.Agent;
        sums.SenderNanos += NanosOf(self) - before.Self;
        sums.Bytes += await Allocated(http, who) - before.Allocated;
    }

    static double NanosOf(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime.TotalNanoseconds;
    }

    static async Task<long> Allocated(HttpClient http, TracedBy who) =>
        long.Parse(await http.GetStringAsync(TracerApp.Address(who, "/allocated")), CultureInfo.InvariantCulture);

    static async Task<(string Nanos, string Bytes)> Child(HttpClient http, TracedBy who)
    {
        for (var i = 0; i < 3; i++) await http.GetStringAsync(TracerApp.Address(who, "/children"));
        var words = (await http.GetStringAsync(TracerApp.Address(who, "/children"))).Split(' ');
        return (words[0], words[1]);
    }

    static async Task<long> Send(HttpClient http, TracedBy who, TimeSpan duration)
    {
        var address = TracerApp.Address(who);
        var clock = Stopwatch.StartNew();
        var sent = await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            var count = 0L;
            for (; clock.Elapsed < duration; count++)
            {
                using var answer = await http.GetAsync(address);
                answer.EnsureSuccessStatusCode();
            }
            return count;
        })));
        return sent.Sum();
    }
}
