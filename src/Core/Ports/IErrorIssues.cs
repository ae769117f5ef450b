using Apm.Core.Errors;
using Apm.Core.Time;

namespace Apm.Core.Ports;

/// <summary>Gives the errors of issues over time. Any thread may call it.</summary>
public interface IIssueCounts
{
    /// <summary>The counts of all buckets that start in the range, open ones included, as <see cref="IStatsReader.Read"/> gives cells.</summary>
    /// <param name="range">Widened to whole buckets.</param>
    /// <param name="issue">Null for all issues.</param>
    /// <param name="coarsestNanos">The widest bucket the caller can use.</param>
    /// <exception cref="StoreUnavailableException">The statistics cannot be read. Safe to retry.</exception>
    IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos);
}

/// <summary>What people can decide about an issue.</summary>
public enum IssueAction
{
    /// <summary>It is mended in the version that runs now.</summary>
    Resolve,

    /// <summary>It shall be left alone.</summary>
    Ignore,

    /// <summary>The decision is taken back.</summary>
    Reopen,
}

/// <summary>The issues that errors were grouped into. Any thread may call it.</summary>
public interface IErrorIssues : IIssueCounts
{
    /// <summary>All issues, the one seen last first.</summary>
    IReadOnlyList<ErrorIssue> Issues();

    /// <summary>One issue; null when it is not known.</summary>
    ErrorIssue? Issue(IssueId id);

    /// <summary>The first error of an issue in full; null when it is not known, or was not written before a crash and has not come again since.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    IssueText? Text(IssueId id);

    /// <summary>Decides about an issue; it holds at once and is on disk when the call returns.</summary>
    /// <returns>The issue as it is now; null when it is not known.</returns>
    /// <exception cref="StoreUnavailableException">The decision holds, and is written as soon as the store can be.</exception>
    ErrorIssue? Decide(IssueId id, IssueAction action);
}
