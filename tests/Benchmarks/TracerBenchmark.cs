using System.Diagnostics;
using System.Globalization;
using System.Net;
using Apm.TestKit;
using Apm.Tracer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Apm.Benchmarks;

/// <summary>
/// What the embedded tracer costs an app: an empty ASP.NET endpoint under load, in a process of its own, without it and with
/// <c>AddApmTracing</c> and <c>UseApmTracing</c>, in turn; then the processor time and bytes of one child span. A real agent takes the spans.
/// </summary>
static class TracerBenchmark
{
    const int Port = 24631, Senders = 8, WarmUpSeconds = 6, Pairs = 3;

    enum App
    {
        Plain,
        Traced,

    }

    /// <summary>Argument: the seconds of each run.</summary>
    public static int Run(string[] args)
    {
        RunAsync(TimeSpan.FromSeconds(new Arguments(args).Number(0, 8)), Console.Out).GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>The app; argument: which. Started by <see cref="Run"/>.</summary>
    public static int Serve(string[] args)
    {
        var app = Enum.Parse<App>(args[0]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port));
        if (app != App.Plain)
        {
            builder.Services.AddApmTracing(options =>
            {
                options.ServiceName = "empty";
                options.AgentUrl = new Uri($"http://127.0.0.1:{ApmUnderTest.PortOf(WayProtocol.Of("otlp-http"))}");
            });
        }
        var web = builder.Build();
        if (app != App.Plain) web.UseApmTracing();
        web.MapGet("/", () => "ok");
        web.MapGet("/children", () => MeasureChildren(300_000));
        web.Run();
        return 0;
    }

    /// <summary>Child spans of one request, one after the other with one tag each, on its own thread: nanoseconds and bytes of each.</summary>
    static string MeasureChildren(int count)
    {
        Make(30_000);
        Make(30_000);
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        Make(count);
        var nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds / count;
        bytes = (GC.GetAllocatedBytesForCurrentThread() - bytes) / count;
        return string.Create(CultureInfo.InvariantCulture, $"{nanos:F0} {bytes}");

        static void Make(int count)
        {
            for (var i = 0; i < count; i++)
            {
                using var span = ApmTracer.StartSpan("cart.add");
                span.SetTag("cart.items", "3");
            }
        }
    }

    static async Task RunAsync(TimeSpan duration, TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("apm-tracer").FullName;
        var agent = ApmUnderTest.Start(folder);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = Senders });
            await ApmUnderTest.Ready(http);
            var (requests, nanos) = (new List<double>[] { [], [] }, new List<double>[] { [], [] });
            for (var pair = 0; pair < Pairs; pair++)
            {
                foreach (var app in pair % 2 == 0 ? new[] { App.Plain, App.Traced } : [App.Traced, App.Plain])
                {
                    var (perSecond, cpuNanos) = await Load(http, app, duration);
                    requests[(int)app].Add(perSecond);
                    nanos[(int)app].Add(cpuNanos);
                    output.WriteLine($"{app}: {perSecond:N0} requests/s, {cpuNanos:N0} ns of processor time per request");
                }
            }
            var cost = 1 - (Median(requests[1]) / Median(requests[0]));
            var costPerCore = 1 - (Median(nanos[0]) / Median(nanos[1]));
            output.WriteLine($"throughput lost: {cost:P1} on the box (sender and agent on the same cores), {costPerCore:P1} per core of the app; {Median(nanos[1]) - Median(nanos[0]):N0} ns per request");
            Figures.Note("cost of the tracer, empty endpoint", $"{100 * cost:F1} % of the throughput, {Median(nanos[1]) - Median(nanos[0]):N0} ns of processor time per request", "≤ 5 %");
            var child = (await Children(http)).Split(' ');
            output.WriteLine($"one child span with one tag: {child[0]} ns, {child[1]} bytes on its own thread");
            Figures.Note("one child span of the tracer", $"{child[0]} ns, {child[1]} bytes", "≤ 500 ns, ≤ 400 bytes");
        }
        finally
        {
            await ApmUnderTest.End(agent);
            Directory.Delete(folder, recursive: true);
        }
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    static async Task<(double PerSecond, double CpuNanos)> Load(HttpClient http, App app, TimeSpan duration)
    {
        var process = Start(app);
        try
        {
            await ApmUnderTest.Answers(http, new Uri($"http://127.0.0.1:{Port}/"), TimeSpan.FromSeconds(20), "the app answers");
            await Send(http, TimeSpan.FromSeconds(WarmUpSeconds));
            process.Refresh();
            var cpu = process.TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            var requests = await Send(http, duration);
            var seconds = clock.Elapsed.TotalSeconds;
            process.Refresh();
            return (requests / seconds, (process.TotalProcessorTime - cpu).TotalNanoseconds / requests);
        }
        finally
        {
            await ApmUnderTest.End(process);
        }
    }

    static async Task<string> Children(HttpClient http)
    {
        var process = Start(App.Traced);
        try
        {
            await ApmUnderTest.Answers(http, new Uri($"http://127.0.0.1:{Port}/"), TimeSpan.FromSeconds(20), "the app answers");
            for (var i = 0; i < 3; i++) await http.GetStringAsync(new Uri($"http://127.0.0.1:{Port}/children"));
            return await http.GetStringAsync(new Uri($"http://127.0.0.1:{Port}/children"));
        }
        finally
        {
            await ApmUnderTest.End(process);
        }
    }

    static async Task<long> Send(HttpClient http, TimeSpan duration)
    {
        var address = new Uri($"http://127.0.0.1:{Port}/");
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

    static Process Start(App app)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(TracerBenchmark).Assembly.Location, "tracer-app", app.ToString() }) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
