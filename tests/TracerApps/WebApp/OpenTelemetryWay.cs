using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace TracedWebApp;

static class OpenTelemetryWay
{
    public static void AddTraces(IServiceCollection services) => services.AddOpenTelemetry().WithTracing(tracing => tracing
        .AddSource("Shop.Orders").AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddOtlpExporter());

    public static void AddMetrics(IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddAspNetCoreInstrumentation().AddOtlpExporter());
}
