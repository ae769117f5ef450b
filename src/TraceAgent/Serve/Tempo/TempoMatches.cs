using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Spans;
using Apm.Query.Traces;
using Microsoft.AspNetCore.Http;

namespace Apm.TraceAgent.Serve.Tempo;

/// <summary>The spans of one trace that a filter names, by start.</summary>
/// <param name="Total">All of them, those beyond the limit included.</param>
sealed record TempoMatches(IReadOnlyList<Span> Spans, long Total)
{
    public static TempoMatches Of(HttpContext http, TraceId traceId, long startUnixNanos, long durationNanos, TraceFilter filter, int limit)
    {
        var search = TempoApi.SpanSearchOf(http);
        var end = startUnixNanos > long.MaxValue - 1 - durationNanos ? long.MaxValue : startUnixNanos + durationNanos + 1;
        var request = new SpanSearchRequest { Range = new TimeRange(startUnixNanos, end), Filter = filter, TraceId = traceId, Sort = SpanSort.Oldest, Limit = Math.Min(limit, SpanSearch.MaxLimit) };
        var page = search.Search(request, http.RequestAborted);
        var spans = page.Spans.ToList();
        while (page.Next is { } next && page.Spans.Count > 0 && spans.Count < limit) // A page that ended early may be empty and still say where it goes on.
        {
            page = search.Search(request with { After = next }, http.RequestAborted);
            spans.AddRange(page.Spans);
        }
        return new TempoMatches(spans, page.MatchedSpanCount);
    }
}
