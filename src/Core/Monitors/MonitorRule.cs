namespace Apm.Core.Monitors;

/// <summary>What somebody wants to be told about: a query, thresholds, and what to say (metrics-monitors §4.12, §6).</summary>
/// <remarks>Immutable. Called a rule, because the monitor as people see it is the rule with its states.</remarks>
public sealed record MonitorRule
{
    /// <summary>Given by the store, ascending; 0 before.</summary>
    public long Id { get; init; }

    /// <summary>As the API spells it: <c>metric alert</c>, <c>query alert</c>, <c>service check</c>, <c>event-v2 alert</c>, <c>trace-analytics alert</c>, <c>composite</c>, <c>slo alert</c>.</summary>
    public required string Type { get; init; }

    public required string Name { get; init; }

    /// <summary>As it was written.</summary>
    public required string Query { get; init; }

    /// <summary>The template of what is said; "" for none.</summary>
    public string Message { get; init; } = "";

    /// <summary>Of the monitor itself, not of its data.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>1 (highest) to 5; null for none.</summary>
    public int? Priority { get; init; }

    public MonitorOptions Options { get; init; } = new();

    /// <summary>Members that are kept for whoever sent them and mean nothing here, such as <c>restricted_roles</c>, as a JSON object; "" for none.</summary>
    public string OthersJson { get; init; } = "";

    /// <summary>Whether each group has a state of its own.</summary>
    public bool IsMulti { get; init; }

    /// <summary>Who made it, an address or a name.</summary>
    public string Creator { get; init; } = "";

    public long CreatedUnixMillis { get; init; }
    public long ModifiedUnixMillis { get; init; }
}
