using System.Globalization;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>Finds out why data is missing, as far as that can be seen from here: a host that is silent, a metric that comes without its tag, or nothing at all.</summary>
/// <remarks>Any thread.</remarks>
public sealed class MissingReasons(IMetricReader metrics, IServiceCheckStore checks)
{
    /// <summary>The service check by which an agent says that it is there.</summary>
    const string AgentUp = "datadog.agent.up";

    /// <summary>An agent says so every 15 s; after so long it is silent.</summary>
    const long SilentSeconds = 120;

    /// <summary>A sentence; "" when there is nothing to say.</summary>
    /// <exception cref="StoreUnavailableException">The metrics cannot be read. Safe to retry.</exception>
    public string Of(MonitorQuery query, GroupState group, long nowUnixSeconds)
    {
        if (SilentHost(group, nowUnixSeconds) is { } silent) return silent;
        if (query is ServiceCheckMonitorQuery check) return $"The check {check.Check} was last heard of {Ago(group.LastDataUnixSeconds, nowUnixSeconds)}: whoever runs it has stopped, or cannot reach Apm.";
        if (query is not MetricMonitorQuery { } asked || asked.Query.MetricQueries.FirstOrDefault() is not { } metric) return "";
        if (metrics.Find(MetricNames.Metric(metric.Metric) ?? metric.Metric) is not { } known) return $"{metric.Metric} has no points any more at all.";
        if (nowUnixSeconds - known.LastUnixSeconds >= SilentSeconds) return $"{metric.Metric} last came {Ago(known.LastUnixSeconds, nowUnixSeconds)}, from anywhere: the app that sends it has stopped, or cannot reach Apm.";
        var without = group.Tags.Count > 0 ? string.Join(", ", group.Tags) : metric.ScopeText;
        return $"{metric.Metric} still comes, but no longer with {without}: a tag was renamed, or that part of it has stopped.";
    }

    string? SilentHost(GroupState group, long now)
    {
        if (group.Tags.FirstOrDefault(tag => tag.StartsWith("host:", StringComparison.Ordinal)) is not { } tag) return null;
        var host = tag[5..];
        var last = checks.Read(AgentUp).Where(history => history.Last.Host.Equals(host, StringComparison.OrdinalIgnoreCase)).Select(history => (long?)history.Last.UnixSeconds).Max();
        return last is { } heard && now - heard >= SilentSeconds ? $"The agent on {host} last reported {Ago(heard, now)}: it is down, or cannot reach Apm." : null;
    }

    static string Ago(long? unixSeconds, long now) => unixSeconds is not { } then ? "some time ago" : string.Create(CultureInfo.InvariantCulture, $"at {DateTimeOffset.FromUnixTimeSeconds(then):HH:mm} UTC, {Math.Max(1, (now - then) / 60)} min ago");
}
