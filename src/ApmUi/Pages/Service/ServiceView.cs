using Apm.ApmUi.Links;
using Apm.Query.ServiceMap;
using Apm.Query.Services;

namespace Apm.ApmUi.Pages.Service;

/// <summary>What the page of one service shows. Immutable.</summary>
public sealed record ServiceView
{
    /// <summary>Callers, and callees, drawn at most; default 8, those with the most calls. A line says how many more there are.</summary>
    public const int MaxNeighbours = 8;

    /// <summary>Processes listed at most; default 200, those alive and seen last. A line says how many are known.</summary>
    public const int MaxProcesses = 200;

    public required ServiceSummary Summary { get; init; }
    public required EndpointListView Endpoints { get; init; }
    public required IReadOnlyList<NeighbourView> Callers { get; init; }
    public required IReadOnlyList<NeighbourView> Callees { get; init; }
    public required IReadOnlyList<DownstreamSummary> Downstream { get; init; }

    /// <summary>Builds the view.</summary>
    public static ServiceView Of(PageState state, ServiceSummary summary, IReadOnlyList<EndpointSummary> endpoints, IReadOnlyList<DownstreamSummary> downstream, ServiceGraph graph)
    {
        var names = graph.Nodes.ToDictionary(node => node.Id, StringComparer.Ordinal);
        NeighbourView Neighbour(MapEdge edge, string id)
        {
            var node = names.GetValueOrDefault(id);
            var link = node is { IsInferred: false } ? state.ServiceLink(id) : state.Link("/map", ("focus", id), ("panel", id));
            return new NeighbourView(node?.Name ?? id, node?.Type ?? "", node?.IsInferred ?? false, edge.CallsPerSecond, edge.ErrorRate, edge.P95Nanos, link, state.Link("/map", ("focus", summary.Name), ("panel", $"{edge.From}→{edge.To}")));
        }
        return new ServiceView
        {
            Summary = summary,
            Endpoints = EndpointListView.Of(state, summary.Name, endpoints),
            Callers = [.. graph.Edges.Where(edge => edge.To == summary.Name).OrderByDescending(edge => edge.CallCount).Select(edge => Neighbour(edge, edge.From))],
            Callees = [.. graph.Edges.Where(edge => edge.From == summary.Name).OrderByDescending(edge => edge.CallCount).Select(edge => Neighbour(edge, edge.To))],
            Downstream = downstream,
        };
    }
}

/// <summary>Who calls, or is called.</summary>
/// <param name="Link">Its page, or its place in the map.</param>
/// <param name="EdgeLink">The numbers of exactly these calls.</param>
public sealed record NeighbourView(string Name, string Type, bool IsInferred, double CallsPerSecond, double ErrorRate, double? P95Nanos, string Link, string EdgeLink);
