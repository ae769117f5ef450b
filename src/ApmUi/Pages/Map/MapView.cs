using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Map;
using Apm.ApmUi.Shared;
using Apm.Query.ServiceMap;
using Apm.Query.Services;

namespace Apm.ApmUi.Pages.Map;

/// <summary>The service map as it is drawn. Immutable.</summary>
public sealed record MapView
{
    public required PlacedMap Placed { get; init; }
    public required IReadOnlyList<DrawnNode> Nodes { get; init; }
    public required IReadOnlyList<DrawnEdge> Edges { get; init; }

    /// <summary>What is drawn, after focus and filter.</summary>
    public required ServiceGraph Graph { get; init; }

    /// <summary>Nodes before focus and filter.</summary>
    public required int AllNodeCount { get; init; }

    /// <summary>The node in the panel; null when none is.</summary>
    public MapNode? SelectedNode { get; init; }

    /// <summary>The edge in the panel; null when none is.</summary>
    public MapEdge? SelectedEdge { get; init; }

    /// <summary>Most hops around the focus.</summary>
    public const int MaxHops = 3;

    /// <summary>Separates the ends of an edge in an address.</summary>
    public const string Arrow = "→";

    /// <summary>Builds the view.</summary>
    /// <param name="state">The request: <c>focus, hops, only, panel</c>.</param>
    /// <param name="graph">Everything in the range.</param>
    /// <param name="look">Colours.</param>
    public static MapView Of(PageState state, ServiceGraph graph, ServiceLook look)
    {
        var shown = graph;
        if (state.Url["focus"] is { } focus && graph.Nodes.Any(node => node.Id == focus)) shown = Around(shown, focus, HopsOf(state));
        if (state.Url["only"] == "errors") shown = OnlyErrors(shown);
        var panel = state.Url["panel"];
        var names = shown.Nodes.ToDictionary(node => node.Id, node => node.Name, StringComparer.Ordinal);
        return new MapView
        {
            Graph = shown,
            AllNodeCount = graph.Nodes.Count,
            Placed = MapLayout.Of(shown.Nodes.Select(node => node.Id), shown.Edges.Select(edge => (edge.From, edge.To))),
            Nodes = [.. shown.Nodes.Select(node => DrawnOf(state, node, look))],
            Edges = [.. shown.Edges.Select(edge => new DrawnEdge(
                edge.From, edge.To, MapPaths.WidthOf(edge.CallsPerSecond), MapPaths.StateOf(edge.ErrorRate), LabelOf(edge),
                state.Here(("panel", edge.From + Arrow + edge.To)), $"{names[edge.From]} to {names[edge.To]}: {LabelOf(edge)}"))],
            SelectedNode = shown.Nodes.FirstOrDefault(node => node.Id == panel),
            SelectedEdge = shown.Edges.FirstOrDefault(edge => edge.From + Arrow + edge.To == panel),
        };
    }

    /// <summary>How far around the focus is shown: 1 to <see cref="MaxHops"/>.</summary>
    public static int HopsOf(PageState state) => int.TryParse(state.Url["hops"], out var hops) ? Math.Clamp(hops, 1, MaxHops) : 1;

    static DrawnNode DrawnOf(PageState state, MapNode node, ServiceLook look)
    {
        var silent = node.HitCount <= 0;
        var line = silent ? "silent" : Figure.Rate(node.HitsPerSecond) + (node.ErrorCount > 0 ? " · " + Figure.Percent(node.ErrorRate) : "");
        // Begins with what can be seen, so that it can also be spoken to.
        var title = $"{node.Name} {line}{(node.P95Nanos is { } p95 ? $", p95 {Figure.Duration(p95)}" : "")}{(node.IsInferred ? ", known only from calls to it" : "")}";
        return new DrawnNode(node.Id, node.Name, line, look.ColorOf(node.Name), silent ? "none" : MapPaths.StateOf(node.ErrorRate), IconOf(node), node.IsInferred, state.Here(("panel", node.Id)), title);
    }

    static string IconOf(MapNode node) => node.Kind switch
    {
        ServiceKind.Database => "database",
        ServiceKind.Cache => "zap",
        ServiceKind.Queue => "messages-square",
        ServiceKind.External => "cloud",
        _ => ServiceLook.IconOf(node.Type),
    };

    static string LabelOf(MapEdge edge) =>
        Figure.Rate(edge.CallsPerSecond) + (edge.ErrorCount > 0 ? $" · {Figure.Percent(edge.ErrorRate)} errors" : "") + (edge.P95Nanos is { } p95 ? $" · p95 {Figure.Duration(p95)}" : "");

    /// <summary>The part of a graph within some calls of a node, in either direction.</summary>
    static ServiceGraph Around(ServiceGraph graph, string focus, int hops)
    {
        var near = new HashSet<string>(StringComparer.Ordinal) { focus };
        for (var hop = 0; hop < hops; hop++)
        {
            var next = graph.Edges.Where(edge => near.Contains(edge.From) || near.Contains(edge.To)).SelectMany(edge => new[] { edge.From, edge.To }).ToList();
            near.UnionWith(next);
        }
        return graph with
        {
            Nodes = [.. graph.Nodes.Where(node => near.Contains(node.Id))],
            Edges = [.. graph.Edges.Where(edge => near.Contains(edge.From) && near.Contains(edge.To))],
        };
    }

    static ServiceGraph OnlyErrors(ServiceGraph graph)
    {
        var edges = graph.Edges.Where(edge => edge.ErrorCount > 0).ToList();
        var kept = edges.SelectMany(edge => new[] { edge.From, edge.To }).Concat(graph.Nodes.Where(node => node.ErrorCount > 0).Select(node => node.Id)).ToHashSet(StringComparer.Ordinal);
        return graph with { Nodes = [.. graph.Nodes.Where(node => kept.Contains(node.Id))], Edges = edges };
    }
}
