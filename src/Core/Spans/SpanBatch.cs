using System.Buffers;
using System.Runtime.CompilerServices;
using Apm.Core.Ids;

namespace Apm.Core.Spans;

/// <summary>
/// Many spans as columns, with the texts they share in one table. There is no object per span or tag.
/// The same type is what a decoder fills, what waits in the head, and what a block gives back when it is read.
/// </summary>
/// <remarks>
/// One thread fills and changes a batch; once it was handed to a store nobody changes it, and any thread may read.
/// Columns are arrays at least <see cref="SpanCount"/> long; only that part means something.
/// Text columns hold indexes into <see cref="Strings"/>.
/// </remarks>
public sealed class SpanBatch
{
    /// <summary>Of the columns that are always there: four ids, two times, five texts, kind, flags.</summary>
    const int BytesPerSpan = (4 * 8) + (2 * 8) + (5 * 4) + 1 + sizeof(SpanFlags);

    readonly Lock? _loading; // Only in batches that a store gave.
    readonly IStoredTags? _stored;
    TagColumn<int>? _tags;
    TagColumn<double>? _numbers;

    /// <summary>An empty batch, ready to be filled.</summary>
    public SpanBatch(int expectedSpans = 16, StringTable? strings = null) : this(BatchCapacity.For(expectedSpans), strings, stored: null)
    {
    }

    /// <summary>An empty batch with room for what is expected; it grows when more comes.</summary>
    public SpanBatch(BatchCapacity expected) : this(expected, new StringTable(expected.StringCount, expected.StringBytes), stored: null)
    {
    }

    SpanBatch(BatchCapacity expected, StringTable? strings, IStoredTags? stored)
    {
        Strings = strings ?? new StringTable();
        var spans = Math.Max(1, expected.SpanCount);
        TraceIdHigh = new ulong[spans];
        TraceIdLow = new ulong[spans];
        SpanIds = new ulong[spans];
        ParentIds = new ulong[spans];
        StartUnixNanos = new long[spans];
        DurationNanos = new long[spans];
        Services = new int[spans];
        Names = new int[spans];
        Resources = new int[spans];
        Types = new int[spans];
        Envs = new int[spans];
        Kinds = new SpanKind[spans];
        Flags = new SpanFlags[spans];
        if (stored is null)
        {
            _tags = new TagColumn<int>(spans, expected.TagCount);
            _numbers = new TagColumn<double>(spans, expected.NumberCount);
            return;
        }
        _loading = new Lock();
        _stored = stored;
        SpanCount = expected.SpanCount;
    }

    /// <summary>A batch for a store to fill from what it reads back: the columns are there, zero, for the store to set before it gives the batch out.</summary>
    public static SpanBatch Stored(int spanCount, StringTable strings, IStoredTags tags) => new(BatchCapacity.For(spanCount), strings, tags);

    /// <summary>One tag of all spans without reading the others; null when the tags are in memory anyway, so that <see cref="Tags"/> and <see cref="Numbers"/> cost nothing.</summary>
    public TagValues? ReadTag(int key) => _tags is null ? _stored?.ReadKey(key) : null;

    /// <summary>Memory that the batch takes, by the sizes of its arrays. Tags that a stored batch has not read yet do not count.</summary>
    public long MemoryBytes =>
        ((long)SpanIds.Length * BytesPerSpan) + Strings.MemoryBytes + (_tags?.MemoryBytes(sizeof(int)) ?? 0) + (_numbers?.MemoryBytes(sizeof(double)) ?? 0);

    public StringTable Strings { get; }
    public int SpanCount { get; private set; }

    /// <summary>Upper half of each span's trace id; zero when its tracer sent 64 bits.</summary>
    public ulong[] TraceIdHigh;
    public ulong[] TraceIdLow;
    public ulong[] SpanIds;

    /// <summary>Zero for a root.</summary>
    public ulong[] ParentIds;
    public long[] StartUnixNanos;
    public long[] DurationNanos;
    public int[] Services;

    /// <summary>Operation name, such as <c>flask.request</c>.</summary>
    public int[] Names;

    /// <summary>What the operation worked on, such as <c>GET /user/{id}</c>: an endpoint, a statement.</summary>
    public int[] Resources;

    /// <summary><c>web</c>, <c>http</c>, <c>sql</c>, <c>cache</c> …; 0 ("") when unknown.</summary>
    public int[] Types;

    /// <summary>Environment; filled by normalisation, 0 before.</summary>
    public int[] Envs;
    public SpanKind[] Kinds;
    public SpanFlags[] Flags;

    /// <summary>Text tags (Datadog <c>meta</c>, OTLP text attributes): key index → value index.</summary>
    public TagColumn<int> Tags => _tags ?? LoadTags().Tags;

    /// <summary>Numeric tags (Datadog <c>metrics</c>, OTLP numeric attributes): key index → value.</summary>
    public TagColumn<double> Numbers => _numbers ?? LoadTags().Numbers;

    /// <summary>Chunks in order; together they cover all spans while a batch is on its way in. Empty in batches read back from a store.</summary>
    public List<Chunk> Chunks { get; } = [];

    /// <summary>The requests the chunks came with.</summary>
    public List<Payload> Payloads { get; } = [];

    /// <summary>Adds a span with all fields zero and gives its index. Tags added next belong to it.</summary>
    public int AddSpan()
    {
        var i = SpanCount;
        if (i == SpanIds.Length) Grow();
        SpanCount = i + 1;
        Tags.BeginSpan(i);
        Numbers.BeginSpan(i);
        return i;
    }

    /// <summary>Sets a text tag of the newest span; the last value of a key wins.</summary>
    public void SetTag(int key, int value) => Tags.Set(SpanCount - 1, key, value);

    /// <summary>Gives the newest span, which has no text tags yet, many at once. The keys must be distinct.</summary>
    public void SetFirstTags(ReadOnlySpan<int> keys, ReadOnlySpan<int> values) => Tags.SetFirst(SpanCount - 1, keys, values);

    /// <summary>Sets a numeric tag of the newest span; the last value of a key wins.</summary>
    public void SetNumber(int key, double value) => Numbers.Set(SpanCount - 1, key, value);

    /// <summary>Declares the spans from <paramref name="firstSpan"/> to the newest one a chunk.</summary>
    public void AddChunk(int firstSpan, int payload, int priority = Chunk.NoPriority, int origin = 0, bool droppedByTracer = false) =>
        Chunks.Add(new Chunk
        {
            FirstSpan = firstSpan,
            SpanCount = SpanCount - firstSpan,
            Priority = priority,
            Origin = origin,
            Payload = payload,
            DroppedByTracer = droppedByTracer,
        });

    /// <summary>The full id of a span's trace.</summary>
    public TraceId TraceIdOf(int span) => new(TraceIdHigh[span], TraceIdLow[span]);

    /// <summary>End of a span, Unix nanoseconds; saturates instead of overflowing.</summary>
    public long EndUnixNanosOf(int span)
    {
        var end = unchecked(StartUnixNanos[span] + DurationNanos[span]);
        return end < StartUnixNanos[span] ? long.MaxValue : end;
    }

    /// <summary>A text tag's value; null when the span has no such tag.</summary>
    public string? TagOf(int span, string key)
    {
        var keyIndex = Strings.Find(key);
        return keyIndex >= 0 && Tags.TryGet(span, keyIndex, out var value) ? Strings.Text(value) : null;
    }

    /// <summary>A numeric tag's value; null when the span has no such tag.</summary>
    public double? NumberOf(int span, string key)
    {
        var keyIndex = Strings.Find(key);
        return keyIndex >= 0 && Numbers.TryGet(span, keyIndex, out var value) ? value : null;
    }

    /// <summary>From so many spans on the tags of all are read, and stay with the batch.</summary>
    const int SpansThatPayForAll = 64;

    /// <summary>Copies one of many spans out, for readers that want objects.</summary>
    public Span SpanAt(int span) => Copy(span, SpanTags.Of(span, Tags, Numbers, Strings.Text, Strings.Text));

    /// <summary>Copies some spans out, all that are wanted of the batch. Of a stored one only the tags of those are read when they are few.</summary>
    /// <param name="spans">Ascending.</param>
    public IReadOnlyList<Span> SpansAt(ReadOnlySpan<int> spans)
    {
        var copies = new Span[spans.Length];
        var tags = _tags is null && _stored is not null && spans.Length < SpansThatPayForAll ? _stored.ReadSpans(spans) : null;
        for (var i = 0; i < copies.Length; i++) copies[i] = tags is null ? SpanAt(spans[i]) : Copy(spans[i], tags[i]);
        return copies;
    }

    Span Copy(int span, SpanTags tags)
    {
        return new Span
        {
            TraceId = TraceIdOf(span),
            Id = new SpanId(SpanIds[span]),
            ParentId = new SpanId(ParentIds[span]),
            StartUnixNanos = StartUnixNanos[span],
            DurationNanos = DurationNanos[span],
            Service = Strings.Text(Services[span]),
            Name = Strings.Text(Names[span]),
            Resource = Strings.Text(Resources[span]),
            Type = Strings.Text(Types[span]),
            Env = Strings.Text(Envs[span]),
            Kind = Kinds[span],
            Flags = Flags[span],
            Tags = tags.Texts,
            Numbers = tags.Numbers,
        };
    }

    /// <summary>Removes whole chunks, keeping the others in order. Used when normalisation or sampling drops some.</summary>
    /// <param name="keep">One entry per chunk.</param>
    public void KeepChunks(ReadOnlySpan<bool> keep)
    {
        Invariant.Holds(keep.Length == Chunks.Count);
        var to = 0;
        var keptChunks = 0;
        for (var c = 0; c < keep.Length; c++)
        {
            if (!keep[c]) continue;
            var chunk = Chunks[c];
            MoveSpans(chunk.FirstSpan, to, chunk.SpanCount);
            chunk.FirstSpan = to;
            Chunks[keptChunks++] = chunk;
            to += chunk.SpanCount;
        }
        Chunks.RemoveRange(keptChunks, Chunks.Count - keptChunks);
        SpanCount = to;
    }

    /// <summary>Removes single spans, keeping the others in order, and chunks of which nothing is left.</summary>
    /// <param name="keep">One entry per span; the chunks must cover all spans.</param>
    public void KeepSpans(ReadOnlySpan<bool> keep)
    {
        Invariant.Holds(keep.Length == SpanCount);
        var to = 0;
        var keptChunks = 0;
        foreach (var whole in Chunks.ToArray())
        {
            var chunk = whole;
            chunk.FirstSpan = to;
            for (var from = whole.FirstSpan; from < whole.FirstSpan + whole.SpanCount;)
            {
                var end = from;
                while (end < whole.FirstSpan + whole.SpanCount && keep[end]) end++;
                MoveSpans(from, to, end - from);
                to += end - from;
                from = end + 1;
            }
            chunk.SpanCount = to - chunk.FirstSpan;
            if (chunk.SpanCount > 0) Chunks[keptChunks++] = chunk;
        }
        Chunks.RemoveRange(keptChunks, Chunks.Count - keptChunks);
        SpanCount = to;
    }

    /// <summary>Puts the spans from <paramref name="first"/> to the newest into another order. For decoders, before chunks are declared over them.</summary>
    /// <param name="order">The spans' present indexes in their new order, each once.</param>
    public void ReorderSpans(int first, ReadOnlySpan<int> order)
    {
        Invariant.Holds(first + order.Length == SpanCount);
        Reorder(TraceIdHigh, first, order);
        Reorder(TraceIdLow, first, order);
        Reorder(SpanIds, first, order);
        Reorder(ParentIds, first, order);
        Reorder(StartUnixNanos, first, order);
        Reorder(DurationNanos, first, order);
        Reorder(Services, first, order);
        Reorder(Names, first, order);
        Reorder(Resources, first, order);
        Reorder(Types, first, order);
        Reorder(Envs, first, order);
        Reorder(Kinds, first, order);
        Reorder(Flags, first, order);
        Reorder(Tags.Starts, first, order);
        Reorder(Tags.Counts, first, order);
        Reorder(Numbers.Starts, first, order);
        Reorder(Numbers.Counts, first, order);
    }

    static void Reorder<T>(T[] column, int first, ReadOnlySpan<int> order)
    {
        var before = ArrayPool<T>.Shared.Rent(order.Length);
        Array.Copy(column, first, before, 0, order.Length);
        for (var i = 0; i < order.Length; i++) column[first + i] = before[order[i] - first];
        ArrayPool<T>.Shared.Return(before);
    }

    void MoveSpans(int from, int to, int count)
    {
        if (from == to || count == 0) return;
        Array.Copy(TraceIdHigh, from, TraceIdHigh, to, count);
        Array.Copy(TraceIdLow, from, TraceIdLow, to, count);
        Array.Copy(SpanIds, from, SpanIds, to, count);
        Array.Copy(ParentIds, from, ParentIds, to, count);
        Array.Copy(StartUnixNanos, from, StartUnixNanos, to, count);
        Array.Copy(DurationNanos, from, DurationNanos, to, count);
        Array.Copy(Services, from, Services, to, count);
        Array.Copy(Names, from, Names, to, count);
        Array.Copy(Resources, from, Resources, to, count);
        Array.Copy(Types, from, Types, to, count);
        Array.Copy(Envs, from, Envs, to, count);
        Array.Copy(Kinds, from, Kinds, to, count);
        Array.Copy(Flags, from, Flags, to, count);
        Tags.MoveSpans(from, to, count);
        Numbers.MoveSpans(from, to, count);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    StoredTags LoadTags()
    {
        lock (_loading!)
        {
            if (_tags is null)
            {
                var loaded = _stored!.ReadAll();
                _numbers = loaded.Numbers;
                _tags = loaded.Tags;
            }
            return new StoredTags(_tags, _numbers!);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Grow()
    {
        var size = SpanIds.Length * 2;
        Array.Resize(ref TraceIdHigh, size);
        Array.Resize(ref TraceIdLow, size);
        Array.Resize(ref SpanIds, size);
        Array.Resize(ref ParentIds, size);
        Array.Resize(ref StartUnixNanos, size);
        Array.Resize(ref DurationNanos, size);
        Array.Resize(ref Services, size);
        Array.Resize(ref Names, size);
        Array.Resize(ref Resources, size);
        Array.Resize(ref Types, size);
        Array.Resize(ref Envs, size);
        Array.Resize(ref Kinds, size);
        Array.Resize(ref Flags, size);
        Tags.Grow(size);
        Numbers.Grow(size);
    }
}

/// <summary>Where the tags of a stored batch are read from when somebody asks for them. What a method throws, the asker gets.</summary>
public interface IStoredTags
{
    /// <summary>The tags of all spans. One thread at a time; the batch keeps what it gives.</summary>
    StoredTags ReadAll();

    /// <summary>One tag of all spans, by the index of its key. Any thread; read each time.</summary>
    TagValues ReadKey(int key);

    /// <summary>The tags of some spans, given ascending, one entry for each. Any thread; read each time.</summary>
    IReadOnlyList<SpanTags> ReadSpans(ReadOnlySpan<int> spans);
}

/// <summary>One tag of a batch's spans.</summary>
/// <param name="Texts">Index of each span's text among the batch's strings; -1 when it has none.</param>
/// <param name="Numbers">Each span's number; means nothing where it has none. Empty when no span has one.</param>
/// <param name="HasNumber">Whether a span has a number; as long as <paramref name="Numbers"/>.</param>
public sealed record TagValues(int[] Texts, double[] Numbers, bool[] HasNumber)
{
    /// <summary>The span's text; false when it has none.</summary>
    public bool TryText(int span, out int text) => (text = Texts[span]) >= 0;

    /// <summary>The span's number; false when it has none.</summary>
    public bool TryNumber(int span, out double number)
    {
        number = 0;
        if (Numbers.Length == 0 || !HasNumber[span]) return false;
        number = Numbers[span];
        return true;
    }
}

/// <summary>The tags of a batch that a store read back.</summary>
public sealed record StoredTags(TagColumn<int> Tags, TagColumn<double> Numbers);

/// <summary>The tags of one span, copied out.</summary>
public sealed record SpanTags(IReadOnlyDictionary<string, string> Texts, IReadOnlyDictionary<string, double> Numbers)
{
    /// <summary>Of a span without tags.</summary>
    public static SpanTags None { get; } = new(new Dictionary<string, string>(), new Dictionary<string, double>());

    /// <summary>Copies those of a span out of the columns.</summary>
    /// <param name="keyText">The text of a key's number.</param>
    /// <param name="valueText">The text of a value's number.</param>
    public static SpanTags Of(int span, TagColumn<int> texts, TagColumn<double> numbers, Func<int, string> keyText, Func<int, string> valueText)
    {
        var tags = new Dictionary<string, string>(texts.CountOf(span), StringComparer.Ordinal);
        foreach (var (key, value) in texts.Of(span)) tags[keyText(key)] = valueText(value);
        var values = new Dictionary<string, double>(numbers.CountOf(span), StringComparer.Ordinal);
        foreach (var (key, value) in numbers.Of(span)) values[keyText(key)] = value;
        return new SpanTags(tags, values);
    }
}
