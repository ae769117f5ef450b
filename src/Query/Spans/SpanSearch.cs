using Apm.Core.Ports;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>Finds single spans, in order of time or duration, page by page.</summary>
/// <remarks>Any thread may call it.</remarks>
public sealed class SpanSearch(ITraceReader reader, TimeProvider clock)
{
    /// <summary>Most spans of one page; default 1000. A larger limit is taken as this.</summary>
    public const int MaxLimit = 1000;

    /// <summary>One page, with the true total over all pages.</summary>
    /// <exception cref="ArgumentException">The cursor is of another sort.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public SpanSearchResult Search(SpanSearchRequest request, CancellationToken cancel = default)
    {
        if (request.After is { } after && after.Sort != request.Sort)
            throw new ArgumentException($"The cursor is of a search sorted by {after.Sort}, this one is sorted by {request.Sort}. Begin again without a cursor.", nameof(request));
        var started = clock.GetTimestamp();
        var page = new SpanPage(request.Sort, Math.Clamp(request.Limit, 1, MaxLimit), request.After);
        var scan = new MatchScan(reader, clock, request.Range, request.Filter)
        {
            Deadline = request.Deadline,
            CountFor = request.CountFor,
            Order = request.Sort switch { SpanSort.Oldest => ScanOrder.Oldest, SpanSort.Slowest => ScanOrder.Slowest, SpanSort.Fastest => ScanOrder.Fastest, _ => ScanOrder.Newest },
            IsPutOff = part => request.After is { } from && page.IsBehind(from.SortNanos, LastOf(part, request.Sort)),
            PageBounds = request.Sort switch
            {
                SpanSort.Slowest => () => DurationBounds.Any with { MinNanos = page.WorstNanos ?? long.MinValue },
                SpanSort.Fastest => () => DurationBounds.Any with { MaxNanos = page.WorstNanos ?? long.MaxValue },
                _ => null,
            },
            IsPageCertain = next => (page.WorstNanos is { } worst && page.IsBehind(FirstOf(next, request.Sort), worst)) || IsBeforePage(next, request),
        };
        scan.Run((batch, _, matching) =>
        {
            foreach (var span in matching) page.Add(batch, span);
        }, cancel);
        var (spans, next) = page.Finish(mayHaveMore: scan.IncompleteReason is not null);
        return new SpanSearchResult
        {
            Spans = spans,
            Next = next,
            MatchedSpanCount = scan.MatchedSpanCount,
            IsPageCertain = scan.IncompleteReason is null || scan.HasStoppedCounting,
            Report = scan.Report(started),
        };
    }

    /// <summary>All of a part's spans lie before the page's first: only parts that were put off are left, since those come last.</summary>
    static bool IsBeforePage(SpanPart next, SpanSearchRequest request) =>
        request.After is { } from && (request.Sort is SpanSort.Newest or SpanSort.Slowest ? LastOf(next, request.Sort) > from.SortNanos : LastOf(next, request.Sort) < from.SortNanos);

    /// <summary>What the first of a part's spans in the order may have at best.</summary>
    static long FirstOf(SpanPart part, SpanSort sort) => sort switch
    {
        SpanSort.Newest => part.StartUnixNanosMax,
        SpanSort.Oldest => part.StartUnixNanosMin,
        SpanSort.Slowest => part.DurationNanosMax,
        _ => part.DurationNanosMin,
    };

    static long LastOf(SpanPart part, SpanSort sort) => sort switch
    {
        SpanSort.Newest => part.StartUnixNanosMin,
        SpanSort.Oldest => part.StartUnixNanosMax,
        SpanSort.Slowest => part.DurationNanosMin,
        _ => part.DurationNanosMax,
    };
}
