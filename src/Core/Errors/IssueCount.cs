namespace Apm.Core.Errors;

/// <summary>What errors are counted by over time.</summary>
/// <param name="Version">"" when the span names none.</param>
public readonly record struct IssueCountKey(IssueId Issue, string Env, string Version);

/// <summary>The errors of one issue in one bucket of the statistics.</summary>
public readonly record struct IssueCountRow(long StartUnixNanos, long WidthNanos, IssueCountKey Key, long Count);

/// <summary>One error, with the moment whose bucket counts it: the end of its span.</summary>
public readonly record struct IssueHit(IssueCountKey Key, long EndUnixNanos);
