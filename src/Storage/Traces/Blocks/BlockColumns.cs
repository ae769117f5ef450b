using System.Buffers;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Builds batches from a block's columns, each read once when it is first needed: ids, times and shapes for a batch, tags and their texts when
/// somebody asks for them.
/// </summary>
/// <remarks>
/// One thread; the batches it gives are for any, and keep nothing of its memory, which is lent until it is disposed of. All methods throw
/// <see cref="BlockDamagedException"/> for what is not as it was written.
/// </remarks>
sealed class BlockColumns(BlockReader block) : IDisposable
{
    long[]? _durations;
    int _durationCount; // So many of the first are there.
    ulong[]? _spanIds;

    BlockInfo Info => block.Header.Info;

    /// <summary>First span of each trace, and at the end the number of spans.</summary>
    public int[] TraceBegins => field ??= ReadTraceBegins();

    ulong[] TraceLows => field ??= block.ReadTraceLows();

    ulong[] TraceHighs => field ??= ReadTraceHighs();

    ReadOnlySpan<ulong> SpanIds => (_spanIds ??= ReadSpanIds()).AsSpan(0, Info.SpanCount);

    (StringTable Table, int BaseCount) Strings => field.Table is null ? field = BlockStrings.Read(block) : field;

    ReadShapes Shapes => field ??= ReadShapes();

    int[] ShapeOf => field ??= Shapes.ReadOf(block);

    public TraceId TraceIdOf(int trace) => new(TraceHighs[trace], TraceLows[trace]);

    /// <summary>Places of the traces that are in the block, by the lower half of their ids, ascending. Reads those alone.</summary>
    public IReadOnlyList<int> TracesOf(IReadOnlySet<ulong> traceLows)
    {
        var traces = new List<int>();
        for (var trace = 0; trace < TraceLows.Length; trace++) if (traceLows.Contains(TraceLows[trace])) traces.Add(trace);
        return traces;
    }

    /// <summary>Places of the spans of some traces, which are given by their places, ascending.</summary>
    public SpanPlaces SpansOf(IEnumerable<int> traces) => SpanPlaces.Of([.. traces.SelectMany(trace => Enumerable.Range(TraceBegins[trace], TraceBegins[trace + 1] - TraceBegins[trace]))]);

    /// <summary>
    /// Places of the spans that may match by duration, service and failure, ascending. Reads the durations alone, a small part of the block, and only when some
    /// last so long what tells services as well.
    /// </summary>
    public int[] PlacesOf(SpanScan scan)
    {
        var places = new List<int>();
        var wanted = new DurationBounds(scan.MinDurationNanos, scan.MaxDurationNanos);
        var durations = DurationsTo(Info.SpanCount);
        for (var i = 0; i < Info.SpanCount; i++) if (wanted.Hold(durations[i])) places.Add(i);
        if (places.Count > 0 && scan is not { Service: null, ErrorsOnly: false })
        {
            var service = scan.Service is null ? -1 : Strings.Table.FindName(scan.Service);
            places.RemoveAll(place => (scan.Service is not null && Shapes.Services[ShapeOf[place]] != service) || (scan.ErrorsOnly && (Shapes.Flags[ShapeOf[place]] & SpanFlags.Error) == 0));
        }
        return [.. places];
    }

    /// <summary>Some spans, without their tags, which are read when somebody asks for them.</summary>
    public SpanBatch ReadSpans(SpanPlaces places, Action<long>? onTagsLoaded, Action<Exception>? onTagsDamaged)
    {
        // The batch may live long; what it keeps for its tags is this, not the columns.
        var batch = SpanBatch.Stored(places.Count, Strings.Table, new BlockTags(block, Shapes, ShapeOf, places, Strings.Table, onTagsLoaded, onTagsDamaged));
        // Each start and each parent is said by those before it.
        var starts = ArrayPool<long>.Shared.Rent(places.End);
        var parents = ArrayPool<ulong>.Shared.Rent(places.End);
        try
        {
            var durations = DurationsTo(places.End);
            ReadStarts(starts.AsSpan(0, places.End));
            ReadParents(parents.AsSpan(0, places.End));
            var at = 0;
            foreach (var (from, to) in places.Runs)
            {
                var count = to - from;
                SpanIds.Slice(from, count).CopyTo(batch.SpanIds.AsSpan(at));
                parents.AsSpan(from, count).CopyTo(batch.ParentIds.AsSpan(at));
                starts.AsSpan(from, count).CopyTo(batch.StartUnixNanos.AsSpan(at));
                durations.Slice(from, count).CopyTo(batch.DurationNanos.AsSpan(at));
                SetTraces(batch, at, from, to);
                SetShapes(batch, at, from, to);
                at += count;
            }
        }
        finally
        {
            ArrayPool<long>.Shared.Return(starts);
            ArrayPool<ulong>.Shared.Return(parents);
        }
        return batch;
    }

    void SetTraces(SpanBatch batch, int at, int from, int to)
    {
        for (var trace = TraceAt(from); trace < TraceLows.Length && TraceBegins[trace] < to; trace++)
        {
            var begin = Math.Max(from, TraceBegins[trace]);
            var length = Math.Min(to, TraceBegins[trace + 1]) - begin;
            batch.TraceIdLow.AsSpan(at + begin - from, length).Fill(TraceLows[trace]);
            batch.TraceIdHigh.AsSpan(at + begin - from, length).Fill(TraceHighs[trace]);
        }
    }

    void SetShapes(SpanBatch batch, int at, int from, int to)
    {
        var (shapes, shapeOf) = (Shapes, ShapeOf);
        for (var place = from; place < to; place++, at++)
        {
            var shape = shapeOf[place];
            batch.Services[at] = shapes.Services[shape];
            batch.Names[at] = shapes.Names[shape];
            batch.Resources[at] = shapes.Resources[shape];
            batch.Types[at] = shapes.Types[shape];
            batch.Envs[at] = shapes.Envs[shape];
            batch.Kinds[at] = shapes.Kinds[shape];
            batch.Flags[at] = shapes.Flags[shape];
        }
    }

    int TraceAt(int span)
    {
        var found = TraceBegins.AsSpan().BinarySearch(span);
        return found >= 0 ? found : ~found - 1;
    }

    int[] ReadTraceBegins()
    {
        using var part = block.Read(SectionKind.TraceSpanCounts);
        var reader = new ByteReader(part.Bytes);
        var begins = new int[Info.TraceCount + 1];
        for (var i = 0; i < Info.TraceCount; i++)
        {
            begins[i + 1] = begins[i] + reader.VarintInt(Info.SpanCount - begins[i]);
            if (begins[i + 1] == begins[i]) throw new BlockDamagedException("A trace of a block has no spans.");
        }
        if (begins[^1] != Info.SpanCount) throw new BlockDamagedException($"The traces of a block have {begins[^1]} spans, its header says {Info.SpanCount}.");
        return begins;
    }

    ulong[] ReadTraceHighs()
    {
        using var part = block.Read(SectionKind.TraceHighs);
        var highs = new ulong[Info.TraceCount];
        Planes.Read(part.Bytes, Info.TraceCount, sizeof(ulong), 0, highs);
        return highs;
    }

    ulong[] ReadSpanIds()
    {
        using var part = block.Read(SectionKind.SpanIds);
        var ids = ArrayPool<ulong>.Shared.Rent(Info.SpanCount);
        new ByteReader(part.Bytes).UInt64s(ids.AsSpan(0, Info.SpanCount));
        return ids;
    }

    /// <summary>The first durations, at least so many.</summary>
    ReadOnlySpan<long> DurationsTo(int end)
    {
        if (_durationCount >= end) return _durations;
        using var part = block.Read(SectionKind.Durations);
        _durations ??= ArrayPool<long>.Shared.Rent(Info.SpanCount);
        TimeCoder.ReadDurations(part.Bytes, _durations.AsSpan(0, end));
        _durationCount = end;
        return _durations;
    }

    void ReadStarts(Span<long> starts)
    {
        using var part = block.Read(SectionKind.Starts);
        TimeCoder.ReadStarts(part.Bytes, TraceBegins, starts);
    }

    void ReadParents(Span<ulong> parents)
    {
        using var codes = block.Read(SectionKind.Parents);
        using var outside = block.Read(SectionKind.OutsideParents);
        ParentCoder.Read(codes.Bytes, outside.Bytes, SpanIds, parents);
    }

    ReadShapes ReadShapes()
    {
        using var part = block.Read(SectionKind.Shapes);
        return new ReadShapes(part.Bytes, Strings.BaseCount);
    }

    /// <summary>Gives the lent memory back. Once only.</summary>
    public void Dispose()
    {
        if (_durations is not null) ArrayPool<long>.Shared.Return(_durations);
        if (_spanIds is not null) ArrayPool<ulong>.Shared.Return(_spanIds);
        (_durations, _durationCount, _spanIds) = (null, 0, null);
    }
}
