using Apm.Query.ServiceMap;
using Apm.Query.Services;

namespace Apm.Query.Tests.ServiceMap;

public class GraphPartsTests
{
    [Theory]
    [InlineData("a", "d", "a b c d")]
    [InlineData("b", "d", "b d")]
    [InlineData("d", "a", "")]
    [InlineData("a", "x", "")]
    [InlineData("a", "a", "a")]
    public void What_leads_from_one_node_to_another(string from, string to, string shown)
    {
        var graph = Graph([Node("a"), Node("b"), Node("c"), Node("d"), Node("x"), Node("e")], [Edge("a", "b"), Edge("a", "c"), Edge("b", "d"), Edge("c", "d"), Edge("d", "e")]);

        Assert.Equal(shown, string.Join(' ', graph.Between(from, to).Nodes.Select(node => node.Id)));
    }

    [Fact]
    public void Nodes_of_one_team_namespace_or_first_word_become_one_with_the_sums()
    {
        var graph = Graph(
            [Node("cart") with { Team = "shop" }, Node("till") with { Team = "shop" }, Node("mail") with { Namespace = "infra" }, Node("sms") with { Namespace = "infra" }, Node("img-resize"), Node("img-store"), Node("alone"),
             Node("database:a") with { IsInferred = true, Kind = ServiceKind.Database }, Node("database:b") with { IsInferred = true, Kind = ServiceKind.Database }],
            [Edge("cart", "till"), Edge("cart", "database:a", 3), Edge("till", "database:b"), Edge("alone", "cart")]);

        var grouped = graph.Grouped(new HashSet<string>());

        Assert.Equal(["alone 0", "group:databases 2", "group:img… 2", "group:namespace infra 2", "group:team shop 2"], grouped.Nodes.Select(node => $"{node.Id} {node.GroupedCount}"));
        Assert.Equal(["alone>group:team shop 10 0", "group:team shop>group:databases 20 3"], grouped.Edges.Select(edge => $"{edge.From}>{edge.To} {edge.CallCount} {edge.ErrorCount}"));
        Assert.Equal(graph.Nodes.Sum(node => node.HitCount), grouped.Nodes.Sum(node => node.HitCount));
        Assert.Contains("cart", graph.Grouped(new HashSet<string> { "team shop" }).Nodes.Select(node => node.Id));
    }

    static ServiceGraph Graph(IEnumerable<MapNode> nodes, IEnumerable<MapEdge> edges) => new() { Nodes = [.. nodes], Edges = [.. edges], ScannedSpanCount = 0, IsComplete = true };

    static MapNode Node(string id) => new(id, id, "web", ServiceKind.Application, 10, 0, null, 1, false);

    static MapEdge Edge(string from, string to, long errors = 0) => new(from, to, 10, errors, null, 1);
}
