using Apm.Core.Checks;
using Apm.Core.Descriptions;
using Apm.Core.Events;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;

namespace Apm.TraceAgent.Hosts;

/// <summary>Stands before the intake and notes which hosts send, and the units that come with points, whoever brought them.</summary>
/// <remarks>Any thread may call anything.</remarks>
public sealed class HostNotingIntake(IMetricIntake inner, HostCatalogue hosts, MetricDescriptions descriptions, TimeProvider clock) : IMetricIntake
{
    const string HostTag = "host:";

    /// <inheritdoc/>
    public async Task<MetricWriteResult> TakeAsync(IReadOnlyList<IncomingSeries> series, CancellationToken cancel = default)
    {
        var result = await inner.TakeAsync(series, cancel);
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        var last = "";
        foreach (var one in series)
        {
            if (one.Unit.Length > 0) descriptions.FillUnit(one.Metric, one.Unit);
            var host = HostOf(one.Tags);
            if (host.Length == 0 || host == last) continue;
            hosts.Saw(host, now);
            last = host; // Most bodies come from one host.
        }
        return result;
    }

    /// <inheritdoc/>
    public EventRecord Take(EventRecord happened)
    {
        var kept = inner.Take(happened);
        if (happened.Host.Length > 0) hosts.Saw(happened.Host, clock.NowUnixNanos() / UnixTime.NanosPerSecond);
        return kept;
    }

    /// <inheritdoc/>
    public void Take(ServiceCheckRun run)
    {
        inner.Take(run);
        if (run.Host.Length > 0) hosts.Saw(run.Host, clock.NowUnixNanos() / UnixTime.NanosPerSecond, AppOf(run.Check));
    }

    static string HostOf(IReadOnlyList<string> tags)
    {
        foreach (var tag in tags)
            if (tag.StartsWith(HostTag, StringComparison.Ordinal)) return MetricTags.ValueIn(tag);
        return "";
    }

    /// <summary>What the check is of: <c>mysql</c> of <c>mysql.can_connect</c>.</summary>
    static string AppOf(string check) => check.IndexOf('.', StringComparison.Ordinal) is > 0 and <= 40 and var dot ? check[..dot] : "";
}
