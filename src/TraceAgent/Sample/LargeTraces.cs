namespace Apm.TraceAgent.Sample;

/// <summary>
/// Counts the spans of traces that have many, to know when one is too large to keep whole. Small ones only pass a table of sums,
/// without a lock; a place in it that sums up gets its traces counted one by one.
/// </summary>
/// <remarks>Any thread.</remarks>
sealed class LargeTraces(TimeProvider clock)
{
    /// <summary>Traces counted one by one at most; the one unheard longest makes room, and is counted from the start if it goes on.</summary>
    public const int MaxTraces = 4_096;

    /// <summary>Spans in one place of the table within <see cref="Window"/> from which its traces are counted.</summary>
    const int CountFrom = 512;
    const int PlaceBits = 16;

    /// <summary>How long the table sums before it begins anew.</summary>
    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    readonly int[] _places = new int[1 << PlaceBits];
    readonly Lock _lock = new();
    readonly Dictionary<ulong, LinkedListNode<(ulong Trace, long SpanCount)>> _counted = [];
    readonly LinkedList<(ulong Trace, long SpanCount)> _latestFirst = [];
    long _windowStart = clock.GetTimestamp();

    /// <summary>Begins a new window when it is time. Once per batch.</summary>
    public void Turn()
    {
        var start = Volatile.Read(ref _windowStart);
        if (clock.GetElapsedTime(start) < Window || Interlocked.CompareExchange(ref _windowStart, clock.GetTimestamp(), start) != start) return;
        lock (_lock)
        {
            Array.Clear(_places);
            foreach (var trace in _counted.Keys) _places[PlaceOf(trace)] = CountFrom;
        }
    }

    /// <summary>Adds a chunk.</summary>
    /// <returns>Spans that came before it of its trace; at most some hundreds too many or too few.</returns>
    public long Add(ulong traceIdLow, int spanCount)
    {
        var before = Interlocked.Add(ref _places[PlaceOf(traceIdLow)], spanCount) - spanCount;
        if (before + (long)spanCount < CountFrom) return 0;
        lock (_lock)
        {
            if (_counted.TryGetValue(traceIdLow, out var node))
            {
                var known = node.Value.SpanCount;
                node.Value = (traceIdLow, known + spanCount);
                _latestFirst.Remove(node);
                _latestFirst.AddFirst(node);
                return known;
            }
            if (_counted.Count >= MaxTraces)
            {
                _counted.Remove(_latestFirst.Last!.Value.Trace);
                _latestFirst.RemoveLast();
            }
            var earlier = Math.Clamp(before, 0, CountFrom);
            _counted.Add(traceIdLow, _latestFirst.AddFirst((traceIdLow, earlier + (long)spanCount)));
            return earlier;
        }
    }

    static int PlaceOf(ulong traceIdLow) => (int)(Mixed.Of(traceIdLow) >> (64 - PlaceBits));
}
