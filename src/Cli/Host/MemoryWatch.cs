using System.Runtime;
using Apm.Core.Counting;
using Apm.Core.Limits;

namespace Apm.Cli.Host;

/// <summary>Keeps the process below its ceiling: looks at it once a second, five times when it is busy, and has the collector give memory back when it comes near.</summary>
public sealed class MemoryWatch : IDisposable
{
    /// <summary>Of an `apm up` at work: measured resident memory less the heap's.</summary>
    const long NotHeapBytes = 125_829_120;

    /// <summary>How often to look while it is not busy: a look is not free, and an idle process should be.</summary>
    static readonly TimeSpan CalmLookEvery = TimeSpan.FromSeconds(1);

    readonly TimeProvider _clock;
    readonly ITimer _looks;
    long _bookLookedAt;
    bool _isCalm = true;
    volatile LimitBook? _limits;
    int _isLooking;

    public MemoryWatch(MemoryBudget budget, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        Guard = new MemoryGuard(budget, ProcessMemory.Now, GiveBack, static () => GC.Collect(1, GCCollectionMode.Forced, blocking: true), counters, problems, clock);
        LimitHeap(budget.CeilingBytes);
        _clock = clock;
        _looks = clock.CreateTimer(_ => Look(), null, CalmLookEvery, CalmLookEvery);
    }

    public MemoryGuard Guard { get; }

    /// <summary>Has a book noted as well which of its limits bit.</summary>
    public void LookAt(LimitBook limits) => _limits = limits;

    /// <inheritdoc/>
    public void Dispose() => _looks.Dispose();

    void Look()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) == 1) return; // A collection takes longer than the time between two looks.
        try
        {
            Guard.Look();
            SetPace();
            if (_clock.GetElapsedTime(_bookLookedAt) < CalmLookEvery) return;
            _bookLookedAt = _clock.GetTimestamp();
            _limits?.Look();
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    void SetPace()
    {
        var isCalm = !Guard.IsBusy;
        if (isCalm == _isCalm) return;
        _isCalm = isCalm;
        var every = isCalm ? CalmLookEvery : MemoryGuard.LookEvery;
        _looks.Change(every, every);
    }

    /// <summary>
    /// Tells the collector the ceiling, less what is not its heap (code, libraries, stacks, its own books): it then collects and
    /// gives back the harder the nearer the heap comes. Without it a burst grew the process by 200 MB between two looks.
    /// </summary>
    static void LimitHeap(long ceilingBytes)
    {
        if (ceilingBytes == long.MaxValue || Environment.GetEnvironmentVariable("DOTNET_GCHeapHardLimit") is { Length: > 0 }) return;
        try
        {
            AppContext.SetData("GCHeapHardLimit", (ulong)(ceilingBytes - NotHeapBytes));
            GC.RefreshMemoryLimit();
        }
        catch (InvalidOperationException)
        {
            // More is committed than the ceiling allows: the looks below narrow it.
        }
    }

    static void GiveBack()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
