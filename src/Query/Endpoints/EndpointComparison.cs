using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Traces;

namespace Apm.Query.Endpoints;

/// <summary>Some requests of an endpoint (a band of durations, or those that failed) against the rest of them.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class EndpointComparison(ITraceReader traces, TimeProvider clock)
{
    /// <summary>Stored requests on each side whose attributes are compared; default 500.</summary>
    public const int MaxSpans = 500;

    /// <summary>Stored traces on each side whose operations are summed up; default 20, the newest.</summary>
    public const int MaxTraces = 20;

    /// <summary>Longest time for finding the spans of one side; default 1 s.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    /// <summary>What the chosen requests consist of, and how they differ.</summary>
    /// <param name="range">Time of the requests.</param>
    /// <param name="endpoint">Spans that are requests to the endpoint: service, operation, resource, environment.</param>
    /// <param name="chosen">What is chosen of them; <see cref="RequestChoice.All"/> compares nothing.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public EndpointDifference Compare(TimeRange range, TraceFilter endpoint, RequestChoice chosen, CancellationToken cancel = default)
    {
        var search = new TraceSearch(traces, clock);
        var lookup = new TraceLookup(traces);
        var these = endpoint.And(chosen.Filter);
        var times = TimesOf(these, chosen.Includes);
        if (chosen.Rest is not { } rest) return new EndpointDifference { Times = times };
        var others = endpoint.And(rest);
        var spans = new SpanSearch(traces, clock);
        var chosenSpans = SpanSample.Spread(spans, range, these, MaxSpans, Deadline, cancel);
        var otherSpans = SpanSample.Spread(spans, range, others, MaxSpans, Deadline, cancel);
        return new EndpointDifference
        {
            Times = times,
            RestTimes = TimesOf(others, node => !chosen.Includes(node)),
            ChosenCount = chosenSpans.Count,
            RestCount = otherSpans.Count,
            StandOut = StandOut.Of(chosenSpans, otherSpans),
        };

        OperationTimes TimesOf(TraceFilter filter, Func<TraceNode, bool> includes)
        {
            var found = search.Search(new TraceSearchRequest { Range = range, Filter = filter, Limit = MaxTraces }, cancel);
            return OperationTimes.Of(found.Traces.Select(trace => lookup.Read(trace.TraceId, cancel)).OfType<TraceTree>(), node =>
                node.Service == endpoint.Service && (endpoint.Name is null || node.Name == endpoint.Name) && node.Resource == endpoint.Resource && includes(node));
        }
    }
}

/// <summary>Which requests of an endpoint are looked at.</summary>
/// <param name="Filter">They match it.</param>
/// <param name="Rest">The others match it; null when there are none.</param>
/// <param name="Includes">The same as the filter, of a node of a trace.</param>
public sealed record RequestChoice(TraceFilter Filter, TraceFilter? Rest, Func<TraceNode, bool> Includes)
{
    /// <summary>All of them.</summary>
    public static RequestChoice All { get; } = new(TraceFilter.Empty, null, static _ => true);

    /// <summary>Those that failed, against those that did not.</summary>
    public static RequestChoice Failed { get; } = new(TraceFilter.Empty.With("status", "error"), TraceFilter.Empty.With("status", "ok"), static node => node.IsError);

    /// <summary>Those that took so long, both bounds included, against all shorter and longer ones.</summary>
    /// <param name="minNanos">0 for no bound.</param>
    /// <param name="maxNanos"><see cref="long.MaxValue"/> for no bound.</param>
    public static RequestChoice Lasting(long minNanos, long maxNanos)
    {
        var shorter = minNanos > 0 ? TraceFilter.Empty.WithDuration(null, minNanos - 1) : null;
        var longer = maxNanos < long.MaxValue ? TraceFilter.Empty.WithDuration(maxNanos + 1, null) : null;
        return new(
            TraceFilter.Empty.WithDuration(minNanos > 0 ? minNanos : null, maxNanos < long.MaxValue ? maxNanos : null),
            shorter is not null && longer is not null ? shorter.Or(longer) : shorter ?? longer,
            node => node.DurationNanos >= minNanos && node.DurationNanos <= maxNanos);
    }
}

/// <summary>What was found.</summary>
public sealed record EndpointDifference
{
    /// <summary>Nothing is stored.</summary>
    public static EndpointDifference None { get; } = new() { Times = OperationTimes.None };

    /// <summary>Operations of the chosen requests.</summary>
    public required OperationTimes Times { get; init; }

    /// <summary>Operations of the rest; null when nothing is compared.</summary>
    public OperationTimes? RestTimes { get; init; }

    /// <summary>Chosen requests whose attributes were looked at, of all parts of the time.</summary>
    public int ChosenCount { get; init; }

    /// <summary>The rest looked at.</summary>
    public int RestCount { get; init; }

    /// <summary>Attributes more frequent on the chosen requests, the clearest first. Empty when none is, or there are too few requests on a side.</summary>
    public IReadOnlyList<StandingOut> StandOut { get; init; } = [];

    /// <summary>Whether there were enough requests on both sides to say anything.</summary>
    public bool IsEnough => ChosenCount >= Spans.StandOut.MinSpans && RestCount >= Spans.StandOut.MinSpans;
}
