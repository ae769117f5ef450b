using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Matching;

namespace Apm.Query.Traces;

/// <summary>
/// Searches the stored spans. Every answer is of whole numbers: what matched, what was looked at, and whether that was all.
/// </summary>
/// <remarks>
/// Looks at columns, batch by batch, newest first; only the traces that are given are read a second time for their details.
/// Any thread may call it.
/// </remarks>
public sealed class TraceSearch(ITraceReader reader, TimeProvider clock)
{
    /// <summary>Most traces that one search gives; default 1000. A larger limit is taken as this.</summary>
    public const int MaxLimit = 1000;

    /// <summary>Most traces passed over before a page; default 100,000. More is taken as this.</summary>
    public const int MaxSkip = 100_000;

    /// <summary>Most traces that one search keeps count of; default 1 M (about 64 MB). More make the result incomplete.</summary>
    public const int MaxTraces = 1_000_000;

    /// <summary>How far around a trace's matching spans its other spans are looked for; default 10 min.</summary>
    public const long NeighbourhoodNanos = 600 * UnixTime.NanosPerSecond;

    /// <summary>Spans that start so long before the last trace of a newest-first page are looked at too, since they may belong to its traces; default 1 s.</summary>
    const long PageMarginNanos = UnixTime.NanosPerSecond;

    /// <summary>Most buckets of a strip; default 1000.</summary>
    public const int MaxBuckets = 1000;

    /// <summary>Most values of one facet; default 50.</summary>
    public const int MaxFacetValues = 50;

    /// <summary>Most operations listed of one service; default 20,000, those of the newest spans. Then the report says so.</summary>
    public const int MaxOperations = 20_000;

    /// <summary>Longest time spent on listing operations; default 1 s. The newest spans decide, and the report says so.</summary>
    public static readonly TimeSpan OperationsDeadline = TimeSpan.FromSeconds(1);

    /// <summary>Finds traces with a span that satisfies all of the filter.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceSearchResult Search(TraceSearchRequest request, CancellationToken cancel = default)
    {
        var started = clock.GetTimestamp();
        var table = new TraceTable();
        request = Plain(request);
        var keys = new SortKeys(table, request.Sort, request.IsTurned);
        var needsWholeTraces = keys.NeedWholeTraces;
        var facets = request.FacetTags is { } tags ? new FacetCounts(tags) : null;
        var scan = new MatchScan(reader, clock, request.Range, request.Filter)
        {
            Deadline = request.Deadline,
            Order = request.Sort == TraceSort.Oldest ? ScanOrder.Oldest : ScanOrder.Newest,
            CountFor = needsWholeTraces ? null : request.CountFor,
            IsPageCertain = next => IsPageCertain(table, keys, request, next),
            WantsAllSpans = needsWholeTraces && !request.Filter.IsEmpty,
        };
        scan.Run((batch, spans, matching) =>
        {
            CountSpans(table, batch, spans);
            CountMatches(table, batch, matching);
            keys.Add(batch, spans);
            facets?.Add(batch, matching);
            if (table.Count > MaxTraces) scan.Stop($"The search stopped at {MaxTraces} traces, the newest. Narrow the range or the filter.");
        }, cancel);

        var matched = 0;
        for (var i = 0; i < table.Count; i++) if (table[i].MatchedSpanCount > 0) matched++;
        var page = TopOf(table, keys, request.Skip + request.Limit);
        page.RemoveRange(0, Math.Min(request.Skip, page.Count));
        var traces = TraceSummaries.Read(reader, table, page, cancel);
        return new TraceSearchResult
        {
            Traces = traces,
            MatchedTraceCount = matched,
            MatchedSpanCount = scan.MatchedSpanCount,
            ScannedSpanCount = scan.ScannedSpanCount,
            IsComplete = scan.IncompleteReason is null,
            IncompleteReason = scan.IncompleteReason,
            ElapsedMilliseconds = clock.GetElapsedTime(started).TotalMilliseconds,
            Facets = facets?.Of(scan),
        };
    }

    /// <summary>Matching spans over time: how many, how many failed, how long they took.</summary>
    /// <param name="buckets">About how many buckets are wanted; at most <see cref="MaxBuckets"/>.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceStrip Strip(TimeRange range, TraceFilter filter, int buckets, CancellationToken cancel = default)
    {
        var step = TimeSteps.For(range, Math.Clamp(buckets, 1, MaxBuckets), UnixTime.NanosPerSecond / 10);
        var first = UnixTime.Floor(range.FromUnixNanos, step);
        var count = (int)((Math.Max(range.ToUnixNanos, range.FromUnixNanos + 1) - first + step - 1) / step);
        var hits = new long[count];
        var errors = new long[count];
        var longest = new double[count];
        Array.Fill(longest, double.NaN);
        var sketches = new DDSketch?[count];
        var scan = new MatchScan(reader, clock, range, filter);
        scan.Run((batch, _, matching) =>
        {
            foreach (var span in matching)
            {
                var at = (int)((batch.StartUnixNanos[span] - first) / step);
                hits[at]++;
                if ((batch.Flags[span] & SpanFlags.Error) != 0) errors[at]++;
                var nanos = batch.DurationNanos[span];
                if (!(nanos <= longest[at])) longest[at] = nanos;
                (sketches[at] ??= new DDSketch()).Add(nanos);
            }
        }, cancel);
        var all = new DDSketch();
        foreach (var sketch in sketches) if (sketch is not null) all.Merge(sketch);
        var top = longest.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        return new TraceStrip
        {
            OverallP50Nanos = all.IsEmpty ? null : QuantileOf(all, 0.5, top),
            OverallP95Nanos = all.IsEmpty ? null : QuantileOf(all, 0.95, top),
            StepNanos = step,
            StartUnixNanos = [.. Enumerable.Range(0, count).Select(i => first + i * step)],
            HitCounts = hits,
            ErrorCounts = errors,
            P50Nanos = [.. sketches.Select((sketch, i) => QuantileOf(sketch, 0.5, longest[i]))],
            P95Nanos = [.. sketches.Select((sketch, i) => QuantileOf(sketch, 0.95, longest[i]))],
            MaxNanos = longest,
            IsComplete = scan.IncompleteReason is null,
        };
    }

    /// <summary>A sketch is off by up to 1 %; what it says must not be longer than the longest.</summary>
    static double QuantileOf(DDSketch? sketch, double share, double longest) => sketch is null ? double.NaN : Math.Min(sketch.Quantile(share), longest);

    /// <summary>Most points of a scatter; default 2000.</summary>
    public const int MaxPoints = 2000;

    /// <summary>Matching traces over time and duration, at most <see cref="MaxPoints"/> of them.</summary>
    /// <param name="points">Most points wanted.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceScatter Scatter(TimeRange range, TraceFilter filter, int points, CancellationToken cancel = default)
    {
        var table = new TraceTable();
        var longest = new List<ScatterPoint>();
        var scan = new MatchScan(reader, clock, range, filter);
        scan.Run((batch, _, matching) =>
        {
            foreach (var span in matching)
            {
                var at = table.FindOrAdd(batch.TraceIdHigh[span], batch.TraceIdLow[span]);
                var isError = (batch.Flags[span] & SpanFlags.Error) != 0;
                var point = new ScatterPoint(new TraceId(batch.TraceIdHigh[span], batch.TraceIdLow[span]), batch.StartUnixNanos[span], batch.DurationNanos[span], isError);
                if (at == longest.Count) longest.Add(point);
                else if (point.DurationNanos > longest[at].DurationNanos) longest[at] = point with { IsError = isError || longest[at].IsError };
                else if (isError) longest[at] = longest[at] with { IsError = true };
            }
            if (longest.Count > MaxTraces) scan.Stop($"The search stopped at {MaxTraces} traces, the newest. Narrow the range or the filter.");
        }, cancel);
        var (chosen, slowest) = ScatterChoice.Of(longest, Math.Clamp(points, 1, MaxPoints));
        return new TraceScatter
        {
            Points = chosen,
            MatchedTraceCount = longest.Count,
            ScannedSpanCount = scan.ScannedSpanCount,
            IsComplete = scan.IncompleteReason is null,
            SlowestCount = slowest,
        };
    }

    /// <summary>The most frequent services, environments, operations, resources and statuses among matching spans.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceFacets Facets(TimeRange range, TraceFilter filter, CancellationToken cancel = default) => Facets(range, filter, null, null, cancel);

    /// <summary>As the other, but only as long as somebody wants to wait.</summary>
    /// <param name="countFor">After this time counting stops, and the counts are of the newest part; null counts all until 5 s.</param>
    /// <param name="tags">Keys of tags that are wanted in any case, without <c>@</c>; empty to choose them only by what tells the spans apart, null for no tags.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public TraceFacets Facets(TimeRange range, TraceFilter filter, TimeSpan? countFor, IReadOnlyList<string>? tags, CancellationToken cancel)
    {
        var counts = new FacetCounts(tags);
        var scan = new MatchScan(reader, clock, range, filter) { CountFor = countFor, IsPageCertain = static _ => true };
        scan.Run((batch, _, matching) => counts.Add(batch, matching), cancel);
        return counts.Of(scan);
    }

    /// <summary>
    /// The operations of a service among its newest spans, by name then kind; what it was called for (the resources of its entry
    /// spans) counts as operations too.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The store cannot be read. Safe to retry.</exception>
    public NameList<OperationName> Operations(string service, CancellationToken cancel = default)
    {
        var started = clock.GetTimestamp();
        var found = new HashSet<OperationName>();
        var scan = new MatchScan(reader, clock, TimeRange.All, TraceFilter.Empty.With("service", service)) { Deadline = OperationsDeadline };
        scan.Run((batch, _, matching) =>
        {
            var met = new HashSet<(int, SpanKind)>(); // Texts are made once per batch.
            foreach (var span in matching)
            {
                if (met.Add((batch.Names[span], batch.Kinds[span]))) found.Add(new OperationName(batch.Strings.Text(batch.Names[span]), batch.Kinds[span]));
                if ((batch.Flags[span] & SpanFlags.TopLevel) != 0 && met.Add((~batch.Resources[span], batch.Kinds[span])))
                    found.Add(new OperationName(batch.Strings.Text(batch.Resources[span]), batch.Kinds[span]));
            }
            if (found.Count > MaxOperations) scan.Stop(NameList.Full(MaxOperations, "operations"));
        }, cancel);
        return new NameList<OperationName>(
            [.. found.OrderBy(operation => operation.Name, StringComparer.Ordinal).ThenBy(operation => operation.Kind).Take(MaxOperations)],
            NameList.ReportOf(scan, started, OperationsDeadline, isFull: found.Count > MaxOperations));
    }

    static void CountSpans(TraceTable table, SpanBatch batch, ReadOnlySpan<int> spans)
    {
        foreach (var span in spans)
        {
            ref var trace = ref table[table.FindOrAdd(batch.TraceIdHigh[span], batch.TraceIdLow[span])];
            trace.SpanCount++;
            if ((batch.Flags[span] & SpanFlags.Error) != 0) trace.ErrorCount++;
            trace.StartUnixNanos = Math.Min(trace.StartUnixNanos, batch.StartUnixNanos[span]);
            trace.EndUnixNanos = Math.Max(trace.EndUnixNanos, batch.EndUnixNanosOf(span));
        }
    }

    static void CountMatches(TraceTable table, SpanBatch batch, ReadOnlySpan<int> matching)
    {
        foreach (var span in matching)
        {
            var at = table.Find(batch.TraceIdHigh[span], batch.TraceIdLow[span]);
            if (at < 0) continue; // A repeated span under another upper half: it was entered under the first.
            ref var trace = ref table[at];
            trace.MatchedSpanCount++;
            trace.MatchStartUnixNanos = Math.Min(trace.MatchStartUnixNanos, batch.StartUnixNanos[span]);
        }
    }

    /// <summary>The request within the limits, and the oldest first under its own name.</summary>
    static TraceSearchRequest Plain(TraceSearchRequest request)
    {
        var plain = request with { Limit = Math.Clamp(request.Limit, 1, MaxLimit), Skip = Math.Clamp(request.Skip, 0, MaxSkip) };
        return plain is not { IsTurned: true, Sort: TraceSort.Newest or TraceSort.Oldest } ? plain
            : plain with { IsTurned = false, Sort = plain.Sort == TraceSort.Newest ? TraceSort.Oldest : TraceSort.Newest };
    }

    /// <summary>No span of the parts that are left can bring a trace onto the page. A trace may still have earlier matches than those seen.</summary>
    static bool IsPageCertain(TraceTable table, SortKeys keys, TraceSearchRequest request, SpanPart next)
    {
        var limit = request.Skip + request.Limit;
        if (table.Count < limit) return false;
        var page = TopOf(table, keys, limit);
        if (page.Count < limit) return false;
        var last = table[page[^1]].MatchStartUnixNanos;
        return request.Sort == TraceSort.Oldest ? next.StartUnixNanosMin > last : next.StartUnixNanosMax < last - PageMarginNanos;
    }

    /// <summary>The first entries with a match in the wanted order.</summary>
    static List<int> TopOf(TraceTable table, SortKeys keys, int limit)
    {
        var order = Comparer<int>.Create(keys.Compare);
        var worstFirst = new PriorityQueue<int, int>(Comparer<int>.Create((left, right) => order.Compare(right, left)));
        for (var i = 0; i < table.Count; i++)
        {
            if (table[i].MatchedSpanCount == 0) continue;
            if (worstFirst.Count < limit) worstFirst.Enqueue(i, i);
            else if (order.Compare(i, worstFirst.Peek()) < 0) worstFirst.EnqueueDequeue(i, i);
        }
        var page = worstFirst.UnorderedItems.Select(item => item.Element).ToList();
        page.Sort(order);
        return page;
    }
}
