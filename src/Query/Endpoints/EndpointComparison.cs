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

    /// <summary>Stored traces on each side whose operations are summed up; default 30, the newest.</summary>
    public const int MaxTraces = 30;

    /// <summary>Longest time for finding the spans of one side; default 1 s.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    /// <summary>What the chosen requests consist of, and the rest.</summary>
    /// <param name="range">Time of the requests.</param>
    /// <param name="endpoint">Spans that are requests to the endpoint: service, operation, resource, environment.</param>
    /// <param name="chosen">What is chosen of them; of <see cref="RequestChoice.All"/> there is no rest.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public OperationComparison Operations(TimeRange range, TraceFilter endpoint, RequestChoice chosen, CancellationToken cancel = default)
    {
        var search = new TraceSearch(traces, clock);
        var lookup = new TraceLookup(traces);
        return new OperationComparison(TimesOf(chosen.Filter, chosen.Includes), chosen.Rest is null ? null : TimesOf(chosen.Rest, node => !chosen.Includes(node)));

        OperationTimes TimesOf(TraceFilter filter, Func<TraceNode, bool> includes)
        {
            var found = search.Search(new TraceSearchRequest { Range = range, Filter = endpoint.And(filter), Limit = MaxTraces }, cancel);
            return OperationTimes.Of(found.Traces.Select(trace => lookup.Read(trace.TraceId, cancel)).OfType<TraceTree>(), node =>
                node.Service == endpoint.Service && (endpoint.Name is null || node.Name == endpoint.Name) && node.Resource == endpoint.Resource && includes(node));
        }
    }

    /// <summary>Which attributes tell the chosen requests from the rest; <see cref="AttributeComparison.None"/> when there is no rest.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    /// <inheritdoc cref="Operations" path="/param"/>
    public AttributeComparison Attributes(TimeRange range, TraceFilter endpoint, RequestChoice chosen, CancellationToken cancel = default)
    {
        if (chosen.Rest is null) return AttributeComparison.None;
        var search = new SpanSearch(traces, clock);
        var these = SpanSample.Spread(search, range, endpoint.And(chosen.Filter), MaxSpans, Deadline, cancel);
        var others = SpanSample.Spread(search, range, endpoint.And(chosen.Rest), MaxSpans, Deadline, cancel);
        return new AttributeComparison(these.Count, others.Count, StandOut.Of(these, others));
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

/// <summary>Operations of the chosen requests and of the rest.</summary>
/// <param name="Rest">Null when nothing is compared.</param>
public sealed record OperationComparison(OperationTimes Chosen, OperationTimes? Rest)
{
    /// <summary>Nothing is stored.</summary>
    public static OperationComparison None { get; } = new(OperationTimes.None, null);
}

/// <summary>Attributes of the chosen requests against those of the rest.</summary>
/// <param name="ChosenCount">Chosen requests that were looked at, of all parts of the time.</param>
/// <param name="RestCount">The rest looked at.</param>
/// <param name="StandOut">Those more frequent on the chosen ones, the clearest first. Empty when none is, or there are too few requests on a side.</param>
public sealed record AttributeComparison(int ChosenCount, int RestCount, IReadOnlyList<StandingOut> StandOut)
{
    /// <summary>Nothing was compared.</summary>
    public static AttributeComparison None { get; } = new(0, 0, []);

    /// <summary>Whether there were enough requests on both sides to say anything.</summary>
    public bool IsEnough => ChosenCount >= Spans.StandOut.MinSpans && RestCount >= Spans.StandOut.MinSpans;
}
