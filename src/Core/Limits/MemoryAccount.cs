namespace Apm.Core.Limits;

/// <summary>What one part of the process holds of the <see cref="MemoryBudget"/>.</summary>
/// <remarks>Thread-safe, without locks.</remarks>
public sealed class MemoryAccount
{
    long _heldBytes;
    long _mostHeldBytes;
    long _refusedCount;

    internal MemoryAccount(MemoryBudget budget, string name, long maxBytes, Action<long>? shrinkTo)
    {
        Budget = budget;
        Name = name;
        MaxBytes = maxBytes;
        ShrinkTo = shrinkTo;
    }

    /// <summary>What it is an account of.</summary>
    public MemoryBudget Budget { get; }

    /// <summary>Such as <c>bodies</c>.</summary>
    public string Name { get; }

    /// <summary>Its own limit; <see cref="long.MaxValue"/> when only the budget limits it.</summary>
    public long MaxBytes { get; }

    /// <summary>A cache is never refused and shrinks instead.</summary>
    public bool IsCache => ShrinkTo is not null;

    /// <summary>Held now, by its own estimate.</summary>
    public long HeldBytes => Interlocked.Read(ref _heldBytes);

    /// <summary>Most that was held at once since the process started.</summary>
    public long MostHeldBytes => Interlocked.Read(ref _mostHeldBytes);

    /// <summary>Reservations that were refused since the process started.</summary>
    public long RefusedCount => Interlocked.Read(ref _refusedCount);

    /// <summary>
    /// What it may hold now. A cache asks this when something is added, and lets go of what is beyond; work gets what
    /// others leave, so that this is only its own limit or the room, whichever is smaller.
    /// </summary>
    public long LimitBytes => IsCache ? (long)(MaxBytes * Budget.CacheShare()) : Math.Min(MaxBytes, Budget.RoomBytes);

    /// <summary>False when work fills the room, and its own limit when it has one.</summary>
    public bool HasRoom => Budget.WorkBytes < Budget.RoomBytes && HeldBytes < MaxBytes;

    internal Action<long>? ShrinkTo { get; }

    /// <summary>Reserves memory for work before it is allocated. False when there is no room: refuse the work, and give nothing back.</summary>
    public bool TryReserve(long bytes)
    {
        if (!TryReserveQuietly(bytes))
        {
            Interlocked.Increment(ref _refusedCount);
            return false;
        }
        return true;
    }

    /// <summary>Notes memory that is there already, or whose owner cannot refuse (a cache adds first and evicts then).</summary>
    public void Reserve(long bytes)
    {
        NoteHeld(Interlocked.Add(ref _heldBytes, bytes));
        if (!IsCache) Budget.Take(bytes);
    }

    /// <summary>Gives back what was reserved. The sum given back must be the sum taken.</summary>
    public void Release(long bytes)
    {
        Invariant.Holds(Interlocked.Add(ref _heldBytes, -bytes) >= 0);
        if (!IsCache) Budget.Take(-bytes);
    }

    bool TryReserveQuietly(long bytes)
    {
        var held = Interlocked.Add(ref _heldBytes, bytes);
        if (IsCache || held <= MaxBytes)
        {
            if (IsCache || Budget.TryTake(bytes))
            {
                NoteHeld(held);
                return true;
            }
        }
        Interlocked.Add(ref _heldBytes, -bytes);
        return false;
    }

    void NoteHeld(long held)
    {
        var most = Interlocked.Read(ref _mostHeldBytes);
        while (held > most && Interlocked.CompareExchange(ref _mostHeldBytes, held, most) is var seen && seen != most) most = seen;
    }
}
