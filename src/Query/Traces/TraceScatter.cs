using Apm.Core.Ids;

namespace Apm.Query.Traces;

/// <summary>Matching traces as points of start and duration.</summary>
public sealed record TraceScatter
{
    /// <summary>One per trace, by start. All of them, or the slowest and a fair choice of the rest.</summary>
    public required IReadOnlyList<ScatterPoint> Points { get; init; }

    /// <summary>Traces with a matching span; at least so many when not complete.</summary>
    public required int MatchedTraceCount { get; init; }

    /// <summary>Spans that were looked at.</summary>
    public required long ScannedSpanCount { get; init; }

    /// <summary>False when the deadline or a limit ended the scan.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>So many of the points are there because they are the slowest; 0 when all traces are shown.</summary>
    public required int SlowestCount { get; init; }
}

/// <summary>A trace by its longest matching span, so that a filter on duration finds just what was selected.</summary>
/// <param name="StartUnixNanos">Of that span.</param>
/// <param name="DurationNanos">Of that span.</param>
/// <param name="IsError">Any matching span of the trace failed.</param>
public readonly record struct ScatterPoint(TraceId TraceId, long StartUnixNanos, long DurationNanos, bool IsError);
