using System.Buffers;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Builds batches from a block's columns, each read once when it is first needed: ids, times and shapes for a batch, tags and their texts when somebody asks for them.</summary>
/// <remarks>
/// One thread; the batches it gives are for any, and keep nothing of its memory, which is lent until it is disposed of. All methods throw <see cref="BlockDamagedException"/> for what is not
/// as it was written.
/// </remarks>
sealed class BlockColumns(BlockReader block) : IDisposable
{
    long[]? _durations;
    ulong[]? _spanIds;

    BlockInfo Info => block.Header.Info;

    /// <summary>First span of each trace, and at the end the number of spans.</summary>
    public int[] TraceBegins => field ??= ReadTraceBegins();

    ulong[] TraceLows => field ??= block.ReadTraceLows();

    ulong[] TraceHighs => field ??= ReadTraceHighs();

    ReadOnlySpan<ulong> SpanIds => (_spanIds ??= ReadSpanIds()).AsSpan(0, Info.SpanCount);

    ReadOnlySpan<long> Durations => (_durations ??= ReadDurations()).AsSpan(0, Info.SpanCount);

    (StringTable Table, int BaseCount) Strings => field.Table is null ? field = BlockStrings.Read(block) : field;

    ReadShapes Shapes => field ??= ReadShapes();

    int[] ShapeOf => field ??= Shapes.ReadOf(block);

    public TraceId TraceIdOf(int trace) => new(TraceHighs[trace], TraceLows[trace]);

    /// <summary>Places of the spans that lasted so long, ascending. Reads the durations alone, a small part of the block; of a service, what tells services as well.</summary>
    /// <param name="service">Only its spans; null for all.</param>
    public int[] PlacesOf(DurationBounds bounds, string? service)
    {
        var places = new List<int>();
        var durations = Durations;
        for (var i = 0; i < durations.Length; i++) if (bounds.Hold(durations[i])) places.Add(i);
        if (service is null || places.Count == 0) return [.. places];
        var name = Strings.Table.FindName(service);
        return [.. places.Where(place => Shapes[ShapeOf[place]].Service == name)];
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
            ReadStarts(starts.AsSpan(0, places.End));
            ReadParents(parents.AsSpan(0, places.End));
            var at = 0;
            foreach (var (from, to) in places.Runs)
            {
                var count = to - from;
                SpanIds.Slice(from, count).CopyTo(batch.SpanIds.AsSpan(at));
                parents.AsSpan(from, count).CopyTo(batch.ParentIds.AsSpan(at));
                starts.AsSpan(from, count).CopyTo(batch.StartUnixNanos.AsSpan(at));
                Durations.Slice(from, count).CopyTo(batch.DurationNanos.AsSpan(at));
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
            var shape = shapes[shapeOf[place]];
            batch.Services[at] = shape.Service;
            batch.Names[at] = shape.Name;
            batch.Resources[at] = shape.Resource;
            batch.Types[at] = shape.Type;
            batch.Envs[at] = shape.Env;
            batch.Kinds[at] = shape.Kind;
            batch.Flags[at] = shape.Flags;
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
        for (var i = 0; i < Info.TraceCount; i++) begins[i + 1] = begins[i] + reader.VarintInt(Info.SpanCount - begins[i]);
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

    long[] ReadDurations()
    {
        using var part = block.Read(SectionKind.Durations);
        var durations = ArrayPool<long>.Shared.Rent(Info.SpanCount);
        TimeCoder.ReadDurations(part.Bytes, durations.AsSpan(0, Info.SpanCount));
        return durations;
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
        (_durations, _spanIds) = (null, null);
    }
}
