using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Metrics;

namespace Apm.Cli.Host;

/// <summary>The one intake of metrics, events and answers of checks, and DogStatsD before it.</summary>
/// <remarks>Made before the pipeline's listeners, which give it what comes over HTTP, and disposed after them; before the stores are.</remarks>
public sealed class MetricParts : IAsyncDisposable
{
    MetricParts(DogStatsD? dogStatsD) => DogStatsD = dogStatsD;

    /// <summary>Null when it is switched off.</summary>
    public DogStatsD? DogStatsD { get; }

    /// <summary>What listens, for the status; empty when nothing does.</summary>
    public IEnumerable<(string Name, int Port)> Listeners => DogStatsD?.Port is { } port ? [("dogstatsd", port)] : [];

    /// <summary>Takes DogStatsD lines that come over HTTP; null when DogStatsD is switched off.</summary>
    public IDogStatsDIntake? Lines => DogStatsD?.Intake;

    /// <summary>Where everything that is a number over time goes in.</summary>
    /// <param name="sinks">Where what is taken in is kept.</param>
    /// <param name="disk">Asked whether there is room; null when nobody knows.</param>
    public static MetricIntake MakeIntake(HostSettings settings, MetricSinks sinks, Counters counters, RecentProblems problems, TimeProvider clock, IDiskGuard? disk = null) => new(sinks, settings.MetricIntake, counters, problems, clock, disk);

    /// <summary>Opens the sockets of DogStatsD and begins.</summary>
    /// <param name="intake">The intake, or what stands before it to look at what comes.</param>
    /// <param name="host">Name of this host, for samples that say none.</param>
    /// <param name="warn">Told in a sentence what could not be opened; the rest works.</param>
    /// <param name="openBucketPath">File that keeps what is summed up of the open bucket over a restart; "" keeps none.</param>
    public static MetricParts Start(HostSettings settings, IMetricIntake intake, string host, MemoryBudget memory, Counters counters, RecentProblems problems, TimeProvider clock, Action<string> warn, string openBucketPath = "")
    {
        if (!settings.DogStatsD.IsOn) return new MetricParts(null);
        var parts = new DogStatsDParts(intake, memory, counters, problems, clock) { Host = host, MaxTags = settings.MetricIntake.MaxTags, OpenBucketPath = openBucketPath };
        return new MetricParts(DogStatsD.Start(settings.DogStatsD, settings.Histograms, parts, warn));
    }

    /// <summary>Shows how many series there are, and how full DogStatsD is, among the limits.</summary>
    /// <param name="seriesCount">Series that the store knows now.</param>
    public void AddLimits(LimitBook book, Counters counters, HostSettings settings, Func<int> seriesCount)
    {
        book.Add(new Limit("metrics.max_series", "Series of metrics with a point lately", "series", "Points of new series are dropped; leave out tags whose values never repeat. Those without points for a day make room.")
        {
            Value = () => seriesCount(), Ceiling = () => settings.Metrics.MaxSeries, BitCount = () => counters.Read("metric_series_refused"),
        });
        if (DogStatsD is not { } dogStatsD) return;
        book.Add(new Limit("dogstatsd.max_contexts", "Metrics with their tags that DogStatsD sums up", "contexts", "Samples of further ones are dropped; leave out tags whose values never repeat.")
        {
            Value = () => dogStatsD.ContextCount, Ceiling = () => dogStatsD.Settings.MaxContexts, BitCount = () => counters.Read("dogstatsd_samples_dropped", "contexts"),
        });
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => DogStatsD?.DisposeAsync() ?? ValueTask.CompletedTask;
}
