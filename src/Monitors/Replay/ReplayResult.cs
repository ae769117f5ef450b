using Apm.Core.Monitors;

namespace Apm.Monitors.Replay;

/// <summary>A time in which a group was in one state.</summary>
/// <param name="ToUnixSeconds">Where the next begins; excluded.</param>
/// <param name="IsMuted">Whether a downtime held in it.</param>
public sealed record ReplaySpan(long FromUnixSeconds, long ToUnixSeconds, MonitorState State, bool IsMuted);

/// <summary>What became of one group.</summary>
/// <param name="Group">As a state names it.</param>
/// <param name="Spans">One after the other, in order.</param>
/// <param name="Values">What was compared: one per <see cref="ReplayResult.SlotSeconds"/>, of several the one nearest to an alert; null where there was nothing.</param>
public sealed record ReplayGroup(string Group, IReadOnlyList<string> Tags, IReadOnlyList<ReplaySpan> Spans, IReadOnlyList<double?> Values);

/// <summary>A value at a time.</summary>
public sealed record ReplayValue(double Value, long AtUnixSeconds, string Group);

/// <summary>What a monitor would have done over some time that is past.</summary>
/// <remarks>Immutable.</remarks>
public sealed record ReplayResult
{
    /// <summary>What was replayed, end excluded, Unix seconds.</summary>
    public required long FromUnixSeconds { get; init; }

    /// <inheritdoc cref="FromUnixSeconds"/>
    public required long ToUnixSeconds { get; init; }

    /// <summary>Why it is not all that was asked for, a sentence; "" when it is.</summary>
    public string StoppedReason { get; init; } = "";

    public int EvaluationCount { get; init; }

    /// <summary>Evaluations that could not be done, and why the last of them could not; "" for none.</summary>
    public int SkippedCount { get; init; }

    /// <inheritdoc cref="SkippedCount"/>
    public string SkippedReason { get; init; } = "";

    /// <summary>What would have been told, in order; the first <see cref="MonitorReplay.MaxTold"/>.</summary>
    public IReadOnlyList<AlertTransition> Told { get; init; } = [];

    /// <summary>How often something would have been told.</summary>
    public int ToldCount { get; init; }

    /// <summary>Changes of state that were not told because a downtime held.</summary>
    public int MutedCount { get; init; }

    /// <summary>The groups, those first that were in trouble for longest.</summary>
    public IReadOnlyList<ReplayGroup> Groups { get; init; } = [];

    /// <summary>Groups that there was no room for.</summary>
    public int LeftOutGroupCount { get; init; }

    /// <summary>Width of the slots of <see cref="ReplayGroup.Values"/>; the first begins at <see cref="FromUnixSeconds"/>.</summary>
    public int SlotSeconds { get; init; } = 60;

    /// <summary>The greatest and the least value that was compared; null when there was none.</summary>
    public ReplayValue? Highest { get; init; }

    /// <inheritdoc cref="Highest"/>
    public ReplayValue? Lowest { get; init; }

    /// <summary>The state that a transition begins a replay with is only a start: whether one was told at its first evaluation.</summary>
    public bool IsAtStart(AlertTransition told) => told.AtUnixSeconds == FirstEvaluationUnixSeconds;

    /// <summary>The first evaluation that had something to compare; null when none had.</summary>
    public long? FirstDataUnixSeconds { get; init; }

    /// <summary>When it was evaluated for the first time; 0 when it never was.</summary>
    public long FirstEvaluationUnixSeconds { get; init; }
}
