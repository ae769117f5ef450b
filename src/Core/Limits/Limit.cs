namespace Apm.Core.Limits;

/// <summary>One limit as it is shown: how full, and what happens when it is.</summary>
/// <param name="Name">Its setting, or what it is called in docs/limits.md: <c>memory.max_bytes</c>.</param>
/// <param name="Title">For people: "Memory of the process".</param>
/// <param name="Unit"><c>bytes</c>, <c>spans</c>, <c>connections</c> …</param>
/// <param name="WhenFull">One sentence.</param>
public sealed record Limit(string Name, string Title, string Unit, string WhenFull)
{
    /// <summary>How much there is now.</summary>
    public required Func<double> Value { get; init; }

    /// <summary>How much there may be.</summary>
    public required Func<double> Ceiling { get; init; }

    /// <summary>How often it bit since the process started.</summary>
    public required Func<long> BitCount { get; init; }
}

/// <summary>A limit at one moment.</summary>
/// <param name="LastBitUnixNanos">When it bit last, to the second; null when it never did.</param>
public sealed record LimitStatus(string Name, string Title, string Unit, double Value, double Ceiling, long BitCount, long? LastBitUnixNanos, string WhenFull);
