using Apm.Tracer.Propagation;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Apm.Tracer;

/// <summary>Switches tracing on in an app's services.</summary>
public static class ApmServices
{
    /// <summary>
    /// Most spans of one sending, unless <c>OTEL_BSP_MAX_EXPORT_BATCH_SIZE</c> says otherwise; the SDK's own is 512. The agent answers when they are on
    /// disk, so fewer and larger ones cost both sides less. Even with a stack of 20 kB in each they are less than the agent takes at once.
    /// </summary>
    const int MaxBatchSpans = 1_024;

    /// <summary>
    /// Traces requests that come in and go out, spans of <see cref="ApmTracer"/>, and the sources that the options name, and
    /// sends them to the agent by OTLP. Stands on the OpenTelemetry SDK, so what the app adds to that goes along.
    /// </summary>
    /// <remarks>
    /// The app does not notice an agent that is away: spans wait in a bounded queue and are then dropped. If the launcher's
    /// start-up hook is in the process too, the hook yields to this and says so on stderr; nothing is stored twice. A
    /// second call changes nothing.
    /// </remarks>
    /// <param name="services">The app's services.</param>
    /// <param name="configure">Changes the options; null: everything from the environment.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddApmTracing(this IServiceCollection services, Action<ApmTracingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(service => service.ServiceType == typeof(ApmTracingOptions))) return services;

        var environment = new TracingEnvironment(System.Environment.GetEnvironmentVariable);
        var options = new ApmTracingOptions();
        foreach (var (key, value) in environment.Tags) options.Tags[key] = value;
        configure?.Invoke(options);
        options.ServiceName ??= environment.ServiceName;
        options.Environment ??= environment.Environment;
        options.Version ??= environment.Version;
        options.AgentUrl ??= environment.AgentUrl;
        options.Enabled ??= environment.IsEnabled;
        services.AddSingleton(options);
        if (options.Enabled is not true) return services;

        if (options.DatadogHeaders)
        {
            var propagation = PropagationSettings.FromEnvironment(System.Environment.GetEnvironmentVariable);
            Sdk.SetDefaultTextMapPropagator(new CompositeTextMapPropagator([new DatadogTextMapPropagator(propagation), new BaggagePropagator()]));
        }
        services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, options))
            .WithTracing(tracing => tracing
                .AddSource(ApmTracer.SourceName)
                .AddSource([.. options.Sources])
                .AddAspNetCoreInstrumentation(requests =>
                {
                    requests.RecordException = true;
                    requests.Filter = options.Filter;
                })
                .AddHttpClientInstrumentation(calls => calls.RecordException = true)
                .AddOtlpExporter(exporter => Configure(exporter, options))
                .ConfigureServices(inner => inner.Configure<BatchExportActivityProcessorOptions>(batch =>
                {
                    batch.MaxQueueSize = options.MaxQueueSpans;
                    var isBatchSet = System.Environment.GetEnvironmentVariable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") is not null;
                    batch.MaxExportBatchSize = Math.Min(options.MaxQueueSpans, isBatchSet ? batch.MaxExportBatchSize : MaxBatchSpans);
                    batch.ScheduledDelayMilliseconds = (int)options.FlushInterval.TotalMilliseconds;
                    batch.ExporterTimeoutMilliseconds = (int)options.SendTimeout.TotalMilliseconds;
                })));
        return services;
    }

    static void Describe(ResourceBuilder resource, ApmTracingOptions options)
    {
        resource.AddService(options.ServiceName!, serviceVersion: options.Version);
        var tags = options.Tags.Select(tag => new KeyValuePair<string, object>(tag.Key, tag.Value)).ToList();
        if (options.Environment is { } name) tags.Add(new("deployment.environment.name", name));
        tags.Add(new("process.pid", (long)System.Environment.ProcessId));
        resource.AddAttributes(tags);
    }

    static void Configure(OtlpExporterOptions exporter, ApmTracingOptions options)
    {
        exporter.TimeoutMilliseconds = (int)options.SendTimeout.TotalMilliseconds;
        if (options.AgentUrl is not { } agent) return;
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(agent, "/v1/traces");
    }
}
