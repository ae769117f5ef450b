namespace Apm.Query.Traces;

/// <summary>How much a search looked at, and whether that was all: part of every answer.</summary>
public sealed record SearchReport
{
    /// <summary>Spans of the range that were looked at, repeated ones included. What the store could rule out unread is not in it.</summary>
    public required long ScannedSpanCount { get; init; }

    /// <summary>Every number is of all matching spans of the range. False when a limit ended the search: then counts are lower bounds.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Why it is not complete, as a sentence; null when it is.</summary>
    public string? IncompleteReason { get; init; }
    public required double ElapsedMilliseconds { get; init; }
}
