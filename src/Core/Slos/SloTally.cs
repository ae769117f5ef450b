namespace Apm.Core.Slos;

/// <summary>What was counted in some time: requests, or seconds. What nobody knows of is in neither.</summary>
/// <param name="Good">Never more than <paramref name="Total"/>.</param>
/// <param name="Total">0 when there was nothing to count.</param>
public readonly record struct SloTally(double Good, double Total)
{
    public double Bad => Total - Good;

    /// <summary>The share that was good, in percent; null when there was nothing to count.</summary>
    public double? Percent => Total > 0 ? Good / Total * 100 : null;

    /// <summary>How much may be bad of what there was.</summary>
    public double Budget(SloTarget target) => Total * target.AllowedBadRatio();

    /// <summary>What is left of that, in the same unit; below 0 when more was bad.</summary>
    public double BudgetLeft(SloTarget target) => Budget(target) - Bad;

    /// <summary>What is left of the budget, in percent of it: 100 when nothing was bad, 0 when the target is just met; null when there was nothing to count.</summary>
    public double? BudgetLeftPercent(SloTarget target) => Total > 0 ? (1 - Bad / Budget(target)) * 100 : null;

    /// <summary>
    /// How many times as fast as allowed the budget is spent: 1 spends exactly all of it in the target's window, 14.4 spends a thirtieth of
    /// 30 days' budget, 2 %, in an hour. Null when there was nothing to count.
    /// </summary>
    public double? BurnRate(SloTarget target) => Total > 0 ? Bad / Total / target.AllowedBadRatio() : null;

    public static SloTally operator +(SloTally left, SloTally right) => new(left.Good + right.Good, left.Total + right.Total);

    /// <summary>The same as <c>+</c>.</summary>
    public static SloTally Add(SloTally left, SloTally right) => left + right;
}

/// <summary>How an objective stands.</summary>
public enum SloStatus
{
    /// <summary>Nothing was counted.</summary>
    NoData,
    Ok,

    /// <summary>Below the warning, not below the target.</summary>
    Warning,

    /// <summary>Below the target.</summary>
    Breached,
}

/// <summary>What was counted, bucket by bucket.</summary>
/// <param name="FirstUnixSeconds">Start of the first bucket.</param>
/// <param name="StepSeconds">Width of each; the last may be partial.</param>
public sealed record SloSeries(long FirstUnixSeconds, int StepSeconds, IReadOnlyList<SloTally> Buckets)
{
    /// <summary>All of it.</summary>
    public SloTally Sum() => SumFrom(FirstUnixSeconds);

    /// <summary>Of the buckets that start at a time or later.</summary>
    public SloTally SumFrom(long unixSeconds)
    {
        var sum = default(SloTally);
        for (var i = 0; i < Buckets.Count; i++) if (TimeOf(i) >= unixSeconds) sum += Buckets[i];
        return sum;
    }

    /// <summary>The buckets that start at a time or later.</summary>
    public SloSeries From(long unixSeconds)
    {
        var skipped = Math.Clamp((unixSeconds - FirstUnixSeconds + StepSeconds - 1) / StepSeconds, 0, Buckets.Count);
        return new SloSeries(FirstUnixSeconds + skipped * StepSeconds, StepSeconds, [.. Buckets.Skip((int)skipped)]);
    }

    public long TimeOf(int bucket) => FirstUnixSeconds + (long)bucket * StepSeconds;

    /// <summary>How much of the whole window's budget was left at the end of each bucket, in percent; all null when nothing was counted.</summary>
    public IReadOnlyList<double?> BurnDown(SloTarget target)
    {
        var budget = Sum().Budget(target);
        var left = new double?[Buckets.Count];
        var bad = 0.0;
        for (var i = 0; i < left.Length; i++)
        {
            bad += Buckets[i].Bad;
            left[i] = budget > 0 ? (1 - bad / budget) * 100 : null;
        }
        return left;
    }
}

/// <summary>How a share stands against a target. Pure.</summary>
public static class SloStanding
{
    /// <param name="tally">Of the target's window.</param>
    public static SloStatus Of(SloTally tally, SloTarget target) => tally.Percent is not { } percent ? SloStatus.NoData
        : percent < target.Percent ? SloStatus.Breached
        : target.WarningPercent is { } warning && percent < warning ? SloStatus.Warning
        : SloStatus.Ok;
}
