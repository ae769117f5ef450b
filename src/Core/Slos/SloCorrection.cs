namespace Apm.Core.Slos;

/// <summary>Time that an objective does not count: planned work, a fault of a test, what nobody is to answer for. Stored as a document.</summary>
/// <remarks>Immutable. It holds once (<see cref="EndUnixSeconds"/>) or again and again (<see cref="Rule"/>).</remarks>
public sealed record SloCorrection
{
    /// <summary>32 hexadecimal digits; "" before it is kept.</summary>
    public string Id { get; init; } = "";

    /// <summary>Of the objective.</summary>
    public required string SloId { get; init; }

    /// <summary>One of <see cref="Categories"/>.</summary>
    public required string Category { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Start, of the first time when it recurs.</summary>
    public required long StartUnixSeconds { get; init; }

    /// <summary>End, excluded, when it holds once; null when it recurs.</summary>
    public long? EndUnixSeconds { get; init; }

    /// <summary>How long each time lasts when it recurs; null when it holds once.</summary>
    public long? DurationSeconds { get; init; }

    /// <summary>RFC 5545, as it was written; "" when it holds once.</summary>
    public string Rule { get; init; } = "";

    /// <summary>IANA name of the zone on whose wall clock it recurs.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Who made it, and who changed it last; an address or a name.</summary>
    public string Creator { get; init; } = "";

    public long CreatedUnixSeconds { get; init; }
    public long ModifiedUnixSeconds { get; init; }

    public bool IsRecurring() => Rule.Length > 0;

    public static IReadOnlyList<string> Categories { get; } = ["Scheduled Maintenance", "Outside Business Hours", "Deployment", "Other"];
}
