using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>How far the clock of one host is from that of the trace's root, as its calls show it.</summary>
/// <param name="Host">Name of the host; of the service where spans do not name their host.</param>
/// <param name="OffsetNanos">What has to be added to the host's times to make them the root's; negative when its clock runs ahead.</param>
/// <param name="UncertaintyNanos">The offset may be so much more or less and still place every call within its caller; 0 when the calls contradict each other.</param>
/// <param name="CallCount">Calls from which it was estimated.</param>
public sealed record ClockOffset(string Host, long OffsetNanos, long UncertaintyNanos, int CallCount);

/// <summary>
/// Tells clocks that disagree from spans that lie outside of the span that called them. Pure.
/// </summary>
/// <remarks>
/// Only calls between hosts tell anything. One is evidence when it begins before its caller did, or when its two ends, client and server,
/// do not fit into each other although the called one is shorter. (A span that merely outlives its parent may have been left to run on.)
/// Of a host with evidence, all calls count: each allows a range of offsets, from "begins with its caller" to "ends with it". Where the
/// ranges have a part in common its middle is taken, as if the way there and back took equal time; else the median of the ranges' middles.
/// Offsets add up along the way from the root.
/// </remarks>
public static class ClockSkew
{
    /// <summary>Less than this is resolution of clocks, not disagreement: 1 ms.</summary>
    public const long ToleranceNanos = 1_000_000;

    /// <summary>The hosts whose clocks disagree with the root's, in order of first appearance; empty when nothing shows it.</summary>
    public static IReadOnlyList<ClockOffset> Estimate(TraceTree tree)
    {
        var nodes = tree.Nodes;
        var calls = nodes.Where(node => Caller(nodes, node) is { } caller && caller.Host != node.Host).ToList();
        if (!calls.Exists(call => IsEvidence(Caller(nodes, call)!, call))) return [];

        var offsets = new Dictionary<string, ClockOffset>(StringComparer.Ordinal) { [tree.Root.Host] = new(tree.Root.Host, 0, 0, 0) };
        // Display order has callers before what they call, so a host's caller is known before it, but for hosts that call each other in turn.
        foreach (var host in calls.Select(call => call.Host).Distinct(StringComparer.Ordinal).ToList())
        {
            if (offsets.ContainsKey(host)) continue;
            offsets.Add(host, Of(host, [.. calls.Where(call => call.Host == host && offsets.ContainsKey(Caller(nodes, call)!.Host))], nodes, offsets));
        }
        return [.. offsets.Values.Where(offset => Math.Abs(offset.OffsetNanos) > ToleranceNanos)];
    }

    static ClockOffset Of(string host, List<TraceNode> calls, IReadOnlyList<TraceNode> nodes, Dictionary<string, ClockOffset> offsets)
    {
        if (calls.Count == 0) return new(host, 0, 0, 0);
        var (low, high, isShown) = (long.MinValue, long.MaxValue, false);
        var middles = new List<long>(calls.Count);
        foreach (var call in calls)
        {
            var caller = Caller(nodes, call)!;
            var callers = offsets[caller.Host].OffsetNanos;
            var from = caller.StartUnixNanos + callers - call.StartUnixNanos;
            // What is longer than its caller was not waited for: only its start is tied.
            var to = call.DurationNanos <= caller.DurationNanos && call.Kind != SpanKind.Consumer ? caller.EndUnixNanos + callers - call.EndUnixNanos : (long?)null;
            isShown |= callers == 0 ? IsEvidence(caller, call) : from > ToleranceNanos || to < -ToleranceNanos;
            low = Math.Max(low, from);
            if (to is { } end) high = Math.Min(high, end);
            middles.Add(to is { } bound ? from + ((bound - from) / 2) : from);
        }
        if (!isShown) return new(host, 0, 0, calls.Count);
        if (high == long.MaxValue) return new(host, low, 0, calls.Count);
        if (low <= high) return new(host, low + ((high - low) / 2), (high - low) / 2, calls.Count);
        middles.Sort();
        return new(host, middles[middles.Count / 2], 0, calls.Count);
    }

    static bool IsEvidence(TraceNode caller, TraceNode call) =>
        caller.StartUnixNanos - call.StartUnixNanos > ToleranceNanos
        || (caller.Kind == SpanKind.Client && call.Kind == SpanKind.Server && call.DurationNanos <= caller.DurationNanos && call.EndUnixNanos - caller.EndUnixNanos > ToleranceNanos);

    static TraceNode? Caller(IReadOnlyList<TraceNode> nodes, TraceNode node) =>
        !node.IsGap && node.ParentIndex >= 0 && nodes[node.ParentIndex] is { IsGap: false } parent ? parent : null;
}
