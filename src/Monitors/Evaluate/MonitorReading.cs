using Apm.Core.Monitors;
using Apm.Core.Time;

namespace Apm.Monitors.Evaluate;

/// <summary>What an evaluation found of one group.</summary>
/// <param name="Group"><see cref="GroupState.Whole"/>, or the tags with commas between.</param>
public sealed record GroupReading(string Group, IReadOnlyList<string> Tags)
{
    /// <summary>What is compared; null when there is none.</summary>
    public double? Value { get; init; }

    /// <summary>What recovery thresholds are compared with, when that is another window's value; null for <see cref="Value"/>.</summary>
    public double? RecoveryValue { get; init; }

    /// <summary>The state when the kind of monitor says it itself; null when thresholds say it, or it stays.</summary>
    public MonitorState? State { get; init; }

    /// <summary>Whether <see cref="State"/> decides: null then keeps the state.</summary>
    public bool IsJudged { get; init; }

    /// <summary>Whether there is nothing to judge: not a value, not a run in time.</summary>
    public bool IsMissing => Value is null && !IsJudged;

    /// <summary>Up to when there was data, Unix seconds; null for none.</summary>
    public long? LastDataUnixSeconds { get; init; }

    /// <summary>False when too many buckets of the window are empty (<c>require_full_window</c>).</summary>
    public bool IsFull { get; init; } = true;

    /// <summary>Whether No Data of this group may be told; of composites their parts have a say.</summary>
    public bool TellsNoData { get; init; } = true;

    /// <summary>See <see cref="AlertTransition"/>.</summary>
    public string CheckMessage { get; init; } = "";
    public IReadOnlyDictionary<string, CompositePart> Parts { get; init; } = s_noParts;
    public IReadOnlyDictionary<string, string> Sample { get; init; } = s_noSample;

    static readonly Dictionary<string, CompositePart> s_noParts = [];
    static readonly Dictionary<string, string> s_noSample = [];

    /// <summary>Of the monitor as a whole.</summary>
    public static GroupReading Whole { get; } = new(GroupState.Whole, []);

    /// <summary>Of a group by its tags.</summary>
    public static GroupReading Of(IReadOnlyList<string> tags) => tags.Count == 0 ? Whole : new GroupReading(string.Join(',', tags), tags);
}

/// <summary>What an evaluation found.</summary>
/// <param name="Window">What was looked at.</param>
/// <param name="Groups">Each once.</param>
public sealed record MonitorReading(TimeRange Window, IReadOnlyList<GroupReading> Groups)
{
    /// <summary>Why nothing could be evaluated, a sentence; null when it could.</summary>
    public string? SkippedReason { get; init; }

    /// <summary>Groups that there was no room to look at. What is not among <see cref="Groups"/> may be one of them, and is left as it is.</summary>
    public int LeftOutGroupCount { get; init; }

    public static MonitorReading Skipped(TimeRange window, string reason) => new(window, []) { SkippedReason = reason };
}
