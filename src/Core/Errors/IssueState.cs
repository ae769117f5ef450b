namespace Apm.Core.Errors;

/// <summary>What people decided about an issue, and what became of it. Stored as a word; never rename.</summary>
public enum IssueState
{
    /// <summary>Nobody has decided anything, or it was opened again.</summary>
    Open,

    /// <summary>It is known and shall not be shown among the open ones; seeing it again changes nothing.</summary>
    Ignored,

    /// <summary>It shall not come again.</summary>
    Resolved,

    /// <summary>It was resolved, and came again.</summary>
    Regressed,
}

/// <summary>An issue's state and what is needed to know whether it regresses. Immutable.</summary>
public sealed record IssueDecision
{
    public IssueState State { get; init; }

    /// <summary>When the state was reached, Unix nanoseconds; 0 when it never changed.</summary>
    public long SinceUnixNanos { get; init; }

    /// <summary>The service's version when the issue was resolved; "" when none was known.</summary>
    public string ResolvedVersion { get; init; } = "";

    /// <summary>Versions of the service that had been seen before that one: instances of them may still fail.</summary>
    public IReadOnlyList<string> EarlierVersions { get; init; } = [];

    /// <summary>The version in which it came again; "" when it did not, or the span names none.</summary>
    public string RegressedVersion { get; init; } = "";

    /// <summary>
    /// The state after one more error was seen. A resolved issue regresses when the error was received after it was resolved, unless its version is earlier
    /// than the one in which it was resolved (<see cref="VersionOrder"/>): an old instance that still runs proves nothing. No version counts as the same version.
    /// </summary>
    public IssueDecision Seen(string version, long receivedUnixNanos)
    {
        if (State != IssueState.Resolved || receivedUnixNanos <= SinceUnixNanos) return this;
        if (version.Length > 0 && ResolvedVersion.Length > 0 && VersionOrder.IsEarlier(version, ResolvedVersion, EarlierVersions)) return this;
        return this with { State = IssueState.Regressed, SinceUnixNanos = receivedUnixNanos, RegressedVersion = version };
    }
}
