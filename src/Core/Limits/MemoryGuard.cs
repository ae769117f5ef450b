using System.Globalization;
using Apm.Core.Counting;
using Apm.Core.Time;

namespace Apm.Core.Limits;

/// <summary>
/// Looks at what the process really takes, since accounts are estimates and garbage has none: near the ceiling it narrows the
/// room that accounts may fill, has caches shrink and the heap given back; when there is air again, it widens the room.
/// </summary>
/// <remarks>One thread at a time calls <see cref="Look"/>, every <see cref="LookEvery"/>.</remarks>
/// <param name="collect">Has everything collected and room given back.</param>
/// <param name="collectYoung">Has the young collected: some milliseconds.</param>
public sealed class MemoryGuard(MemoryBudget budget, Func<ProcessMemory> measure, Action collect, Action collectYoung, Counters counters, RecentProblems problems, TimeProvider clock)
{
    /// <summary>How often to look; a fifth of a second, in which a busy receiver takes some 30 MB.</summary>
    public static TimeSpan LookEvery { get; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Share of the ceiling at which the room is narrowed.</summary>
    const double NearShare = 0.88;

    /// <summary>Share of the ceiling below which it is widened again.</summary>
    const double CalmShare = 0.8;

    /// <summary>A collection that gives memory back stops every thread, so it is asked for at most this often.</summary>
    static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(2);

    /// <summary>Holes in the heap from which on it is tidied although there is air: they are memory that the machine could use.</summary>
    const long ManyHolesBytes = 33_554_432;

    /// <summary>Tidying stops every thread for about a tenth of a second, so it is done at most this often.</summary>
    static readonly TimeSpan TidyEvery = TimeSpan.FromMinutes(1);

    /// <summary>Share of the ceiling from which on room that the heap has and does not use is given back: what may be a burst must not become the rule.</summary>
    const double BusyShare = 0.47;

    /// <summary>Such room, when there is as much of it: more than the youngest objects of two cores need.</summary>
    const long MuchSpareBytes = 41_943_040;

    /// <summary>And at most this often.</summary>
    static readonly TimeSpan GiveBackEvery = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Young objects that have outlived a collection, from which on they are looked at. The collector guesses from what died when this is worth it, and after
    /// a burst it let 70 MB of dead ones lie, where 10 MB lived.
    /// </summary>
    const long ManyYoungBytes = 25_165_824;

    long _lastCollect = long.MinValue;
    bool _isNarrow;

    /// <summary>As it was measured the last time.</summary>
    public ProcessMemory Last { get; private set; }

    /// <summary>Most that the process took at a look.</summary>
    public long MostBytes { get; private set; }

    /// <summary>How often the process came near its ceiling since it started, and when it did last (0 for never).</summary>
    public long BitCount { get; private set; }

    /// <inheritdoc cref="BitCount"/>
    public long LastBitUnixNanos { get; private set; }

    /// <summary>Measures and acts.</summary>
    public void Look()
    {
        Measure();
        if (budget.CeilingBytes == long.MaxValue) return;
        if (IsNear)
        {
            if (!CollectWhenDue(CollectEvery)) return; // Much of it may be garbage: what is left after a collection counts.
            Measure();
        }
        if (IsNear) Narrow();
        else if (Last.WorkingSetBytes < budget.CeilingBytes * CalmShare)
        {
            if (Last.YoungBytes >= ManyYoungBytes) collectYoung();
            if (Last.HoleBytes >= ManyHolesBytes) CollectWhenDue(TidyEvery);
            if (IsBusy && Last.SpareBytes >= MuchSpareBytes) CollectWhenDue(GiveBackEvery);
            Widen();
        }
        else budget.ShrinkCaches();
    }

    /// <summary>It takes so much that unused room counts, and is worth more looks.</summary>
    public bool IsBusy => Last.WorkingSetBytes >= budget.CeilingBytes * BusyShare;

    bool IsNear => Last.WorkingSetBytes >= budget.CeilingBytes * NearShare;

    void Measure()
    {
        Last = measure();
        MostBytes = Math.Max(MostBytes, Last.WorkingSetBytes);
    }

    void Narrow()
    {
        budget.SetRoom((long)(budget.RoomBytes * 0.7));
        LastBitUnixNanos = clock.NowUnixNanos();
        if (_isNarrow) return;
        _isNarrow = true;
        BitCount++;
        counters.Add("memory_near_ceiling");
        problems.Add("memory",
            $"The process takes {Mega(Last.WorkingSetBytes)} of its {Mega(budget.CeilingBytes)} MB, so payloads may be answered 429 and caches are smaller for a while ({Largest()}). " +
            "Tracers send again, nothing that was acknowledged is lost; give it more with memory.max_bytes in apm.yaml.", clock.NowUnixNanos());
    }

    void Widen()
    {
        if (budget.RoomBytes < budget.FullRoomBytes) budget.SetRoom((long)(budget.RoomBytes * 1.1));
        else
        {
            _isNarrow = false;
            budget.ShrinkCaches();
        }
    }

    bool CollectWhenDue(TimeSpan every)
    {
        var now = clock.GetTimestamp();
        if (_lastCollect != long.MinValue && clock.GetElapsedTime(_lastCollect, now) < every) return false;
        _lastCollect = now;
        budget.ShrinkCaches();
        collect();
        return true;
    }

    string Largest() => string.Join(", ", budget.Accounts.Where(account => account.HeldBytes > 0).OrderByDescending(account => account.HeldBytes).Take(3)
        .Select(account => $"{account.Name} {Mega(account.HeldBytes)} MB"));

    static string Mega(long bytes) => (bytes / 1_048_576).ToString(CultureInfo.InvariantCulture);
}

/// <summary>What a process takes.</summary>
/// <param name="WorkingSetBytes">Physical memory, code and shared libraries included.</param>
/// <param name="HeapBytes">Committed by the garbage collector.</param>
/// <param name="HoleBytes">Of those, free between objects at the last collection.</param>
/// <param name="SpareBytes">Of those, all that held no object after the last collection: holes, and room for new objects.</param>
/// <param name="YoungBytes">Of those, objects that had outlived one collection, and not two, after the last one.</param>
public readonly record struct ProcessMemory(long WorkingSetBytes, long HeapBytes, long HoleBytes, long SpareBytes, long YoungBytes)
{
    /// <summary>Of this process, now.</summary>
    public static ProcessMemory Now()
    {
        var heap = GC.GetGCMemoryInfo(GCKind.Any);
        return new(Environment.WorkingSet, heap.TotalCommittedBytes, heap.FragmentedBytes, Math.Max(0, heap.TotalCommittedBytes - heap.HeapSizeBytes + heap.FragmentedBytes), heap.GenerationInfo[1].SizeAfterBytes);
    }
}
