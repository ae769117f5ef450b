using Apm.Core.Counting;
using Apm.Core.Descriptions;
using Apm.Core.Ports;
using Apm.Query.Evaluate;
using Apm.Query.Metrics;

namespace Apm.Cli.Host;

/// <summary>What answers metric queries: the stored metrics and those of traces, read as one.</summary>
static class MetricQueryParts
{
    /// <summary>
    /// Needs <see cref="IStatsReader"/>, <see cref="Counters"/> and <see cref="TimeProvider"/> from the services; takes <see cref="IMetricStore"/>,
    /// <see cref="IHostTags"/> and <see cref="MetricDescriptions"/> when they are there.
    /// </summary>
    /// <param name="stored">The stored metrics; null takes the <see cref="IMetricStore"/> of the services, if any.</param>
    public static IServiceCollection AddMetricQueries(this IServiceCollection services, IMetricReader? stored = null)
    {
        services.AddSingleton<IMetricReader>(provider =>
        {
            var traces = new TraceMetricReader(provider.GetRequiredService<IStatsReader>());
            return (stored ?? provider.GetService<IMetricStore>()) is { } store ? new CombinedMetricReader(store, traces) : traces;
        });
        services.AddSingleton<IMetricUnits>(provider => new TraceMetricUnits(provider.GetService<MetricDescriptions>() is { } descriptions ? new DescribedUnits(descriptions) : null));
        return services.AddSingleton(provider => new MetricQueries(
            provider.GetRequiredService<IMetricReader>(), provider.GetService<IHostTags>() ?? NoHostTags.Instance, provider.GetRequiredService<IMetricUnits>(),
            provider.GetRequiredService<Counters>(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Units as somebody described them, or as they came with the points.</summary>
    sealed class DescribedUnits(MetricDescriptions descriptions) : IMetricUnits
    {
        public MetricUnit UnitOf(string metric) => descriptions.Find(metric) is { } described ? new MetricUnit(described.Unit ?? "", described.PerUnit ?? "") : MetricUnit.None;
    }
}
