namespace Apm.Core.Monitors;

/// <summary>Why something is told (metrics-monitors §6.6).</summary>
public enum AlertKind
{
    Triggered,
    Warn,
    NoData,
    Unknown,
    Recovered,

    /// <summary>The same state, told once more.</summary>
    Repeated,
}

/// <summary>A group of a monitor has gone from one state to another, or is still in it, and that is to be told.</summary>
/// <remarks>Immutable and whole: who tells needs to ask nobody, and telling it again after a restart says the same.</remarks>
public sealed record AlertTransition
{
    /// <summary>The same for the same transition, also after a restart; who has told one with this id does not tell it again.</summary>
    public required string Id { get; init; }

    /// <summary>As it was then.</summary>
    public required MonitorRule Rule { get; init; }

    /// <summary><c>*</c> when the monitor is not grouped, else its tags with commas between, as <c>host:box-1</c>.</summary>
    public required string Group { get; init; }

    /// <summary>The group's tags; none when the monitor is not grouped.</summary>
    public IReadOnlyList<string> GroupTags { get; init; } = [];

    public required MonitorState From { get; init; }
    public required MonitorState To { get; init; }
    public required AlertKind Kind { get; init; }

    /// <summary>Whether it is a repeat of what was told before; <see cref="Kind"/> is then <see cref="AlertKind.Repeated"/>.</summary>
    public bool IsRepeat => Kind == AlertKind.Repeated;

    /// <summary>What was compared; null when there was no data.</summary>
    public double? Value { get; init; }

    /// <summary>What it was compared with for this kind; null without one.</summary>
    public double? Threshold { get; init; }

    /// <summary>When the evaluation took place, Unix seconds.</summary>
    public required long AtUnixSeconds { get; init; }

    /// <summary>The window that was looked at, Unix seconds, end excluded.</summary>
    public required long WindowFromUnixSeconds { get; init; }
    public required long WindowToUnixSeconds { get; init; }

    /// <summary>When the group left OK, and when it last entered a worse state; null before it ever did.</summary>
    public long? FirstTriggeredUnixSeconds { get; init; }
    public long? LastTriggeredUnixSeconds { get; init; }

    /// <summary>Text of the newest run of a service check; "" for none.</summary>
    public string CheckMessage { get; init; } = "";

    /// <summary>Why data is missing, in a sentence; "" when that is not known or not so.</summary>
    public string MissingReason { get; init; } = "";

    /// <summary>Parts of a composite by their letter: state and value.</summary>
    public IReadOnlyDictionary<string, CompositePart> Parts { get; init; } = new Dictionary<string, CompositePart>();

    /// <summary>Attributes of one event, span or log that made it trigger, as <c>span.service</c>; none for metrics.</summary>
    public IReadOnlyDictionary<string, string> Sample { get; init; } = new Dictionary<string, string>();

    /// <summary>Somebody wants to see how it looks; nothing happened.</summary>
    public bool IsTest { get; init; }
}

/// <summary>A part of a composite monitor at the time of a transition.</summary>
public sealed record CompositePart(long MonitorId, string Name, MonitorState State, double? Value);
