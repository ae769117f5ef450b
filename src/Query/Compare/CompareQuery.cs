using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;

namespace Apm.Query.Compare;

/// <summary>What a trace is held against.</summary>
public enum CompareWith
{
    /// <summary>Mean of a sample of its endpoint's traces around its time.</summary>
    Median,

    /// <summary>Mean of a sample of its endpoint's traces before one of its services took the version it has in this trace.</summary>
    LastVersion,

    /// <summary>The newest trace of its endpoint before it in which nothing failed.</summary>
    LastSuccess,
}

/// <summary>Traces to hold another against.</summary>
/// <param name="Traces">Empty when there are none; then <paramref name="Says"/> tells why.</param>
/// <param name="Title">Short, for the head of a column.</param>
/// <param name="Says">What was taken, as a sentence.</param>
public sealed record CompareSide(IReadOnlyList<TraceTree> Traces, string Title, string Says);

/// <summary>Finds what a trace can be compared with. Any thread may call it.</summary>
public sealed class CompareQuery(TraceSearch search, TraceLookup lookup, IStatsReader stats)
{
    /// <summary>Most traces of a sample; default 30.</summary>
    public const int MaxSampledTraces = 30;

    /// <summary>Most spans of a sample together; default 100,000. The newest traces are taken first, one in any case.</summary>
    public const int MaxSampledSpans = 100_000;

    /// <summary>Most traces looked at to find those that fit; default 200.</summary>
    public const int MaxCandidates = 200;

    /// <summary>How long before and after the trace its endpoint's traces are looked for; 1 h.</summary>
    public static readonly TimeSpan Around = TimeSpan.FromHours(1);

    /// <summary>How long back another version or a success is looked for; 24 h.</summary>
    public static readonly TimeSpan Back = TimeSpan.FromHours(24);

    /// <summary>Traces to hold <paramref name="trace"/> against.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public CompareSide Find(TraceTree trace, CompareWith with, CancellationToken cancel = default)
    {
        var endpoint = $"{trace.Root.Service} {(trace.Root.Resource.Length > 0 ? trace.Root.Resource : trace.Root.Name)}";
        switch (with)
        {
            case CompareWith.Median:
                var median = Sample(trace, new TimeRange(Shifted(trace.StartUnixNanos, -Around), Shifted(trace.StartUnixNanos, Around)), _ => true, MaxSampledTraces, cancel);
                return new CompareSide(median, "Its endpoint", median.Count == 0
                    ? $"No other trace of {endpoint} is stored within an hour before or after this one."
                    : $"Mean of the newest {Traces(median.Count)} of {endpoint} within an hour before and after.");
            case CompareWith.LastSuccess:
                var success = Sample(trace, new TimeRange(Shifted(trace.StartUnixNanos, -Back), trace.StartUnixNanos), tree => tree.ErrorCount == 0, 1, cancel);
                return new CompareSide(success, "Last success", success.Count == 0
                    ? $"Among the {MaxCandidates} newest traces of {endpoint} in the 24 hours before this one, none is without an error."
                    : $"The newest trace of {endpoint} before this one in which nothing failed.");
            default:
                if (NewestVersion(trace, cancel) is not { } deploy)
                    return new CompareSide([], "Last version", "None of its services is known to have run another version in the 24 hours before it; spans tell theirs by the tag version.");
                // Instances take a version one after another: the spans themselves say which they had.
                var before = Sample(trace, new TimeRange(Shifted(trace.StartUnixNanos, -Back), trace.StartUnixNanos), tree => VersionOf(tree, deploy.Service) == deploy.Before, MaxSampledTraces, cancel, until: deploy.SinceUnixNanos);
                return new CompareSide(before, $"{deploy.Service} {deploy.Before}", before.Count == 0
                    ? $"{deploy.Service} took version {deploy.Version} in place of {deploy.Before}, but no trace of {endpoint} with {deploy.Before} is stored."
                    : $"Mean of the newest {Traces(before.Count)} of {endpoint} in which {deploy.Service} was {deploy.Before}; here it is {deploy.Version}.");
        }
    }

    List<TraceTree> Sample(TraceTree trace, TimeRange range, Func<TraceTree, bool> fits, int count, CancellationToken cancel, long? until = null)
    {
        var root = trace.Root;
        var filter = TraceFilter.Empty.With("service", root.Service).With("operation", root.Name).With("resource", root.Resource);
        if (root.ReadSpan()?.Env is { Length: > 0 } env) filter = filter.With("env", env);
        var found = search.Search(new TraceSearchRequest
        {
            Range = until is { } end ? range with { ToUnixNanos = Math.Min(range.ToUnixNanos, end + RollingNanos) } : range,
            Filter = filter, Limit = MaxCandidates, CountFor = TimeSpan.Zero,
        }, cancel);
        var sample = new List<TraceTree>();
        var spans = 0;
        foreach (var summary in found.Traces)
        {
            if (summary.TraceId == trace.TraceId || summary.Root.Service != root.Service || summary.Root.Resource != root.Resource) continue;
            if (sample.Count > 0 && spans + summary.SpanCount > MaxSampledSpans) continue;
            if (lookup.Read(summary.TraceId, cancel) is not { } tree || !fits(tree)) continue;
            sample.Add(tree);
            spans += tree.SpanCount;
            if (sample.Count >= count) break;
        }
        return sample;
    }

    /// <summary>Of the trace's services the one that took its version last, with the version before.</summary>
    Deploy? NewestVersion(TraceTree trace, CancellationToken cancel)
    {
        Deploy? newest = null;
        var range = new TimeRange(Shifted(trace.StartUnixNanos, -Back), trace.StartUnixNanos + 1);
        foreach (var service in trace.Services.Select(share => share.Service).Order(StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            if (VersionOf(trace, service) is not { Length: > 0 } version) continue;
            var firstSeen = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var row in stats.Read(range, new StatsFilter { Service = service }, 60 * UnixTime.NanosPerSecond))
                if (row.Key.Version.Length > 0 && (!firstSeen.TryGetValue(row.Key.Version, out var known) || row.StartUnixNanos < known)) firstSeen[row.Key.Version] = row.StartUnixNanos;
            if (!firstSeen.TryGetValue(version, out var since)) continue;
            var before = firstSeen.Where(pair => pair.Value < since).OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key).FirstOrDefault();
            if (before is not null && (newest is null || since > newest.SinceUnixNanos)) newest = new Deploy(service, version, before, since);
        }
        return newest;
    }

    static string? VersionOf(TraceTree tree, string service)
    {
        foreach (var node in tree.Nodes)
            if (node.Service == service && node.TagOf(TagNames.Version) is { Length: > 0 } version) return version;
        return null;
    }

    /// <summary>Instances still have the version before for so long after the first took the new one: 10 min.</summary>
    const long RollingNanos = 600 * UnixTime.NanosPerSecond;

    static long Shifted(long unixNanos, TimeSpan by) => Math.Max(0, unixNanos + by.Ticks * UnixTime.NanosPerTick);

    static string Traces(int count) => count == 1 ? "trace" : $"{count} traces";

    sealed record Deploy(string Service, string Version, string Before, long SinceUnixNanos);
}
