using System.Diagnostics;
using Apm.StartupHook.Encode;
using Apm.StartupHook.Listen;
using Apm.StartupHook.Report;
using Apm.StartupHook.Send;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook;

/// <summary>Puts the hook together, once per process.</summary>
internal static class HookStart
{
    /// <summary>Key of <see cref="AppContext"/> data that tells other code in the process that the hook traces it.</summary>
    public const string ActiveKey = "Apm.StartupHook.Active";

    // Held for the life of the process.
    static OpenTelemetryWatch? s_watch;

    /// <summary>Begins, unless this process is a tool or is told not to.</summary>
    /// <param name="read">Gives the value of an environment variable; null when not set.</param>
    public static void Begin(Func<string, string?> read)
    {
        var entryName = HookSettings.EntryName();
        var settings = HookSettings.FromEnvironment(read, entryName);
        HookLog.IsDebug = settings.IsDebug;
        var reason = !settings.IsEnabled ? "DD_TRACE_ENABLED is false"
            : AppContext.GetData(ActiveKey) is not null ? "it is traced already"
            : IsProfiled(read) ? "a profiler-based tracer is attached"
            : ProcessFilter.ReasonToSkip(entryName, AppContext.BaseDirectory, File.Exists);
        if (reason is not null)
        {
            HookLog.Debug($"this process is left alone: {reason}");
            return;
        }
        AppContext.SetData(ActiveKey, "true");

        var runtimeId = Guid.NewGuid().ToString();
        var drops = new DropCounter();
        var queue = new SpanQueue(settings.MaxQueueBytes, drops);
        var sender = new AgentSender(settings, queue, drops, TimeProvider.System);
        var telemetry = new Telemetry(settings, sender, drops, TimeProvider.System, runtimeId, Environment.ProcessId);
        var filter = new SourceSelection(settings);
        var sink = new SpanSink(queue, new SpanWriter(settings, runtimeId, Environment.ProcessId), filter);

        DistributedContextPropagator.Current = new HookPropagator(DistributedContextPropagator.Current, settings.Propagation);
        var capture = new ActivityCapture(sink, filter);
        if (settings.YieldsToOpenTelemetry) s_watch = new OpenTelemetryWatch(() => Yield(sink, capture, telemetry));
        DiagnosticListener.AllListeners.Subscribe(new DiagnosticHub(sink, settings, new HostObserver(telemetry, services => s_watch?.Ask(services))));

        AppDomain.CurrentDomain.ProcessExit += (_, _) => End(telemetry, sender);
        AppDomain.CurrentDomain.UnhandledException += (_, crash) =>
        {
            if (crash.IsTerminating) End(telemetry, sender);
        };
        var sources = new SourceWatch();
        sender.BeforeRound = () =>
        {
            telemetry.Tick();
            sources.Report(telemetry);
        };
        sender.Start(telemetry.Started);
        HookLog.Debug($"tracing {settings.Service} (pid {Environment.ProcessId}) to {settings.AgentUrl}");
    }

    static int s_hasYielded;

    static void Yield(SpanSink sink, ActivityCapture capture, Telemetry telemetry)
    {
        if (Interlocked.Exchange(ref s_hasYielded, 1) != 0) return;
        sink.Stop();
        capture.Dispose();
        var endpoint = Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT");
        var byHand = AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "Apm.Tracer");
        HookLog.Say(
            (byHand ? "this app is traced by AddApmTracing already" : "this app exports OpenTelemetry traces itself") +
            $"{(endpoint is null ? "" : $" (OTEL_EXPORTER_OTLP_ENDPOINT={endpoint})")}; the start-up hook leaves its spans to it, so that none is stored twice. " +
            "APM_YIELD_TO_OTEL=false makes the hook trace as well.");
        telemetry.Changed("tracer", byHand ? "apm-by-hand" : "opentelemetry");
    }

    static void End(Telemetry telemetry, AgentSender sender)
    {
        try
        {
            telemetry.Closing();
            sender.End();
        }
        catch (Exception problem)
        {
            HookLog.Problem("the last sending", problem);
        }
    }

    // Two tracers in one process would make every span twice.
    static bool IsProfiled(Func<string, string?> read) =>
        read("CORECLR_ENABLE_PROFILING") == "1"
        && read("CORECLR_PROFILER") is { } profiler
        && (profiler.Contains("846F5F1C-F9AE-4B07-969E-05C26BC060D8", StringComparison.OrdinalIgnoreCase)
            || profiler.Contains("918728DD-259F-4A6A-AC2B-B85E1B658318", StringComparison.OrdinalIgnoreCase));
}
