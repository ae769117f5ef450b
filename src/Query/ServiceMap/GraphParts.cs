namespace Apm.Query.ServiceMap;

/// <summary>Parts of a graph: what is near a node, what fails, what leads from one node to another. Pure.</summary>
public static class GraphParts
{
    /// <summary>What is within some calls of a node, in either direction.</summary>
    public static ServiceGraph Around(this ServiceGraph graph, string focus, int hops)
    {
        var near = new HashSet<string>(StringComparer.Ordinal) { focus };
        for (var hop = 0; hop < hops; hop++)
        {
            var next = graph.Edges.Where(edge => near.Contains(edge.From) || near.Contains(edge.To)).SelectMany(edge => new[] { edge.From, edge.To }).ToList();
            near.UnionWith(next);
        }
        return graph.Only(near);
    }

    /// <summary>Edges with errors and their ends, and nodes that fail.</summary>
    public static ServiceGraph OnlyErrors(this ServiceGraph graph)
    {
        var edges = graph.Edges.Where(edge => edge.ErrorCount > 0).ToList();
        var kept = edges.SelectMany(edge => new[] { edge.From, edge.To }).Concat(graph.Nodes.Where(node => node.ErrorCount > 0).Select(node => node.Id)).ToHashSet(StringComparer.Ordinal);
        return graph with { Nodes = [.. graph.Nodes.Where(node => kept.Contains(node.Id))], Edges = edges };
    }

    /// <summary>All nodes and edges on some way along the calls from one node to another; without nodes when no way leads there.</summary>
    public static ServiceGraph Between(this ServiceGraph graph, string from, string to)
    {
        var after = Reached(from, graph.Edges.ToLookup(edge => edge.From, edge => edge.To, StringComparer.Ordinal));
        var before = Reached(to, graph.Edges.ToLookup(edge => edge.To, edge => edge.From, StringComparer.Ordinal));
        after.IntersectWith(before);
        if (!after.Contains(from) || !after.Contains(to)) after.Clear();
        return graph.Only(after);
    }

    static ServiceGraph Only(this ServiceGraph graph, HashSet<string> kept) => graph with
    {
        Nodes = [.. graph.Nodes.Where(node => kept.Contains(node.Id))],
        Edges = [.. graph.Edges.Where(edge => kept.Contains(edge.From) && kept.Contains(edge.To))],
    };

    static HashSet<string> Reached(string start, ILookup<string, string> next)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { start };
        var waiting = new Stack<string>([start]);
        while (waiting.TryPop(out var node))
            foreach (var other in next[node]) if (reached.Add(other)) waiting.Push(other);
        return reached;
    }
}
