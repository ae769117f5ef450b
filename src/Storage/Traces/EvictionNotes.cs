using Apm.Core.Counting;
using Apm.Core.Ports;

namespace Apm.Storage.Traces;

/// <summary>Tells whoever wants to know which slice goes, so that "evicted when" can be said of a trace later.</summary>
sealed class EvictionNotes(TraceStoreSettings settings, Counters counters)
{
    /// <summary>Tells of a slice whose file is still there.</summary>
    public void Tell(SliceBlocks slice, EvictionReason reason, long nowUnixNanos)
    {
        try
        {
            settings.OnEvicted(new EvictedSlice
            {
                Name = slice.File.Name,
                Reason = reason,
                EvictedUnixNanos = nowUnixNanos,
                StartUnixNanosMin = slice.StartUnixNanosMin,
                StartUnixNanosMax = slice.StartUnixNanosMax,
                SpanCount = slice.SpanCount,
                TraceFilters = FiltersOf(slice),
            });
        }
        catch (Exception failure)
        {
            counters.Add("eviction_listener_failures"); // Retention must go on all the same.
            settings.OnTrouble(
                $"What became of the traces in slice {slice.File.Name} could not be noted: {failure.Message} They expire all the same; asked for by id, they will seem to have never been there.");
        }
    }

    static List<ReadOnlyMemory<byte>> FiltersOf(SliceBlocks slice)
    {
        var filters = new List<ReadOnlyMemory<byte>>(slice.Count);
        for (var i = 0; i < slice.Count; i++)
            if (BlockSource.FilterBytesOf(slice[i]) is { } bytes) filters.Add(bytes);
        return filters;
    }
}
