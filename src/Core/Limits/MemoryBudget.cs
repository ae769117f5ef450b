namespace Apm.Core.Limits;

/// <summary>
/// One ceiling for the memory of the whole process, from which every part that holds much takes its share through an account
/// of its own. Work (bodies, queued and unwritten spans, open buckets) is refused when there is no more room, so that the
/// sender waits; caches get what work leaves, and shrink when it needs more.
/// </summary>
/// <remarks>
/// Thread-safe, without locks on the way of a payload: a reservation is two interlocked additions. Take and give once per
/// payload or block, never per span. Accounts are estimates; <see cref="MemoryGuard"/> looks at what the process really takes
/// and moves <see cref="RoomBytes"/> until the ceiling holds.
/// </remarks>
public sealed class MemoryBudget
{
    /// <summary>Ceiling of the whole process; default 512 MiB. Setting <c>memory.max_bytes</c>.</summary>
    public const long DefaultCeilingBytes = 536_870_912;

    /// <summary>Smallest ceiling that leaves room to work in: 256 MiB.</summary>
    public const long MinCeilingBytes = 268_435_456;

    /// <summary>What the runtime, the code and the screens take before the first span: about 140 MiB.</summary>
    public const long BaseBytes = 146_800_640;

    /// <summary>Share of the rest that accounts may hold; the other part is for garbage not yet collected and for what has no account.</summary>
    const double AccountedShare = 0.6;

    /// <summary>Caches keep this share of their own limit however much work there is: without them every search would be slow.</summary>
    const double SmallestCacheShare = 1.0 / 16;

    /// <summary>What is more than this part of the room is large.</summary>
    const int LargeShare = 32;

    readonly Lock _opening = new();
    volatile MemoryAccount[] _accounts = [];
    long _workBytes;
    long _cacheLimitBytes;
    long _roomBytes;

    /// <param name="ceilingBytes">Of the whole process; <see cref="long.MaxValue"/> for no ceiling, as in tests of other things.</param>
    public MemoryBudget(long ceilingBytes = DefaultCeilingBytes)
    {
        CeilingBytes = ceilingBytes;
        FullRoomBytes = ceilingBytes == long.MaxValue ? long.MaxValue : (long)(Math.Max(ceilingBytes - BaseBytes, MinCeilingBytes / 4) * AccountedShare);
        _roomBytes = FullRoomBytes;
    }

    /// <summary>A budget that refuses nothing, for parts that are used alone.</summary>
    public static MemoryBudget None() => new(long.MaxValue);

    /// <summary>What the process may take, all in all.</summary>
    public long CeilingBytes { get; }

    /// <summary>What accounts may hold together when the process is well below its ceiling.</summary>
    public long FullRoomBytes { get; }

    /// <summary>What accounts may hold together now.</summary>
    public long RoomBytes => Interlocked.Read(ref _roomBytes);

    /// <summary>What work holds: all accounts but those of caches.</summary>
    public long WorkBytes => Interlocked.Read(ref _workBytes);

    /// <summary>All accounts, in the order they were opened.</summary>
    public IReadOnlyList<MemoryAccount> Accounts => _accounts;

    /// <summary>Opens an account for work, which is refused when there is no room.</summary>
    /// <param name="name">Snake case, as it is shown: <c>bodies</c>.</param>
    /// <param name="maxBytes">Its own limit, whatever else is free.</param>
    public MemoryAccount OpenWork(string name, long maxBytes = long.MaxValue) => Open(new MemoryAccount(this, name, maxBytes, shrinkTo: null));

    /// <summary>Opens an account for a cache, which is told to shrink when there is no room.</summary>
    /// <param name="name">Snake case, as it is shown: <c>decoded_blocks</c>.</param>
    /// <param name="maxBytes">Its own limit, whatever else is free.</param>
    /// <param name="shrinkTo">Lets go of what is beyond a number of bytes. Called on the guard's thread; must not throw.</param>
    public MemoryAccount OpenCache(string name, long maxBytes, Action<long> shrinkTo)
    {
        Interlocked.Add(ref _cacheLimitBytes, maxBytes);
        return Open(new MemoryAccount(this, name, maxBytes, shrinkTo));
    }

    /// <summary>Narrows or widens the room, between a sixteenth of the full room and all of it, and has caches shrink to it.</summary>
    public void SetRoom(long bytes)
    {
        Interlocked.Exchange(ref _roomBytes, Math.Clamp(bytes, FullRoomBytes / 16, FullRoomBytes));
        ShrinkCaches();
    }

    /// <summary>Has every cache let go of what is beyond its share.</summary>
    public void ShrinkCaches()
    {
        foreach (var account in _accounts)
            if (account.ShrinkTo is { } shrinkTo && account.HeldBytes > account.LimitBytes) shrinkTo(account.LimitBytes);
    }

    /// <summary>The part of their own limits that caches may use now.</summary>
    internal double CacheShare()
    {
        var free = RoomBytes - Math.Min(WorkBytes, RoomBytes);
        var wanted = Interlocked.Read(ref _cacheLimitBytes);
        return free >= wanted ? 1 : Math.Max(SmallestCacheShare, (double)free / wanted);
    }

    /// <summary>Adds to what work holds, unless that would be more than the room. What is larger than the room is let through when nothing else is held: refused each time, it could never pass.</summary>
    internal bool TryTake(long bytes)
    {
        var before = Interlocked.Add(ref _workBytes, bytes) - bytes;
        var room = RoomBytes;
        if (bytes > room / LargeShare) room -= room / 4; // So that a few huge payloads leave room for the many small ones.
        if (before <= room / 16 || before <= room - bytes) return true;
        Interlocked.Add(ref _workBytes, -bytes);
        return false;
    }

    internal void Take(long bytes) => Interlocked.Add(ref _workBytes, bytes);

    MemoryAccount Open(MemoryAccount account)
    {
        lock (_opening) _accounts = [.. _accounts, account];
        return account;
    }
}
