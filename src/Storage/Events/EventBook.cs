using Apm.Core.Counting;
using Apm.Core.Events;
using Apm.Core.Limits;
using Apm.Core.Ports;

namespace Apm.Storage.Events;

/// <summary>The rules of an event store: ids, limits, what goes; where it is written is the affair of its two forms.</summary>
/// <remarks>Thread-safe.</remarks>
public abstract class EventBook : IEventStore
{
    /// <summary>So that ids stay ascending even when the events before were lost, and are exact in JavaScript.</summary>
    const long IdsPerSecond = 1_000;

    /// <summary>How many old events go at once at most; more wait for the next.</summary>
    const int MostDroppedAtOnce = 256;

    readonly Lock _lock = new();
    readonly EventShelf _shelf = new();
    readonly EventStoreSettings _settings;
    readonly TimeProvider _clock;
    readonly Counters _counters;
    readonly MemoryAccount _memory;
    long _heldBytes;
    long _lastId;

    private protected EventBook(EventStoreSettings settings, TimeProvider clock, Counters counters, IEnumerable<EventRecord> kept)
    {
        (_settings, _clock, _counters) = (settings, clock, counters);
        _memory = settings.Memory.OpenWork("events");
        foreach (var happened in kept)
        {
            _shelf.Put(happened);
            _lastId = Math.Max(_lastId, happened.Id);
        }
        NoteMemory_NeedsLock();
    }

    /// <inheritdoc/>
    public int Count
    {
        get
        {
            lock (_lock) return _shelf.Count;
        }
    }

    /// <inheritdoc/>
    public EventRecord Add(EventRecord happened)
    {
        lock (_lock)
        {
            var kept = happened with { Id = Math.Max(_lastId + 1, _clock.GetUtcNow().ToUnixTimeSeconds() * IdsPerSecond) };
            var (gone, byBytes) = Gone_NeedsLock(EventShelf.BytesOf(kept));
            Write(kept, gone);
            _lastId = kept.Id;
            foreach (var id in gone) _shelf.Remove(id);
            _counters.Add("events_dropped", byBytes ? "bytes" : "count", gone.Count);
            _shelf.Put(kept);
            NoteMemory_NeedsLock();
            return kept;
        }
    }

    /// <inheritdoc/>
    public EventRecord? Find(long id)
    {
        lock (_lock) return _shelf.Find(id);
    }

    /// <inheritdoc/>
    public bool Replace(EventRecord changed)
    {
        lock (_lock)
        {
            if (_shelf.Find(changed.Id) is null) return false;
            Write(changed, []);
            _shelf.Put(changed);
            NoteMemory_NeedsLock();
            return true;
        }
    }

    /// <inheritdoc/>
    public bool Remove(long id)
    {
        lock (_lock)
        {
            if (_shelf.Find(id) is null) return false;
            Write(null, [id]);
            _shelf.Remove(id);
            NoteMemory_NeedsLock();
            return true;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<EventRecord> Search(EventSearch search)
    {
        lock (_lock) return _shelf.Search(search);
    }

    /// <inheritdoc/>
    public IReadOnlyList<EventRecord> CommentsOn(long id)
    {
        lock (_lock) return _shelf.CommentsOn(id);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _memory.Release(_heldBytes);
            _heldBytes = 0;
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes a change durable, whole or not at all.</summary>
    /// <param name="kept">What is put in place of any of its id; null for nothing.</param>
    /// <param name="gone">What is removed.</param>
    /// <exception cref="StoreUnavailableException">Nothing was changed.</exception>
    private protected abstract void Write(EventRecord? kept, IReadOnlyList<long> gone);

    (IReadOnlyList<long> Ids, bool ByBytes) Gone_NeedsLock(long newBytes)
    {
        var gone = new List<long>();
        var bytes = _shelf.ByteCount + newBytes;
        var byBytes = false;
        while (gone.Count < MostDroppedAtOnce && _shelf.Oldest(gone.Count) is { } oldest)
        {
            var tooLarge = bytes > _settings.MaxEventBytes;
            if (!tooLarge && _shelf.Count - gone.Count < _settings.MaxEvents) break;
            byBytes |= tooLarge;
            gone.Add(oldest.Id);
            bytes -= EventShelf.BytesOf(oldest);
        }
        return (gone, byBytes);
    }

    void NoteMemory_NeedsLock()
    {
        var grown = _shelf.ByteCount - _heldBytes;
        if (grown > 0) _memory.Reserve(grown); // It is there already; the limits above bound it.
        else _memory.Release(-grown);
        _heldBytes = _shelf.ByteCount;
    }
}
