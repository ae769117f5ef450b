using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Apm.Core.Time;
using Apm.Endurance.Load;
using Apm.Endurance.Running;

namespace Apm.Endurance.Healthy;

/// <summary><c>healthy --minutes 60 --seed 1</c>: nothing is wrong, and the doctor must not say that something is; writes results/healthy.md and fails at a false alarm.</summary>
static partial class HealthyCommand
{
    /// <summary>Of the sender beside the apps. Not the demo's shop: that has faults on purpose.</summary>
    const long SpansPerSecond = 1_000;

    /// <summary>An app that answered its first request so long ago must have no verdict: its spans are on their way for a second or two.</summary>
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(6);

    static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(2);

    static readonly string[] Screens = ["/", "/services", "/traces"];

    public static async Task<int> Run(Options options)
    {
        var (minutes, seed) = (options.Number("minutes", 60), (int)options.Number("seed", 1));
        var folder = options.Text("data", Path.Combine(Path.GetTempPath(), "apm-healthy-" + Guid.NewGuid().ToString("N")[..8]));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var (otlp, zipkin, statsD) = (AgentProcess.FreePort(), AgentProcess.FreePort(), AgentProcess.FreeUdpPort());
        await using var agent = await AgentProcess.Start(folder, http, AgentProcess.FreePorts(), ["otlp-grpc=off", $"otlp-http={otlp}", $"zipkin={zipkin}", $"dogstatsd={statsD}"]);
        try
        {
            var log = new AlarmLog();
            var apps = HealthyApps.All(otlp).Select((app, index) => new HealthyAppLife(app, agent, http, new Random(seed + index))).ToList();
            using var end = new CancellationTokenSource(TimeSpan.FromMinutes(minutes));
            var sender = new LoadSender(agent, http, ShopPayload.Make(8, TimeProvider.System.NowUnixNanos()), SpansPerSecond);
            Task[] works = [.. apps.Select(app => app.Run(end.Token)), sender.Run(end.Token), SendOthers(http, zipkin, statsD, end.Token)];
            foreach (var work in works) _ = work.ContinueWith(_ => end.Cancel(), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            var working = Task.WhenAll(works);
            var asked = await Ask(agent, apps, log, working, end.Token);
            await working;
            foreach (var app in apps)
                foreach (var line in app.Alarms) log.Take("launcher", "stderr", app.Name, line, TimeSpan.Zero, isSettled: true);
            var text = Report(minutes, seed, log, apps, sender, asked);
            Console.Write(text);
            options.WriteResult("healthy.md", text);
            return log.False.Count == 0 && sender.RefusedPayloads == 0 ? 0 : 1;
        }
        finally
        {
            await agent.Stop();
            if (options.Text("data", "").Length == 0) Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Asks the API and the screens until the end; gives how often.</summary>
    static async Task<(int Times, int SettledTimes)> Ask(AgentProcess agent, List<HealthyAppLife> apps, AlarmLog log, Task working, CancellationToken end)
    {
        var clock = Stopwatch.StartNew();
        var (times, settledTimes) = (0, 0);
        while (!end.IsCancellationRequested)
        {
            await Task.WhenAny(working, Task.Delay(AskEvery, CancellationToken.None));
            if (end.IsCancellationRequested) break;
            // Asked before and after: an app that is restarted meanwhile must not make a true verdict a false one.
            var settledBefore = apps.TrueForAll(app => app.IsSettled(Settling));
            var report = (await agent.Get("/api/doctor"))!.Value;
            var pages = new List<(string Path, string Code)>();
            foreach (var path in Screens)
                if (VerdictOfPage().Match(await agent.Page(path)) is { Success: true } found) pages.Add((path, found.Groups[1].Value));
            var isSettled = settledBefore && apps.TrueForAll(app => app.IsSettled(Settling));
            times++;
            if (isSettled) settledTimes++;
            log.TakeReport(report, clock.Elapsed, isSettled);
            foreach (var (path, code) in pages) log.Take($"screen {path}", code, "", "", clock.Elapsed, isSettled);
        }
        return (times, settledTimes);
    }

    /// <summary>Zipkin JSON and DogStatsD, a few a second, with names as they come.</summary>
    static async Task SendOthers(HttpClient http, int zipkin, int statsD, CancellationToken end)
    {
        using var udp = new UdpClient("127.0.0.1", statsD);
        for (var number = 0; !end.IsCancellationRequested; number++)
        {
            await udp.SendAsync(Encoding.UTF8.GetBytes($"page.views:{number % 7}|c|#route:home\nqueue.depth:{number % 40}|g"), CancellationToken.None);
            var at = TimeProvider.System.NowUnixNanos() / 1_000;
            var span = new { traceId = NewId(), id = NewId(), name = "get /bill", kind = "SERVER", timestamp = at, duration = 1_000 + (number % 900), localEndpoint = new { serviceName = "billing" } };
            using var content = JsonContent.Create(new[] { span });
            using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{zipkin}/api/v2/spans"), content, CancellationToken.None);
            answer.EnsureSuccessStatusCode();
            await Task.Delay(300, CancellationToken.None);
        }
    }

    static string Report(long minutes, int seed, AlarmLog log, List<HealthyAppLife> apps, LoadSender sender, (int Times, int SettledTimes) asked)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # {minutes} minutes with nothing wrong

            `dotnet run -c Release --project tests/Endurance -- healthy --minutes {minutes} --seed {seed}`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}: {Machine.Facts()}.
            The doctor was asked every {AskEvery.TotalSeconds:F0} s: `GET /api/doctor`, and {string.Join(", ", Screens)}; what the launchers said was read. A verdict counts as false when every app had answered its first request {Settling.TotalSeconds:F0} s before.
            Beside the apps: {SpansPerSecond:N0} spans/s by v0.4, Zipkin JSON and DogStatsD.

            | | result | bound |
            |---|---|---|
            | asked; of them with every app called | {asked.Times:N0}; {asked.SettledTimes:N0} | |
            | **false verdicts** | **{log.False.Sum(told => told.FalseCount)}** | 0 |
            | spans of the sender; payloads refused | {sender.AcknowledgedSpans:N0}; {sender.RefusedPayloads} | 0 |

            | app | requests | starts | longest silence, s |
            |---|---|---|---|
            """);
        foreach (var app in apps) text.AppendLine(CultureInfo.InvariantCulture, $"| {app.Name} | {app.CallCount:N0} | {app.StartCount} | {app.LongestSilence.TotalSeconds:F0} |");
        text.AppendLine().AppendLine("What was told, each once; *waited for* is a verdict while an app had started and nobody had called it yet.").AppendLine();
        text.AppendLine("| place | code | about | times | while all were called | between | sentence |").AppendLine("|---|---|---|---|---|---|---|");
        foreach (var told in log.All)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {told.Place} | {told.Code} | {told.About} | {told.Count} | {(told.IsNote ? "a note" : told.FalseCount == 0 ? "0, waited for" : $"**{told.FalseCount}**")} | {told.FirstAfter:hh\\:mm\\:ss} – {told.LastAfter:hh\\:mm\\:ss} | {told.Sentence.Replace("|", "\\|", StringComparison.Ordinal)} |");
        return text.ToString();
    }

    static string NewId() => Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture);

    [GeneratedRegex("data-verdict=\"(TD\\d+)\"")]
    private static partial Regex VerdictOfPage();
}
