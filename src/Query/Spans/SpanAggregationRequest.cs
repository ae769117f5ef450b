using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>What is computed of the spans of a group.</summary>
public enum SpanFunction
{
    /// <summary>Spans; of a measure other than null, those that have it.</summary>
    Count,

    /// <summary><see cref="Count"/> per second of the range, or of the interval in a series.</summary>
    Rate,

    /// <summary>Distinct values of the measure; exact up to <see cref="SpanAggregation.MaxDistinctValues"/>, then a lower bound, which the report tells.</summary>
    Cardinality,
    Min,
    Max,
    Sum,
    Average,

    /// <summary>Within 1 % (relative), by a sketch.</summary>
    Percentile,
}

/// <summary>One number to compute per group.</summary>
/// <param name="Function">How.</param>
/// <param name="Measure">Of what; may be null for Count and Rate. Durations are nanoseconds; text that is a number counts as one; spans without it are left out.</param>
/// <param name="Percentile">0 to 100, for <see cref="SpanFunction.Percentile"/>.</param>
public sealed record SpanCompute(SpanFunction Function, SpanField? Measure = null, double Percentile = 0);

/// <summary>One field to group by. Spans without it are left out unless <see cref="Missing"/> says otherwise.</summary>
public sealed record SpanGroupBy(SpanField Field)
{
    /// <summary>Groups kept within each group of the fields before; 1 to <see cref="SpanAggregationRequest.MaxGroupsGiven"/>; default 10.</summary>
    public int Limit { get; init; } = 10;

    /// <summary>Index of the number in <see cref="SpanAggregationRequest.Computes"/> that orders; -1 orders by the value's text.</summary>
    public int SortBy { get; init; }
    public bool IsAscending { get; init; }

    /// <summary>Stands as the value of spans without the field; null leaves those spans out.</summary>
    public string? Missing { get; init; }

    /// <summary>Groups by the stretch that the number lies in, not by the number; null for the value itself. Spans outside are as those without the field.</summary>
    public SpanHistogram? Histogram { get; init; }

    /// <summary>Groups by the power of two that the number does not exceed (5 and 8 are 8), instead of the number; numbers below 2 are as none.</summary>
    public bool InPowersOfTwo { get; init; }
}

/// <summary>Stretches of equal width from a number (included) to another (excluded); a group's value is the lower end of its stretch.</summary>
/// <param name="Min">Lower end of the first.</param>
/// <param name="Max">Above <paramref name="Min"/>.</param>
/// <param name="Interval">Width, above 0.</param>
public sealed record SpanHistogram(double Min, double Max, double Interval);

/// <summary>What to compute of which spans.</summary>
public sealed record SpanAggregationRequest
{
    /// <summary>Spans that start in it are looked at.</summary>
    public required TimeRange Range { get; init; }

    /// <summary>As in a <see cref="SpanSearchRequest"/>.</summary>
    public TraceFilter Filter { get; init; } = TraceFilter.Empty;

    /// <summary>At least one, at most <see cref="SpanAggregation.MaxComputes"/>.</summary>
    public IReadOnlyList<SpanCompute> Computes { get; init; } = [new SpanCompute(SpanFunction.Count)];

    /// <summary>None for one group of everything; at most <see cref="SpanAggregation.MaxGroupFields"/>.</summary>
    public IReadOnlyList<SpanGroupBy> GroupBy { get; init; } = [];

    /// <summary>Most groups given in all; at most <see cref="SpanAggregation.MaxGroups"/>. Who shows them wants few, who judges them all.</summary>
    public int MaxGroupsGiven { get; init; } = SpanAggregation.MaxGroupsGiven;

    /// <summary>Width of the buckets of a series; null for totals only. A range of more than <see cref="SpanAggregation.MaxPoints"/> buckets is refused with an <see cref="ArgumentException"/>.</summary>
    public long? IntervalNanos { get; init; }

    /// <summary>After this time the scan stops and gives what it has, marked incomplete; default 5 s.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>The groups in order of the first field's sort, within it of the second's, and so on.</summary>
public sealed record SpanAggregationResult
{
    public required IReadOnlyList<SpanGroup> Groups { get; init; }

    /// <summary>Start of each bucket of the series, Unix nanoseconds, multiples of the interval; empty without one.</summary>
    public required IReadOnlyList<long> StartUnixNanos { get; init; }

    /// <summary>All groups there are, those beyond the limits included.</summary>
    public required int GroupCount { get; init; }

    /// <summary>Groups beyond <see cref="SpanAggregation.MaxGroups"/>, whose spans are in none; counted up to as many again.</summary>
    public int LeftOutGroupCount { get; init; }

    /// <summary>Why the groups given may lack something, a sentence; null when only other groups are left out, or nothing is.</summary>
    public string? InexactReason { get; init; }

    /// <summary>Matching spans, each counted once, those in no group included.</summary>
    public required long MatchedSpanCount { get; init; }

    public required SearchReport Report { get; init; }
}

/// <summary>One group.</summary>
/// <param name="Values">The value of each field, as text; numbers as they are printed.</param>
/// <param name="Numbers">One per compute; null where no span has the measure.</param>
/// <param name="Series">One array per compute, a number per bucket; empty without an interval. Null where no span has the measure; counts and rates are 0 there.</param>
public sealed record SpanGroup(IReadOnlyList<string> Values, IReadOnlyList<double?> Numbers, IReadOnlyList<IReadOnlyList<double?>> Series);
