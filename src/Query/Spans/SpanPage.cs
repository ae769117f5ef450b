using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Traces;

namespace Apm.Query.Spans;

/// <summary>The first spans in an order, as they are met in any other, and whether there is one behind them.</summary>
/// <remarks>Spans stay in their batches until too many batches are held; then they are copied out. Not thread-safe.</remarks>
sealed class SpanPage(SpanSort sort, int limit, SpanCursor? after)
{
    /// <summary>Most batches held for a page's spans; default 64 (a block of 16 k spans takes about 1.3 MB).</summary>
    public const int MaxHeldBatches = 64;

    readonly PriorityQueue<Entry, SpanCursor> _worstFirst = new(Comparer<SpanCursor>.Create((left, right) => Compare(right, left)));
    readonly HashSet<SpanBatch> _held = new(ReferenceEqualityComparer.Instance);

    /// <summary>Behind it nothing comes on the page any more, nor is the first behind the page; null while there are not so many.</summary>
    public long? WorstNanos => _worstFirst.Count > limit && _worstFirst.TryPeek(out _, out var worst) ? worst.SortNanos : null;

    public void Add(SpanBatch batch, int span)
    {
        var nanos = sort is SpanSort.Newest or SpanSort.Oldest ? batch.StartUnixNanos[span] : batch.DurationNanos[span];
        if (WorstNanos is { } worst && IsBehind(nanos, worst)) return;
        var place = new SpanCursor(sort, nanos, batch.TraceIdLow[span], batch.SpanIds[span], HashOf(batch.Strings.Utf8(batch.Services[span])));
        if (after is { } from && Compare(place, from) <= 0) return;
        if (_worstFirst.Count <= limit) _worstFirst.Enqueue(new Entry(batch, span), place);
        else if (_worstFirst.TryPeek(out _, out var last) && Compare(place, last) < 0) _worstFirst.EnqueueDequeue(new Entry(batch, span), place);
        else return;
        if (_held.Add(batch) && _held.Count > MaxHeldBatches) HoldLess();
    }

    /// <summary>What spans that come onto the page last, in an order by duration.</summary>
    public DurationBounds Durations => sort == SpanSort.Slowest
        ? new DurationBounds(WorstNanos ?? long.MinValue, after?.SortNanos ?? long.MaxValue)
        : new DurationBounds(after?.SortNanos ?? long.MinValue, WorstNanos ?? long.MaxValue);

    /// <summary>Whether a value lies behind another in the order.</summary>
    public bool IsBehind(long nanos, long than) => sort is SpanSort.Newest or SpanSort.Slowest ? nanos < than : nanos > than;

    /// <summary>The page in order, and the place behind it when there is more, or may be.</summary>
    /// <param name="mayHaveMore">Not all spans were met that could be on it or behind.</param>
    public (IReadOnlyList<Span> Spans, SpanCursor? Next) Finish(bool mayHaveMore)
    {
        var hasMore = _worstFirst.Count > limit;
        if (hasMore) _worstFirst.Dequeue();
        var entries = _worstFirst.UnorderedItems.ToList();
        entries.Sort((left, right) => Compare(left.Priority, right.Priority));
        CopyOut();
        return ([.. entries.Select(entry => entry.Element.Span!)], (hasMore || mayHaveMore) && entries.Count > 0 ? entries[^1].Priority : null);
    }

    /// <summary>Lets go of batches whose spans were driven off the page; copies spans out when that is not enough.</summary>
    void HoldLess()
    {
        _held.Clear();
        foreach (var (entry, _) in _worstFirst.UnorderedItems) if (entry.Batch is { } batch) _held.Add(batch);
        if (_held.Count > MaxHeldBatches) CopyOut();
    }

    void CopyOut()
    {
        var batches = _worstFirst.UnorderedItems.Select(item => item.Element).Where(entry => entry.Span is null).GroupBy(entry => entry.Batch!, ReferenceEqualityComparer.Instance);
        foreach (var (_, copied) in Workers.Run(batches, Entry.Copy)) foreach (var (entry, span) in copied) entry.Span = span;
        _held.Clear();
    }

    static int Compare(SpanCursor left, SpanCursor right)
    {
        var order = left.SortNanos.CompareTo(right.SortNanos);
        if (order != 0) return left.Sort is SpanSort.Newest or SpanSort.Slowest ? -order : order;
        order = left.TraceIdLow.CompareTo(right.TraceIdLow);
        if (order != 0) return order;
        order = left.SpanId.CompareTo(right.SpanId);
        return order != 0 ? order : left.ServiceHash.CompareTo(right.ServiceHash);
    }

    static uint HashOf(ReadOnlySpan<byte> text)
    {
        var hash = 2166136261u;
        foreach (var b in text) hash = unchecked((hash ^ b) * 16777619u);
        return hash;
    }

    sealed class Entry(SpanBatch batch, int index)
    {
        Span? _span;

        /// <summary>Null when it was copied out.</summary>
        public SpanBatch? Batch { get; private set; } = batch;

        /// <summary>Null as long as it stays in its batch.</summary>
        public Span? Span
        {
            get => _span;
            set => (_span, Batch) = (value, null);
        }

        /// <summary>Copies some of one batch's spans.</summary>
        public static List<(Entry Entry, Span Span)> Copy(IEnumerable<Entry> ofOneBatch)
        {
            List<Entry> entries = [.. ofOneBatch.OrderBy(entry => entry._index)];
            var spans = entries[0].Batch!.SpansAt([.. entries.Select(entry => entry._index)]);
            return [.. entries.Zip(spans)];
        }

        readonly int _index = index;
    }
}
