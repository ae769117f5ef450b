using Apm.Core.Limits;
using Apm.Core.Spans;

namespace Apm.Storage.Traces;

/// <summary>Blocks that were unpacked lately, up to a number of bytes; the one not used for longest goes first.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class DecodedBlockCache
{
    /// <summary>Of the columns that are always there.</summary>
    const int BytesPerSpan = 80;

    readonly Lock _lock = new();
    readonly Dictionary<StoredBlock, LinkedListNode<Entry>> _entries = [];
    readonly LinkedList<Entry> _byUse = new(); // The latest first.
    readonly MemoryAccount _memory;
    long _bytes;

    /// <param name="maxBytes">Its own limit; the budget may leave it less.</param>
    public DecodedBlockCache(long maxBytes, MemoryBudget memory) => _memory = memory.OpenCache("decoded_blocks", maxBytes, _ => Shrink());

    /// <summary>Estimated memory of what is kept.</summary>
    public long ByteCount
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    /// <summary>Null when it is not there.</summary>
    public SpanBatch? Find(StoredBlock block)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(block, out var node)) return null;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Batch;
        }
    }

    public void Add(StoredBlock block, SpanBatch batch)
    {
        lock (_lock)
        {
            if (_entries.ContainsKey(block)) return;
            var entry = new Entry { Block = block, Batch = batch, Bytes = (long)batch.SpanCount * BytesPerSpan };
            _entries.Add(block, _byUse.AddFirst(entry));
            Take_NeedsLock(entry.Bytes);
            Evict_NeedsLock();
        }
    }

    /// <summary>Says that a block takes more memory than it did.</summary>
    public void Grow(StoredBlock block, long bytes)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(block, out var node)) return;
            node.Value.Bytes += bytes;
            Take_NeedsLock(bytes);
            Evict_NeedsLock();
        }
    }

    public void Remove(StoredBlock block)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(block, out var node)) Remove_NeedsLock(node);
        }
    }

    void Shrink()
    {
        lock (_lock) Evict_NeedsLock();
    }

    void Take_NeedsLock(long bytes)
    {
        _bytes += bytes;
        _memory.Reserve(bytes);
    }

    void Evict_NeedsLock()
    {
        var limit = _memory.LimitBytes;
        while (_bytes > limit && _byUse.Last is { } oldest) Remove_NeedsLock(oldest);
    }

    void Remove_NeedsLock(LinkedListNode<Entry> node)
    {
        _byUse.Remove(node);
        _entries.Remove(node.Value.Block);
        _bytes -= node.Value.Bytes;
        _memory.Release(node.Value.Bytes);
    }

    sealed class Entry
    {
        public required StoredBlock Block { get; init; }
        public required SpanBatch Batch { get; init; }
        public long Bytes { get; set; }
    }
}
