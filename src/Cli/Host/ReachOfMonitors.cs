using Apm.Core.Diagnosis;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Query.Evaluate;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.Cli.Host;

/// <summary>
/// Finds monitors whose threshold lies beyond all that their metric was in the past week: such a one can never alert. Looks only at those
/// where a single point decides, so that it never says so of one that can.
/// </summary>
/// <remarks>Thread-safe. Reads a week of points: whoever asks remembers the answer for a while.</remarks>
sealed class ReachOfMonitors(IMonitorRules rules, Func<MetricQueries> queries, TimeProvider clock)
{
    /// <summary>Most monitors looked at; default 50, the first.</summary>
    public const int MaxMonitors = 50;

    const long ReachNanos = 7 * 86_400 * UnixTime.NanosPerSecond;

    /// <summary>A metric must have been seen in so many hours: a young one says nothing of what it can be.</summary>
    const int LeastHours = 1;

    public IReadOnlyList<UnreachableMonitor> Find() => [.. rules.All().Where(rule => rule.Type is MonitorTypes.Metric or MonitorTypes.Query).Take(MaxMonitors).Select(Look).OfType<UnreachableMonitor>()];

    UnreachableMonitor? Look(MonitorRule rule)
    {
        try
        {
            if (MonitorQueryParser.Parse(rule.Type, rule.Query) is not MetricMonitorQuery { Change: null, Query: MetricQuery { Modifiers.Count: 0 } metric, Aggregator: TimeAggregator.Avg or TimeAggregator.Max or TimeAggregator.Min } asked) return null;
            var isAbove = asked.Compared.Comparison.IsUpward;
            if (!isAbove && !asked.Compared.Comparison.IsDownward) return null;
            var now = clock.NowUnixNanos();
            // Hours of the largest point: an average of any window lies below it.
            var frame = queries().Evaluate(MetricQueryParser.Parse($"{metric}.rollup({(isAbove ? "max" : "min")}, 3600)").Queries[0], new TimeRange(now - ReachNanos, now), new QueryOptions { GivesHints = false }, []);
            var values = frame.Lines.SelectMany(line => line.Values).Where(double.IsFinite).ToList();
            if (values.Count < LeastHours) return null;
            var furthest = isAbove ? values.Max() : values.Min();
            var threshold = asked.Compared.Threshold;
            return asked.Compared.Comparison.Holds(furthest, threshold) ? null : new UnreachableMonitor(rule.Name, metric.Metric, furthest, threshold, 7, isAbove);
        }
        catch (Exception problem) when (problem is MonitorQueryException or QueryTextException or QueryLimitException or StoreUnavailableException)
        {
            return null; // What is wrong with a monitor is told on its own page.
        }
    }
}
