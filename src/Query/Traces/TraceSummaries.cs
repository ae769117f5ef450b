using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>Reads the traces of a page whole: their roots, services and extent.</summary>
static class TraceSummaries
{
    public static IReadOnlyList<TraceSummary> Read(ITraceReader reader, TraceTable found, List<int> page, CancellationToken cancel)
    {
        if (page.Count == 0) return [];
        var wanted = new TraceTable();
        var drafts = new Draft[page.Count];
        for (var i = 0; i < page.Count; i++)
        {
            ref var trace = ref found[page[i]];
            var at = wanted.FindOrAdd(trace.High, trace.Low);
            drafts[at] = new Draft { MatchedSpanCount = trace.MatchedSpanCount };
        }
        var seen = new SpanSet();
        TraceId[] ids = [.. page.Select(index => found[index].TraceId)];
        foreach (var window in Windows(found, page))
        {
            var parts = reader.Parts(new SpanScan { Range = window, TraceIds = ids });
            foreach (var (_, batches) in new PartReader(window, batch => new CandidateTest(batch, wanted), wantsAll: false).Read(parts, cancel))
                foreach (var tested in batches)
                {
                    cancel.ThrowIfCancellationRequested();
                    foreach (var span in tested.Matching.AsSpan(0, tested.MatchCount))
                        if (seen.Add(tested.Batch, span)) drafts[wanted.Find(tested.Batch.TraceIdHigh[span], tested.Batch.TraceIdLow[span])].Add(tested.Batch, span);
                }
        }
        // By batches, since of each a column is read for the roots' HTTP status.
        foreach (var _ in Workers.Run(drafts.Where(draft => draft.HasSpans).GroupBy(draft => draft.Batch, ReferenceEqualityComparer.Instance), Draft.ReadStatuses))
            cancel.ThrowIfCancellationRequested();
        // A trace may have gone since it was found, to make room on disk.
        return [.. page.Select(index => (found[index].TraceId, Draft: drafts[wanted.Find(found[index].High, found[index].Low)])).Where(trace => trace.Draft.HasSpans).Select(trace => trace.Draft.Finish(trace.TraceId))];
    }

    /// <summary>The stretches of time that hold the traces, apart from each other.</summary>
    public static List<TimeRange> Windows(TraceTable found, List<int> page)
    {
        var windows = new List<TimeRange>();
        foreach (var index in page.OrderBy(index => found[index].StartUnixNanos))
        {
            ref var trace = ref found[index];
            var from = Math.Max(0, trace.StartUnixNanos) - Math.Min(Math.Max(0, trace.StartUnixNanos), TraceSearch.NeighbourhoodNanos);
            var to = trace.EndUnixNanos > long.MaxValue - TraceSearch.NeighbourhoodNanos ? long.MaxValue : trace.EndUnixNanos + TraceSearch.NeighbourhoodNanos;
            if (windows.Count > 0 && from <= windows[^1].ToUnixNanos) windows[^1] = windows[^1] with { ToUnixNanos = Math.Max(windows[^1].ToUnixNanos, to) };
            else windows.Add(new TimeRange(from, to));
        }
        return windows;
    }

    /// <summary>One trace while its spans come in.</summary>
    sealed class Draft
    {
        public int MatchedSpanCount;
        int _spanCount;
        int _errorCount;
        long _start = long.MaxValue;
        long _end = long.MinValue;
        SpanBatch? _rootBatch;
        int _root;
        int _httpStatusCode;
        readonly Dictionary<string, (int Spans, int Errors)> _services = new(StringComparer.Ordinal);

        public void Add(SpanBatch batch, int span)
        {
            var isError = (batch.Flags[span] & SpanFlags.Error) != 0;
            _spanCount++;
            if (isError) _errorCount++;
            _start = Math.Min(_start, batch.StartUnixNanos[span]);
            _end = Math.Max(_end, batch.EndUnixNanosOf(span));
            var service = batch.Strings.Text(batch.Services[span]);
            var (spans, errors) = _services.GetValueOrDefault(service);
            _services[service] = (spans + 1, errors + (isError ? 1 : 0));
            if (_rootBatch is null || IsBetterRoot(batch, span, _rootBatch, _root)) (_rootBatch, _root) = (batch, span);
        }

        public bool HasSpans => _rootBatch is not null;

        /// <summary>Of the root.</summary>
        public SpanBatch Batch => _rootBatch!;

        /// <summary>Reads the HTTP status of roots in one batch.</summary>
        public static int ReadStatuses(IEnumerable<Draft> ofOneBatch)
        {
            HttpStatusColumn? column = null;
            var count = 0;
            foreach (var draft in ofOneBatch)
            {
                draft._httpStatusCode = (column ??= new HttpStatusColumn(draft.Batch)).Of(draft._root);
                count++;
            }
            return count;
        }

        public TraceSummary Finish(TraceId traceId)
        {
            var batch = _rootBatch!;
            return new TraceSummary
            {
                TraceId = traceId,
                Root = new TraceRoot(
                    batch.Strings.Text(batch.Services[_root]), batch.Strings.Text(batch.Names[_root]), batch.Strings.Text(batch.Resources[_root]),
                    batch.Strings.Text(batch.Types[_root]), batch.Strings.Text(batch.Envs[_root]), _httpStatusCode,
                    (batch.Flags[_root] & SpanFlags.Error) != 0, batch.DurationNanos[_root]),
                IsRootMissing = batch.ParentIds[_root] != 0,
                Kept = batch.Flags[_root].Verdict(),
                StartUnixNanos = _start,
                DurationNanos = _end - _start,
                SpanCount = _spanCount,
                ErrorCount = _errorCount,
                MatchedSpanCount = MatchedSpanCount,
                Services = [.. _services.OrderByDescending(pair => pair.Value.Spans).ThenBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => new ServiceShare(pair.Key, pair.Value.Spans, pair.Value.Errors))],
            };
        }

        /// <summary>Without a parent before with one, then the earlier, then the lower id.</summary>
        static bool IsBetterRoot(SpanBatch batch, int span, SpanBatch than, int thanSpan)
        {
            var (isRoot, thanIsRoot) = (batch.ParentIds[span] == 0, than.ParentIds[thanSpan] == 0);
            if (isRoot != thanIsRoot) return isRoot;
            var (start, thanStart) = (batch.StartUnixNanos[span], than.StartUnixNanos[thanSpan]);
            return start != thanStart ? start < thanStart : batch.SpanIds[span] < than.SpanIds[thanSpan];
        }
    }
}
