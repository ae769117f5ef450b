using Apm.Core.Ids;

namespace Apm.Query.Matching;

/// <summary>What is known of one trace while a search runs.</summary>
struct TraceEntry
{
    public ulong High;
    public ulong Low;
    public long StartUnixNanos;
    public long EndUnixNanos;
    public long MatchStartUnixNanos;
    public int SpanCount;
    public int ErrorCount;
    public int MatchedSpanCount;

    /// <summary>Next entry with the same slot, + 1; 0 for none.</summary>
    public int Next;

    public readonly TraceId TraceId => new(High, Low);
    public readonly long DurationNanos => EndUnixNanos - StartUnixNanos;
}

/// <summary>Traces by id, where ids are the same as <see cref="TraceId.Matches"/> says: a 64-bit half finds its 128-bit whole.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class TraceTable
{
    int[] _slots = new int[4096]; // index + 1
    TraceEntry[] _entries = new TraceEntry[4096];
    int _last;

    public int Count { get; private set; }

    public ref TraceEntry this[int index] => ref _entries[index];

    /// <summary>The entry of an id; -1 when there is none.</summary>
    public int Find(ulong high, ulong low)
    {
        if (_last < Count && _entries[_last].Low == low && _entries[_last].High == high) return _last; // Spans of a trace come in runs.
        var found = -1;
        for (var at = _slots[Slot(low)]; at != 0; at = _entries[at - 1].Next)
            if (Same(at - 1, high, low)) found = at - 1; // The last of the chain was entered first.
        if (found >= 0) _last = found;
        return found;
    }

    /// <summary>As <see cref="Find"/>, for many threads at once while nobody adds.</summary>
    public int FindShared(ulong high, ulong low)
    {
        var found = -1;
        for (var at = _slots[Slot(low)]; at != 0; at = _entries[at - 1].Next)
            if (Same(at - 1, high, low)) found = at - 1;
        return found;
    }

    /// <summary>The entry of an id, made when new. An entry that was known by half its id learns the other half.</summary>
    public int FindOrAdd(ulong high, ulong low)
    {
        var found = Find(high, low);
        if (found >= 0)
        {
            if (_entries[found].High == 0) _entries[found].High = high;
            return found;
        }
        if (Count == _entries.Length) Grow();
        var slot = Slot(low);
        _entries[Count] = new TraceEntry
        {
            High = high,
            Low = low,
            StartUnixNanos = long.MaxValue,
            EndUnixNanos = long.MinValue,
            MatchStartUnixNanos = long.MaxValue,
            Next = _slots[slot],
        };
        _slots[slot] = ++Count;
        return _last = Count - 1;
    }

    bool Same(int index, ulong high, ulong low)
    {
        ref var entry = ref _entries[index];
        return entry.Low == low && (entry.High == high || entry.High == 0 || high == 0);
    }

    int Slot(ulong low) => (int)(unchecked(low * 0x9E3779B97F4A7C15) >> 32 & (uint)(_slots.Length - 1));

    void Grow()
    {
        Array.Resize(ref _entries, _entries.Length * 4); // Few steps: each copies all and enters all anew.
        _slots = new int[_entries.Length];
        for (var i = 0; i < Count; i++)
        {
            var slot = Slot(_entries[i].Low);
            _entries[i].Next = _slots[slot];
            _slots[slot] = i + 1;
        }
    }
}
