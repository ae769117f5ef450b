using Apm.Core.Ids;

namespace Apm.Core.Errors;

/// <summary>One issue as readers get it. Immutable. Times are those of receipt, Unix nanoseconds, so that wrong clocks of hosts do not matter.</summary>
public sealed record ErrorIssue
{
    public required IssueId Id { get; init; }
    public required string Service { get; init; }
    public required string Type { get; init; }

    /// <summary>"" when the errors have no message.</summary>
    public required string Pattern { get; init; }

    /// <summary>"" without a stack.</summary>
    public required string TopFrame { get; init; }

    /// <summary>Operation, or operation and resource, where there is no frame.</summary>
    public required string Place { get; init; }
    public required IssueTotals Totals { get; init; }
    public required IssueDecision Decision { get; init; }

    /// <summary>One that was not known before, open.</summary>
    public static ErrorIssue New(ErrorFingerprint fingerprint, IssueTotals totals) => new()
    {
        Id = fingerprint.Id,
        Service = fingerprint.Service,
        Type = fingerprint.Type,
        Pattern = fingerprint.Pattern,
        TopFrame = fingerprint.TopFrame,
        Place = fingerprint.Place,
        Totals = totals,
        Decision = new IssueDecision(),
    };

    /// <summary>It stands for issues beyond the limit.</summary>
    public bool IsOverflow => Type == ErrorFingerprint.OverflowType;
}

/// <summary>What is counted of one issue, over all time. Immutable.</summary>
public sealed record IssueTotals
{
    /// <summary>Most versions kept of one issue; default 20. Of further ones the one seen last longest ago joins <see cref="OlderVersions"/>.</summary>
    public const int MaxVersions = 20;

    /// <summary>Stands for versions beyond <see cref="MaxVersions"/>.</summary>
    public const string OlderVersions = "(older versions)";

    /// <summary>Errors counted, before sampling.</summary>
    public long Count { get; init; }
    public long FirstSeenUnixNanos { get; init; }
    public long LastSeenUnixNanos { get; init; }

    /// <summary>In the order in which they were first seen; "" stands for spans without a version.</summary>
    public IReadOnlyList<IssueVersion> Versions { get; init; } = [];

    /// <summary>The newest error whose trace is stored; none when none was.</summary>
    public IssueExample? Newest { get; init; }

    /// <summary>The totals after one more error.</summary>
    /// <param name="example">Null when its trace was not kept.</param>
    public IssueTotals Plus(string version, long receivedUnixNanos, IssueExample? example)
    {
        var versions = new List<IssueVersion>(Versions.Count + 1);
        var isKnown = false;
        foreach (var known in Versions)
        {
            isKnown |= known.Version == version;
            versions.Add(known.Version == version ? known.Plus(receivedUnixNanos) : known);
        }
        if (!isKnown)
        {
            while (versions.Count >= MaxVersions) JoinOldest(versions); // The first join makes no room yet.
            versions.Add(new IssueVersion(version, 1, receivedUnixNanos, receivedUnixNanos));
        }
        return new IssueTotals
        {
            Count = Count + 1,
            FirstSeenUnixNanos = Count == 0 && FirstSeenUnixNanos == 0 ? receivedUnixNanos : Math.Min(FirstSeenUnixNanos, receivedUnixNanos),
            LastSeenUnixNanos = Math.Max(LastSeenUnixNanos, receivedUnixNanos),
            Versions = versions,
            Newest = example ?? Newest,
        };
    }

    static void JoinOldest(List<IssueVersion> versions)
    {
        var quietest = versions.Where(version => version.Version != OlderVersions).MinBy(version => version.LastSeenUnixNanos)!;
        versions.Remove(quietest);
        var at = versions.FindIndex(version => version.Version == OlderVersions);
        if (at < 0) versions.Insert(0, quietest with { Version = OlderVersions });
        else
            versions[at] = new IssueVersion(OlderVersions, versions[at].Count + quietest.Count,
                Math.Min(versions[at].FirstSeenUnixNanos, quietest.FirstSeenUnixNanos), Math.Max(versions[at].LastSeenUnixNanos, quietest.LastSeenUnixNanos));
    }
}

/// <summary>An issue in one version of its service.</summary>
public sealed record IssueVersion(string Version, long Count, long FirstSeenUnixNanos, long LastSeenUnixNanos)
{
    /// <summary>With one more error.</summary>
    public IssueVersion Plus(long receivedUnixNanos) => this with
    {
        Count = Count + 1,
        FirstSeenUnixNanos = Math.Min(FirstSeenUnixNanos, receivedUnixNanos),
        LastSeenUnixNanos = Math.Max(LastSeenUnixNanos, receivedUnixNanos),
    };
}

/// <summary>A failed span whose trace is stored, or was.</summary>
public sealed record IssueExample(TraceId TraceId, SpanId SpanId, long ReceivedUnixNanos);

/// <summary>The first error of an issue in full, kept apart from traces so that it outlives them.</summary>
/// <param name="Message">As it was sent, cut at <see cref="MaxMessageChars"/>.</param>
/// <param name="Stack">As it was sent, cut at <see cref="MaxStackChars"/>; "" when there was none.</param>
public sealed record IssueText(string Message, string Stack, string Resource, string Version, TraceId TraceId, SpanId SpanId)
{
    /// <summary>Longest message kept; default 2,000 characters.</summary>
    public const int MaxMessageChars = 2_000;

    /// <summary>Longest stack kept; default 16,000 characters.</summary>
    public const int MaxStackChars = 16_000;
}

/// <summary>All totals at one log position.</summary>
public sealed record IssueCheckpoint(IReadOnlyList<KeyValuePair<IssueId, IssueTotals>> Totals)
{
    /// <summary>Of a store that has kept none yet.</summary>
    public static IssueCheckpoint None { get; } = new([]);
}
