using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.ApmUi.Pages.Services;
using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Services;
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
    public required IReadOnlyList<TraceSummary> Errors { get; init; }
    public required IReadOnlyList<TraceSummary> Newest { get; init; }

    /// <summary>Processes that wait for their first request.</summary>
    public required IReadOnlyList<ProcessInfo> Waiting { get; init; }

    /// <summary>What was refused or dropped since the start, as sentences; empty when nothing was.</summary>
    public required IReadOnlyList<string> Losses { get; init; }

    /// <summary>New versions, newest first.</summary>
    public required IReadOnlyList<ServiceSummary> Deploys { get; init; }

    /// <summary>Services listed.</summary>
    const int ListedServices = 8;

    public static HomeView Of(
        PageState state, IReadOnlyList<ServiceSummary> services, TraceStoreFacts facts, IReadOnlyList<TraceSummary> newest, IReadOnlyList<TraceSummary> errors,
        ServiceCatalogue catalogue, IReadOnlyList<CounterValue> counters)
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
            Errors = errors,
            Newest = newest,
            Waiting = [.. services.Where(service => service.IsWaiting).SelectMany(service => service.Processes)],
            Losses = [.. LossesOf(counters)],
            Deploys = [.. services.Where(service => service.VersionSinceUnixNanos > (catalogue.Service(service.Name)?.FirstSeenUnixNanos ?? long.MaxValue)).OrderByDescending(service => service.VersionSinceUnixNanos).Take(4)],
        };
    }

    /// <summary>Payloads and spans that did not make it, by counter, with the reason that counts most.</summary>
    static IEnumerable<string> LossesOf(IReadOnlyList<CounterValue> counters)
    {
        foreach (var (name, noun) in new[] { ("payloads_rejected", "payload"), ("spans_rejected", "span"), ("spans_dropped", "span"), ("traces_dropped", "trace") })
        {
            var all = counters.Where(counter => counter.Name == name && counter.Value > 0).ToList();
            if (all.Count == 0) continue;
            var total = all.Sum(counter => counter.Value);
            var reasons = all.GroupBy(counter => counter.Label).Select(group => (Reason: group.Key, Count: group.Sum(counter => counter.Value)))
                .OrderByDescending(reason => reason.Count).ThenBy(reason => reason.Reason, StringComparer.Ordinal).Take(3)
                .Select(reason => reason.Reason.Length == 0 ? Figure.Whole(reason.Count) : $"{Figure.Whole(reason.Count)} {reason.Reason.Replace('_', ' ')}");
            yield return $"{Figure.Of(total, noun)} {(total == 1 ? "was" : "were")} {(name.EndsWith("rejected", StringComparison.Ordinal) ? "refused" : "dropped")} since the start: {string.Join(", ", reasons)}.";
        }
    }
}
