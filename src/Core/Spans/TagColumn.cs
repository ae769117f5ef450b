using System.Runtime.CompilerServices;

namespace Apm.Core.Spans;

/// <summary>
/// The tags of all spans of a batch in one pool: span i owns <c>Counts[i]</c> entries from <c>Starts[i]</c>.
/// </summary>
/// <typeparam name="TValue">A text's index, or a number.</typeparam>
/// <remarks>Filled by one thread; read by any once the batch is complete.</remarks>
public sealed class TagColumn<TValue>
{
    /// <summary>From so many tags on keys are found by an index: searching them one by one would take quadratic time.</summary>
    const int LargeTagCount = 256;

    Dictionary<int, int>? _large; // of span _largeSpan: key → position among its tags
    int _largeSpan;

    // Entries that a moved span left, as long as the next span begins behind them: giving one span after another a tag needs no new room then.
    int _gapStart;
    int _gapCount;

    /// <summary>First entry of each span.</summary>
    public int[] Starts;

    /// <summary>Number of entries of each span.</summary>
    public int[] Counts;

    /// <summary>Key of each entry, an index into the batch's strings. Keys of one span are distinct.</summary>
    public int[] Keys;

    /// <summary>Value of each entry.</summary>
    public TValue[] Values;

    internal TagColumn(int spans, int entries)
    {
        Starts = new int[spans];
        Counts = new int[spans];
        Keys = new int[entries];
        Values = new TValue[entries];
    }

    /// <summary>Tags as a store read them back, complete.</summary>
    /// <param name="starts">First entry of each span; owned by the column from here on, as are the others.</param>
    /// <param name="poolCount">Entries in use of the last two.</param>
    public TagColumn(int[] starts, int[] counts, int[] keys, TValue[] values, int poolCount)
    {
        Starts = starts;
        Counts = counts;
        Keys = keys;
        Values = values;
        PoolCount = poolCount;
    }

    /// <summary>Entries in the pool, those given up by a move included.</summary>
    public int PoolCount { get; private set; }

    /// <summary>Memory of its arrays.</summary>
    internal long MemoryBytes(int valueBytes) => ((long)(Starts.Length + Counts.Length) * sizeof(int)) + ((long)Keys.Length * (sizeof(int) + valueBytes));

    /// <summary>How many tags a span has.</summary>
    public int CountOf(int span) => Counts[span];

    /// <summary>A span's tags in the order they were set.</summary>
    public Enumerator Of(int span) => new(this, Starts[span], Counts[span]);

    /// <summary>Finds a tag by its key's index.</summary>
    public bool TryGet(int span, int key, out TValue value)
    {
        var at = Keys.AsSpan(Starts[span], Counts[span]).IndexOf(key);
        value = at >= 0 ? Values[Starts[span] + at] : default!;
        return at >= 0;
    }

    /// <summary>Sets a tag; the last value of a key wins. Cheap for the newest span; an older one's tags are moved to the pool's end.</summary>
    /// <returns>True when the span had no tag of that key.</returns>
    public bool Set(int span, int key, TValue value)
    {
        var start = Starts[span];
        var count = Counts[span];
        var at = count < LargeTagCount ? Keys.AsSpan(start, count).IndexOf(key) : FindInLarge(span, key);
        if (at >= 0)
        {
            Values[start + at] = value;
            return false;
        }
        if (start + count == PoolCount) Append(span, key, value);
        else if (_gapCount > 0 && _gapStart + _gapCount == start) AppendInGap(span, key, value);
        else
        {
            MoveToEnd(span);
            Append(span, key, value);
        }
        if (count >= LargeTagCount) _large!.Add(key, count);
        return true;
    }

    /// <summary>
    /// Adds a tag whose key the caller knows to be absent. Only for the span whose entries end the pool: the newest one,
    /// or one just cleared.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(int span, int key, TValue value)
    {
        var at = PoolCount;
        Invariant.Holds(Starts[span] + Counts[span] == at);
        if (at == Keys.Length) GrowPool();
        Keys[at] = key;
        Values[at] = value;
        PoolCount = at + 1;
        Counts[span]++;
    }

    /// <summary>Gives a span without tags many at once; the keys must be distinct.</summary>
    public void SetFirst(int span, ReadOnlySpan<int> keys, ReadOnlySpan<TValue> values)
    {
        Invariant.Holds(Counts[span] == 0);
        Invariant.Holds(keys.Length == values.Length);
        while (PoolCount + keys.Length > Keys.Length) GrowPool();
        keys.CopyTo(Keys.AsSpan(PoolCount));
        values.CopyTo(Values.AsSpan(PoolCount));
        Starts[span] = PoolCount;
        Counts[span] = keys.Length;
        PoolCount += keys.Length;
    }

    /// <summary>Removes a tag; false when the span has none of that key.</summary>
    public bool Remove(int span, int key)
    {
        var start = Starts[span];
        var at = Keys.AsSpan(start, Counts[span]).IndexOf(key);
        if (at < 0) return false;
        var last = start + Counts[span] - 1;
        for (var i = start + at; i < last; i++)
        {
            Keys[i] = Keys[i + 1];
            Values[i] = Values[i + 1];
        }
        Counts[span]--;
        _large = null;
        return true;
    }

    /// <summary>Forgets all tags of a span (a repeated Datadog <c>meta</c> replaces the first, trace-intake §1.16).</summary>
    public void Clear(int span) => BeginSpan(span);

    internal void BeginSpan(int span)
    {
        Starts[span] = PoolCount;
        Counts[span] = 0;
        _large = null;
    }

    internal void MoveSpans(int from, int to, int count)
    {
        Array.Copy(Starts, from, Starts, to, count);
        Array.Copy(Counts, from, Counts, to, count);
        _large = null;
    }

    internal void Grow(int spans)
    {
        Array.Resize(ref Starts, spans);
        Array.Resize(ref Counts, spans);
    }

    /// <summary>Position of a key among a large span's tags, through an index that lives as long as one span is being filled.</summary>
    int FindInLarge(int span, int key)
    {
        if (_large is null || _largeSpan != span || _large.Count != Counts[span])
        {
            _largeSpan = span;
            _large = new Dictionary<int, int>(Counts[span] * 2);
            for (var i = 0; i < Counts[span]; i++) _large[Keys[Starts[span] + i]] = i;
        }
        return _large.TryGetValue(key, out var at) ? at : -1;
    }

    void MoveToEnd(int span)
    {
        var start = Starts[span];
        var count = Counts[span];
        while (PoolCount + count > Keys.Length) GrowPool();
        Array.Copy(Keys, start, Keys, PoolCount, count);
        Array.Copy(Values, start, Values, PoolCount, count);
        Starts[span] = PoolCount;
        PoolCount += count;
        (_gapStart, _gapCount) = (start, count);
    }

    /// <summary>Moves a span's tags down to the gap's start, which leaves a gap one smaller behind them.</summary>
    void AppendInGap(int span, int key, TValue value)
    {
        var (start, count) = (Starts[span], Counts[span]);
        Array.Copy(Keys, start, Keys, _gapStart, count);
        Array.Copy(Values, start, Values, _gapStart, count);
        Keys[_gapStart + count] = key;
        Values[_gapStart + count] = value;
        Starts[span] = _gapStart;
        Counts[span] = count + 1;
        _gapStart += count + 1;
        _gapCount--;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void GrowPool()
    {
        var size = Math.Max(8, Keys.Length * 2);
        Array.Resize(ref Keys, size);
        Array.Resize(ref Values, size);
    }

    /// <summary>Walks the tags of one span.</summary>
    public struct Enumerator(TagColumn<TValue> column, int start, int count)
    {
        int _at = start - 1;

        public readonly (int Key, TValue Value) Current => (column.Keys[_at], column.Values[_at]);

        public bool MoveNext() => ++_at < start + count;

        public readonly Enumerator GetEnumerator() => this;
    }
}
