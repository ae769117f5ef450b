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
            if (LeavesOutSome(block.Info, scan) && !reader.HoldsDuration(new DurationBounds(scan.MinDurationNanos, scan.MaxDurationNanos), scan.Service)) return [];
            if (scan.Tags.Count > 0 && !MayHoldTags(reader, scan.Tags)) return [];
            if (scan.TraceLows is { } lows)
            {
                var places = reader.PlacesOf(lows);
                if (places.Count == 0) return [];
                if (places.Count <= MaxSingleTraces && _cache.Find(block) is null) return reader.ReadTraces(places, damage => SetAside(block, damage));
            }
            if (scan.TraceId is { } id) return reader.ReadTrace(id, damage => SetAside(block, damage));
            return [_cache.Find(block) ?? ReadAll(reader, block)];
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

    /// <summary>The scan's bounds of durations leave out some of the block's: its durations alone may tell that they leave out all.</summary>
    static bool LeavesOutSome(BlockInfo info, SpanScan scan) => info.DurationNanosMin < scan.MinDurationNanos || info.DurationNanosMax > scan.MaxDurationNanos;

    /// <summary>The filter says "maybe" wrongly for one tag in about sixteen; the bytes of the block's texts, a small part of it, hardly ever.</summary>
    static bool MayHoldTags(BlockReader reader, IReadOnlyList<KeyValuePair<string, string>> tags)
    {
        var filter = reader.ReadTagFilter();
        return filter is not null && tags.All(tag => filter.MayContain(StableHash.OfTag(StableHash.OfText(tag.Key), StableHash.OfText(tag.Value)))) && reader.MayHoldTexts(tags.Select(tag => tag.Value));
    }

    SpanBatch ReadAll(BlockReader reader, StoredBlock block)
    {
        var batch = reader.ReadAll(bytes => _cache.Grow(block, bytes), damage => SetAside(block, damage));
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
