namespace Apm.Query.Frames;

/// <summary>What stands where a series has a gap.</summary>
public enum FillMethod
{
    /// <summary>Nothing.</summary>
    Null,

    /// <summary>A straight line between the neighbours.</summary>
    Linear,

    /// <summary>The value before.</summary>
    Last,

    /// <summary>0.</summary>
    Zero,
}

/// <summary>How gaps are filled before series are combined (metrics-monitors §5.5).</summary>
/// <param name="LongestGapSeconds">A longer gap stays; it is as long as its empty buckets together.</param>
/// <param name="IsAsked">Written in the query, so that a single series is filled too.</param>
public readonly record struct FillRule(FillMethod Method, int LongestGapSeconds, bool IsAsked)
{
    /// <summary>Longest gap when none is written, in seconds; Datadog's figure.</summary>
    public const int DefaultGapSeconds = 300;

    public static FillRule None { get; } = new(FillMethod.Null, 0, IsAsked: false);

    /// <summary>What is done to gauges when nothing is written.</summary>
    public static FillRule Default { get; } = new(FillMethod.Linear, DefaultGapSeconds, IsAsked: false);

    /// <summary>Fills the gaps between values, in place. Before the first and behind the last value nothing is filled.</summary>
    /// <param name="values">NaN where empty.</param>
    public void Apply(Span<double> values, int stepSeconds)
    {
        if (Method == FillMethod.Null) return;
        var last = -1;
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i])) continue;
            var gap = i - last - 1;
            if (last >= 0 && gap > 0 && (Method == FillMethod.Zero || (long)gap * stepSeconds <= LongestGapSeconds)) Fill(values, last, i);
            last = i;
        }
    }

    /// <summary>
    /// Holds the last value up to the end of the window, when this series was silent for so long between others too: of several that are added up, each with times of
    /// its own, the one whose next point is still to come would be missing there. Before <see cref="Apply"/>, which leaves no silence to learn from.
    /// </summary>
    /// <param name="values">NaN where empty.</param>
    /// <param name="end">How many of them lie within or before the window.</param>
    public void HoldLast(Span<double> values, int end, int stepSeconds)
    {
        var (last, longest) = (-1, 0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i])) continue;
            if (last >= 0 && (long)(i - last - 1) * stepSeconds <= LongestGapSeconds) longest = Math.Max(longest, i - last - 1);
            last = i;
        }
        if (last >= 0 && last < end && end - last - 1 <= longest) values[(last + 1)..end].Fill(values[last]);
    }

    void Fill(Span<double> values, int before, int after)
    {
        var (left, slope) = (values[before], (values[after] - values[before]) / (after - before));
        for (var i = before + 1; i < after; i++)
        {
            values[i] = Method switch
            {
                FillMethod.Linear => left + slope * (i - before),
                FillMethod.Last => left,
                _ => 0,
            };
        }
    }
}
