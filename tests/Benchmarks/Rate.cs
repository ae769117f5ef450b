using System.Diagnostics;

namespace Apm.Benchmarks;

/// <summary>Measures how often something can be done, in seconds rather than minutes: good for ratios within one run.</summary>
public static class Rate
{
    /// <summary>Rounds whose median counts; an odd number.</summary>
    const int Rounds = 9;

    static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(700);
    static readonly TimeSpan RoundLength = TimeSpan.FromMilliseconds(250);

    /// <summary>Median of calls per second of one core, and bytes allocated per call.</summary>
    public static (double PerSecond, double AllocatedBytes) Measure(Action action)
    {
        Repeat(action, WarmUp, out _);
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var all = 0L;
        var rates = new double[Rounds];
        for (var round = 0; round < Rounds; round++)
        {
            var taken = Repeat(action, RoundLength, out var calls);
            rates[round] = calls / taken.TotalSeconds;
            all += calls;
        }
        Array.Sort(rates);
        return (rates[Rounds / 2], (GC.GetAllocatedBytesForCurrentThread() - allocatedBefore) / (double)all);
    }

    static TimeSpan Repeat(Action action, TimeSpan atLeast, out long calls)
    {
        var watch = Stopwatch.StartNew();
        calls = 0;
        do
        {
            action();
            calls++;
        }
        while (watch.Elapsed < atLeast);
        return watch.Elapsed;
    }
}
