using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Services;
using Apm.Query.Traces;

namespace Apm.Query.ServiceMap;

/// <summary>
/// Draws who calls whom from the parents of spans: a span whose parent is another service's is a call; a client span that no
/// span of another service answers is a call to something that sends no spans, named by its tags (trace-intake §8.4).
/// Nodes have the numbers of the statistics, edges those of the traces.
/// </summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class ServiceMapQuery(ITraceReader traces, IStatsReader stats, ServiceCatalogue catalogue, TimeProvider clock)
{
    /// <summary>Most spans looked at; default 500,000 (about 60 MB). More make the map incomplete: the newest decide.</summary>
    public const int MaxSpans = 500_000;

    /// <summary>Longest time spent reading; default 3 s.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    /// <summary>The map of a range.</summary>
    /// <param name="env">Null for all.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public ServiceGraph Read(TimeRange range, string? env = null, CancellationToken cancel = default)
    {
        var filter = env is null ? TraceFilter.Empty : TraceFilter.Empty.With("env", env);
        var matches = new MatchScan(traces, clock, range, filter) { Deadline = Deadline };
        var scan = new MapScan();
        var oldest = range.ToUnixNanos;
        matches.Run((batch, _, spans) =>
        {
            foreach (var span in spans) oldest = Math.Min(oldest, batch.StartUnixNanos[span]);
            scan.Add(batch, spans);
            if (scan.SpanCount > MaxSpans) matches.Stop($"The map is of the newest {scan.SpanCount} spans; at most {MaxSpans} are looked at. Narrow the range to see older calls.");
        }, cancel);
        scan.Join();

        var reason = matches.IncompleteReason ?? (scan.IsOverNodeLimit ? $"There are more than {MapScan.MaxNodes} services and peers; the rest is not drawn." : null);
        var nodes = Nodes(scan, range, env);
        var ids = nodes.Select(node => node.Id).ToHashSet(StringComparer.Ordinal);
        var seconds = Math.Max(1e-9, (matches.IncompleteReason is null ? range.LengthNanos : Math.Max(1, range.ToUnixNanos - oldest)) / (double)UnixTime.NanosPerSecond);
        return new ServiceGraph
        {
            Nodes = nodes,
            Edges = [.. scan.Edges.Where(edge => ids.Contains(edge.Key.From) && ids.Contains(edge.Key.To))
                .Select(edge => new MapEdge(edge.Key.From, edge.Key.To, edge.Value.CallCount, edge.Value.ErrorCount, edge.Value.Nanos.Quantile(0.95), edge.Value.CallCount / seconds))
                .OrderBy(edge => edge.From, StringComparer.Ordinal).ThenBy(edge => edge.To, StringComparer.Ordinal)],
            ScannedSpanCount = matches.ScannedSpanCount,
            IsComplete = reason is null,
            IncompleteReason = reason,
        };
    }

    List<MapNode> Nodes(MapScan scan, TimeRange range, string? env)
    {
        var sums = new Dictionary<string, StatsSum>(StringComparer.Ordinal);
        foreach (var row in stats.Read(range, new StatsFilter { Env = env }, Math.Max(StatsBucket.CountedWidthNanos, range.LengthNanos / 60)))
        {
            if (row.Cell.TopLevelHitCount <= 0) continue;
            if (!sums.TryGetValue(row.Key.Service, out var sum)) sums.Add(row.Key.Service, sum = new StatsSum());
            sum.Add(row.Cell);
        }
        var seconds = Math.Max(1e-9, range.LengthNanos / (double)UnixTime.NanosPerSecond);
        var callers = scan.Edges.Keys.Select(edge => edge.From).ToHashSet(StringComparer.Ordinal);
        var nodes = scan.Services.Union(sums.Keys, StringComparer.Ordinal).Select(service =>
        {
            var sum = sums.GetValueOrDefault(service) ?? new StatsSum();
            var known = catalogue.Service(service);
            var type = scan.TypeOf(service) is { Length: > 0 } seen ? seen : known?.Type ?? "";
            var isStandIn = ServiceKinds.IsCall(type) && !callers.Contains(service);
            return new MapNode(service, service, type, ServiceKinds.Of(type, isStandIn), sum.EntryCount, sum.ErrorCount, sum.QuantileNanos(0.95), sum.EntryCount / seconds, IsInferred: false);
        });
        var inferred = scan.InferredNodes.Select(pair =>
        {
            var calls = scan.Edges.Where(edge => edge.Key.To == pair.Key).Select(edge => edge.Value).ToList();
            var nanos = new DDSketch();
            foreach (var call in calls) nanos.Merge(call.Nanos);
            var count = calls.Sum(call => call.CallCount);
            return new MapNode(pair.Key, pair.Value.Name, pair.Value.Type, pair.Value.Kind, count, calls.Sum(call => call.ErrorCount), nanos.IsEmpty ? null : nanos.Quantile(0.95), count / seconds, IsInferred: true);
        });
        return [.. nodes.Concat(inferred).OrderBy(node => node.Id, StringComparer.Ordinal)];
    }
}
