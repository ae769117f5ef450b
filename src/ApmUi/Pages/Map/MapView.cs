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

    /// <summary>Most edges drawn; default 1,500: more are neither seen nor quickly sent. Those with the most calls are; the table has all.</summary>
    public const int MaxDrawnEdges = 1_500;

    /// <summary>Separates the ends of an edge in an address.</summary>
    public const string Arrow = "→";

    /// <summary>Groups whose members are drawn, as the address says; in order.</summary>
    public IReadOnlyList<string> Unfolded { get; init; } = [];

    /// <summary>Some nodes are drawn together.</summary>
    public bool IsGrouped { get; init; }

    /// <summary>There are so many nodes that they would be grouped, were it not turned off.</summary>
    public bool CouldBeGrouped { get; init; }

    /// <summary>Calls with a span on one side only, of what is drawn.</summary>
    public IReadOnlyList<UnpairedCalls> Unpaired { get; init; } = [];

    /// <summary>Both ends of the paths that are drawn; null when the address asks for none.</summary>
    public (string From, string To)? Path { get; init; }

    static readonly string[] WhatNames = ["focus", "hops", "path", "goal", "only", "group", "open"];

    /// <summary>What the address asks for, but for the time and what is marked.</summary>
    static string WhatOf(PageState state) => string.Join('\n', WhatNames.Select(name => state.Url[name]).Prepend(state.Env));

    /// <summary>Builds the view.</summary>
    /// <param name="state">The request: <c>focus, hops, path, goal, only, group, open, panel</c>.</param>
    /// <param name="graph">Everything in the range.</param>
    /// <param name="look">Colours.</param>
    /// <param name="memory">Of edges that keep their room; null to lay out only what is there.</param>
    public static MapView Of(PageState state, ServiceGraph graph, ServiceLook look, MapMemory? memory = null)
    {
        var part = graph;
        (string, string)? path = state.Url["path"] is { } from && state.Url["goal"] is { } to ? (from, to) : null;
        if (path is { } ends) part = part.Between(ends.Item1, ends.Item2);
        if (state.Url["focus"] is { } focus && part.Nodes.Any(node => node.Id == focus)) part = part.Around(focus, HopsOf(state));
        if (state.Url["only"] == "errors") part = part.OnlyErrors();

        string[] unfolded = [.. (state.Url["open"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];
        var isLarge = part.Nodes.Count > GraphGroups.MaxUngroupedNodes;
        var shown = isLarge && state.Url["group"] != "none" ? part.Grouped(unfolded.ToHashSet(StringComparer.Ordinal)) : part;
        var drawn = shown.Edges.Count <= MaxDrawnEdges ? shown.Edges : [.. shown.Edges.OrderByDescending(edge => edge.CallCount).Take(MaxDrawnEdges)];
        var panel = state.Url["panel"];
        var names = shown.Nodes.ToDictionary(node => node.Id, node => node.Name, StringComparer.Ordinal);
        var kept = part.Nodes.Select(node => node.Id).ToHashSet(StringComparer.Ordinal);
        return new MapView
        {
            Graph = shown,
            AllNodeCount = graph.Nodes.Count,
            Path = path,
            IsGrouped = !ReferenceEquals(shown, part),
            CouldBeGrouped = isLarge,
            Unfolded = isLarge ? unfolded : [],
            Unpaired = [.. part.Unpaired.Where(calls => kept.Contains(calls.To) && (calls.From.Length == 0 || kept.Contains(calls.From)))],
            Placed = MapLayout.Of(shown.Nodes.Select(node => node.Id), memory is null ? drawn.Select(edge => (edge.From, edge.To)) : memory.With(WhatOf(state), drawn.Select(edge => (edge.From, edge.To)))),
            Nodes = [.. shown.Nodes.Select(node => DrawnOf(state, node, look, unfolded))],
            Edges = [.. drawn.Select(edge => new DrawnEdge(
                edge.From, edge.To, MapPaths.WidthOf(edge.CallsPerSecond), MapPaths.StateOf(edge.ErrorRate), LabelOf(edge),
                state.Here(("panel", edge.From + Arrow + edge.To)), $"{names[edge.From]} to {names[edge.To]}: {LabelOf(edge)}, {ConfidenceText(edge)}{(edge.IsNew ? ", " + NewText(edge) : "")}")
            {
                Confidence = edge.Confidence switch { EdgeConfidence.HeaderLost => "lost", EdgeConfidence.ClientOnly => "client", _ => "both" },
                Mark = string.Join(" · ", new[] { edge.Confidence == EdgeConfidence.HeaderLost ? "header lost" : "", edge.IsNew ? "new" : "" }.Where(mark => mark.Length > 0)),
            })],
            SelectedNode = shown.Nodes.FirstOrDefault(node => node.Id == panel),
            SelectedEdge = shown.Edges.FirstOrDefault(edge => edge.From + Arrow + edge.To == panel),
        };
    }

    /// <summary>How an edge is known, in two or three words.</summary>
    public static string ConfidenceText(MapEdge edge) => edge.Confidence switch
    {
        EdgeConfidence.BothSides => edge.PairedCount == edge.CallCount ? "both sides seen" : $"both sides seen in {Figure.Percent(edge.PairedCount / (double)edge.CallCount)}",
        EdgeConfidence.HeaderLost => "header lost",
        _ => "client only",
    };

    /// <summary>That an edge is new, and with what it came.</summary>
    public static string NewText(MapEdge edge) => edge.NewSince is { } version ? $"new since {version}" : "new in this time";

    /// <summary>How far around the focus is shown: 1 to <see cref="MaxHops"/>.</summary>
    public static int HopsOf(PageState state) => int.TryParse(state.Url["hops"], out var hops) ? Math.Clamp(hops, 1, MaxHops) : 1;

    static DrawnNode DrawnOf(PageState state, MapNode node, ServiceLook look, IReadOnlyList<string> unfolded)
    {
        var silent = node.HitCount <= 0;
        var line = silent ? "silent" : Figure.Rate(node.HitsPerSecond) + (node.ErrorCount > 0 ? " · " + Figure.Percent(node.ErrorRate) : "");
        // Begins with what can be seen, so that it can also be spoken to.
        var title = $"{node.Name} {line}{(node.P95Nanos is { } p95 ? $", p95 {Figure.Duration(p95)}" : "")}{(node.IsInferred ? ", known only from calls to it" : "")}";
        if (node.GroupedCount > 0)
        {
            title = $"{node.Name} {node.GroupedCount} {line}, click to unfold";
            return new DrawnNode(node.Id, node.Name, $"{node.GroupedCount} nodes · {(node.ErrorRate >= 0.01 || silent ? line : Figure.Rate(node.HitsPerSecond))}", look.ColorOf(node.Name), silent ? "none" : MapPaths.StateOf(node.ErrorRate), "layers", node.IsInferred,
                state.Here(("open", string.Join(',', unfolded.Append(node.Name))), ("panel", null)), title) { GroupedCount = node.GroupedCount };
        }
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
}
