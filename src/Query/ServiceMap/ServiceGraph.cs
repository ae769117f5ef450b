using Apm.Query.Services;

namespace Apm.Query.ServiceMap;

/// <summary>Who calls whom, seen in the traces of a range.</summary>
public sealed record ServiceGraph
{
    /// <summary>By name.</summary>
    public required IReadOnlyList<MapNode> Nodes { get; init; }

    /// <summary>By caller, then callee.</summary>
    public required IReadOnlyList<MapEdge> Edges { get; init; }

    /// <summary>Calls that have a span on one side only: the reason, then the most.</summary>
    public IReadOnlyList<UnpairedCalls> Unpaired { get; init; } = [];

    /// <summary>Unpaired spans that are of none of <see cref="Unpaired"/>, because there were too many kinds.</summary>
    public long UnpairedLeftOutCount { get; init; }

    /// <summary>Spans whose parentage was looked at.</summary>
    public required long ScannedSpanCount { get; init; }

    /// <summary>False when a limit ended the scan; then edges are of the newest part of the range.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Why it is not complete, as a sentence; null when it is.</summary>
    public string? IncompleteReason { get; init; }
}

/// <summary>A service, or something that services call and that sends no spans itself.</summary>
/// <param name="Id">Distinct: the service's name; for an inferred one its kind and name, such as <c>database:orders</c>.</param>
/// <param name="Name">What to show.</param>
/// <param name="Type">Type of its spans; "" when unknown.</param>
/// <param name="Kind">What sort of thing it is.</param>
/// <param name="HitCount">Of a service: its entry hits by the statistics; of an inferred node: calls seen in traces.</param>
/// <param name="ErrorCount">As <paramref name="HitCount"/>.</param>
/// <param name="P95Nanos">Null when unknown.</param>
/// <param name="HitsPerSecond">Over the range.</param>
/// <param name="IsInferred">Known only from calls to it.</param>
public sealed record MapNode(
    string Id, string Name, string Type, ServiceKind Kind, double HitCount, double ErrorCount, double? P95Nanos, double HitsPerSecond, bool IsInferred)
{
    /// <summary>Who owns it, by the tag <c>team</c>; "" when it has none.</summary>
    public string Team { get; init; } = "";

    /// <summary>By the tags <c>service.namespace</c>, <c>kube_namespace</c> or <c>k8s.namespace.name</c>; "" when it has none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Of a group: how many nodes it stands for; 0 for a node.</summary>
    public int GroupedCount { get; init; }

    /// <summary>0 to 1; 0 without hits.</summary>
    public double ErrorRate => HitCount > 0 ? Math.Min(1, ErrorCount / HitCount) : 0;
}

/// <summary>Calls from one node to another, counted in traces.</summary>
/// <param name="From">Id of the calling node.</param>
/// <param name="To">Id of the called node.</param>
/// <param name="P95Nanos">As the called side measured it; for an inferred node the caller.</param>
/// <param name="CallsPerSecond">Over the part of the range that was scanned.</param>
public sealed record MapEdge(string From, string To, long CallCount, long ErrorCount, double? P95Nanos, double CallsPerSecond)
{
    /// <summary>Calls of which both sides sent a span, in one trace.</summary>
    public long PairedCount { get; init; }

    /// <summary>Calls whose callee began a trace of its own.</summary>
    public long HeaderLostCount { get; init; }

    /// <summary>Start of the earliest call seen in the range.</summary>
    public long FirstUnixNanos { get; init; }

    /// <summary>It was seen in the range, and not in as long a time before it.</summary>
    public bool IsNew { get; init; }

    /// <summary>The version that the caller, else the callee, took shortly before an edge that is new: <c>orders 4.3.0</c>; null when there is none.</summary>
    public string? NewSince { get; init; }

    /// <summary>How well the edge is known. A header lost in one call of ten makes it <see cref="EdgeConfidence.HeaderLost"/>.</summary>
    public EdgeConfidence Confidence => HeaderLostCount > 0 && HeaderLostCount * 10 >= CallCount ? EdgeConfidence.HeaderLost : PairedCount > 0 ? EdgeConfidence.BothSides : EdgeConfidence.ClientOnly;

    /// <summary>0 to 1.</summary>
    public double ErrorRate => CallCount > 0 ? (double)ErrorCount / CallCount : 0;
}

/// <summary>What tells that a call was made.</summary>
public enum EdgeConfidence
{
    /// <summary>Spans of both sides, in one trace.</summary>
    BothSides,

    /// <summary>A span of one side; the other sends none, or it is not stored.</summary>
    ClientOnly,

    /// <summary>Spans of both sides, in two traces that time has put together.</summary>
    HeaderLost,
}
