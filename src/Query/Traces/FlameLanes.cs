namespace Apm.Query.Traces;

/// <summary>
/// Rows of a flame graph: a span lies beneath its parent, and what runs side by side lies in rows of its own, so nothing overlaps. Pure;
/// the same tree gives the same rows.
/// </summary>
/// <remarks>
/// The children of a span are laid into bands, a whole subtree in one of them: each into the first band whose last subtree has
/// ended. A band is as high as its highest subtree. Loops only, as a trace may be as deep as it is long.
/// </remarks>
public static class FlameLanes
{
    /// <summary>The row of each node, from 0 at the top.</summary>
    public static int[] Of(TraceTree tree)
    {
        var nodes = tree.Nodes;
        var (from, to) = Extents(nodes);
        var children = new List<int>?[nodes.Count + 1]; // Behind the nodes stands what holds the roots.
        foreach (var node in nodes) (children[node.ParentIndex < 0 ? nodes.Count : node.ParentIndex] ??= []).Add(node.Index);

        var height = new int[nodes.Count + 1];
        var offset = new int[nodes.Count]; // Of a node's row from the first row beneath its parent.
        for (var parent = nodes.Count - 1; parent >= -1; parent--)
        {
            var at = parent < 0 ? nodes.Count : parent;
            height[at] = 1 + (children[at] is { } list ? Pack(list, from, to, height, offset) : 0);
        }

        var row = new int[nodes.Count];
        foreach (var node in nodes) row[node.Index] = offset[node.Index] + (node.ParentIndex < 0 ? 0 : row[node.ParentIndex] + 1);
        return row;
    }

    /// <summary>Start and end of each subtree: children may begin before their parent and outlive it.</summary>
    static (long[] From, long[] To) Extents(IReadOnlyList<TraceNode> nodes)
    {
        var (from, to) = (new long[nodes.Count], new long[nodes.Count]);
        foreach (var node in nodes) (from[node.Index], to[node.Index]) = (node.StartUnixNanos, Math.Max(node.EndUnixNanos, node.StartUnixNanos + 1));
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            if (nodes[i].ParentIndex is not (>= 0 and var parent)) continue;
            from[parent] = Math.Min(from[parent], from[i]);
            to[parent] = Math.Max(to[parent], to[i]);
        }
        return (from, to);
    }

    /// <summary>Gives each sibling its offset; returns the height of all bands.</summary>
    static int Pack(List<int> siblings, long[] from, long[] to, int[] height, int[] offset)
    {
        var busy = new PriorityQueue<int, long>();
        var free = new PriorityQueue<int, int>();
        var bandHeights = new List<int>();
        var bands = new int[siblings.Count];
        var ordered = Enumerable.Range(0, siblings.Count).OrderBy(i => from[siblings[i]]).ThenBy(i => siblings[i]).ToArray();
        foreach (var i in ordered)
        {
            var node = siblings[i];
            while (busy.TryPeek(out var ended, out var end) && end <= from[node])
            {
                busy.Dequeue();
                free.Enqueue(ended, ended);
            }
            if (!free.TryDequeue(out var band, out _))
            {
                band = bandHeights.Count;
                bandHeights.Add(0);
            }
            bands[i] = band;
            bandHeights[band] = Math.Max(bandHeights[band], height[node]);
            busy.Enqueue(band, to[node]);
        }
        var starts = new int[bandHeights.Count];
        var total = 0;
        for (var band = 0; band < starts.Length; band++)
        {
            starts[band] = total;
            total += bandHeights[band];
        }
        for (var i = 0; i < siblings.Count; i++) offset[siblings[i]] = starts[bands[i]];
        return total;
    }
}
