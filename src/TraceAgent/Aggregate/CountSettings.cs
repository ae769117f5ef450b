namespace Apm.TraceAgent.Aggregate;

/// <summary>Which spans are counted, and by what.</summary>
public sealed record CountSettings
{
    /// <summary>Each side of a call is counted, and not only entries and what is measured (trace-intake §3.3); default true. Datadog: <c>compute_stats_by_span_kind</c>.</summary>
    public bool CountsBySpanKind { get; init; } = true;

    /// <summary>Tags beside the known ones that say whom a span called (trace-intake §3.7); default none. Datadog: <c>peer_tags</c>.</summary>
    public IReadOnlyList<string> PeerTags { get; init; } = [];
}
