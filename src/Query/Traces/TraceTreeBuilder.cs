using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>
/// Puts the spans of one trace into display order: finds parents, hangs orphans beneath gaps, cuts circles, then works out
/// self times and the critical path. Everything is a loop, not a recursion: a trace may be as deep as it is long.
/// </summary>
static class TraceTreeBuilder
{
    /// <param name="spans">Distinct spans of one trace, in any order.</param>
    public static TraceNode[] Build(TraceNode[] spans)
    {
        var ordered = spans.OrderBy(node => node, DisplayOrder).ToArray();
        var children = FindParents(ordered, out var roots);
        CutCycles(ordered, children, roots);
        roots.Sort(DisplayOrder);
        var nodes = Flatten(roots, children);
        CountDescendants(nodes);
        Hosts(nodes);
        SelfTimes(nodes);
        CriticalPath(nodes);
        return nodes;
    }

    /// <summary>By start, a gap before a span, then by span id and service: the same input gives the same tree.</summary>
    static readonly Comparer<TraceNode> DisplayOrder = Comparer<TraceNode>.Create((left, right) =>
    {
        var order = left.StartUnixNanos.CompareTo(right.StartUnixNanos);
        if (order == 0) order = right.IsGap.CompareTo(left.IsGap);
        if (order == 0) order = left.SpanId.Value.CompareTo(right.SpanId.Value);
        return order != 0 ? order : string.CompareOrdinal(left.Service, right.Service);
    });

    /// <summary>Children of each node in display order. What has no parent becomes a root, what has a missing one the child of a gap.</summary>
    static Dictionary<TraceNode, List<TraceNode>> FindParents(TraceNode[] ordered, out List<TraceNode> roots)
    {
        var byId = new Dictionary<SpanId, TraceNode>(ordered.Length);
        Dictionary<SpanId, List<TraceNode>>? shared = null; // Ids that two services use, as halves of one call.
        foreach (var node in ordered)
        {
            if (byId.TryAdd(node.SpanId, node)) continue;
            shared ??= [];
            if (!shared.TryGetValue(node.SpanId, out var halves)) shared.Add(node.SpanId, halves = [byId[node.SpanId]]);
            halves.Add(node);
        }

        roots = [];
        var children = new Dictionary<TraceNode, List<TraceNode>>(ordered.Length);
        var gaps = new Dictionary<SpanId, TraceNode>();
        foreach (var node in ordered)
        {
            var parent = ParentOf(node, byId, shared);
            if (parent is null && node.ParentId.IsNone) roots.Add(node);
            else
            {
                if (parent is null && !gaps.TryGetValue(node.ParentId, out parent))
                {
                    parent = new TraceNode { IsGap = true, SpanId = node.ParentId, StartUnixNanos = node.StartUnixNanos };
                    gaps.Add(node.ParentId, parent);
                    roots.Add(parent);
                }
                if (parent.IsGap) parent.DurationNanos = Math.Max(parent.DurationNanos, node.EndUnixNanos - parent.StartUnixNanos);
                if (!children.TryGetValue(parent, out var list)) children.Add(parent, list = []);
                list.Add(node);
                node.Parent = parent;
            }
        }
        return children;
    }

    static TraceNode? ParentOf(TraceNode node, Dictionary<SpanId, TraceNode> byId, Dictionary<SpanId, List<TraceNode>>? shared)
    {
        if (shared is not null && shared.TryGetValue(node.SpanId, out var halves) && IsCalled(node))
        {
            var caller = halves.FirstOrDefault(half => half != node && !IsCalled(half));
            if (caller is not null) return caller; // The server half hangs beneath the client half.
        }
        if (node.ParentId.IsNone) return null;
        if (shared is not null && shared.TryGetValue(node.ParentId, out halves))
            return halves.FirstOrDefault(half => half != node && half.Service == node.Service) ?? halves.FirstOrDefault(half => half != node && IsCalled(half)) ?? halves.FirstOrDefault(half => half != node);
        var parent = byId.GetValueOrDefault(node.ParentId);
        return parent;
    }

    static bool IsCalled(TraceNode node) => node.Kind is SpanKind.Server or SpanKind.Consumer;

    /// <summary>What no root reaches hangs in a circle: the earliest of it becomes a root.</summary>
    static void CutCycles(TraceNode[] ordered, Dictionary<TraceNode, List<TraceNode>> children, List<TraceNode> roots)
    {
        var reached = new HashSet<TraceNode>(ordered.Length + roots.Count);
        foreach (var root in roots) Reach(root, children, reached);
        foreach (var node in ordered)
        {
            if (reached.Contains(node)) continue;
            if (node.Parent is { } parent) children[parent].Remove(node);
            node.IsCutFromCycle = true;
            roots.Add(node);
            Reach(node, children, reached);
        }
    }

    static void Reach(TraceNode from, Dictionary<TraceNode, List<TraceNode>> children, HashSet<TraceNode> reached)
    {
        var waiting = new Stack<TraceNode>([from]);
        while (waiting.TryPop(out var node))
        {
            if (!reached.Add(node) || !children.TryGetValue(node, out var list)) continue;
            foreach (var child in list) waiting.Push(child);
        }
    }

    static TraceNode[] Flatten(List<TraceNode> roots, Dictionary<TraceNode, List<TraceNode>> children)
    {
        var nodes = new List<TraceNode>();
        var waiting = new Stack<TraceNode>(Enumerable.Reverse(roots));
        while (waiting.TryPop(out var node))
        {
            node.Index = nodes.Count;
            nodes.Add(node);
            if (!children.TryGetValue(node, out var list)) continue;
            node.ChildCount = list.Count;
            for (var i = list.Count - 1; i >= 0; i--)
            {
                list[i].ParentIndex = node.Index;
                list[i].Depth = node.Depth + 1;
                waiting.Push(list[i]);
            }
        }
        return [.. nodes];
    }

    static void Hosts(TraceNode[] nodes)
    {
        foreach (var node in nodes)
        {
            if (node.IsGap) continue;
            var caller = node.ParentIndex >= 0 ? nodes[node.ParentIndex] : null;
            node.Host = FieldReader.HostTags.Select(node.TagOf).FirstOrDefault(host => host is { Length: > 0 }) is { } host ? host
                : caller is { IsGap: false } && caller.Service == node.Service ? caller.Host
                : node.Service;
        }
    }

    static void CountDescendants(TraceNode[] nodes)
    {
        for (var i = nodes.Length - 1; i >= 0; i--)
            if (nodes[i].ParentIndex >= 0) nodes[nodes[i].ParentIndex].DescendantCount += nodes[i].DescendantCount + 1;
    }

    /// <summary>Duration without the union of the children's times. Children come in order of start, so one pass tells the union.</summary>
    static void SelfTimes(TraceNode[] nodes)
    {
        var coveredUntil = new long[nodes.Length];
        foreach (var node in nodes)
        {
            node.SelfNanos = node.IsGap ? 0 : node.DurationNanos;
            coveredUntil[node.Index] = node.StartUnixNanos;
        }
        foreach (var node in nodes)
        {
            if (node.ParentIndex < 0) continue;
            var parent = nodes[node.ParentIndex];
            var from = Math.Max(node.StartUnixNanos, coveredUntil[parent.Index]);
            var to = Math.Min(node.EndUnixNanos, parent.EndUnixNanos);
            if (to <= from) continue;
            coveredUntil[parent.Index] = to;
            if (!parent.IsGap) parent.SelfNanos -= to - from;
        }
    }

    /// <summary>
    /// From the end of the root that ends last backwards: the child that ended last before that moment held the parent up, then
    /// the one that ended last before this child began, and so on, for each of them again.
    /// </summary>
    static void CriticalPath(TraceNode[] nodes)
    {
        var childrenByEnd = new List<TraceNode>?[nodes.Length];
        foreach (var node in nodes) if (node.ParentIndex >= 0) (childrenByEnd[node.ParentIndex] ??= []).Add(node);
        var root = nodes.Where(node => node.ParentIndex < 0).MaxBy(node => node.EndUnixNanos)!;
        var waiting = new Stack<(TraceNode Node, long UntilUnixNanos)>([(root, root.EndUnixNanos)]);
        while (waiting.TryPop(out var at))
        {
            var (node, until) = at;
            node.IsOnCriticalPath = !node.IsGap;
            if (childrenByEnd[node.Index] is not { } children) continue;
            children.Sort((left, right) => left.EndUnixNanos != right.EndUnixNanos ? right.EndUnixNanos.CompareTo(left.EndUnixNanos) : right.Index.CompareTo(left.Index));
            var nodeEnd = until;
            foreach (var child in children)
            {
                // A child that outlives its parent did not hold it up any longer than to its end.
                var childEnd = Math.Min(child.EndUnixNanos, nodeEnd);
                if (childEnd > until || child.StartUnixNanos >= until) continue;
                waiting.Push((child, childEnd));
                until = child.StartUnixNanos;
            }
        }
    }
}
