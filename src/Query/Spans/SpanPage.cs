using Apm.Core.Spans;

namespace Apm.Query.Spans;

/// <summary>The first spans in an order, as they are met in any other.</summary>
/// <remarks>Spans stay in their batches until too many batches are held; then they are copied out. Not thread-safe.</remarks>
sealed class SpanPage(SpanSort sort, int limit, SpanCursor? after)
{
    /// <summary>Most batches held for a page's spans; default 64 (a block of 16 k spans takes about 1.3 MB).</summary>
    public const int MaxHeldBatches = 64;

    readonly PriorityQueue<Entry, SpanCursor> _worstFirst = new(Comparer<SpanCursor>.Create((left, right) => Compare(right, left)));
    readonly HashSet<SpanBatch> _held = new(ReferenceEqualityComparer.Instance);
    bool _hasMore;

    /// <summary>Behind it nothing comes on the page any more; null while the page is not full.</summary>
    public long? WorstNanos => _worstFirst.Count == limit && _worstFirst.TryPeek(out _, out var worst) ? worst.SortNanos : null;

    public void Add(SpanBatch batch, int span)
    {
        var nanos = sort is SpanSort.Newest or SpanSort.Oldest ? batch.StartUnixNanos[span] : batch.DurationNanos[span];
        if (WorstNanos is { } worst && IsBehind(nanos, worst))
        {
            _hasMore = true;
            return;
        }
        var place = new SpanCursor(sort, nanos, batch.TraceIdLow[span], batch.SpanIds[span], HashOf(batch.Strings.Utf8(batch.Services[span])));
        if (after is { } from && Compare(place, from) <= 0) return;
        if (_worstFirst.Count < limit) _worstFirst.Enqueue(new Entry(batch, span), place);
        else
        {
            _hasMore = true;
            if (!_worstFirst.TryPeek(out _, out var last) || Compare(place, last) >= 0) return;
            _worstFirst.EnqueueDequeue(new Entry(batch, span), place);
        }
        if (_held.Add(batch) && _held.Count > MaxHeldBatches) CopyOut();
    }

    /// <summary>Whether a value lies behind another in the order.</summary>
    public bool IsBehind(long nanos, long than) => sort is SpanSort.Newest or SpanSort.Slowest ? nanos < than : nanos > than;

    /// <summary>The page in order, and the place behind it when there is more, or may be.</summary>
    /// <param name="mayHaveMore">Not all spans were met.</param>
    public (IReadOnlyList<Span> Spans, SpanCursor? Next) Finish(bool mayHaveMore)
    {
        var entries = _worstFirst.UnorderedItems.ToList();
        entries.Sort((left, right) => Compare(left.Priority, right.Priority));
        return ([.. entries.Select(entry => entry.Element.Read())], (_hasMore || mayHaveMore) && entries.Count > 0 ? entries[^1].Priority : null);
    }

    void CopyOut()
    {
        foreach (var (entry, _) in _worstFirst.UnorderedItems) entry.CopyOut();
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
        SpanBatch? _batch = batch;
        Span? _span;

        public void CopyOut()
        {
            _span ??= _batch!.SpanAt(index);
            _batch = null;
        }

        public Span Read() => _span ?? _batch!.SpanAt(index);
    }
}
