namespace Apm.Query.Frames;

/// <summary>The buckets of a result: <paramref name="Count"/> of them, each <paramref name="StepSeconds"/> wide, the first starting at a multiple of that.</summary>
public readonly record struct TimeGrid(long FirstUnixSeconds, int StepSeconds, int Count)
{
    /// <summary>The buckets that start in a window.</summary>
    /// <param name="toUnixSeconds">Excluded.</param>
    public static TimeGrid Of(long fromUnixSeconds, long toUnixSeconds, int stepSeconds)
    {
        var first = CeilingTo(fromUnixSeconds, stepSeconds);
        return new TimeGrid(first, stepSeconds, (int)Math.Max(0, (toUnixSeconds - first + stepSeconds - 1) / stepSeconds));
    }

    /// <summary>Where the last bucket ends.</summary>
    public long EndUnixSeconds => FirstUnixSeconds + (long)Count * StepSeconds;

    public long TimeOf(int index) => FirstUnixSeconds + (long)index * StepSeconds;

    /// <summary>The bucket that holds a time; it may lie outside.</summary>
    public int IndexOf(long unixSeconds) => (int)Math.Floor((unixSeconds - FirstUnixSeconds) / (double)StepSeconds);

    /// <summary>As many buckets, so many steps earlier (later when negative).</summary>
    public TimeGrid Earlier(long steps) => this with { FirstUnixSeconds = FirstUnixSeconds - steps * StepSeconds };

    /// <summary>The same buckets and so many before them.</summary>
    public TimeGrid WithHistory(int buckets) => With(buckets, 0);

    /// <summary>The same buckets, so many before and so many behind them.</summary>
    public TimeGrid With(int before, int behind) => new(FirstUnixSeconds - (long)before * StepSeconds, StepSeconds, before + Count + behind);

    /// <summary>How many whole steps come nearest to some seconds; at least one, with its sign, unless they are 0.</summary>
    public long StepsIn(long seconds)
    {
        var steps = (long)Math.Round(seconds / (double)StepSeconds, MidpointRounding.AwayFromZero);
        return steps != 0 ? steps : Math.Sign(seconds);
    }

    static long CeilingTo(long seconds, int step) => seconds >= 0 ? (seconds + step - 1) / step * step : -(-seconds / step * step);
}
