using System.Buffers;
using Apm.Query.Services;

namespace Apm.Query.ServiceMap;

/// <summary>
/// A large graph with its nodes drawn together: services of one team, else of one namespace, else of one first word of their names;
/// what was only inferred by its kind. Pure.
/// </summary>
public static class GraphGroups
{
    /// <summary>A graph of more nodes is grouped; 60.</summary>
    public const int MaxUngroupedNodes = 60;

    /// <summary>Before the group's name in its node's id; no service's name begins so in practice, and the two are told apart by <see cref="MapNode.GroupedCount"/>.</summary>
    public const string IdPrefix = "group:";

    static readonly SearchValues<char> WordEnds = SearchValues.Create("-._/: ");

    /// <summary>The group that a node is of, such as <c>team payments</c>.</summary>
    public static string Of(MapNode node)
    {
        if (node.IsInferred)
        {
            return node.Kind switch { ServiceKind.Database => "databases", ServiceKind.Cache => "caches", ServiceKind.Queue => "queues", _ => "third parties" };
        }
        if (node.Team.Length > 0) return "team " + node.Team;
        if (node.Namespace.Length > 0) return "namespace " + node.Namespace;
        var end = node.Name.AsSpan().IndexOfAny(WordEnds);
        return (end > 0 ? node.Name[..end] : node.Name) + "…";
    }

    /// <summary>The graph with each group as one node whose numbers are the sums of its members'. A group of one stays a node.</summary>
    /// <param name="unfolded">Groups whose members stay as they are.</param>
    public static ServiceGraph Grouped(this ServiceGraph graph, IReadOnlySet<string> unfolded)
    {
        var idOf = new Dictionary<string, string>(StringComparer.Ordinal);
        var nodes = new List<MapNode>();
        foreach (var group in graph.Nodes.GroupBy(Of, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var members = group.ToList();
            if (members.Count == 1 || unfolded.Contains(group.Key))
            {
                nodes.AddRange(members);
                continue;
            }
            foreach (var member in members) idOf.Add(member.Id, IdPrefix + group.Key);
            nodes.Add(new MapNode(IdPrefix + group.Key, group.Key, "", members[0].Kind, members.Sum(node => node.HitCount), members.Sum(node => node.ErrorCount), null, members.Sum(node => node.HitsPerSecond), members[0].IsInferred)
            {
                GroupedCount = members.Count,
            });
        }
        var edges = graph.Edges.GroupBy(edge => (From: idOf.GetValueOrDefault(edge.From, edge.From), To: idOf.GetValueOrDefault(edge.To, edge.To)))
            .Where(edges => edges.Key.From != edges.Key.To)
            .Select(edges => edges.Count() == 1 ? edges.First() with { From = edges.Key.From, To = edges.Key.To } : Sum(edges.Key.From, edges.Key.To, [.. edges]));
        return graph with
        {
            Nodes = [.. nodes.OrderBy(node => node.Id, StringComparer.Ordinal)],
            Edges = [.. edges.OrderBy(edge => edge.From, StringComparer.Ordinal).ThenBy(edge => edge.To, StringComparer.Ordinal)],
        };
    }

    /// <summary>Percentiles cannot be added: there is none.</summary>
    static MapEdge Sum(string from, string to, List<MapEdge> edges) =>
        new(from, to, edges.Sum(edge => edge.CallCount), edges.Sum(edge => edge.ErrorCount), null, edges.Sum(edge => edge.CallsPerSecond))
        {
            PairedCount = edges.Sum(edge => edge.PairedCount),
            HeaderLostCount = edges.Sum(edge => edge.HeaderLostCount),
            FirstUnixNanos = edges.Min(edge => edge.FirstUnixNanos),
            IsNew = edges.All(edge => edge.IsNew),
        };
}
