using Apm.Core.Limits;
using Apm.Core.Metrics;

namespace Apm.Storage.Metrics;

/// <summary>Directories of blocks that were read lately.</summary>
/// <remarks>Thread-safe.</remarks>
sealed class DirectoryCache
{
    readonly Lock _lock = new();
    readonly Dictionary<MetricBlock, Cached> _cache = [];
    readonly MemoryAccount _memory;
    readonly Func<SeriesKey, SeriesKey> _canonical;
    long _useCount;

    /// <param name="canonical">Gives the instance of a name that others hold already, or the name itself.</param>
    public DirectoryCache(MetricStoreSettings settings, Func<SeriesKey, SeriesKey> canonical)
    {
        _memory = settings.Memory.OpenCache("metric_directories", settings.MaxDirectoryBytes, _ => Shrink());
        _canonical = canonical;
    }

    /// <exception cref="Traces.Blocks.BlockDamagedException">It is not what was written.</exception>
    public BlockDirectory Of(MetricBlock block)
    {
        lock (_lock)
        {
            if (_cache.TryGetValue(block, out var cached))
            {
                cached.LastUse = ++_useCount;
                return cached.Directory;
            }
        }
        var read = block.ReadDirectory(_canonical);
        lock (_lock)
        {
            if (_cache.TryAdd(block, new Cached(read) { LastUse = ++_useCount })) _memory.Reserve(read.MemoryBytes);
            Evict_NeedsLock();
        }
        return read;
    }

    /// <summary>After a file went.</summary>
    public void Forget(MetricFile file)
    {
        lock (_lock)
            foreach (var block in file.Blocks) Remove_NeedsLock(block);
    }

    void Shrink()
    {
        lock (_lock) Evict_NeedsLock();
    }

    void Evict_NeedsLock()
    {
        if (_memory.HeldBytes <= _memory.LimitBytes) return;
        foreach (var block in _cache.OrderBy(pair => pair.Value.LastUse).Select(pair => pair.Key).ToList())
        {
            if (_memory.HeldBytes <= _memory.LimitBytes * 3 / 4) return; // A quarter at once, so that not every read has to look for the oldest.
            Remove_NeedsLock(block);
        }
    }

    void Remove_NeedsLock(MetricBlock block)
    {
        if (_cache.Remove(block, out var cached)) _memory.Release(cached.Directory.MemoryBytes);
    }

    sealed class Cached(BlockDirectory directory)
    {
        public BlockDirectory Directory { get; } = directory;
        public long LastUse { get; set; }
    }
}
