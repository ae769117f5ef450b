namespace Apm.Monitors.Delivery;

/// <summary>How long to wait before a further attempt: twice as long each time up to an hour, and by chance up to half of it less, so that not all come at once.</summary>
/// <param name="random">Chance, seeded in tests. Used under a lock.</param>
public sealed class BackOff(Random random)
{
    static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    readonly Lock _lock = new();

    /// <param name="attemptCount">Attempts that failed, from 1.</param>
    public TimeSpan After(int attemptCount)
    {
        var whole = Math.Min(Longest.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Min(attemptCount - 1, 20)));
        lock (_lock) return TimeSpan.FromSeconds(whole * (0.5 + random.NextDouble() / 2));
    }
}
