using Apm.Core.Counting;
using Apm.Core.Limits;

namespace Apm.Storage.Traces;

/// <summary>
/// What the store holds in memory of its blocks on disk: what is known of each, and the trace filters of the newest, as far as the limit goes.
/// </summary>
/// <remarks>One thread.</remarks>
sealed class BlockMemory(TraceStoreSettings settings, Counters counters)
{
    readonly MemoryAccount _filterMemory = settings.Memory.OpenWork("trace_filters", settings.MaxFilterBytes);
    readonly MemoryAccount _blockMemory = settings.Memory.OpenWork("known_blocks");
    readonly Queue<StoredBlock> _withFilter = new(); // The oldest first.
    long _filterBytes;
    long _blockBytes;

    /// <summary>Counts a new block in; the filters of the oldest go when it becomes too much.</summary>
    public void Remember(StoredBlock block)
    {
        AddBlock(block.MemoryBytes);
        if (block.TraceFilter is null) return;
        AddFilter(block.TraceFilter.ByteCount);
        _withFilter.Enqueue(block);
        while (_filterBytes > settings.MaxFilterBytes && _withFilter.TryDequeue(out var oldest))
        {
            AddFilter(-(oldest.TraceFilter?.ByteCount ?? 0));
            oldest.DropFilter();
            counters.Add("trace_filters_dropped");
        }
    }

    /// <summary>Counts the oldest slice out, which has left the store.</summary>
    public void ForgetOldest(SliceBlocks gone)
    {
        for (var i = 0; i < gone.Count; i++) AddBlock(-gone[i].MemoryBytes);
        while (_withFilter.TryPeek(out var first) && first.Slice == gone.File) AddFilter(-(_withFilter.Dequeue().TraceFilter?.ByteCount ?? 0));
    }

    /// <summary>Counts anew, after a slice took another's place.</summary>
    public void Recount(SliceBlocks[] slices)
    {
        AddBlock(-_blockBytes);
        AddFilter(-_filterBytes);
        _withFilter.Clear();
        foreach (var slice in slices)
            for (var i = 0; i < slice.Count; i++) Remember(slice[i]);
    }

    void AddFilter(long bytes)
    {
        _filterBytes += bytes;
        _filterMemory.Reserve(bytes);
    }

    void AddBlock(long bytes)
    {
        _blockBytes += bytes;
        _blockMemory.Reserve(bytes);
    }
}
