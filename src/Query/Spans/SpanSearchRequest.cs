using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>In which order spans are wanted. Equal ones are ordered by trace id, span id and service.</summary>
public enum SpanSort
{
    /// <summary>By start, the latest first.</summary>
    Newest,
    Oldest,

    /// <summary>By duration, the longest first.</summary>
    Slowest,
    Fastest,
}

/// <summary>Which spans are wanted.</summary>
public sealed record SpanSearchRequest
{
    /// <summary>Spans that start in it are looked at.</summary>
    public required TimeRange Range { get; init; }

    /// <summary>With parts that are of the trace, the spans that those name in traces for which all of it holds.</summary>
    public TraceFilter Filter { get; init; } = TraceFilter.Empty;

    public SpanSort Sort { get; init; }

    /// <summary>Most spans given; 1 to <see cref="SpanSearch.MaxLimit"/>.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Go on behind this place; null for the first page. Spans that came since do not move the pages.</summary>
    /// <remarks>A cursor of another sort is refused with an <see cref="ArgumentException"/>.</remarks>
    public SpanCursor? After { get; init; }

    /// <summary>After this time the search stops and gives what it has, marked incomplete; default 5 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Once the page is certain and this time has passed, counting stops, and the total is a lower bound. Null, the default, counts all
    /// until the deadline.
    /// </summary>
    public TimeSpan? CountFor { get; init; }
}

/// <summary>A page of spans.</summary>
public sealed record SpanSearchResult
{
    public required IReadOnlyList<Span> Spans { get; init; }

    /// <summary>The place behind the last span given; null when none is behind it. When not all was looked at, what is behind may turn out to be nothing.</summary>
    public SpanCursor? Next { get; init; }

    /// <summary>Matching spans of the range, each counted once, those of other pages included; at least so many when the report is not complete.</summary>
    public required long MatchedSpanCount { get; init; }

    /// <summary>No span that was not looked at belongs on this page. May be true when the report is not complete.</summary>
    public required bool IsPageCertain { get; init; }

    public required SearchReport Report { get; init; }
}
