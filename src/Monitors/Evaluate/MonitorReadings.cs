using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Query.Evaluate;
using Apm.Query.Text;

namespace Apm.Monitors.Evaluate;

/// <summary>Asks whatever a monitor's query is about. What cannot be asked is a reading that was skipped, with the reason.</summary>
/// <remarks>Any thread.</remarks>
public sealed class MonitorReadings(MetricReadings metrics, ServiceCheckReadings checks, EventReadings events, SpanReadings spans, SloReadings? objectives = null)
{
    /// <param name="nowUnixSeconds">The time of the evaluation.</param>
    /// <param name="partOf">Another monitor as it stands, for composites; null when it is gone.</param>
    public MonitorReading Read(MonitorQuery query, MonitorOptions options, long nowUnixSeconds, Func<long, MonitorSnapshot?> partOf, CancellationToken cancel = default)
    {
        var end = nowUnixSeconds - options.EvaluationDelaySeconds;
        try
        {
            return query switch
            {
                MetricMonitorQuery metric => metrics.Read(metric, options, end, cancel),
                ServiceCheckMonitorQuery check => checks.Read(check, options, end),
                SearchMonitorQuery { Source: SearchMonitorQuery.Events } search => events.Read(search, end),
                SearchMonitorQuery search => spans.Read(search, end, cancel),
                SloMonitorQuery slo when objectives is not null => objectives.Read(slo, end, cancel),
                CompositeMonitorQuery composite => CompositeReadings.Read(composite, options, nowUnixSeconds, partOf),
                _ => throw new InvalidOperationException($"A monitor has a query that nobody reads: {query.GetType().Name}."),
            };
        }
        catch (Exception wrong) when (wrong is QueryTextException or QueryLimitException or StoreUnavailableException)
        {
            return MonitorReading.Skipped(new TimeRange(end * UnixTime.NanosPerSecond, end * UnixTime.NanosPerSecond), wrong.Message);
        }
    }
}
