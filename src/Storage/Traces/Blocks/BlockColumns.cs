using Apm.Core;
using Apm.Core.Ids;
using Apm.Core.Spans;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Builds batches from a block's columns: ids, times and shapes at once, tags and their texts when asked for.</summary>
/// <remarks>One thread; the batches it gives are for any.</remarks>
sealed class BlockColumns
{
    readonly BlockReader _block;
    readonly ulong[] _traceLows;
    readonly ulong[] _traceHighs;
    readonly ulong[] _spanIds;
    readonly byte[] _parents;
    readonly byte[] _outsideParents;
    readonly byte[] _starts;
    readonly byte[] _durations;
    readonly ReadShapes _shapes;
    readonly int[] _shapeOf;
    readonly StringTable _strings;

    public BlockColumns(BlockReader block)
    {
        _block = block;
        var info = block.Header.Info;
        _traceLows = block.ReadIds(SectionKind.TraceLows, info.TraceCount);
        _traceHighs = new ulong[info.TraceCount];
        Planes.Read(block.Read(SectionKind.TraceHighs), info.TraceCount, sizeof(ulong), 0, _traceHighs);
        TraceBegins = ReadTraceBegins(block.Read(SectionKind.TraceSpanCounts), info);
        _spanIds = block.ReadIds(SectionKind.SpanIds, info.SpanCount);
        _parents = block.Read(SectionKind.Parents);
        _outsideParents = block.Read(SectionKind.OutsideParents);
        _starts = block.Read(SectionKind.Starts);
        _durations = block.Read(SectionKind.Durations);
        (_strings, var baseStringCount) = BlockStrings.Read(block);
        _shapes = new ReadShapes(block.Read(SectionKind.Shapes), baseStringCount);
        _shapeOf = _shapes.ReadOf(block);
    }

    /// <summary>First span of each trace, and at the end the number of spans.</summary>
    public int[] TraceBegins { get; }

    public TraceId TraceIdOf(int trace) => new(_traceHighs[trace], _traceLows[trace]);

    /// <summary>Spans [from, to).</summary>
    public SpanBatch ReadSpans(int from, int to, Action<long>? onTagsLoaded, Action<Exception>? onTagsDamaged)
    {
        Invariant.Holds(from < to);
        var (block, shapes, shapeOf, count) = (_block, _shapes, _shapeOf, to - from);
        // The batch may live long; what it keeps for its tags is this, not the columns.
        var batch = SpanBatch.Stored(count, _strings, new BlockTags(block, shapes, shapeOf, from, to, _strings, onTagsLoaded, onTagsDamaged));
        for (var trace = TraceAt(from); trace < _traceLows.Length && TraceBegins[trace] < to; trace++)
        {
            var begin = Math.Max(0, TraceBegins[trace] - from);
            var length = Math.Min(to, TraceBegins[trace + 1]) - from - begin;
            batch.TraceIdLow.AsSpan(begin, length).Fill(_traceLows[trace]);
            batch.TraceIdHigh.AsSpan(begin, length).Fill(_traceHighs[trace]);
        }
        _spanIds.AsSpan(from, count).CopyTo(batch.SpanIds);
        ParentCoder.Read(_parents, _outsideParents, _spanIds, from, batch.ParentIds.AsSpan(0, count));
        TimeCoder.ReadStarts(_starts, TraceBegins, from, batch.StartUnixNanos.AsSpan(0, count));
        TimeCoder.ReadDurations(_durations, from, batch.DurationNanos.AsSpan(0, count));
        for (var i = 0; i < count; i++)
        {
            var shape = shapes[shapeOf[from + i]];
            batch.Services[i] = shape.Service;
            batch.Names[i] = shape.Name;
            batch.Resources[i] = shape.Resource;
            batch.Types[i] = shape.Type;
            batch.Envs[i] = shape.Env;
            batch.Kinds[i] = shape.Kind;
            batch.Flags[i] = shape.Flags;
        }
        return batch;
    }

    int TraceAt(int span)
    {
        var found = TraceBegins.AsSpan().BinarySearch(span);
        return found >= 0 ? found : ~found - 1;
    }

    static int[] ReadTraceBegins(byte[] counts, BlockInfo info)
    {
        var reader = new ByteReader(counts);
        var begins = new int[info.TraceCount + 1];
        for (var i = 0; i < info.TraceCount; i++) begins[i + 1] = begins[i] + reader.VarintInt(info.SpanCount - begins[i]);
        if (begins[^1] != info.SpanCount) throw new BlockDamagedException($"The traces of a block have {begins[^1]} spans, its header says {info.SpanCount}.");
        return begins;
    }
}
