using Apm.Core.Errors;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Stats;
using Apm.Core.Time;

namespace Apm.TestKit;

/// <summary>Issues counted straight from spans, in memory. Enough for screens: each failed span counts, whatever its children say; no limits.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class SimpleIssues : IErrorIssues
{
    readonly Lock _lock = new();
    readonly Dictionary<IssueId, ErrorIssue> _issues = [];
    readonly Dictionary<IssueId, IssueText> _texts = [];
    readonly Dictionary<(long Start, IssueCountKey Key), long> _counts = [];

    /// <summary>Counts a span that failed; others are passed over.</summary>
    public void Add(Span span)
    {
        if (SpanErrors.FactsOf(span) is not { } facts) return;
        var fingerprint = ErrorFingerprint.Of(facts);
        var version = span.Tag("version") ?? "";
        lock (_lock)
        {
            var issue = _issues.GetValueOrDefault(fingerprint.Id) ?? ErrorIssue.New(fingerprint, new IssueTotals());
            _texts.TryAdd(issue.Id, new IssueText(facts.Message, facts.Stack, facts.Resource, version, span.TraceId, span.Id));
            _issues[issue.Id] = issue with { Totals = issue.Totals.Plus(version, span.EndUnixNanos, new IssueExample(span.TraceId, span.Id, span.EndUnixNanos)), Decision = issue.Decision.Seen(version, span.EndUnixNanos) };
            var key = (UnixTime.Floor(span.EndUnixNanos, StatsBucket.CountedWidthNanos), new IssueCountKey(issue.Id, span.Env, version));
            _counts[key] = _counts.GetValueOrDefault(key) + 1;
        }
    }

    /// <summary>Shows another issue, such as one of which no trace is stored.</summary>
    public void Put(ErrorIssue issue, IssueText? text = null)
    {
        lock (_lock)
        {
            _issues[issue.Id] = issue;
            if (text is not null) _texts[issue.Id] = text;
        }
    }

    public IReadOnlyList<ErrorIssue> Issues()
    {
        lock (_lock) return [.. _issues.Values.OrderByDescending(issue => issue.Totals.LastSeenUnixNanos)];
    }

    public ErrorIssue? Issue(IssueId id)
    {
        lock (_lock) return _issues.GetValueOrDefault(id);
    }

    public IssueText? Text(IssueId id)
    {
        lock (_lock) return _texts.GetValueOrDefault(id);
    }

    public ErrorIssue? Decide(IssueId id, IssueAction action)
    {
        lock (_lock)
        {
            if (!_issues.TryGetValue(id, out var issue)) return null;
            var state = action switch { IssueAction.Resolve => IssueState.Resolved, IssueAction.Ignore => IssueState.Ignored, _ => IssueState.Open };
            return _issues[id] = issue with { Decision = new IssueDecision { State = state, SinceUnixNanos = issue.Totals.LastSeenUnixNanos, ResolvedVersion = issue.Totals.Versions.Count > 0 ? issue.Totals.Versions[^1].Version : "" } };
        }
    }

    public IEnumerable<IssueCountRow> ReadIssueCounts(TimeRange range, IssueId? issue, long coarsestNanos)
    {
        lock (_lock)
        {
            return [.. _counts.Where(pair => (issue is null || pair.Key.Key.Issue == issue) && range.Overlaps(pair.Key.Start, pair.Key.Start + StatsBucket.CountedWidthNanos - 1))
                .Select(pair => new IssueCountRow(pair.Key.Start, StatsBucket.CountedWidthNanos, pair.Key.Key, pair.Value))];
        }
    }
}
