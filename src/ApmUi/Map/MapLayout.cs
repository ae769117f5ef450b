namespace Apm.ApmUi.Map;

/// <summary>
/// Places the nodes of a graph in layers from left to right, so that calls run rightwards: circles are cut, each node stands
/// right of all that call it, long edges get a lane of their own, and the order within a layer is chosen for few crossings.
/// </summary>
/// <remarks>Pure: the same graph gives the same picture, whatever the order it is told in. No two nodes overlap.</remarks>
public static class MapLayout
{
    public const double NodeWidth = 192;
    public const double NodeHeight = 36;

    /// <summary>Room between two layers, for the edges.</summary>
    public const double LayerGap = 96;

    /// <summary>Least room between two nodes of a layer.</summary>
    public const double NodeGap = 20;

    /// <summary>Room that a lane of a long edge takes.</summary>
    const double LaneHeight = 10;

    const int OrderSweeps = 12;
    const int PlaceSweeps = 8;

    /// <summary>Lays a graph out.</summary>
    /// <param name="nodes">Distinct ids.</param>
    /// <param name="edges">Between these ids; others, edges to itself and repeated ones are left out.</param>
    public static PlacedMap Of(IEnumerable<string> nodes, IEnumerable<(string From, string To)> edges)
    {
        string[] ids = [.. nodes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var indexes = ids.Select((id, i) => (id, i)).ToDictionary(pair => pair.id, pair => pair.i, StringComparer.Ordinal);
        (int From, int To)[] arcs =
        [
            .. edges.Where(edge => edge.From != edge.To && indexes.ContainsKey(edge.From) && indexes.ContainsKey(edge.To))
                .Select(edge => (From: indexes[edge.From], To: indexes[edge.To])).Distinct().OrderBy(arc => arc.From).ThenBy(arc => arc.To),
        ];
        var isTied = new bool[ids.Length];
        foreach (var (from, to) in arcs) isTied[from] = isTied[to] = true;

        var forward = WithoutCircles(ids.Length, arcs);
        var layerOf = Layers(ids.Length, forward);
        var graph = new LayerGraph(layerOf, isTied, forward);
        graph.Order(OrderSweeps);
        graph.Place(PlaceSweeps, cell => cell < ids.Length ? NodeHeight : LaneHeight, NodeGap);

        var places = new Dictionary<string, MapPoint>(StringComparer.Ordinal);
        for (var i = 0; i < ids.Length; i++)
            if (isTied[i]) places[ids[i]] = new MapPoint(graph.LayerOf(i) * (NodeWidth + LayerGap), graph.CenterOf(i) - NodeHeight / 2);
        PlaceLoners(ids, isTied, places);

        var drawn = arcs.Select((arc, i) => new PlacedEdge(ids[arc.From], ids[arc.To], Route(graph, places, ids, arc, forward[i])));
        return PlacedMap.Of(places, [.. drawn]);
    }

    /// <summary>Turns edges round that lead back to where the walk came from; each keeps its place in the list.</summary>
    static (int From, int To)[] WithoutCircles(int count, (int From, int To)[] arcs)
    {
        var outgoing = arcs.Select((arc, i) => (arc, i)).ToLookup(pair => pair.arc.From, pair => pair.i);
        var incoming = new int[count];
        foreach (var arc in arcs) incoming[arc.To]++;
        var result = ((int From, int To)[])arcs.Clone();
        var state = new byte[count]; // 1: on the way here, 2: done
        var stack = new Stack<(int Node, IEnumerator<int> Next)>();
        // Where nobody calls first, so that entrances stay at the left; then whatever only circles hold.
        foreach (var start in Enumerable.Range(0, count).OrderBy(node => incoming[node] == 0 ? 0 : 1).ThenBy(node => node))
        {
            if (state[start] != 0) continue;
            state[start] = 1;
            stack.Push((start, outgoing[start].GetEnumerator()));
            while (stack.Count > 0)
            {
                var (node, next) = stack.Peek();
                if (!next.MoveNext())
                {
                    state[node] = 2;
                    stack.Pop();
                    continue;
                }
                var to = arcs[next.Current].To;
                if (state[to] == 1) result[next.Current] = (to, node);
                else if (state[to] == 0)
                {
                    state[to] = 1;
                    stack.Push((to, outgoing[to].GetEnumerator()));
                }
            }
        }
        return result;
    }

    /// <summary>Each node's layer: one more than the rightmost that calls it.</summary>
    static int[] Layers(int count, (int From, int To)[] arcs)
    {
        var layer = new int[count];
        var waiting = new int[count];
        var isCalled = new bool[count];
        var outgoing = arcs.ToLookup(arc => arc.From, arc => arc.To);
        foreach (var arc in arcs)
        {
            waiting[arc.To]++;
            isCalled[arc.To] = true;
        }
        var ready = new Queue<int>(Enumerable.Range(0, count).Where(node => waiting[node] == 0));
        while (ready.TryDequeue(out var node))
        {
            foreach (var to in outgoing[node])
            {
                layer[to] = Math.Max(layer[to], layer[node] + 1);
                if (--waiting[to] == 0) ready.Enqueue(to);
            }
        }
        // An entrance that only calls far to the right stands beside what it calls, not alone at the far left.
        foreach (var node in Enumerable.Range(0, count).Where(node => !isCalled[node] && outgoing[node].Any()))
            layer[node] = outgoing[node].Min(to => layer[to]) - 1;
        return layer;
    }

    /// <summary>Services that neither call nor are called stand in rows beneath the rest.</summary>
    static void PlaceLoners(string[] ids, bool[] isTied, Dictionary<string, MapPoint> places)
    {
        var top = places.Count == 0 ? 0 : places.Values.Max(place => place.Y) + NodeHeight + 2 * NodeGap;
        var right = places.Count == 0 ? 0 : places.Values.Max(place => place.X);
        var perRow = Math.Max(4, (int)(right / (NodeWidth + NodeGap)) + 1);
        var at = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            if (isTied[i]) continue;
            places[ids[i]] = new MapPoint(at % perRow * (NodeWidth + NodeGap), top + at / perRow * (NodeHeight + NodeGap));
            at++;
        }
    }

    /// <summary>Leaves at the right of the caller, enters at the left of the callee, by way of the edge's lanes.</summary>
    static IReadOnlyList<MapPoint> Route(LayerGraph graph, Dictionary<string, MapPoint> places, string[] ids, (int From, int To) arc, (int From, int To) forward)
    {
        var from = places[ids[arc.From]];
        var to = places[ids[arc.To]];
        var lanes = graph.LanesOf(forward).Select(cell => new MapPoint(graph.LayerOf(cell) * (NodeWidth + LayerGap) + NodeWidth / 2, graph.CenterOf(cell))).ToList();
        if (arc != forward) lanes.Reverse();
        return [new MapPoint(from.X + NodeWidth, from.Y + NodeHeight / 2), .. lanes, new MapPoint(to.X, to.Y + NodeHeight / 2)];
    }
}

/// <summary>A place on the map: of a node its upper left corner.</summary>
public readonly record struct MapPoint(double X, double Y);

/// <summary>An edge with the points it runs through.</summary>
public sealed record PlacedEdge(string From, string To, IReadOnlyList<MapPoint> Points);

/// <summary>A graph with places.</summary>
/// <param name="Nodes">Upper left corner by id.</param>
/// <param name="Edges">In order of caller and callee.</param>
/// <param name="Width">From 0 to the right border of the rightmost node.</param>
/// <param name="Height">From 0 to the lowest border.</param>
public sealed record PlacedMap(IReadOnlyDictionary<string, MapPoint> Nodes, IReadOnlyList<PlacedEdge> Edges, double Width, double Height)
{
    /// <summary>Moves everything so that it begins at 0.</summary>
    internal static PlacedMap Of(Dictionary<string, MapPoint> nodes, IReadOnlyList<PlacedEdge> edges)
    {
        if (nodes.Count == 0) return new PlacedMap(nodes, edges, 0, 0);
        var points = edges.SelectMany(edge => edge.Points).ToList();
        var left = nodes.Values.Min(place => place.X);
        var top = Math.Min(nodes.Values.Min(place => place.Y), points.Count == 0 ? double.MaxValue : points.Min(point => point.Y));
        var bottom = Math.Max(nodes.Values.Max(place => place.Y) + MapLayout.NodeHeight, points.Count == 0 ? double.MinValue : points.Max(point => point.Y));
        MapPoint Moved(MapPoint point) => new(point.X - left, point.Y - top);
        return new PlacedMap(
            nodes.ToDictionary(pair => pair.Key, pair => Moved(pair.Value), StringComparer.Ordinal),
            [.. edges.Select(edge => edge with { Points = [.. edge.Points.Select(Moved)] })],
            nodes.Values.Max(place => place.X) + MapLayout.NodeWidth - left,
            bottom - top);
    }
}
