using System.Runtime;
using Apm.Core.Counting;
using Apm.Core.Limits;

namespace Apm.Cli.Host;

/// <summary>Keeps the process below its ceiling: looks at it five times a second and has the collector give memory back when it comes near.</summary>
public sealed class MemoryWatch : IDisposable
{
    readonly ITimer _looks;
    int _isLooking;

    public MemoryWatch(MemoryBudget budget, Counters counters, RecentProblems problems, TimeProvider clock)
    {
        Guard = new MemoryGuard(budget, ProcessMemory.Now, GiveBack, counters, problems, clock);
        _looks = clock.CreateTimer(_ => Look(), null, MemoryGuard.LookEvery, MemoryGuard.LookEvery);
    }

    public MemoryGuard Guard { get; }

    /// <inheritdoc/>
    public void Dispose() => _looks.Dispose();

    void Look()
    {
        if (Interlocked.Exchange(ref _isLooking, 1) == 1) return; // A collection takes longer than the time between two looks.
        try
        {
            Guard.Look();
        }
        finally
        {
            Volatile.Write(ref _isLooking, 0);
        }
    }

    static void GiveBack()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
