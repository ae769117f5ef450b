using Apm.ApmUi.Map;
using Apm.ApmUi.Pages.Map;
using Apm.ApmUi.Shared;
using Apm.Core.Services;
using Apm.Query.ServiceMap;
using Apm.Query.Services;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

public class MapViewTests
{
    static readonly ServiceLook Look = new(new ServiceCatalogue(new MemoryDocuments()));

    [Fact]
    public void More_than_sixty_nodes_are_grouped_and_unfold_by_the_address()
    {
        var graph = Graph(Enumerable.Range(0, 70).Select(i => Node("s" + i) with { Team = i < 40 ? "shop" : "bank" }), [Edge("s0", "s50"), Edge("s1", "s51")]);

        var grouped = MapView.Of(UrlStates.Of("/map"), graph, Look);

        Assert.True(grouped.IsGrouped);
        Assert.Equal(["team bank|30 nodes · 30 /s|/map?open=team+bank", "team shop|40 nodes · 40 /s|/map?open=team+shop"], grouped.Nodes.Select(node => $"{node.Name}|{node.Line}|{node.Link}"));
        Assert.Equal(("group:team shop", "group:team bank"), grouped.Edges.Select(edge => (edge.From, edge.To)).Single());
        Assert.Equal(31, MapView.Of(UrlStates.Of("/map?open=team+bank"), graph, Look).Nodes.Count);
        Assert.Equal(70, MapView.Of(UrlStates.Of("/map?group=none"), graph, Look).Nodes.Count);
        Assert.Equal((2, false), (MapView.Of(UrlStates.Of("/map?focus=s0"), graph, Look).Nodes.Count, MapView.Of(UrlStates.Of("/map?focus=s0"), graph, Look).IsGrouped));
    }

    [Fact]
    public void Nodes_stay_where_they_are_when_an_edge_leaves_for_less_than_half_an_hour()
    {
        var clock = new FixedClock(0);
        var memory = new MapMemory(clock);
        List<MapNode> nodes = [Node("a"), Node("b"), Node("c")];
        PlacedMap Placed(string url, params MapEdge[] edges) => MapView.Of(UrlStates.Of(url), Graph(nodes, edges), Look, memory).Placed;

        var before = Placed("/map", Edge("a", "b"), Edge("b", "c")).Nodes;
        Assert.Equal(before, Placed("/map", Edge("a", "b")).Nodes);
        Assert.NotEqual(before, Placed("/map?only=errors", Edge("a", "b")).Nodes); // Another view.
        Assert.Equal(["a b"], MapView.Of(UrlStates.Of("/map"), Graph(nodes, [Edge("a", "b")]), Look, memory).Edges.Select(edge => $"{edge.From} {edge.To}"));

        clock.Now += 31 * 60_000_000_000L;
        Assert.NotEqual(before, Placed("/map", Edge("a", "b")).Nodes);
    }

    [Fact]
    public void Of_too_many_edges_those_with_the_most_calls_are_drawn()
    {
        var nodes = Enumerable.Range(0, 50).Select(i => Node("s" + i)).ToList();
        var edges = nodes.SelectMany((from, i) => nodes.Skip(i + 1).Concat(nodes.Take(i)).Select((to, k) => Edge(from.Id, to.Id) with { CallCount = k < 20 ? 10 : 1 })).ToList();

        var view = MapView.Of(UrlStates.Of("/map"), Graph(nodes, edges), Look);

        Assert.Equal((MapView.MaxDrawnEdges, 2450), (view.Edges.Count, view.Graph.Edges.Count));
        Assert.Equal(1000, edges.Count(edge => edge.CallCount == 10 && view.Edges.Any(drawn => drawn.From == edge.From && drawn.To == edge.To)));
    }

    [Fact]
    public void Paths_show_what_leads_from_one_end_to_the_other()
    {
        var view = MapView.Of(UrlStates.Of("/map?path=a&goal=c"), Graph([Node("a"), Node("b"), Node("c"), Node("d")], [Edge("a", "b"), Edge("b", "c"), Edge("b", "d")]), Look);

        Assert.Equal(["a", "b", "c"], view.Nodes.Select(node => node.Id));
        Assert.Equal(("a", "c"), view.Path);
    }

    [Fact]
    public void The_panel_has_the_numbers_of_exactly_its_edge()
    {
        var graph = Graph([Node("a"), Node("b"), Node("c")], [Edge("a", "b") with { CallCount = 7 }, Edge("a", "c") with { CallCount = 9 }]);

        Assert.Equal(9, MapView.Of(UrlStates.Of("/map?panel=a→c"), graph, Look).SelectedEdge!.CallCount);
        Assert.Null(MapView.Of(UrlStates.Of("/map?panel=a→gone"), graph, Look).SelectedEdge);
    }

    [Fact]
    public void An_edge_shows_how_it_is_known_and_that_it_is_new()
    {
        var graph = Graph([Node("a"), Node("b"), Node("c"), Node("d")],
        [
            Edge("a", "b") with { PairedCount = 10 },
            Edge("a", "c") with { HeaderLostCount = 9, IsNew = true, NewSince = "a 2.0" },
            Edge("a", "d"),
        ]);

        var edges = MapView.Of(UrlStates.Of("/map"), graph, Look).Edges;

        Assert.Equal(["both ", "lost header lost · new", "client "], edges.Select(edge => $"{edge.Confidence} {edge.Mark}"));
        Assert.EndsWith("header lost, new since a 2.0", edges[1].Title, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("recommendations", "recommendations")]
    [InlineData("kafka order.created", "kafka order.created")]
    [InlineData("kafka feedback.given", "kafka feedback.given")]
    [InlineData("a-very-long-service-name-of-the-shop", "a-very-long-…e-shop")]
    [InlineData("WWWWWWWWWWWWWWWWWWWW", "WWWWWWWW…WWW")]
    public void A_name_is_shown_whole_or_without_its_middle(string name, string shown)
    {
        var text = MapText.Fit(name, MapLayout.NodeWidth - DrawnNode.NameLeft - 8);

        Assert.Equal(shown, text);
        Assert.True(MapText.WidthOf(text) <= MapLayout.NodeWidth - DrawnNode.NameLeft - 8);
    }

    static ServiceGraph Graph(IEnumerable<MapNode> nodes, IEnumerable<MapEdge> edges) => new() { Nodes = [.. nodes], Edges = [.. edges], ScannedSpanCount = 0, IsComplete = true };

    static MapNode Node(string id) => new(id, id, "web", ServiceKind.Application, 10, 0, null, 1, false);

    static MapEdge Edge(string from, string to) => new(from, to, 10, 0, null, 1);
}
