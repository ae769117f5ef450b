using Apm.Core.Counting;
using Apm.Core.Limits;

namespace Apm.Storage.Traces;

/// <summary>Which blocks have their trace filter in memory: the newest, as far as the limit goes.</summary>
/// <remarks>One thread.</remarks>
sealed class FilterMemory(TraceStoreSettings settings, Counters counters)
{
    readonly MemoryAccount _memory = settings.Memory.OpenWork("trace_filters");
    readonly Queue<StoredBlock> _withFilter = new(); // The oldest first.
    long _bytes;

    /// <summary>Counts a new block's filter in; the oldest ones go when it becomes too much.</summary>
    public void Remember(StoredBlock block)
    {
        if (block.TraceFilter is null) return;
        Add(block.TraceFilter.ByteCount);
        _withFilter.Enqueue(block);
        while (_bytes > settings.MaxFilterBytes && _withFilter.TryDequeue(out var oldest))
        {
            Add(-(oldest.TraceFilter?.ByteCount ?? 0));
            oldest.DropFilter();
            counters.Add("trace_filters_dropped");
        }
    }

    /// <summary>Counts the filters of the oldest slice out, which has left the store.</summary>
    public void ForgetOldest(SliceFile gone)
    {
        while (_withFilter.TryPeek(out var first) && first.Slice == gone) Add(-(_withFilter.Dequeue().TraceFilter?.ByteCount ?? 0));
    }

    /// <summary>Counts anew, after a slice took another's place.</summary>
    public void Recount(SliceBlocks[] slices)
    {
        Add(-_bytes);
        _withFilter.Clear();
        foreach (var slice in slices)
            for (var i = 0; i < slice.Count; i++) Remember(slice[i]);
    }

    void Add(long bytes)
    {
        _bytes += bytes;
        _memory.Reserve(bytes);
    }
}
