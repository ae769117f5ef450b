using System.Diagnostics;
using System.Globalization;
using System.Net;
using Apm.TestKit;
using Apm.Tracer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Apm.Benchmarks;

/// <summary>Who traces the app that <see cref="TracerBenchmark"/> measures.</summary>
enum TracedBy
{
    /// <summary>Nobody.</summary>
    Nobody,

    /// <summary>A listener that does nothing: what remains is what ASP.NET itself spends on its activity.</summary>
    EmptyListener,

    /// <summary>The launcher's start-up hook.</summary>
    Hook,

    /// <summary><c>AddApmTracing</c> and <c>UseApmTracing</c>.</summary>
    Hand,

    /// <summary>OpenTelemetry's own packages as they come, for comparison.</summary>
    OpenTelemetry,
}

/// <summary>The app of <see cref="TracerBenchmark"/>: an ASP.NET endpoint that answers two letters, in a process of its own.</summary>
static class TracerApp
{
    const int FirstPort = 24631;

    static readonly int s_agentPort = ApmUnderTest.AgentPort, s_otlpPort = ApmUnderTest.PortOf(WayProtocol.Of("otlp-http"));

    /// <summary>Its address.</summary>
    public static Uri Address(TracedBy who, string path = "/") => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FirstPort + (int)who}{path}"));

    /// <summary>Starts it.</summary>
    /// <param name="who">Who traces it.</param>
    /// <param name="isInside">True: it has no port, makes its requests itself, prints what <see cref="TracerInside"/> measured, and ends.</param>
    public static Process Start(TracedBy who, bool isInside = false)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in new[] { typeof(TracerApp).Assembly.Location, "tracer-app", who.ToString(), isInside ? "inside" : "" }) start.ArgumentList.Add(argument);
        start.Environment["DD_SERVICE"] = start.Environment["OTEL_SERVICE_NAME"] = who.ToString();
        start.Environment["DD_TRACE_AGENT_URL"] = $"http://127.0.0.1:{s_agentPort}";
        start.Environment["DOTNET_STARTUP_HOOKS"] = who == TracedBy.Hook ? Path.Combine(Fixtures.RepoRoot, "src", "Cli", "bin", "Release", "net10.0", "startup-hook", "Apm.StartupHook.dll") : "";
        return Process.Start(start)!;
    }

    /// <summary>What runs in the process; arguments: who traces it, and <c>inside</c> or nothing.</summary>
    public static int Serve(string[] args)
    {
        var who = Enum.Parse<TracedBy>(args[0]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        using var inside = args[1] == "inside" ? new TracerInside() : null;
        if (inside is null) builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, FirstPort + (int)who));
        else builder.Services.AddSingleton<IServer>(inside);
        if (who == TracedBy.EmptyListener) ListenToNothing();
        if (who == TracedBy.OpenTelemetry) AddOpenTelemetry(builder.Services);
        if (who == TracedBy.Hand) builder.Services.AddApmTracing();
        var web = builder.Build();
        if (who == TracedBy.Hand) web.UseApmTracing();
        web.MapGet("/", () => "ok");
        web.MapGet("/children", () => MeasureChildren());
        web.MapGet("/allocated", () => GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
        if (inside is null)
        {
            web.Run();
            return 0;
        }
        web.StartAsync().GetAwaiter().GetResult();
        Console.WriteLine(inside.Measured.GetAwaiter().GetResult());
        return 0;
    }

    static void ListenToNothing() => ActivitySource.AddActivityListener(new ActivityListener
    {
        ShouldListenTo = source => source.Name is "Microsoft.AspNetCore" or ApmTracer.SourceName,
        Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
    });

    static void AddOpenTelemetry(IServiceCollection services) => services.AddOpenTelemetry().WithTracing(tracing => tracing
        .AddSource(ApmTracer.SourceName)
        .AddAspNetCoreInstrumentation()
        .AddOtlpExporter(exporter =>
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
            exporter.Endpoint = new Uri($"http://127.0.0.1:{s_otlpPort}/v1/traces");
        }));

    /// <summary>
    /// Child spans of one request, one after the other with one tag each: nanoseconds on its own thread, nanoseconds of the whole process's processor
    /// time, which has the sending in it, and bytes on its own thread; as cells of a table. In bursts that fit into the queues, with pauses in which they are sent.
    /// </summary>
    static string MeasureChildren()
    {
        const int Bursts = 50, SpansPerBurst = 4_000;
        for (var burst = 0; burst < Bursts; burst++) Make();
        var (bytes, nanos, processor) = (0L, 0.0, Environment.CpuUsage.TotalTime);
        for (var burst = 0; burst < Bursts; burst++)
        {
            Thread.Sleep(50);
            var (began, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
            Make();
            nanos += Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            bytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
        }
        Thread.Sleep(1_000);
        processor = Environment.CpuUsage.TotalTime - processor;
        const double Count = Bursts * SpansPerBurst;
        return string.Create(CultureInfo.InvariantCulture, $"{nanos / Count:F0} | {processor.TotalNanoseconds / Count:F0} | {bytes / Count:F0}");

        static void Make()
        {
            for (var i = 0; i < SpansPerBurst; i++)
            {
                using var span = ApmTracer.StartSpan("cart.add");
                span.SetTag("cart.items", "3");
            }
        }
    }
}
