using System.Numerics;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// The order in which a block holds spans: traces by their first start, within a trace by start. Spans of one trace then
/// stand together, however many batches brought them.
/// </summary>
/// <remarks>One thread; kept and sorted anew for each block.</remarks>
public sealed class SpanOrder
{
    const int SmallTrace = 32;

    // Per trace, in the order they are met.
    ulong[] _highs = new ulong[256];
    ulong[] _lows = new ulong[256];
    long[] _firstStarts = new long[256];
    int[] _counts = new int[256];
    int[] _slots = new int[1024]; // Trace + 1; 0 is free.
    int _traceCount;

    int[] _traceOf = []; // Per span, in the order they came.
    int[] _ranked = [];
    int[] _next = [];
    long[] _keys = [];

    /// <summary>Spans in order: which batch (upper half) and which of its spans (lower half).</summary>
    public long[] Spans { get; private set; } = [];

    /// <summary>Starts in order.</summary>
    public long[] Starts { get; private set; } = [];

    /// <summary>Where each trace begins in the order, and at the end the number of spans.</summary>
    public int[] TraceBegins { get; private set; } = [];

    public int TraceCount => _traceCount;

    public int SpanCount { get; private set; }

    /// <summary>Which batch an entry of <see cref="Spans"/> names.</summary>
    public static int BatchOf(long span) => unchecked((int)(span >> 32));

    /// <summary>Which of the batch's spans an entry of <see cref="Spans"/> names.</summary>
    public static int IndexOf(long span) => unchecked((int)span);

    /// <summary>Orders all spans of these batches.</summary>
    public void Sort(ReadOnlySpan<SpanBatch> batches)
    {
        var spans = 0;
        foreach (var batch in batches) spans += batch.SpanCount;
        SpanCount = spans;
        if (_traceOf.Length < spans)
        {
            var size = (int)BitOperations.RoundUpToPowerOf2((uint)spans);
            _traceOf = new int[size];
            Spans = new long[size];
            Starts = new long[size];
        }
        FindTraces(batches);
        RankTraces();
        Place(batches);
        for (var i = 0; i < _traceCount; i++) SortTrace(TraceBegins[i], TraceBegins[i + 1]);
    }

    void FindTraces(ReadOnlySpan<SpanBatch> batches)
    {
        Array.Clear(_slots);
        _traceCount = 0;
        var at = 0;
        foreach (var batch in batches)
        {
            var (highs, lows, starts) = (batch.TraceIdHigh, batch.TraceIdLow, batch.StartUnixNanos);
            var last = -1;
            for (var i = 0; i < batch.SpanCount; i++)
            {
                var trace = last >= 0 && lows[i] == _lows[last] && highs[i] == _highs[last] ? last : FindOrEnter(highs[i], lows[i]);
                last = trace;
                _traceOf[at++] = trace;
                _counts[trace]++;
                if (starts[i] < _firstStarts[trace]) _firstStarts[trace] = starts[i];
            }
        }
    }

    int FindOrEnter(ulong high, ulong low)
    {
        var mask = _slots.Length - 1;
        var slot = SlotOf(high, low) & mask;
        for (; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var trace = _slots[slot] - 1;
            if (_lows[trace] == low && _highs[trace] == high) return trace;
        }
        return Enter(high, low, slot);
    }

    int Enter(ulong high, ulong low, int slot)
    {
        var trace = _traceCount++;
        if (trace == _lows.Length)
        {
            Array.Resize(ref _highs, trace * 2);
            Array.Resize(ref _lows, trace * 2);
            Array.Resize(ref _firstStarts, trace * 2);
            Array.Resize(ref _counts, trace * 2);
        }
        (_highs[trace], _lows[trace], _firstStarts[trace], _counts[trace]) = (high, low, long.MaxValue, 0);
        _slots[slot] = trace + 1;
        if (_traceCount * 2 > _slots.Length) Rehash();
        return trace;
    }

    void Rehash()
    {
        _slots = new int[_slots.Length * 2];
        var mask = _slots.Length - 1;
        for (var trace = 0; trace < _traceCount; trace++)
        {
            var slot = SlotOf(_highs[trace], _lows[trace]) & mask;
            while (_slots[slot] != 0) slot = (slot + 1) & mask;
            _slots[slot] = trace + 1;
        }
    }

    static int SlotOf(ulong high, ulong low) => unchecked((int)(StableHash.OfTrace(low + (high * 31)) >> 33));

    void RankTraces()
    {
        if (_ranked.Length < _traceCount)
        {
            _ranked = new int[_lows.Length];
            _next = new int[_lows.Length];
            _keys = new long[_lows.Length];
            TraceBegins = new int[_lows.Length + 1];
        }
        for (var i = 0; i < _traceCount; i++) _ranked[i] = i;
        Array.Copy(_firstStarts, _keys, _traceCount);
        Array.Sort(_keys, _ranked, 0, _traceCount);
        var at = 0;
        for (var rank = 0; rank < _traceCount; rank++)
        {
            var trace = _ranked[rank];
            TraceBegins[rank] = at;
            _next[trace] = at;
            at += _counts[trace];
        }
        TraceBegins[_traceCount] = at;
    }

    void Place(ReadOnlySpan<SpanBatch> batches)
    {
        var at = 0;
        for (var b = 0; b < batches.Length; b++)
        {
            var starts = batches[b].StartUnixNanos;
            var batch = (long)b << 32;
            for (var i = 0; i < batches[b].SpanCount; i++)
            {
                var place = _next[_traceOf[at++]]++;
                Spans[place] = batch | (uint)i;
                Starts[place] = starts[i];
            }
        }
    }

    void SortTrace(int from, int to)
    {
        if (to - from > SmallTrace)
        {
            Array.Sort(Starts, Spans, from, to - from);
            return;
        }
        for (var i = from + 1; i < to; i++)
        {
            var (start, span) = (Starts[i], Spans[i]);
            var hole = i;
            for (; hole > from && Starts[hole - 1] > start; hole--) (Starts[hole], Spans[hole]) = (Starts[hole - 1], Spans[hole - 1]);
            (Starts[hole], Spans[hole]) = (start, span);
        }
    }
}
