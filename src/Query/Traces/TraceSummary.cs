using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;

namespace Apm.Query.Traces;

/// <summary>In which order traces are wanted. Of equal ones the newest comes first.</summary>
public enum TraceSort
{
    /// <summary>By the start of a trace's earliest matching span, the latest first.</summary>
    Newest,
    Oldest,

    /// <summary>By the time from a trace's first start to its last end.</summary>
    Slowest,
    MostErrors,
    MostSpans,

    /// <summary>By service, then resource (the operation, when there is none) of the span that stands for the trace, as texts.</summary>
    Endpoint,

    /// <summary>By the HTTP status of that span, the highest first; before them what failed without one, after them what did not.</summary>
    Status,
    MostServices,

    /// <summary>By the word for why that span is stored.</summary>
    Kept,
}

/// <summary>What to search for.</summary>
public sealed record TraceSearchRequest
{
    /// <summary>Spans that start in it are looked at.</summary>
    public required TimeRange Range { get; init; }
    public TraceFilter Filter { get; init; } = TraceFilter.Empty;
    public TraceSort Sort { get; init; }

    /// <summary>The order the other way round.</summary>
    public bool IsTurned { get; init; }

    /// <summary>Traces passed over before the first that is given; at most <see cref="TraceSearch.MaxSkip"/>.</summary>
    public int Skip { get; init; }

    /// <summary>Most traces given; 1 to <see cref="TraceSearch.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>
    /// Counts facets of the spans that match in the same scan, so that their numbers agree with the totals: keys of tags that are wanted in any
    /// case, without <c>@</c>, or none of them. Null for no facets.
    /// </summary>
    public IReadOnlyList<string>? FacetTags { get; init; }

    /// <summary>After this time the search stops and gives what it has, marked incomplete; default 5 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Once the page cannot change by spans that start before or after all of it, and this time has passed, counting stops, and the totals
    /// are lower bounds. Null, the default, counts all until the deadline. Only for <see cref="TraceSort.Newest"/> and <see cref="TraceSort.Oldest"/>:
    /// other orders need all spans.
    /// </summary>
    public TimeSpan? CountFor { get; init; }
}

/// <summary>What a search found, and how much it looked at.</summary>
public sealed record TraceSearchResult
{
    public required IReadOnlyList<TraceSummary> Traces { get; init; }

    /// <summary>Traces with at least one matching span; all of them, not only those given. At least so many when the result is not complete.</summary>
    public required int MatchedTraceCount { get; init; }

    /// <summary>Spans that match, each counted once however often it was sent.</summary>
    public required long MatchedSpanCount { get; init; }

    /// <summary>Spans in the range that were looked at, repeated ones included.</summary>
    public required long ScannedSpanCount { get; init; }

    /// <summary>False when the deadline or a limit ended the search, or counting stopped; then the totals are lower bounds.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Why it is not complete, as a sentence; null when it is.</summary>
    public string? IncompleteReason { get; init; }
    public required double ElapsedMilliseconds { get; init; }

    /// <summary>What the matching spans that were counted are like; null when it was not asked for.</summary>
    public TraceFacets? Facets { get; init; }
}

/// <summary>One trace in a list.</summary>
public sealed record TraceSummary
{
    public required TraceId TraceId { get; init; }
    public required TraceRoot Root { get; init; }

    /// <summary>No span without parent is there; <see cref="Root"/> is the earliest span instead.</summary>
    public bool IsRootMissing { get; init; }

    /// <summary>Why the span that stands for it is stored.</summary>
    public SampleVerdict Kept { get; init; }

    /// <summary>Earliest start of its spans.</summary>
    public required long StartUnixNanos { get; init; }

    /// <summary>From the earliest start to the latest end.</summary>
    public required long DurationNanos { get; init; }
    public required int SpanCount { get; init; }
    public required int ErrorCount { get; init; }

    /// <summary>How many of its spans match the filter.</summary>
    public required int MatchedSpanCount { get; init; }

    /// <summary>Most spans first, then by name.</summary>
    public required IReadOnlyList<ServiceShare> Services { get; init; }
}

/// <summary>The span that stands for a trace. Texts are "" when unknown.</summary>
/// <param name="HttpStatusCode">0 when it has none.</param>
/// <param name="DurationNanos">Of this span alone.</param>
public sealed record TraceRoot(string Service, string Name, string Resource, string Type, string Env, int HttpStatusCode, bool IsError, long DurationNanos);

/// <summary>How many spans of a trace are a service's, and how many of those failed.</summary>
public sealed record ServiceShare(string Service, int SpanCount, int ErrorCount);

/// <summary>Matching spans over time.</summary>
public sealed record TraceStrip
{
    /// <summary>Width of a bucket.</summary>
    public required long StepNanos { get; init; }

    /// <summary>Start of each bucket; multiples of the step.</summary>
    public required IReadOnlyList<long> StartUnixNanos { get; init; }
    public required IReadOnlyList<long> HitCounts { get; init; }
    public required IReadOnlyList<long> ErrorCounts { get; init; }

    /// <summary>Of all matching spans; null without one.</summary>
    public double? OverallP50Nanos { get; init; }

    /// <summary>Of all matching spans; null without one.</summary>
    public double? OverallP95Nanos { get; init; }

    /// <summary>NaN where there are no spans.</summary>
    public required IReadOnlyList<double> P50Nanos { get; init; }

    /// <summary>NaN where there are no spans.</summary>
    public required IReadOnlyList<double> P95Nanos { get; init; }

    /// <summary>NaN where there are no spans.</summary>
    public required IReadOnlyList<double> MaxNanos { get; init; }
    public required bool IsComplete { get; init; }
}

/// <summary>The most frequent values of what people narrow a search by, counted in matching spans, most first, then by value.</summary>
public sealed record TraceFacets
{
    public required IReadOnlyList<FacetValue> Services { get; init; }
    public required IReadOnlyList<FacetValue> Envs { get; init; }
    public required IReadOnlyList<FacetValue> Operations { get; init; }
    public required IReadOnlyList<FacetValue> Resources { get; init; }

    /// <summary><c>ok</c> and <c>error</c>.</summary>
    public required IReadOnlyList<FacetValue> Statuses { get; init; }
    public required bool IsComplete { get; init; }

    /// <summary>Why the counts are of a part only; null when they are of all matching spans.</summary>
    public string? IncompleteReason { get; init; }

    /// <summary>Matching spans that were counted.</summary>
    public long MatchedSpanCount { get; init; }

    /// <summary>Tags that tell the spans apart; those that were asked for first. Empty when tags were not asked for.</summary>
    public IReadOnlyList<TagFacet> Tags { get; init; } = [];
}

/// <summary>The values of one key.</summary>
/// <param name="Key">As a search has it: <c>@</c> and a tag's key, or <c>kept</c>.</param>
/// <param name="Values">The most frequent ones.</param>
/// <param name="DistinctCount">How many different values there are; at least so many when it is 500.</param>
/// <param name="LookedAtSpanCount">The counts are of so many matching spans, those met first, which are the newest.</param>
public sealed record TagFacet(string Key, IReadOnlyList<FacetValue> Values, int DistinctCount, int LookedAtSpanCount);

public sealed record FacetValue(string Value, long SpanCount);

/// <summary>An operation of a service, or a resource it was called for, and the side of a call its spans are.</summary>
public readonly record struct OperationName(string Name, SpanKind Kind)
{
    /// <summary>Lower case, as tags have it; "" when unknown.</summary>
    public string KindText => Kind switch
    {
        SpanKind.Internal => "internal",
        SpanKind.Server => "server",
        SpanKind.Client => "client",
        SpanKind.Producer => "producer",
        SpanKind.Consumer => "consumer",
        _ => "",
    };
}
