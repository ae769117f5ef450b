using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>
/// One call made again and again within one request, one after the other: the "N+1", where one query for all would do.
/// </summary>
/// <param name="Entry">The span with which the request came into the service that repeats itself.</param>
/// <param name="Spans">The calls, in display order; at least <see cref="RepeatedCalls.MinCount"/>.</param>
/// <param name="CallCount">How many calls they stand for: more than spans when the trace is stored folded.</param>
/// <param name="TakenNanos">Time of the request in which at least one of them ran.</param>
public sealed record RepeatedCall(TraceNode Entry, IReadOnlyList<TraceNode> Spans, long CallCount, long TakenNanos)
{
    /// <summary>The first of them.</summary>
    public TraceNode First => Spans[0];
}

/// <summary>Finds calls that a request repeats. Pure.</summary>
/// <remarks>
/// Alike are calls of one service, operation and resource: statements come without their values (docs/obfuscation.md), so those that
/// differ only in a key are one. A call is a span that asks somebody else: of kind client or producer, or of the type of a store or
/// of a request that goes out. They count as repeated when there are <see cref="MinCount"/> or more within one request and they hardly overlap:
/// what runs side by side was meant to, and is no loss of time.
/// </remarks>
public static class RepeatedCalls
{
    /// <summary>So many alike calls are repeated ones; fewer are ordinary code.</summary>
    public const int MinCount = 5;

    /// <summary>The part of their summed time in which only one of them may be running.</summary>
    const double SequentialShare = 0.8;

    static readonly HashSet<string> CallTypes = new(StringComparer.Ordinal)
    {
        "sql", "db", "cassandra", "redis", "valkey", "memcached", "mongodb", "elasticsearch", "opensearch", "cache", "http", "rpc", "grpc", "queue",
    };

    /// <summary>The repeated calls of a trace, those that took most time first.</summary>
    public static IReadOnlyList<RepeatedCall> Find(TraceTree tree)
    {
        var entries = EntriesOf(tree.Nodes);
        return [.. tree.Nodes.Where(IsCall)
            .GroupBy(node => (Entry: entries[node.Index], node.Service, node.Name, node.Resource))
            .Select(group => (group.Key.Entry, Spans: group.ToList(), Count: group.Sum(node => Math.Max(1, node.FoldedCount))))
            .Where(group => group.Count >= MinCount && group.Entry >= 0)
            .Select(group => (Call: new RepeatedCall(tree.Nodes[group.Entry], group.Spans, group.Count, UnionNanos(group.Spans)), Sum: group.Spans.Sum(node => (double)node.DurationNanos)))
            .Where(group => group.Call.TakenNanos >= group.Sum * SequentialShare)
            .Select(group => group.Call)
            .OrderByDescending(call => call.TakenNanos).ThenBy(call => call.First.Index)];
    }

    static bool IsCall(TraceNode node) => !node.IsGap && (node.Kind is SpanKind.Client or SpanKind.Producer
        || (node.Kind is SpanKind.Unspecified or SpanKind.Internal && CallTypes.Contains(node.Type)));

    /// <summary>For each node the span with which its request entered: the nearest above it that is a root, serves a call, or hangs beneath another service. -1 beneath a gap alone.</summary>
    static int[] EntriesOf(IReadOnlyList<TraceNode> nodes)
    {
        // What stores are called is a service of its own to some tracers ("web-postgres"): a call is no entry, whatever its service.
        var entries = new int[nodes.Count];
        foreach (var node in nodes)
        {
            var parent = node.ParentIndex < 0 ? null : nodes[node.ParentIndex];
            var isEntry = !node.IsGap && (parent is null || parent.IsGap || node.Kind is SpanKind.Server or SpanKind.Consumer || (parent.Service != node.Service && !IsCall(node)));
            entries[node.Index] = isEntry ? node.Index : parent is null ? -1 : entries[parent.Index];
        }
        return entries;
    }

    static long UnionNanos(List<TraceNode> nodes)
    {
        var (union, until) = (0L, long.MinValue);
        foreach (var node in nodes.OrderBy(node => node.StartUnixNanos))
        {
            var from = Math.Max(node.StartUnixNanos, until);
            if (node.EndUnixNanos <= from) continue;
            union += node.EndUnixNanos - from;
            until = node.EndUnixNanos;
        }
        return union;
    }
}
