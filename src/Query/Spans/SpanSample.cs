using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;

namespace Apm.Query.Spans;

/// <summary>Spans taken from all parts of a time, to compare others with: the newest alone would make what changed meanwhile (a version) stand out.</summary>
static class SpanSample
{
    /// <summary>Parts of the time from which some are taken; default 10.</summary>
    public const int Parts = 10;

    /// <summary>Up to <paramref name="limit"/> spans, as many of each part of the range.</summary>
    /// <param name="deadline">Longest for all parts together; parts that take longer give what they found.</param>
    public static List<Span> Spread(SpanSearch search, TimeRange range, TraceFilter filter, int limit, TimeSpan deadline, CancellationToken cancel)
    {
        var length = Math.Max(1, (range.ToUnixNanos - range.FromUnixNanos) / Parts);
        var spread = new List<Span>();
        for (var part = 0; part < Parts; part++)
        {
            var from = range.FromUnixNanos + (part * length);
            var to = part == Parts - 1 ? Math.Max(range.ToUnixNanos, from + length) : from + length;
            spread.AddRange(search.Search(new SpanSearchRequest { Range = new TimeRange(from, to), Filter = filter, Limit = limit / Parts, Deadline = deadline / Parts, CountFor = TimeSpan.Zero }, cancel).Spans);
        }
        return spread;
    }
}
