using Apm.Core;
using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Writes spans as a block: docs/formats/trace-block.md.</summary>
/// <remarks>One thread owns an encoder; it keeps its buffers from block to block.</remarks>
public sealed class BlockEncoder : IDisposable
{
    readonly SectionWriter _sections = new();
    readonly TagColumnsWriter _tags;
    readonly StringTable _strings = new(4096, 1 << 18);
    readonly StringNumbers _numbers = new();
    readonly ByteWriter _raw = new(1 << 18);
    readonly ByteWriter _header = new();
    readonly ParentCoder _parents = new();
    readonly Dictionary<int, int> _services = []; // Of the block: its place among those the header names.
    BloomFilter? _traceFilter;

    int[] _shapeOf = []; // Per span of the block, in order.
    int[] _ownText = []; // Per batch and string: index in _strings + 1.
    int[] _ownTextBegins = [];
    ulong[] _ids = [];
    ulong[] _parentIds = [];
    int[] _placeOf = [];
    int[] _spanBegins = []; // Of each batch, all spans counted in the order they came.
    int[] _traceBegins = [];
    ulong[] _traceIds = [];

    public BlockEncoder() => _tags = new TagColumnsWriter(_sections);

    /// <summary>Writes the spans [from, to) of an order.</summary>
    /// <param name="batches">Those that were ordered.</param>
    /// <param name="order">Of the batches' spans.</param>
    /// <param name="from">First span, a place in the order.</param>
    /// <param name="to">Behind the last one; more than <paramref name="from"/>.</param>
    /// <param name="coveredUpTo">With this block, all up to this log position is stored.</param>
    /// <param name="nowUnixNanos">Noted as the time of writing.</param>
    public EncodedBlock Encode(ReadOnlySpan<SpanBatch> batches, SpanOrder order, int from, int to, LogPosition coveredUpTo, long nowUnixNanos)
    {
        Invariant.Holds(from < to && to <= order.SpanCount);
        _sections.Clear();
        _strings.Clear();
        var spans = order.Spans.AsSpan(from, to - from);
        var starts = order.Starts.AsSpan(from, to - from);
        var traces = FindTraces(order, from, to);

        var shapes = FindShapes(batches, spans);
        CollectTags(batches, spans, shapes.Shapes);
        _numbers.Begin(_strings);
        WriteShapes(shapes.Shapes, spans.Length);
        var baseStrings = _numbers.Count;
        WriteTraces(batches, spans, traces);
        WriteIds(batches, spans, traces);
        var durations = WriteTimes(batches, spans, starts, traces);
        var services = ServicesOf(shapes.Shapes);
        if (services is { Count: > 1 }) WriteServiceDurations(shapes.Shapes, durations);
        AddStrings(SectionKind.BaseStrings, 0, baseStrings);
        _tags.WriteTexts(_numbers);
        _tags.WriteNumbers(_numbers);
        AddStrings(SectionKind.ValueStrings, baseStrings, _numbers.Count);
        WriteTagFilter();

        var info = new BlockInfo
        {
            SpanCount = spans.Length,
            TraceCount = traces,
            StartUnixNanosMin = Min(starts),
            StartUnixNanosMax = Max(starts),
            DurationNanosMin = Min(durations),
            DurationNanosMax = Max(durations),
            Content = ContentOf(shapes.Shapes, spans.Length),
            CoveredUpTo = coveredUpTo,
            WrittenUnixNanos = nowUnixNanos,
            Services = services,
            ByteCount = 0,
            HeaderBytes = 0,
        };
        return BlockHeader.Write(info, _sections, _header, _traceFilter!);
    }

    /// <summary>Where the block's traces begin; the first may be the rest of one that was cut.</summary>
    int FindTraces(SpanOrder order, int from, int to)
    {
        var first = order.TraceBegins.AsSpan(0, order.TraceCount).BinarySearch(from);
        if (first < 0) first = ~first - 1;
        var count = 0;
        for (var trace = first; trace < order.TraceCount && order.TraceBegins[trace] < to; trace++) count++;
        if (_traceBegins.Length <= count)
        {
            _traceBegins = new int[(count * 2) + 1];
            _traceIds = new ulong[count * 2];
        }
        for (var i = 0; i < count; i++) _traceBegins[i] = Math.Max(0, order.TraceBegins[first + i] - from);
        _traceBegins[count] = to - from;
        return count;
    }

    ShapeTable FindShapes(ReadOnlySpan<SpanBatch> batches, ReadOnlySpan<long> spans)
    {
        // Shapes are looked up batch by batch, so that spans of one batch compare by its own indexes.
        var shapes = new ShapeTable(_strings);
        Reserve(batches, spans.Length);
        for (var place = 0; place < spans.Length; place++) _placeOf[_spanBegins[SpanOrder.BatchOf(spans[place])] + SpanOrder.IndexOf(spans[place])] = place + 1;
        for (var b = 0; b < batches.Length; b++)
        {
            var batch = batches[b];
            var (tags, numbers) = (batch.Tags, batch.Numbers);
            shapes.BeginBatch();
            var begin = _spanBegins[b];
            for (var i = 0; i < batch.SpanCount; i++)
            {
                var place = _placeOf[begin + i] - 1;
                if (place < 0) continue; // Belongs to another block of the same order.
                var shape = shapes.ShapeOf(batch, tags, numbers, i);
                shapes.Shapes[shape].SpanCount++;
                _shapeOf[place] = shape;
            }
        }
        return shapes;
    }

    void Reserve(ReadOnlySpan<SpanBatch> batches, int spanCount)
    {
        if (_spanBegins.Length < batches.Length)
        {
            _spanBegins = new int[batches.Length * 2];
            _ownTextBegins = new int[batches.Length * 2];
        }
        var (spans, texts) = (0, 0);
        for (var b = 0; b < batches.Length; b++)
        {
            (_spanBegins[b], _ownTextBegins[b]) = (spans, texts);
            spans += batches[b].SpanCount;
            texts += batches[b].Strings.Count;
        }
        if (_placeOf.Length < spans) _placeOf = new int[spans * 5 / 4];
        if (_ownText.Length < texts) _ownText = new int[texts * 5 / 4];
        Array.Clear(_placeOf, 0, spans);
        Array.Clear(_ownText, 0, texts);
        if (_shapeOf.Length >= spanCount) return;
        var size = spanCount * 5 / 4;
        _shapeOf = new int[size];
        _ids = new ulong[size];
        _parentIds = new ulong[size];
    }

    void CollectTags(ReadOnlySpan<SpanBatch> batches, ReadOnlySpan<long> spans, List<Shape> shapes)
    {
        _tags.Begin(shapes);
        for (var place = 0; place < spans.Length; place++)
        {
            var b = SpanOrder.BatchOf(spans[place]);
            var i = SpanOrder.IndexOf(spans[place]);
            var batch = batches[b];
            var shape = shapes[_shapeOf[place]];
            var texts = batch.Tags;
            if (shape.TextColumns.Length > 0)
                _tags.AddTexts(shape, texts.Values.AsSpan(texts.Starts[i], texts.Counts[i]), _ownText.AsSpan(_ownTextBegins[b]), batch.Strings, _strings);
            var numbers = batch.Numbers;
            if (shape.NumberColumns.Length > 0) _tags.AddNumbers(shape, numbers.Values.AsSpan(numbers.Starts[i], numbers.Counts[i]));
        }
    }

    void WriteShapes(List<Shape> shapes, int spanCount)
    {
        _raw.Clear();
        _raw.Varint(shapes.Count);
        foreach (var shape in shapes)
        {
            _raw.Varint(_numbers.NumberOrEnter(shape.Service));
            _raw.Varint(_numbers.NumberOrEnter(shape.Name));
            _raw.Varint(_numbers.NumberOrEnter(shape.Resource));
            _raw.Varint(_numbers.NumberOrEnter(shape.Type));
            _raw.Varint(_numbers.NumberOrEnter(shape.Env));
            _raw.Byte((byte)shape.Kind);
            _raw.Byte((byte)shape.Flags);
            _raw.Varint(shape.TextKeys.Length);
            foreach (var key in shape.TextKeys) _raw.Varint(_numbers.NumberOrEnter(key));
            _raw.Varint(shape.NumberKeys.Length);
            foreach (var key in shape.NumberKeys) _raw.Varint(_numbers.NumberOrEnter(key));
        }
        _sections.Add(SectionKind.Shapes, _raw.Written);
        _raw.Clear();
        if (shapes.Count > 1) Planes.Write(_raw, _shapeOf.AsSpan(0, spanCount), Planes.WidthFor((ulong)shapes.Count - 1));
        _sections.Add(SectionKind.ShapeIndexes, _raw.Written);
    }

    void WriteTraces(ReadOnlySpan<SpanBatch> batches, ReadOnlySpan<long> spans, int traces)
    {
        _traceFilter = BloomFilter.For(traces, BlockFormat.TraceFilterBits);
        for (var i = 0; i < traces; i++)
        {
            var span = spans[_traceBegins[i]];
            _traceIds[i] = batches[SpanOrder.BatchOf(span)].TraceIdLow[SpanOrder.IndexOf(span)];
            _traceFilter.Add(StableHash.OfTrace(_traceIds[i]));
        }
        AddIds(SectionKind.TraceLows, _traceIds.AsSpan(0, traces));
        for (var i = 0; i < traces; i++)
        {
            var span = spans[_traceBegins[i]];
            _traceIds[i] = batches[SpanOrder.BatchOf(span)].TraceIdHigh[SpanOrder.IndexOf(span)];
        }
        _raw.Clear();
        Planes.Write(_raw, _traceIds.AsSpan(0, traces), sizeof(ulong)); // Often a time in whole seconds and zeros.
        _sections.Add(SectionKind.TraceHighs, _raw.Written);
        _raw.Clear();
        for (var i = 0; i < traces; i++) _raw.Varint(_traceBegins[i + 1] - _traceBegins[i]);
        _sections.Add(SectionKind.TraceSpanCounts, _raw.Written);
        _sections.Add(SectionKind.TraceFilter, _traceFilter.Bytes, mayPack: false); // Packing saves 3 % of it, and a question reads 32 bytes.
    }

    void WriteIds(ReadOnlySpan<SpanBatch> batches, ReadOnlySpan<long> spans, int traces)
    {
        for (var i = 0; i < spans.Length; i++)
        {
            var batch = batches[SpanOrder.BatchOf(spans[i])];
            _ids[i] = batch.SpanIds[SpanOrder.IndexOf(spans[i])];
            _parentIds[i] = batch.ParentIds[SpanOrder.IndexOf(spans[i])];
        }
        AddIds(SectionKind.SpanIds, _ids.AsSpan(0, spans.Length));
        _parents.Write(_ids.AsSpan(0, spans.Length), _parentIds.AsSpan(0, spans.Length), _traceBegins.AsSpan(0, traces + 1));
        _sections.Add(SectionKind.Parents, _parents.Codes);
        _sections.Add(SectionKind.OutsideParents, _parents.Outside);
    }

    /// <summary>As they are: ids are random, so nothing makes them smaller, and they can be searched where they stand.</summary>
    void AddIds(SectionKind kind, ReadOnlySpan<ulong> ids)
    {
        _raw.Clear();
        _raw.UInt64s(ids);
        _sections.Add(kind, _raw.Written);
    }

    /// <returns>The spans' durations.</returns>
    long[] WriteTimes(ReadOnlySpan<SpanBatch> batches, ReadOnlySpan<long> spans, ReadOnlySpan<long> starts, int traces)
    {
        var durations = new long[spans.Length];
        for (var i = 0; i < spans.Length; i++) durations[i] = batches[SpanOrder.BatchOf(spans[i])].DurationNanos[SpanOrder.IndexOf(spans[i])];
        TimeCoder.WriteStarts(_raw, starts, _traceBegins.AsSpan(0, traces + 1));
        _sections.Add(SectionKind.Starts, _raw.Written);
        TimeCoder.WriteDurations(_raw, durations);
        _sections.Add(SectionKind.Durations, _raw.Written);
        return durations;
    }

    void AddStrings(SectionKind kind, int from, int to)
    {
        _raw.Clear();
        _numbers.Write(_raw, from, to);
        _sections.Add(kind, _raw.Written);
    }

    void WriteTagFilter()
    {
        var hashes = _tags.TagHashes;
        if (hashes.Count == 0) return;
        var filter = BloomFilter.For(hashes.Count, BlockFormat.TagFilterBits);
        foreach (var hash in hashes) filter.Add(hash);
        _sections.Add(SectionKind.TagFilter, filter.Bytes);
    }

    List<string>? ServicesOf(List<Shape> shapes)
    {
        _services.Clear();
        foreach (var shape in shapes) _services.TryAdd(shape.Service, _services.Count);
        if (_services.Count > BlockFormat.MaxServicesNamed) return null;
        foreach (var service in _services.Keys)
            if (_strings.Utf8(service).Length > BlockFormat.MaxServiceBytes) return null;
        return [.. _services.Keys.Select(service => System.Text.Encoding.UTF8.GetString(_strings.Utf8(service)))];
    }

    /// <summary>The shortest and the longest of each service, in their order in the header.</summary>
    void WriteServiceDurations(List<Shape> shapes, ReadOnlySpan<long> durations)
    {
        var bounds = new DurationBounds[_services.Count];
        bounds.AsSpan().Fill(new DurationBounds(long.MaxValue, long.MinValue));
        int[] serviceOf = [.. shapes.Select(shape => _services[shape.Service])];
        for (var i = 0; i < durations.Length; i++)
        {
            ref var service = ref bounds[serviceOf[_shapeOf[i]]];
            if (!service.Hold(durations[i])) service = new DurationBounds(Math.Min(service.MinNanos, durations[i]), Math.Max(service.MaxNanos, durations[i]));
        }
        _raw.Clear();
        foreach (var service in bounds)
        {
            _raw.Int64(service.MinNanos);
            _raw.Int64(service.MaxNanos);
        }
        _sections.Add(SectionKind.ServiceDurations, _raw.Written, mayPack: false); // Some bytes, which hardly pack.
    }

    BlockContent ContentOf(List<Shape> shapes, int spanCount)
    {
        var content = BlockContent.IsKnown;
        foreach (var shape in shapes)
            if ((shape.Flags & SpanFlags.Error) != 0) content |= BlockContent.Errors;
        if (_parentIds.AsSpan(0, spanCount).Contains(0UL)) content |= BlockContent.Roots;
        return content;
    }

    static long Min(ReadOnlySpan<long> values)
    {
        var min = long.MaxValue;
        foreach (var value in values) min = Math.Min(min, value);
        return min;
    }

    static long Max(ReadOnlySpan<long> values)
    {
        var max = long.MinValue;
        foreach (var value in values) max = Math.Max(max, value);
        return max;
    }

    public void Dispose() => _sections.Dispose();
}
