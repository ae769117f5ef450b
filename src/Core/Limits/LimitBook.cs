using Apm.Core.Time;

namespace Apm.Core.Limits;

/// <summary>All limits that are shown as gauges, and when each bit last.</summary>
/// <remarks>
/// Thread-safe. Counters have no times; so whoever owns the book calls <see cref="Look"/> about once a second, which notes when
/// one has grown.
/// </remarks>
public sealed class LimitBook(TimeProvider clock)
{
    readonly Lock _lock = new();
    readonly List<Entry> _entries = [];

    /// <summary>Adds a limit; they are shown in this order.</summary>
    public void Add(Limit limit)
    {
        lock (_lock) _entries.Add(new Entry(limit) { SeenCount = limit.BitCount() });
    }

    /// <summary>Notes which limits have bitten since the last look.</summary>
    public void Look()
    {
        lock (_lock)
            foreach (var entry in _entries) Look_NeedsLock(entry);
    }

    /// <summary>All as they stand.</summary>
    public IReadOnlyList<LimitStatus> Read()
    {
        lock (_lock)
            return [.. _entries.Select(entry =>
            {
                Look_NeedsLock(entry);
                var limit = entry.Limit;
                return new LimitStatus(limit.Name, limit.Title, limit.Unit, limit.Value(), limit.Ceiling(), entry.SeenCount, entry.LastBitUnixNanos, limit.WhenFull);
            })];
    }

    void Look_NeedsLock(Entry entry)
    {
        var count = entry.Limit.BitCount();
        if (count > entry.SeenCount) entry.LastBitUnixNanos = clock.NowUnixNanos();
        entry.SeenCount = count;
    }

    sealed class Entry(Limit limit)
    {
        public Limit Limit { get; } = limit;
        public long SeenCount { get; set; }
        public long? LastBitUnixNanos { get; set; }
    }
}
