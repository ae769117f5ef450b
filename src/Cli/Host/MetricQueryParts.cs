using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;

namespace Apm.Cli.Host;

/// <summary>What answers metric queries: the stored metrics and those of traces, read as one.</summary>
static class MetricQueryParts
{
    /// <summary>
    /// Needs <see cref="IStatsReader"/>, <see cref="Counters"/> and <see cref="TimeProvider"/> from the services; takes <see cref="IMetricStore"/>,
    /// <see cref="IHostTags"/> and <see cref="IMetricUnits"/> when they are there.
    /// </summary>
    public static IServiceCollection AddMetricQueries(this IServiceCollection services)
    {
        services.AddSingleton<IMetricReader>(provider =>
        {
            var traces = new TraceMetricReader(provider.GetRequiredService<IStatsReader>());
            return provider.GetService<IMetricStore>() is { } stored ? new CombinedMetricReader(stored, traces) : traces;
        });
        return services.AddSingleton(provider => new MetricQueries(
            provider.GetRequiredService<IMetricReader>(), provider.GetService<IHostTags>() ?? NoHostTags.Instance, new TraceMetricUnits(provider.GetService<IMetricUnits>()),
            provider.GetRequiredService<Counters>(), provider.GetRequiredService<TimeProvider>()));
    }
}
