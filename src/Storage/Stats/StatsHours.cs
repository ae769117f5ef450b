using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Time;
using Apm.Storage.Files;

namespace Apm.Storage.Stats;

/// <summary>Which hour has which files, and the buckets of those that were read lately.</summary>
/// <remarks>Thread-safe. What it gives is immutable.</remarks>
sealed class StatsHours
{
    readonly Lock _lock = new();
    readonly string _folder;
    readonly StoreFiles _files;
    readonly Counters _counters;
    readonly MemoryAccount _memory;
    readonly StatsStoreSettings _settings;
    readonly StatsKeyPool _keys = new();

    /// <summary>File lengths by hour and width.</summary>
    readonly SortedDictionary<(long Hour, long Width), long> _lengths = [];
    readonly Dictionary<(long Hour, long Width), CachedHour> _cache = [];
    long _cachedBytes;
    long _useCount;

    public StatsHours(string folder, StoreFiles files, Counters counters, StatsStoreSettings settings)
    {
        _folder = folder;
        _files = files;
        _counters = counters;
        _memory = settings.Memory.OpenCache("statistics_read", settings.MaxCachedBytes, _ => Shrink());
        _settings = settings;
    }

    public long ByteCount
    {
        get
        {
            lock (_lock) return _lengths.Values.Sum();
        }
    }

    /// <summary>Takes stock of the folder.</summary>
    public void Load()
    {
        lock (_lock)
        {
            foreach (var name in _files.ListNames(_folder))
            {
                if (name.EndsWith(StoreFiles.TemporarySuffix, StringComparison.Ordinal)) _files.Delete(Path.Combine(_folder, name));
                if (StatsSegment.Parse(name) is not { } file) continue;
                using var opened = _files.OpenRead(Path.Combine(_folder, name));
                _lengths[(file.HourUnixNanos, file.WidthNanos)] = opened.Length;
            }
        }
    }

    /// <summary>0 when there is no such file.</summary>
    public long LengthOf(long hour, long width)
    {
        lock (_lock) return _lengths.GetValueOrDefault((hour, width));
    }

    /// <summary>All files, by hour and width.</summary>
    public IReadOnlyList<(long Hour, long Width, long Length)> All()
    {
        lock (_lock) return [.. _lengths.Select(pair => (pair.Key.Hour, pair.Key.Width, pair.Value))];
    }

    /// <summary>Hours that overlap a range and have a file, ascending.</summary>
    public IReadOnlyList<long> HoursOf(TimeRange range)
    {
        lock (_lock)
            return [.. _lengths.Keys.Select(key => key.Hour).Distinct().Where(hour => range.Overlaps(hour, hour + StatsSegment.HourNanos - 1))];
    }

    /// <summary>The width at which to read an hour: the widest that the reader can use, or else the finest there is; null when the hour was dropped.</summary>
    public long? WidthFor(long hour, long coarsestNanos)
    {
        lock (_lock)
        {
            long? wider = null;
            foreach (var width in StatsSegment.WidthsNanos.Reverse())
            {
                if (!_lengths.ContainsKey((hour, width))) continue;
                if (width <= coarsestNanos) return width;
                wider = width;
            }
            return wider;
        }
    }

    /// <summary>Sets the length of a file that was written, and forgets what was read of it, unless the new buckets are given.</summary>
    /// <param name="appended">What was appended to a file of <paramref name="lengthBefore"/>.</param>
    public void Written(long hour, long width, long lengthBefore, long length, IReadOnlyList<byte[]>? appended = null)
    {
        lock (_lock)
        {
            _lengths[(hour, width)] = length;
            if (_cache.TryGetValue((hour, width), out var cached) && appended is not null && cached.Length == lengthBefore)
            {
                Remove_NeedsLock((hour, width));
                Add_NeedsLock((hour, width), new CachedHour([.. cached.Buckets, .. appended.Select(bytes => new StoredBucket(bytes, _keys))], length, cached.IsDamaged));
            }
            else
            {
                Remove_NeedsLock((hour, width));
            }
        }
    }

    /// <summary>Deletes a file; readers that have its buckets keep them.</summary>
    public void Drop(long hour, long width)
    {
        _files.Delete(PathOf(hour, width));
        lock (_lock)
        {
            _lengths.Remove((hour, width));
            Remove_NeedsLock((hour, width));
        }
    }

    /// <summary>The buckets of a file, by ascending start; empty when it was dropped.</summary>
    public IReadOnlyList<StoredBucket> Read(long hour, long width, out bool isDamaged)
    {
        isDamaged = false;
        long length;
        lock (_lock)
        {
            if (_cache.TryGetValue((hour, width), out var cached))
            {
                cached.LastUse = ++_useCount;
                isDamaged = cached.IsDamaged;
                return cached.Buckets;
            }
            if (!_lengths.TryGetValue((hour, width), out length)) return [];
        }
        var bytes = _files.ReadAll(PathOf(hour, width)) ?? [];
        var content = bytes.AsSpan(0, (int)Math.Min(bytes.Length, length)); // What is behind is being appended just now.
        var buckets = StatsSegment.ReadBuckets(content, hour, width, _keys, out isDamaged);
        buckets.Sort((left, right) => left.StartUnixNanos.CompareTo(right.StartUnixNanos));
        if (isDamaged) Tell(hour, width, buckets.Count);
        lock (_lock)
        {
            if (_lengths.GetValueOrDefault((hour, width)) == length && !_cache.ContainsKey((hour, width)))
                Add_NeedsLock((hour, width), new CachedHour([.. buckets], length, isDamaged));
        }
        return buckets;
    }

    void Tell(long hour, long width, int buckets)
    {
        _counters.Add("stats_files_damaged", StatsSegment.NameOf(hour, width));
        _settings.OnTrouble(
            $"The statistics in {PathOf(hour, width)} are damaged in part: {buckets} buckets can be read and are used, the others of that hour are missing from charts. Traces are not concerned. Check the disk, or restore the file.");
    }

    public string PathOf(long hour, long width) => Path.Combine(_folder, StatsSegment.NameOf(hour, width));

    void Add_NeedsLock((long, long) key, CachedHour hour)
    {
        hour.LastUse = ++_useCount;
        _cache[key] = hour;
        _cachedBytes += hour.MemoryBytes;
        _memory.Reserve(hour.MemoryBytes);
        Evict_NeedsLock();
    }

    void Evict_NeedsLock()
    {
        var limit = _memory.LimitBytes;
        while (_cachedBytes > limit && _cache.Count > 1) Remove_NeedsLock(_cache.MinBy(pair => pair.Value.LastUse).Key);
    }

    void Shrink()
    {
        lock (_lock) Evict_NeedsLock();
    }

    void Remove_NeedsLock((long, long) key)
    {
        if (!_cache.Remove(key, out var hour)) return;
        _cachedBytes -= hour.MemoryBytes;
        _memory.Release(hour.MemoryBytes);
    }

    sealed class CachedHour(StoredBucket[] buckets, long length, bool isDamaged)
    {
        public StoredBucket[] Buckets { get; } = buckets;
        public long Length { get; } = length;
        public bool IsDamaged { get; } = isDamaged;
        public long MemoryBytes { get; } = buckets.Sum(bucket => bucket.MemoryBytes);
        public long LastUse { get; set; }
    }
}
