namespace Apm.Core.Slos;

/// <summary>What a service level objective counts.</summary>
public enum SloKind
{
    /// <summary>Good requests among all requests, by two metric queries.</summary>
    Metric,

    /// <summary>The time in which none of some monitors was in alert.</summary>
    Monitor,

    /// <summary>Slices of time in which a metric query was on the right side of a threshold.</summary>
    TimeSlice,
}

/// <summary>A service level objective: what share of requests, or of time, is to be good over some days. Stored as a document.</summary>
/// <remarks>Immutable.</remarks>
public sealed record Slo
{
    /// <summary>32 hexadecimal digits; "" before it is kept.</summary>
    public string Id { get; init; } = "";

    public required SloKind Kind { get; init; }
    public required string Name { get; init; }
    public string Description { get; init; } = "";
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>At least one; each window once, the first is the one that lists show.</summary>
    public required IReadOnlyList<SloTarget> Targets { get; init; }

    /// <summary>Of <see cref="SloKind.Metric"/>: queries that count, good ones and all; "" for others.</summary>
    public string GoodQuery { get; init; } = "";

    /// <inheritdoc cref="GoodQuery"/>
    public string TotalQuery { get; init; } = "";

    /// <summary>Of <see cref="SloKind.Monitor"/>; none for others.</summary>
    public IReadOnlyList<long> MonitorIds { get; init; } = [];

    /// <summary>Of one monitor by groups those that count, each as the monitor names it (<c>host:a,env:b</c>); none when all do.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Of <see cref="SloKind.TimeSlice"/>; null for others.</summary>
    public SloSlices? Slices { get; init; }

    /// <summary>Who made it, an address or a name.</summary>
    public string Creator { get; init; } = "";

    public long CreatedUnixSeconds { get; init; }
    public long ModifiedUnixSeconds { get; init; }

    /// <summary>Whether it counts time, in seconds, and not requests.</summary>
    public bool IsOfTime() => Kind != SloKind.Metric;

    /// <summary>The target of a window; null when it has none of it.</summary>
    public SloTarget? TargetOf(int days) => Targets.FirstOrDefault(target => target.Days == days);
}

/// <summary>A share that is to be reached over some days.</summary>
/// <param name="Days">One of <see cref="AllDays"/>.</param>
/// <param name="Percent">Above 0, below 100.</param>
/// <param name="WarningPercent">Above <paramref name="Percent"/>: below it people want to know early; null for none.</param>
public sealed record SloTarget(int Days, double Percent, double? WarningPercent = null)
{
    public static IReadOnlyList<int> AllDays { get; } = [7, 30, 90];

    /// <summary>As the API spells it: <c>30d</c>.</summary>
    public string Timeframe() => $"{Days}d";

    /// <summary>The share that may be bad, 0 to 1.</summary>
    public double AllowedBadRatio() => (100 - Percent) / 100;
}

/// <summary>How slices of time are judged.</summary>
/// <param name="Query">A metric query; its value in a slice is compared.</param>
/// <param name="Comparator"><c>&gt;</c>, <c>&gt;=</c>, <c>&lt;</c>, <c>&lt;=</c>: a slice for which it holds is good.</param>
/// <param name="SliceSeconds">60 or 300.</param>
public sealed record SloSlices(string Query, string Comparator, double Threshold, int SliceSeconds)
{
    /// <summary>The queries by the names that the formula gives them, as the API was told, to be answered so.</summary>
    public IReadOnlyList<SloNamedQuery> Queries { get; init; } = [];

    /// <inheritdoc cref="Queries"/>
    public string Formula { get; init; } = "";

    /// <summary>Whether a value is a good one.</summary>
    public bool IsGood(double value) => Comparator switch
    {
        ">" => value > Threshold,
        ">=" => value >= Threshold,
        "<" => value < Threshold,
        _ => value <= Threshold,
    };
}

/// <summary>A query and the name by which a formula calls it.</summary>
public sealed record SloNamedQuery(string Name, string Query);
