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

    /// <summary>Most spans looked at in the time before, to tell which edges are new; default 200,000. Beyond that no edge is called new.</summary>
    public const int MaxSpansBefore = 200_000;

    /// <summary>Longest time spent on the time before; default 1 s.</summary>
    public static readonly TimeSpan DeadlineBefore = TimeSpan.FromSeconds(1);

    /// <summary>Most ranges whose edges are remembered; default 32. When there are more, all are read anew.</summary>
    public const int MaxCachedRanges = 32;

    /// <summary>A map that took longer to read is kept for a while for pages that show a part of it; 200 ms.</summary>
    public static readonly TimeSpan SlowRead = TimeSpan.FromMilliseconds(200);

    /// <summary>Most maps kept so; default 8. The one that was read first makes room.</summary>
    public const int MaxKeptMaps = 8;

    /// <summary>A kept map ends at most this part of its length before the range that is asked for.</summary>
    const int KeptParts = 60;

    readonly Lock _lock = new();
    readonly List<(string? Env, TimeRange Range, ServiceGraph Graph)> _kept = [];
    readonly Dictionary<(string? Env, TimeRange Range), HashSet<(string From, string To)>?> _edgesBefore = [];

    /// <summary>A version taken so long before an edge was first seen may have brought it; 30 min.</summary>
    static readonly TimeSpan DeployReach = TimeSpan.FromMinutes(30);

    /// <summary>
    /// The map of a range, with the edges marked that were not there in as long a time before it. Without a trace in that time, or
    /// when not all of it was seen, none is marked: nobody can tell.
    /// </summary>
    /// <param name="env">Null for all.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public ServiceGraph ReadWithNews(TimeRange range, string? env = null, CancellationToken cancel = default)
    {
        var graph = Read(range, env, cancel);
        if (graph.Edges.Count == 0) return graph;
        // A live page asks every few seconds: the time before ends on a grid, so that it is read once in a while and not each time.
        var grid = Math.Max(1, range.LengthNanos / 12);
        var until = UnixTime.Floor(range.FromUnixNanos, grid);
        return EdgesOf(new TimeRange(Math.Max(0, until - range.LengthNanos), until), env, cancel) is not { } before ? graph : graph with
        {
            Edges = [.. graph.Edges.Select(edge => before.Contains((edge.From, edge.To)) ? edge : edge with { IsNew = true, NewSince = VersionBefore(edge) })],
        };
    }

    /// <summary>The edges of a range; null when there is no span in it, or not all was seen.</summary>
    HashSet<(string From, string To)>? EdgesOf(TimeRange range, string? env, CancellationToken cancel)
    {
        lock (_lock) if (_edgesBefore.TryGetValue((env, range), out var known)) return known;
        var matches = new MatchScan(traces, clock, range, FilterOf(env)) { Deadline = DeadlineBefore };
        var scan = new MapScan();
        matches.Run((batch, _, spans) =>
        {
            scan.Add(batch, spans);
            if (scan.SpanCount > MaxSpansBefore) matches.Stop("There is too much before.");
        }, cancel);
        if (scan.SpanCount == 0) return null; // Cheap, and it may still come.
        HashSet<(string From, string To)>? edges = null;
        if (matches.IncompleteReason is null && !scan.IsOverNodeLimit)
        {
            scan.Join();
            edges = [.. scan.Edges.Keys];
        }
        lock (_lock)
        {
            if (_edgesBefore.Count >= MaxCachedRanges) _edgesBefore.Clear();
            _edgesBefore[(env, range)] = edges;
        }
        return edges;
    }

    string? VersionBefore(MapEdge edge)
    {
        foreach (var name in new[] { edge.From, edge.To })
        {
            if (catalogue.Service(name) is not { Version.Length: > 0 } service) continue;
            var lag = edge.FirstUnixNanos - service.VersionSinceUnixNanos;
            // A service that was first seen with this version did not take it: it was always so.
            if (service.VersionSinceUnixNanos > service.FirstSeenUnixNanos && lag >= -UnixTime.NanosPerSecond && lag <= DeployReach.Ticks * UnixTime.NanosPerTick) return $"{name} {service.Version}";
        }
        return null;
    }

    static TraceFilter FilterOf(string? env) => env is null ? TraceFilter.Empty : TraceFilter.Empty.With("env", env);

    /// <summary>
    /// As <see cref="Read"/>; but when that is slow, a live page gets the map of a range of the same length that ended a little earlier (a
    /// sixtieth of it at most), so that it is read once a minute and not with each poll.
    /// </summary>
    /// <param name="env">Null for all.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public ServiceGraph ReadRecent(TimeRange range, string? env = null, CancellationToken cancel = default)
    {
        lock (_lock)
        {
            foreach (var kept in _kept)
            {
                var lag = range.ToUnixNanos - kept.Range.ToUnixNanos;
                if (kept.Env == env && kept.Range.LengthNanos == range.LengthNanos && lag >= 0 && lag <= range.LengthNanos / KeptParts) return kept.Graph;
            }
        }
        var started = clock.GetTimestamp();
        var graph = Read(range, env, cancel);
        if (clock.GetElapsedTime(started) <= SlowRead) return graph;
        lock (_lock)
        {
            _kept.RemoveAll(kept => kept.Env == env && kept.Range.LengthNanos == range.LengthNanos);
            if (_kept.Count >= MaxKeptMaps) _kept.RemoveAt(0);
            _kept.Add((env, range, graph));
        }
        return graph;
    }

    /// <summary>The map of a range.</summary>
    /// <param name="env">Null for all.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public ServiceGraph Read(TimeRange range, string? env = null, CancellationToken cancel = default)
    {
        var matches = new MatchScan(traces, clock, range, FilterOf(env)) { Deadline = Deadline };
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
                .Select(edge => new MapEdge(edge.Key.From, edge.Key.To, edge.Value.CallCount, edge.Value.ErrorCount, edge.Value.Nanos.Quantile(0.95), edge.Value.CallCount / seconds)
                {
                    PairedCount = edge.Value.PairedCount, HeaderLostCount = edge.Value.HeaderLostCount, FirstUnixNanos = edge.Value.FirstUnixNanos,
                })
                .OrderBy(edge => edge.From, StringComparer.Ordinal).ThenBy(edge => edge.To, StringComparer.Ordinal)],
            Unpaired = scan.Unpaired.All,
            UnpairedLeftOutCount = scan.Unpaired.LeftOutCount,
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
            return new MapNode(service, service, type, ServiceKinds.Of(type, isStandIn), sum.EntryCount, sum.ErrorCount, sum.QuantileNanos(0.95), sum.EntryCount / seconds, IsInferred: false)
            {
                Team = scan.TeamOf(service), Namespace = scan.NamespaceOf(service),
            };
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
