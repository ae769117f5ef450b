using Apm.ApmUi.Links;
using Apm.Query.ServiceMap;
using Apm.Query.Services;

namespace Apm.ApmUi.Pages.Service;

/// <summary>What the page of one service shows. Immutable.</summary>
public sealed record ServiceView
{
    public required ServiceSummary Summary { get; init; }
    public required IReadOnlyList<EndpointRow> Endpoints { get; init; }
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
            return new NeighbourView(node?.Name ?? id, node?.Type ?? "", node?.IsInferred ?? false, edge.CallsPerSecond, edge.ErrorRate, edge.P95Nanos, link);
        }
        return new ServiceView
        {
            Summary = summary,
            Endpoints = [.. Sorted(endpoints, state.Url["sort"] ?? "time").Select(endpoint => new EndpointRow(endpoint, LinkOf(state, summary.Name, endpoint)))],
            Callers = [.. graph.Edges.Where(edge => edge.To == summary.Name).OrderByDescending(edge => edge.CallCount).Select(edge => Neighbour(edge, edge.From))],
            Callees = [.. graph.Edges.Where(edge => edge.From == summary.Name).OrderByDescending(edge => edge.CallCount).Select(edge => Neighbour(edge, edge.To))],
            Downstream = downstream,
        };
    }

    static string LinkOf(PageState state, string service, EndpointSummary endpoint) => state.EndpointLink(service, endpoint.Name, endpoint.Resource);

    static IEnumerable<EndpointSummary> Sorted(IReadOnlyList<EndpointSummary> endpoints, string sort)
    {
        var turned = sort.EndsWith(Shared.SortHead.Turned, StringComparison.Ordinal);
        var key = turned ? sort[..^Shared.SortHead.Turned.Length] : sort;
        if (key == "name")
        {
            var byName = endpoints.OrderBy(endpoint => endpoint.Resource, StringComparer.OrdinalIgnoreCase);
            return turned ? byName.Reverse() : byName;
        }
        Func<EndpointSummary, double> number = key switch
        {
            "rate" => endpoint => endpoint.HitCount,
            "errors" => endpoint => endpoint.ErrorRate,
            "p50" => endpoint => endpoint.P50Nanos ?? -1,
            "p95" => endpoint => endpoint.P95Nanos ?? -1,
            "p99" => endpoint => endpoint.P99Nanos ?? -1,
            _ => endpoint => endpoint.TotalNanos,
        };
        return turned ? endpoints.OrderBy(number) : endpoints.OrderByDescending(number);
    }
}

/// <summary>An endpoint and its page.</summary>
public sealed record EndpointRow(EndpointSummary Endpoint, string Link);

/// <summary>Who calls, or is called.</summary>
public sealed record NeighbourView(string Name, string Type, bool IsInferred, double CallsPerSecond, double ErrorRate, double? P95Nanos, string Link);
