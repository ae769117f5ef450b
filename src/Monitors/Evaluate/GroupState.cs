using Apm.Core.Monitors;

namespace Apm.Monitors.Evaluate;

/// <summary>What is known of one group of a monitor between two evaluations; kept as a document.</summary>
/// <remarks>Immutable. Times are Unix seconds.</remarks>
public sealed record GroupState
{
    /// <summary>The name of the one group of a monitor without groups.</summary>
    public const string Whole = "*";

    /// <summary><see cref="Whole"/>, or its tags with commas between.</summary>
    public required string Group { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    public MonitorState State { get; init; } = MonitorState.NoData;

    /// <summary>Whether an evaluation ever said what state it is in; before that it is No Data since it was made.</summary>
    public bool IsJudged { get; init; }

    /// <summary>When the state was entered; null before it ever changed.</summary>
    public long? StateSinceUnixSeconds { get; init; }

    public required long FirstSeenUnixSeconds { get; init; }

    /// <summary>Whether it was there when its monitor was evaluated for the first time, so that no delay of new groups holds for it.</summary>
    public bool IsOfFirstEvaluation { get; init; }

    public bool HasHadData { get; init; }

    /// <summary>Whether the last window held nothing.</summary>
    public bool IsMissing { get; init; }

    /// <summary>Up to when there was data; null when that is not known, as after a restart while data came.</summary>
    public long? LastDataUnixSeconds { get; init; }

    /// <summary>It was set to OK because data was missing for so long; it stays so until data comes.</summary>
    public bool IsTimedOut { get; init; }

    /// <summary>What was compared last; null when there was nothing.</summary>
    public double? Value { get; init; }

    /// <summary>The state that people were told last; null before they were told any.</summary>
    public MonitorState? Told { get; init; }
    public long? ToldAtUnixSeconds { get; init; }

    /// <summary>Repeats since the state was entered.</summary>
    public int RepeatCount { get; init; }

    /// <summary>Transitions told so far; the next one's id is made of it.</summary>
    public long ToldCount { get; init; }

    public bool WasMuted { get; init; }

    /// <summary>It was in trouble, and that was told, when it was muted: its first recovery is told nevertheless.</summary>
    public bool OwesRecovery { get; init; }

    public long? FirstTriggeredUnixSeconds { get; init; }
    public long? LastTriggeredUnixSeconds { get; init; }
    public long? LastResolvedUnixSeconds { get; init; }
    public long? LastNoDataUnixSeconds { get; init; }

    /// <summary>Whether a document written before still says all that a restart needs.</summary>
    internal bool IsSameToRestart(GroupState other) => this with { Value = null, LastDataUnixSeconds = Kept(this), Tags = other.Tags } == other with { Value = null, LastDataUnixSeconds = Kept(other) };

    /// <summary>While data comes, when it last came is not worth writing: the next window tells.</summary>
    static long? Kept(GroupState state) => state.IsMissing ? state.LastDataUnixSeconds : null;
}
