using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Traces;

/// <summary>Gives batches out of stored blocks, from memory when they were unpacked lately.</summary>
/// <remarks>Thread-safe.</remarks>
sealed class BlockSource(TraceStoreSettings settings, Counters counters)
{
    /// <summary>When no more than one in so many of a block's spans is wanted, those are read alone, and not kept.</summary>
    const int FewOf = 8;

    /// <summary>Up to so many traces are read alone; for more a block is unpacked whole, and kept. Blocks have some thousands.</summary>
    const int MaxSingleTraces = 16;

    readonly DecodedBlockCache _cache = new(settings.DecodedCacheBytes, settings.Memory);

    /// <summary>The batches of a block that may hold what is asked for. A damaged block is set aside, counted, and gives nothing.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read. Safe to retry.</exception>
    public IReadOnlyList<SpanBatch> Read(StoredBlock block, SpanScan scan)
    {
        try
        {
            if (scan.TraceId is null && scan.Tags.Count == 0 && _cache.Find(block) is { } unpacked) return [unpacked];
            if (scan.TraceId is { } wanted && FilterOnDiskLeavesOut(block, wanted)) return [];
            var reader = Open(block);
            using var columns = new BlockColumns(reader);
            var few = PlacesByDuration(block, columns, scan);
            if (few is { Length: 0 }) return [];
            if (scan.Tags.Count > 0 && !MayHoldTags(reader, scan.Tags)) return [];
            if (scan.TraceLows is { } lows)
            {
                var traces = columns.TracesOf(lows);
                if (traces.Count == 0) return [];
                if (traces.Count <= MaxSingleTraces && _cache.Find(block) is null) return [columns.ReadSpans(columns.SpansOf(traces), null, damage => SetAside(block, damage))];
            }
            if (scan.TraceId is { } id) return reader.ReadTrace(id, damage => SetAside(block, damage));
            if (_cache.Find(block) is { } kept) return [kept];
            return [few is not null && (long)few.Length * FewOf <= block.Info.SpanCount ? columns.ReadSpans(SpanPlaces.Of(few), null, damage => SetAside(block, damage)) : ReadAll(columns, block)];
        }
        catch (BlockDamagedException damage)
        {
            SetAside(block, damage);
            return [];
        }
    }

    /// <summary>The filter over a block's traces, from disk when memory has it no more; null when it cannot be read.</summary>
    public static byte[]? FilterBytesOf(StoredBlock block)
    {
        try
        {
            return (block.TraceFilter ?? Open(block).ReadTraceFilter()).Bytes.ToArray();
        }
        catch (Exception failure) when (failure is BlockDamagedException or StoreUnavailableException)
        {
            return null;
        }
    }

    public void Forget(StoredBlock block) => _cache.Remove(block);

    static BlockReader Open(StoredBlock block) => new(block.Slice.File, block.Offset, block.Info.HeaderBytes);

    /// <summary>
    /// Asks the filter on disk of a block whose filter is not in memory. The first question reads all of it and compares it with its
    /// checksum, later ones read 32 bytes, so that thousands of blocks are asked in some milliseconds.
    /// </summary>
    static bool FilterOnDiskLeavesOut(StoredBlock block, TraceId id)
    {
        if (block.TraceFilter is not null) return false; // Memory was asked already.
        var hash = StableHash.OfTrace(id.Low);
        if (block.FilterPlace is { } place) return !place.MayContain(block.Slice.File, hash);
        try
        {
            var reader = Open(block);
            var filter = reader.ReadTraceFilter();
            block.FilterPlace = reader.PlaceOfTraceFilter();
            return !filter.MayContain(hash);
        }
        catch (BlockDamagedException)
        {
            return false; // The spans may be good all the same: the ids themselves are asked.
        }
    }

    /// <summary>Which of its spans may match, when the durations leave out some; else null.</summary>
    static int[]? PlacesByDuration(StoredBlock block, BlockColumns columns, SpanScan scan)
    {
        var (all, wanted) = (DurationsOf(block, scan.Service), new DurationBounds(scan.MinDurationNanos, scan.MaxDurationNanos));
        if (wanted.Hold(all.MinNanos) && wanted.Hold(all.MaxNanos)) return null;
        return all.MaxNanos < wanted.MinNanos || all.MinNanos > wanted.MaxNanos ? [] : columns.PlacesOf(scan);
    }

    /// <summary>
    /// The shortest and the longest duration in a block of a service's spans, or of all for null. The first question of a service reads some bytes of the
    /// block, which are kept; blocks of before, and damaged ones, answer with the durations of all.
    /// </summary>
    public static DurationBounds DurationsOf(StoredBlock block, string? service)
    {
        var all = new DurationBounds(block.Info.DurationNanosMin, block.Info.DurationNanosMax);
        if (service is null || block.Info.Services is not { Count: > 1 } services) return all;
        var known = block.ServiceDurations ??= ReadServiceDurations(block);
        for (var i = 0; i < known.Count; i++) if (services[i] == service) return known[i];
        return all;
    }

    static IReadOnlyList<DurationBounds> ReadServiceDurations(StoredBlock block)
    {
        try
        {
            return Open(block).ReadServiceDurations();
        }
        catch (BlockDamagedException)
        {
            return []; // The spans may be good all the same.
        }
    }

    /// <summary>The filter says "maybe" wrongly for one tag in about sixteen; the bytes of the block's texts, a small part of it, hardly ever.</summary>
    static bool MayHoldTags(BlockReader reader, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var filter = reader.ReadTagFilter();
        return filter is not null && tags.All(tag => filter.MayContain(StableHash.OfTag(StableHash.OfText(tag.Key), StableHash.OfText(tag.Value)))) && reader.MayHoldTexts(tags.Select(tag => tag.Value));
    }

    SpanBatch ReadAll(BlockColumns columns, StoredBlock block)
    {
        var batch = columns.ReadSpans(SpanPlaces.Between(0, block.Info.SpanCount), bytes => _cache.Grow(block, bytes), damage => SetAside(block, damage));
        _cache.Add(block, batch);
        return batch;
    }

    void SetAside(StoredBlock block, Exception damage)
    {
        if (!block.SetAside()) return;
        _cache.Remove(block);
        counters.Add("trace_blocks_damaged");
        settings.OnTrouble($"Trace slice {block.Slice.Path}, block at byte {block.Offset}: {damage.Message} Its {block.Info.SpanCount} spans are left out from now on. Check the disk, or restore the file.");
    }
}
