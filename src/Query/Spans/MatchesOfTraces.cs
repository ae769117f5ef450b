using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Matching;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>The spans that a filter names in one trace.</summary>
/// <param name="Spans">The earliest of them, by start.</param>
/// <param name="Total">All of them, those beyond the limit included.</param>
public sealed record TraceMatches(IReadOnlyList<Span> Spans, long Total)
{
    public static TraceMatches None { get; } = new([], 0);
}

/// <summary>Reads which spans a filter names in the traces of a page, in one scan for all of them.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class MatchesOfTraces(ITraceReader reader, TimeProvider clock)
{
    /// <summary>One entry per trace, in their order.</summary>
    /// <param name="range">The range of the search that found the traces, so that whole traces are judged as they were there.</param>
    /// <param name="limit">Most spans given of a trace.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public IReadOnlyList<TraceMatches> Read(TimeRange range, TraceFilter filter, IReadOnlyList<TraceId> traces, int limit, CancellationToken cancel = default)
    {
        if (traces.Count == 0) return [];
        var table = new TraceTable();
        var places = traces.Select(trace => table.FindOrAdd(trace.High, trace.Low)).ToList();
        var pages = new SpanPage?[table.Count];
        var totals = new long[table.Count];
        new MatchScan(reader, clock, range, filter) { TraceIds = traces }.Run((batch, _, matching) =>
        {
            foreach (var span in matching)
            {
                var at = table.Find(batch.TraceIdHigh[span], batch.TraceIdLow[span]);
                totals[at]++;
                (pages[at] ??= new SpanPage(SpanSort.Oldest, limit, after: null)).Add(batch, span);
            }
        }, cancel);
        return [.. places.Select(at => pages[at] is { } page ? new TraceMatches(page.Finish(mayHaveMore: false).Spans, totals[at]) : TraceMatches.None)];
    }
}
