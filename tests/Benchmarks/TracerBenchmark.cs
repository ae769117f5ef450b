using System.Diagnostics;
using System.Globalization;

namespace Apm.Benchmarks;

/// <summary>
/// What tracing costs an app: an empty ASP.NET endpoint under load, traced by each of <see cref="TracedBy"/>, and one child span. A real agent
/// takes the spans. The apps run side by side and get the load by turns, in short slices, so that what else happens on the machine meets
/// all of them alike: once with a core of the app's own, sender and agent on the others: what is lost then is the tracer's; once with all
/// of them on all cores, as on a small machine. Before that each serves requests that are made in the process (<see cref="TracerInside"/>).
/// </summary>
static class TracerBenchmark
{
    const int Senders = 8, WarmUpSeconds = 5, SliceSeconds = 1;

    /// <summary>After a slice; what still waits is sent meanwhile and counts as the slice's.</summary>
    static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(700);

    /// <summary>Argument: the seconds of load on each app, of either kind.</summary>
    public static int Run(string[] args)
    {
        RunAsync(new Arguments(args).Number(0, 8), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    static async Task RunAsync(int seconds, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-tracer").FullName;
        var agent = ApmUnderTest.Start(folder);
        var apps = new Dictionary<TracedBy, Process>();
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await ApmUnderTest.Ready(http);
            output.WriteLine(Figures.Machine());
            await WriteInside(output);
            var receivedBefore = await Received(http);
            foreach (var who in Enum.GetValues<TracedBy>()) apps.Add(who, TracerApp.Start(who));
            var (apart, together) = (apps.Keys.ToDictionary(who => who, _ => new TracerSums()), apps.Keys.ToDictionary(who => who, _ => new TracerSums()));
            foreach (var who in apps.Keys)
            {
                await ApmUnderTest.Answers(http, TracerApp.Address(who), TimeSpan.FromSeconds(20), $"the app traced by {who} answers");
                together[who].OtherRequests += 1 + TracerLoad.Send(TracerApp.Address(who), Senders, TimeSpan.FromSeconds(WarmUpSeconds));
            }
            for (var round = 0; round * SliceSeconds < seconds; round++)
            {
                foreach (var (who, app) in round % 2 == 0 ? apps : apps.Reverse())
                {
                    Cores.Separate(app, agent);
                    await Slice(http, who, app, agent, apart[who]);
                    Cores.Share(app, agent);
                    await Slice(http, who, app, agent, together[who]);
                }
            }
            await ApmUnderTest.Settled(http);
            var received = await Received(http);
            Write(output, "a core of the app's own", apart);
            Write(output, "all on all cores", together);
            foreach (var who in (TracedBy[])[TracedBy.Hook, TracedBy.Hand])
            {
                Figures.Note($"an empty endpoint traced by {who}, a core of its own", $"{100 * apart[who].LossAgainst(apart[TracedBy.Nobody]):F1} % of the throughput, of which ASP.NET's own activity {100 * apart[TracedBy.EmptyListener].LossAgainst(apart[TracedBy.Nobody]):F1} %", "≤ 5 %");
                Figures.Note($"the same on the box, with agent and sender", $"{100 * together[who].LossAgainst(together[TracedBy.Nobody]):F1} % of the throughput");
            }
            output.WriteLine();
            output.WriteLine("| one child span with one tag, of | ns on its thread | ns of the process's time | bytes | request spans that arrived |");
            output.WriteLine("|---|---|---|---|---|");
            foreach (var who in apps.Keys.Where(who => who != TracedBy.Nobody))
            {
                var child = await http.GetStringAsync(TracerApp.Address(who, "/children"));
                var arrived = 100.0 * (received.GetValueOrDefault(who.ToString()) - receivedBefore.GetValueOrDefault(who.ToString())) / (apart[who].AllRequests + together[who].AllRequests);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {who} | {child} | {arrived:F1} % |"));
                if (who is TracedBy.Hook or TracedBy.Hand) Figures.Note($"one child span with one tag, traced by {who}: ns on its thread, ns of the process, bytes", $"{child}", "≤ 500 ns, ≤ 400 bytes");
            }
        }
        finally
        {
            foreach (var app in apps.Values) await ApmUnderTest.End(app);
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Each twice, in either order: what differs between the two is the machine's.</summary>
    static async Task WriteInside(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("| without sockets, in the process; traced by | ns of a request on its thread, median of 60 bursts | ns of the process's time | bytes |");
        output.WriteLine("|---|---|---|---|");
        foreach (var who in Enum.GetValues<TracedBy>().Concat(Enum.GetValues<TracedBy>().Reverse()))
        {
            using var process = TracerApp.Start(who, isInside: true);
            var printed = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            output.WriteLine($"| {who} | {printed.Trim()} |");
        }
    }

    static void Write(TextWriter output, string how, Dictionary<TracedBy, TracerSums> all)
    {
        output.WriteLine();
        output.WriteLine($"| {how}; traced by | requests/s, median | lost | app, ns of processor time per request | of it outside the kernel | agent | sender | bytes allocated per request |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        foreach (var (who, sums) in all)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {who} | {sums.RequestsPerSecond:N0} | {100 * sums.LossAgainst(all[TracedBy.Nobody]):F1} % | {sums.AppNanos / sums.Requests:N0} | {sums.AppUserNanos / sums.Requests:N0} | {sums.AgentNanos / sums.Requests:N0} | {sums.SenderNanos / sums.Requests:N0} | {sums.Bytes / sums.Requests:N0} |"));
        }
    }

    static async Task Slice(HttpClient http, TracedBy who, Process app, Process agent, TracerSums sums)
    {
        using var self = Process.GetCurrentProcess();
        var before = (Allocated: await Allocated(http, who), App: NanosOf(app), User: app.UserProcessorTime.TotalNanoseconds, Agent: NanosOf(agent), Self: NanosOf(self));
        var clock = Stopwatch.StartNew();
        var requests = TracerLoad.Send(TracerApp.Address(who), Senders, TimeSpan.FromSeconds(SliceSeconds));
        sums.Rates.Add(requests / clock.Elapsed.TotalSeconds);
        await Task.Delay(s_rest);
        sums.Requests += requests;
        sums.OtherRequests += 2;
        sums.AppNanos += NanosOf(app) - before.App;
        sums.AppUserNanos += app.UserProcessorTime.TotalNanoseconds - before.User;
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

    /// <summary>Spans that the agent has taken, by service; each app is a service.</summary>
    static async Task<Dictionary<string, long>> Received(HttpClient http) => (await ApmUnderTest.Status(http)).GetProperty("services").EnumerateArray().ToDictionary(
        service => service.GetProperty("name").GetString()!, service => service.GetProperty("spans").GetProperty("receivedSpanCount").GetInt64(), StringComparer.OrdinalIgnoreCase);
}

/// <summary>Sums of all slices of one app.</summary>
sealed class TracerSums
{
    public List<double> Rates { get; } = [];

    public long Requests { get; set; }

    /// <summary>Those of the warm-up, and questions of the benchmark's.</summary>
    public long OtherRequests { get; set; }

    public long AllRequests => Requests + OtherRequests;

    public double AppNanos { get; set; }

    /// <summary>Part of the former: what the app and its runtime do themselves. Time in the kernel, most of it sockets and changes of threads, varies more with what else runs.</summary>
    public double AppUserNanos { get; set; }

    public double AgentNanos { get; set; }

    public double SenderNanos { get; set; }

    public double Bytes { get; set; }

    /// <summary>The median of the slices.</summary>
    public double RequestsPerSecond => Rates.Order().ElementAt(Rates.Count / 2);

    /// <summary>Which part of the other's throughput is lost, 0 to 1.</summary>
    public double LossAgainst(TracerSums plain) => 1 - (RequestsPerSecond / plain.RequestsPerSecond);
}
