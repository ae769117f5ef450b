namespace Apm.Monitors.Notify;

/// <summary>
/// Which notices of one monitor, kind and receiver go out alone: the first two of twenty seconds; the rest goes out in one at their end
/// (metrics-monitors §6.6).
/// </summary>
/// <remarks>Not thread-safe. What it knows of the running twenty seconds is forgotten at a restart, which then begin anew.</remarks>
sealed class BurstRule
{
    /// <summary>How long a burst lasts.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    const int AloneCount = 2;
    const int MostKeys = 10_000;

    readonly Dictionary<string, Burst> _bursts = [];

    /// <summary>Enters a notice.</summary>
    /// <param name="isBundledFromTheFirst">The monitor wants one for several groups in any case.</param>
    /// <returns>Null when it goes out alone; else the burst that it belongs to.</returns>
    public Burst? Enter(string key, DateTimeOffset now, bool isBundledFromTheFirst)
    {
        if (!_bursts.TryGetValue(key, out var burst) || now >= burst.EndsAt || now < burst.EndsAt - Length)
        {
            if (_bursts.Count >= MostKeys) foreach (var (old, _) in _bursts.Where(pair => now >= pair.Value.EndsAt).ToList()) _bursts.Remove(old);
            _bursts[key] = burst = new Burst(now + Length);
        }
        burst.Count++;
        return burst.Count <= AloneCount && !isBundledFromTheFirst ? null : burst;
    }
}

/// <summary>Twenty seconds of one monitor, kind and receiver.</summary>
sealed class Burst(DateTimeOffset endsAt)
{
    public DateTimeOffset EndsAt { get; } = endsAt;
    public int Count { get; set; }

    /// <summary>The delivery that gathers the rest; "" before the first of it.</summary>
    public string BundleId { get; set; } = "";
}
