using System.Diagnostics.Tracing;
using System.Runtime.CompilerServices;
using Apm.StartupHook.Settings;

namespace Apm.StartupHook.Listen;

/// <summary>
/// Notices that the app exports OpenTelemetry traces itself: a tracer provider has been built, and the OTLP exporter is
/// loaded. Two signs tell of a provider: the SDK's own event source says so when it builds one; and, where event sources
/// are switched off, the started host knows the service.
/// </summary>
/// <remarks>An assembly alone is no sign: an app may use the SDK for metrics only.</remarks>
internal sealed class OpenTelemetryWatch : EventListener
{
    const string SdkEventSource = "OpenTelemetry-Sdk";

    readonly Action? _onProvider;
    EventSource? _early;

    /// <param name="onProvider">Called once a provider that exports is there; may be called more than once.</param>
    public OpenTelemetryWatch(Action onProvider)
    {
        _onProvider = onProvider;
        if (_early is not null) EnableEvents(_early, EventLevel.Verbose);
    }

    /// <summary>Asks a started host.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Ask(IServiceProvider services)
    {
        if (!IsExporterLoaded()) return;
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (assembly.GetName().Name == "OpenTelemetry.Api" && assembly.GetType("OpenTelemetry.Trace.TracerProvider") is { } provider
                && HostServices.Knows(services, provider))
                _onProvider?.Invoke();
        }
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name != SdkEventSource) return;
        // The base constructor tells of existing sources before our own has run.
        if (_onProvider is null) _early = eventSource;
        else EnableEvents(eventSource, EventLevel.Verbose);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        try
        {
            if (eventData.EventName != "TracerProviderSdkEvent" || eventData.Payload is not [string text, ..]
                || !text.Contains("built", StringComparison.OrdinalIgnoreCase)) return;
            if (!IsExporterLoaded()) return;
            DisableEvents(eventData.EventSource); // From here on it would tell of every span.
            _onProvider?.Invoke();
        }
        catch (Exception problem)
        {
            HookLog.Problem("watching for OpenTelemetry", problem);
        }
    }

    static bool IsExporterLoaded() =>
        AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "OpenTelemetry.Exporter.OpenTelemetryProtocol");
}
