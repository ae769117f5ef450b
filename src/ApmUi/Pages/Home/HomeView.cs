using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Pages.Services;
using Apm.Core.Errors;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Query.Errors;
using Apm.Query.Services;
using Apm.Query.Traces;

namespace Apm.ApmUi.Pages.Home;

/// <summary>What the first page shows: how all of it does, where it hurts, what is missing. Immutable.</summary>
public sealed record HomeView
{
    public required double HitsPerSecond { get; init; }
    public required double ErrorRate { get; init; }
    public required double ErrorCount { get; init; }
    public required int ActiveServiceCount { get; init; }
    public required TraceStoreFacts Facts { get; init; }

    /// <summary>By impact, failing first.</summary>
    public required IReadOnlyList<ServiceRow> Services { get; init; }

    /// <summary>Open issues seen in the time shown; those that came again first, then new ones, then the most frequent.</summary>
    public required IReadOnlyList<IssueRow> Errors { get; init; }
    public required IReadOnlyList<TraceSummary> Newest { get; init; }

    /// <summary>Processes that wait for their first request.</summary>
    public required IReadOnlyList<ProcessInfo> Waiting { get; init; }

    /// <summary>What was refused or lost in the time shown, as sentences; empty when nothing was.</summary>
    public required IReadOnlyList<string> Losses { get; init; }

    /// <summary>New versions, newest first.</summary>
    public required IReadOnlyList<(string Service, Deployment Deployment)> Deploys { get; init; }

    /// <summary>Services listed.</summary>
    const int ListedServices = 8;

    /// <summary>Issues listed.</summary>
    const int ListedErrors = 6;

    /// <summary>Most monitors that are not well; default 6, the worst. The card says how many there are.</summary>
    public const int ListedMonitors = 6;

    /// <summary>Deployments listed.</summary>
    public const int ListedDeploys = 6;

    public static HomeView Of(
        PageState state, IReadOnlyList<ServiceSummary> services, TraceStoreFacts facts, IReadOnlyList<TraceSummary> newest, IReadOnlyList<IssueRow> issues,
        IReadOnlyList<(string Service, Deployment Deployment)> deploys, IReadOnlyList<LedgerRow> ledger)
    {
        // Calls of databases and third parties are counted at those who call them.
        var applications = services.Where(service => service.Kind == ServiceKind.Application).ToList();
        var hits = applications.Sum(service => service.HitCount);
        var failed = applications.Sum(service => service.ErrorCount);
        return new HomeView
        {
            HitsPerSecond = applications.Sum(service => service.HitsPerSecond),
            ErrorRate = hits > 0 ? Math.Min(1, failed / hits) : 0,
            ErrorCount = failed,
            ActiveServiceCount = applications.Count(service => service.HitCount > 0),
            Facts = facts,
            Services = [.. ServicesView.Of(state, services, showsOthers: false, []).Rows.Take(ListedServices)],
            Errors =
            [
                .. issues.Where(row => row.Count > 0 && row.Issue.Decision.State is (IssueState.Open or IssueState.Regressed))
                    .OrderByDescending(row => row.Issue.Decision.State == IssueState.Regressed).ThenByDescending(row => state.Window.Range.Contains(row.Issue.Totals.FirstSeenUnixNanos))
                    .ThenByDescending(row => row.Count).Take(ListedErrors),
            ],
            Newest = newest,
            Waiting = [.. services.Where(service => service.IsWaiting).SelectMany(service => service.Processes)],
            Losses = [.. LossesOf(ledger)],
            Deploys = deploys,
        };
    }

    /// <summary>Spans and unread payloads that did not make it, with the reasons that count most.</summary>
    static IEnumerable<string> LossesOf(IReadOnlyList<LedgerRow> ledger)
    {
        var sums = LedgerSums.Of(ledger);
        foreach (var outcome in new[] { SpanOutcome.Rejected, SpanOutcome.Dropped })
        {
            var reasons = sums.Reasons.Where(reason => reason.Outcome == outcome).ToList();
            var verb = outcome == SpanOutcome.Rejected ? "refused" : "lost";
            if (Sentence(reasons, reason => reason.PayloadCount, "payload", $"could not be read or were {verb} whole", $"could not be read or was {verb} whole") is { } payloads) yield return payloads;
            if (Sentence(reasons, reason => reason.SpanCount, "span", $"were {verb}", $"was {verb}") is { } spans) yield return spans;
        }
    }

    static string? Sentence(IEnumerable<LedgerReasonSum> reasons, Func<LedgerReasonSum, long> count, string noun, string verbs, string verb)
    {
        var counted = reasons.Where(reason => count(reason) > 0).OrderByDescending(count).ToList();
        if (counted.Count == 0) return null;
        var total = counted.Sum(count);
        return $"{Figure.Of(total, noun)} {(total == 1 ? verb : verbs)}: {string.Join(", ", counted.Take(3).Select(reason => $"{Figure.Whole(count(reason))} {reason.Reason.Replace('_', ' ')}"))}.{(counted.Count == 1 ? " " + LedgerReasons.Sentence(counted[0].Outcome, counted[0].Reason) : "")}";
    }
}
