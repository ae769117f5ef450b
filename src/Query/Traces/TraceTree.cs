using Apm.Core.Ids;
using Apm.Core.Spans;

namespace Apm.Query.Traces;

/// <summary>
/// One trace in display order: depth first, children by start, then by span id. Immutable; any thread may read it.
/// </summary>
public sealed class TraceTree
{
    internal TraceTree(TraceId traceId, TraceNode[] nodes)
    {
        TraceId = traceId;
        Nodes = nodes;
        var spans = nodes.Where(node => !node.IsGap).ToList();
        SpanCount = spans.Count;
        ErrorCount = spans.Count(node => node.IsError);
        FoldedSpanCount = spans.Sum(node => node.FoldedCount);
        SentSpanCount = SpanCount + spans.Sum(node => Math.Max(0, node.FoldedCount - 1));
        StartUnixNanos = spans.Min(node => node.StartUnixNanos);
        DurationNanos = spans.Max(node => node.EndUnixNanos) - StartUnixNanos;
        MaxDepth = nodes.Max(node => node.Depth);
        Services = [.. spans.GroupBy(node => node.Service, StringComparer.Ordinal)
            .Select(group => new ServiceShare(group.Key, group.Count(), group.Count(node => node.IsError)))
            .OrderByDescending(share => share.SpanCount).ThenBy(share => share.Service, StringComparer.Ordinal)];
        Root = nodes.FirstOrDefault(node => node is { ParentIndex: -1, IsGap: false }) ?? nodes.First(node => !node.IsGap);
        IncompleteReason = SayWhatIsMissing();
        ClockSkewReason = SayClockSkew();
    }

    public TraceId TraceId { get; }

    /// <summary>Spans and gaps; a node's descendants follow it. Never empty.</summary>
    public IReadOnlyList<TraceNode> Nodes { get; }

    /// <summary>The span that stands for the trace: the first root that is a span, else the first span.</summary>
    public TraceNode Root { get; }

    /// <summary>Spans, gaps not counted.</summary>
    public int SpanCount { get; }
    public int ErrorCount { get; }

    /// <summary>Spans that are stored only as counts on others, because the trace is too large to keep whole.</summary>
    public long FoldedSpanCount { get; }

    /// <summary>Spans that were sent: those that are stored and those that are folded.</summary>
    public long SentSpanCount { get; }
    public long StartUnixNanos { get; }

    /// <summary>From the earliest start to the latest end.</summary>
    public long DurationNanos { get; }

    /// <summary>Depth of the deepest node; 0 when all are roots.</summary>
    public int MaxDepth { get; }

    /// <summary>Most spans first, then by name.</summary>
    public IReadOnlyList<ServiceShare> Services { get; }

    /// <summary>What is missing, as a sentence; null when the trace is whole.</summary>
    public string? IncompleteReason { get; }

    /// <summary>That clocks of hosts disagree, as a sentence; null when nothing shows it.</summary>
    public string? ClockSkewReason { get; }

    /// <summary>Spans that had not ended when they were sent: what is shown of them is a snapshot.</summary>
    public int RunningCount => Nodes.Count(node => (node.Flags & SpanFlags.Partial) != 0);

    /// <summary>The clocks by which this tree was moved; empty when it shows times as they were sent.</summary>
    public IReadOnlyList<ClockOffset> AlignedClocks { get; private init; } = [];

    /// <summary>A tree of the same spans with the times of some hosts moved. Order, own times and critical path follow from the moved times.</summary>
    /// <param name="clocks">What <see cref="ClockSkew.Estimate"/> found.</param>
    public TraceTree WithClocksAligned(IReadOnlyList<ClockOffset> clocks)
    {
        var offsets = clocks.ToDictionary(clock => clock.Host, clock => clock.OffsetNanos, StringComparer.Ordinal);
        var moved = Nodes.Where(node => !node.IsGap).Select(node => node.Moved(offsets.GetValueOrDefault(node.Host))).ToArray();
        return new TraceTree(TraceId, TraceTreeBuilder.Build(moved)) { AlignedClocks = clocks };
    }

    /// <summary>
    /// That more of the trace may come, as a sentence; null when nothing hints at it. A trace that lacks parents or its root, or has spans
    /// that still run, and that was going on within the last <see cref="ArrivalNanos"/>, is probably still arriving.
    /// </summary>
    /// <param name="nowUnixNanos">The reader's clock.</param>
    public string? SayWhetherArriving(long nowUnixNanos)
    {
        var running = RunningCount;
        var parts = new List<string>();
        if (running > 0) parts.Add($"{Count(running, "span")} had not ended when {(running == 1 ? "it was" : "they were")} sent: a snapshot is shown.");
        var age = nowUnixNanos - (StartUnixNanos + DurationNanos);
        if (age is >= 0 and < ArrivalNanos && (running > 0 || Nodes.Any(node => node.IsGap)))
            parts.Add($"The trace may still be arriving: its last span ended {Math.Max(1, age / 1_000_000_000)} s ago.");
        return parts.Count == 0 ? null : string.Join(' ', parts);
    }

    /// <summary>So long after its last span more of a trace is waited for: tracers send once a second to once in ten seconds, and again when it fails.</summary>
    public const long ArrivalNanos = 30_000_000_000;

    /// <summary>The first node of a span id; null when there is none. A gap is found by the id that is missing.</summary>
    public TraceNode? Find(SpanId id) => Nodes.FirstOrDefault(node => node.SpanId == id);

    string? SayWhatIsMissing()
    {
        var parts = new List<string>();
        var gaps = Nodes.Where(node => node.IsGap).ToList();
        if (gaps.Count > 0)
        {
            var orphans = gaps.Sum(gap => gap.ChildCount);
            parts.Add($"{Count(gaps.Count, "parent span")} of {Count(orphans, "span")} {(gaps.Count == 1 ? "is" : "are")} not stored: not sent yet, dropped, or from a service that is not traced.");
        }
        if (Nodes.All(node => node.ParentIndex != -1 || node.IsGap)) parts.Add("The root span is missing.");
        var roots = Nodes.Count(node => node.ParentIndex == -1 && !node.IsGap);
        if (roots > 1) parts.Add($"There are {roots} roots.");
        var cuts = Nodes.Count(node => node.IsCutFromCycle);
        if (cuts > 0) parts.Add($"{Count(cuts, "circle")} of parents {(cuts == 1 ? "was" : "were")} cut.");
        return parts.Count == 0 ? null : string.Join(' ', parts);
    }

    string? SayClockSkew()
    {
        var (count, worst) = (0, 0L);
        foreach (var node in Nodes)
        {
            if (node.ParentIndex < 0 || Nodes[node.ParentIndex] is not { IsGap: false } parent || parent.Service == node.Service) continue;
            var early = parent.StartUnixNanos - node.StartUnixNanos;
            if (early <= SkewToleranceNanos) continue;
            count++;
            worst = Math.Max(worst, early);
        }
        return count == 0 ? null
            : $"{Count(count, "span")} {(count == 1 ? "starts" : "start")} up to {(worst / 1e6).ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)} ms before the span that called {(count == 1 ? "it" : "them")}: the clocks of the hosts disagree.";
    }

    /// <summary>Earlier starts than this are told as clock skew; below it clocks of one host differ by resolution.</summary>
    const long SkewToleranceNanos = 1_000_000;

    static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
