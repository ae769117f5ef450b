using Apm.ApmUi.Format;
using Apm.ApmUi.Links;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.ApmUi.Pages.Service;

/// <summary>A metric with series of a service.</summary>
/// <param name="Query">A first look at it, of the service alone.</param>
public sealed record ServiceMetricRow(string Name, string Type, int SeriesCount, string Seen, string Query);

/// <summary>The metrics that have series with the tag of a service. Immutable.</summary>
public sealed record ServiceMetricsView
{
    /// <summary>Most metrics looked at; default 1000, the first by name. The page says so when there are more.</summary>
    public const int MaxLookedAt = 1_000;

    /// <summary>Most metrics listed; default 100. The page says how many there are.</summary>
    public const int MaxListed = 100;

    /// <summary>Most that are drawn as charts above the list: those that the application sends itself come first.</summary>
    public const int MaxCharts = 6;

    public required IReadOnlyList<ServiceMetricRow> Rows { get; init; }
    public required int MatchCount { get; init; }
    public required bool IsComplete { get; init; }

    /// <summary>Metrics of the application, before those that traces yield.</summary>
    public required IReadOnlyList<ServiceMetricRow> Charts { get; init; }

    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public static ServiceMetricsView Of(PageState state, IMetricReader reader, string service)
    {
        var since = state.Window.Range.FromUnixNanos / UnixTime.NanosPerSecond;
        var tag = MetricNames.Tag("service:" + service);
        var all = reader.Metrics(since);
        var rows = new List<ServiceMetricRow>();
        foreach (var metric in all.OrderBy(metric => metric.Name.StartsWith("trace.", StringComparison.Ordinal)).ThenBy(metric => metric.Name, StringComparer.Ordinal).Take(MaxLookedAt))
        {
            var ofService = reader.Series(metric.Name, since).Where(series => series.Key.Tags.Contains(tag)).ToList();
            if (ofService.Count == 0) continue;
            rows.Add(new ServiceMetricRow(
                metric.Name, metric.Type.ToString().ToLowerInvariant(), ofService.Count, Figure.Ago(ofService.Max(series => series.LastUnixSeconds) * UnixTime.NanosPerSecond, state.NowUnixNanos), QueryFor(metric, tag!)));
        }
        return new ServiceMetricsView { Rows = [.. rows.Take(MaxListed)], MatchCount = rows.Count, IsComplete = all.Count <= MaxLookedAt, Charts = [.. rows.Take(MaxCharts)] };
    }

    static string QueryFor(MetricInfo metric, string tag) => metric.Type switch
    {
        MetricType.Distribution => $"p95:{metric.Name}{{{tag}}}",
        MetricType.Count => $"sum:{metric.Name}{{{tag}}}.as_count()",
        MetricType.Rate => $"sum:{metric.Name}{{{tag}}}",
        _ => $"avg:{metric.Name}{{{tag}}}",
    };
}
