using System.Runtime.CompilerServices;

namespace Apm.Core.Spans;

/// <summary>
/// The tags of all spans of a batch in one pool: span i owns <c>Counts[i]</c> entries from <c>Starts[i]</c>.
/// </summary>
/// <typeparam name="TValue">A text's index, or a number.</typeparam>
/// <remarks>Filled by one thread; read by any once the batch is complete.</remarks>
public sealed class TagColumn<TValue>
{
    /// <summary>First entry of each span.</summary>
    public int[] Starts;

    /// <summary>Number of entries of each span.</summary>
    public int[] Counts;

    /// <summary>Key of each entry, an index into the batch's strings. Keys of one span are distinct.</summary>
    public int[] Keys;

    /// <summary>Value of each entry.</summary>
    public TValue[] Values;

    internal TagColumn(int spans)
    {
        Starts = new int[spans];
        Counts = new int[spans];
        Keys = new int[spans * 8];
        Values = new TValue[spans * 8];
    }

    /// <summary>Entries in the pool, those given up by a move included.</summary>
    public int PoolCount { get; private set; }

    /// <summary>How many tags a span has.</summary>
    public int CountOf(int span) => Counts[span];

    /// <summary>A span's tags in the order they were set.</summary>
    public Enumerator Of(int span) => new(this, Starts[span], Counts[span]);

    /// <summary>Finds a tag by its key's index.</summary>
    public bool TryGet(int span, int key, out TValue value)
    {
        var start = Starts[span];
        var at = Keys.AsSpan(start, Counts[span]).IndexOf(key);
        value = at >= 0 ? Values[start + at] : default!;
        return at >= 0;
    }

    /// <summary>Sets a tag; the last value of a key wins. Cheap for the newest span; an older one's tags are moved to the pool's end.</summary>
    public void Set(int span, int key, TValue value)
    {
        var start = Starts[span];
        var count = Counts[span];
        var at = Keys.AsSpan(start, count).IndexOf(key);
        if (at >= 0)
        {
            Values[start + at] = value;
            return;
        }
        if (start + count != PoolCount) start = MoveToEnd(span);
        if (PoolCount == Keys.Length) GrowPool();
        Keys[PoolCount] = key;
        Values[PoolCount] = value;
        PoolCount++;
        Counts[span] = count + 1;
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
        return true;
    }

    /// <summary>Forgets all tags of a span (a repeated Datadog <c>meta</c> replaces the first, trace-intake §1.16).</summary>
    public void Clear(int span) => Counts[span] = 0;

    internal void BeginSpan(int span)
    {
        Starts[span] = PoolCount;
        Counts[span] = 0;
    }

    internal void MoveSpans(int from, int to, int count)
    {
        Array.Copy(Starts, from, Starts, to, count);
        Array.Copy(Counts, from, Counts, to, count);
    }

    internal void Grow(int spans)
    {
        Array.Resize(ref Starts, spans);
        Array.Resize(ref Counts, spans);
    }

    int MoveToEnd(int span)
    {
        var start = Starts[span];
        var count = Counts[span];
        while (PoolCount + count > Keys.Length) GrowPool();
        Array.Copy(Keys, start, Keys, PoolCount, count);
        Array.Copy(Values, start, Values, PoolCount, count);
        Starts[span] = PoolCount;
        PoolCount += count;
        return Starts[span];
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
