using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>A block on disk as the store knows it without reading it.</summary>
/// <remarks>Any thread may read; filter and state change once at most, in one direction.</remarks>
public sealed class StoredBlock(SliceFile slice, long offset, BlockInfo info, BloomFilter? traceFilter)
{
    /// <summary>Of this object, its <see cref="BlockInfo"/>, the lists of services and of their durations, and the place of its filter.</summary>
    const int FieldBytes = 320;

    /// <summary>Where a service's name stands (the names are shared), and its durations.</summary>
    const int BytesPerService = 24;

    volatile BloomFilter? _traceFilter = traceFilter;
    volatile FilterPlace? _filterPlace;
    volatile IReadOnlyList<DurationBounds>? _serviceDurations;
    int _isSetAside;

    public SliceFile Slice { get; } = slice;

    /// <summary>Of its first byte in the slice's file.</summary>
    public long Offset { get; } = offset;

    public BlockInfo Info { get; } = info;

    /// <summary>Null when memory for filters ran out; then its filter on disk has to be asked.</summary>
    public BloomFilter? TraceFilter => _traceFilter;

    /// <summary>Where its filter stands on disk; null until somebody asked for it there and it was what was written.</summary>
    public FilterPlace? FilterPlace
    {
        get => _filterPlace;
        set => _filterPlace = value;
    }

    /// <summary>The shortest and the longest duration of each of its services, in their order; empty when the block does not say, null until somebody asked.</summary>
    public IReadOnlyList<DurationBounds>? ServiceDurations
    {
        get => _serviceDurations;
        set => _serviceDurations = value;
    }

    /// <summary>Memory that it takes as long as it is known, by estimate, without the filter.</summary>
    public long MemoryBytes => FieldBytes + (Info.Services?.Count ?? 0) * (long)BytesPerService;

    /// <summary>It was found damaged; nobody reads it any more.</summary>
    public bool IsSetAside => Volatile.Read(ref _isSetAside) != 0;

    /// <summary>False only when no span of the block can match; text tags are not looked at.</summary>
    public bool MayMatch(SpanScan scan)
    {
        if (IsSetAside || !scan.Range.Overlaps(Info.StartUnixNanosMin, Info.StartUnixNanosMax)) return false;
        if (Info.DurationNanosMax < scan.MinDurationNanos || Info.DurationNanosMin > scan.MaxDurationNanos) return false;
        if (scan.ErrorsOnly && Lacks(BlockContent.Errors)) return false;
        if (scan.RootsOnly && Lacks(BlockContent.Roots)) return false;
        if (scan.TraceIds is { } ids && !MayHoldAny(ids)) return false;
        if (scan.TraceId is { } id && TraceFilter?.MayContain(StableHash.OfTrace(id.Low)) == false) return false;
        return scan.Service is null || Info.Services?.Contains(scan.Service) != false;
    }

    bool Lacks(BlockContent kind) => (Info.Content & (BlockContent.IsKnown | kind)) == BlockContent.IsKnown;

    /// <summary>Of more ids the filter says "maybe" for one by chance too often to be worth asking; the block's own ids tell.</summary>
    const int MaxIdsAsked = 256;

    bool MayHoldAny(IReadOnlyList<TraceId> ids)
    {
        if (TraceFilter is not { } filter || ids.Count > MaxIdsAsked) return true;
        foreach (var id in ids) if (filter.MayContain(StableHash.OfTrace(id.Low))) return true;
        return false;
    }

    public void DropFilter() => _traceFilter = null;

    /// <summary>True for the first who says so.</summary>
    public bool SetAside() => Interlocked.Exchange(ref _isSetAside, 1) == 0;
}
