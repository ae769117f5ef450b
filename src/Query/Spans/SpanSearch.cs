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
        // By duration little has to be read for a page, and counting would read all of it: the page comes first, and counting has what time is left.
        var isPageFirst = request is { CountFor: not null, Sort: SpanSort.Slowest or SpanSort.Fastest };
        var scan = new MatchScan(reader, clock, request.Range, request.Filter)
        {
            Deadline = request.Deadline,
            CountFor = isPageFirst ? TimeSpan.Zero : request.CountFor,
            Order = OrderOf(request.Sort),
            IsPutOff = part => request.After is { } from && page.IsBehind(from.SortNanos, LastOf(part, request.Sort)),
            PageBounds = isPageFirst ? () => page.Durations : null,
            IsPageCertain = next => (page.WorstNanos is { } worst && page.IsBehind(FirstOf(next, request.Sort), worst)) || IsBeforePage(next, request),
        };
        scan.Run((batch, _, matching) =>
        {
            foreach (var span in matching) page.Add(batch, span);
        }, cancel);
        var isPageCertain = scan.IncompleteReason is null || scan.HasStoppedCounting;
        var (spans, next) = page.Finish(mayHaveMore: !isPageCertain);
        if (isPageFirst && scan.HasStoppedCounting) scan = Count(request, request.CountFor.GetValueOrDefault() - clock.GetElapsedTime(started), cancel);
        return new SpanSearchResult
        {
            Spans = spans,
            Next = next,
            MatchedSpanCount = Math.Max(scan.MatchedSpanCount, spans.Count),
            IsPageCertain = isPageCertain,
            Report = scan.Report(started),
        };
    }

    /// <summary>Counts as far as it comes in some time, at least one part.</summary>
    MatchScan Count(SpanSearchRequest request, TimeSpan time, CancellationToken cancel)
    {
        var scan = new MatchScan(reader, clock, request.Range, request.Filter)
        {
            Deadline = request.Deadline,
            CountFor = time > TimeSpan.Zero ? time : TimeSpan.Zero,
            Order = OrderOf(request.Sort),
            IsPageCertain = static _ => true,
        };
        scan.Run(static (_, _, _) => { }, cancel);
        return scan;
    }

    static ScanOrder OrderOf(SpanSort sort) => sort switch
    {
        SpanSort.Oldest => ScanOrder.Oldest,
        SpanSort.Slowest => ScanOrder.Slowest,
        SpanSort.Fastest => ScanOrder.Fastest,
        _ => ScanOrder.Newest,
    };

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
