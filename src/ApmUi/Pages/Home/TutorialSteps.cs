using Apm.Core.Checks;
using Apm.Core.Dashboards;
using Apm.Core.Hosts;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Schedule;

namespace Apm.ApmUi.Pages.Home;

/// <summary>
/// What there is to be tried, from the first host to the first mail, each with what shows that it happened. Only stores are looked at, never
/// what somebody clicked: a script that does the same ticks the same.
/// </summary>
/// <param name="part">A part of the process by its type; null for one that this process does not have.</param>
public sealed class TutorialSteps(Func<Type, object?> part, UiSettings settings, TimeProvider clock)
{
    /// <summary>The interval that the walkthrough asks for.</summary>
    const int WantedSeconds = 45;

    /// <summary>Metrics looked at for one of that interval.</summary>
    const int LookedAtMetrics = 40;

    /// <summary>A snapshot of five minutes is one of so many seconds, give or take half a minute: nobody drags to the second.</summary>
    const int ShortWindowSeconds = 300, Tolerance = 30;

    /// <summary>All, in the order in which they are done best.</summary>
    public IReadOnlyList<TutorialStep> All() =>
    [
        new("host_seen", "A host is seen", "Start the agent; it measures its own machine.", Host) { Command = $"{settings.Command} up", Link = "/hosts" },
        new("tag_seen", "The host has tags", "Write tags: and beneath it - name:logan into datadog.yaml: it is read again while Apm runs.", Tags) { Link = "/hosts" },
        new("check_seen", "A check of a file runs", "Write conf.d/mysql.d/conf.yaml, or a check of your own into checks.d; this runs it once and says what is wrong.", Check) { Command = $"{settings.Command} check mysql", Link = "/hosts" },
        new("metric_every_45_s", "A metric comes every 45 s", "Set min_collection_interval: 45 for a check in conf.d/my_metric.yaml that calls self.gauge('my_metric', …).", Metric) { Command = $"{settings.Command} check my_metric", Link = "/metrics?q=avg:my_metric{*}" },
        new("board_made", "A dashboard is made", "Make one, or send it to /api/v1/dash.", Board) { Link = "/dashboards" },
        new("snapshot_mailed", "Five minutes of a graph are mailed", "Drag over five minutes of a graph, press its camera, and write @user@example.com into the comment.", Mailed) { Link = "/dashboards" },
        new("monitor_made", "A monitor watches", "Warn above 500, alert above 800, tell of missing data after 10 minutes.", Monitor) { Link = "/monitors/new?q=avg:my_metric{*}" },
        new("monitor_warned", "It warned", "Keep the mean of five minutes between the two thresholds.", () => Became(MonitorState.Warn)) { Command = Gauge(600), Link = "/monitors" },
        new("monitor_alerted", "It alerted", "Send values of 800 to 1000 for five minutes.", () => Became(MonitorState.Alert)) { Command = Gauge(950), Link = "/monitors" },
        new("no_data_told", "It missed its data", "Stop what sends the metric, for ten minutes.", () => Became(MonitorState.NoData)) { Link = "/monitors" },
        new("downtime_set", "Nights and weekends are quiet", "Set a downtime that comes every week: Monday to Friday 19:00 to 09:00, another for Saturday and Sunday.", Downtime) { Link = "/monitors/downtimes" },
        new("app_traced", "An app is traced", "Start it through the launcher and send it a request.", App) { Command = $"{settings.Command} run -- python3 flaskapp.py", Link = "/services" },
    ];

    string Gauge(int value) => $"while sleep 10; do echo 'my_metric:{value}|g' > /dev/udp/{settings.Host}/{settings.DogStatsDPort}; done";

    T? Part<T>() where T : class => part(typeof(T)) as T;

    string? Host() => Part<HostCatalogue>()?.All().Where(host => host.LastUnixSeconds > 0).MinBy(host => host.FirstUnixSeconds)?.Name;

    string? Tags()
    {
        foreach (var host in Part<HostCatalogue>()?.All() ?? [])
            if (host.TagsBySource.Where(pair => pair.Key is HostCatalogue.AgentSource or HostCatalogue.UserSource).SelectMany(pair => pair.Value).Take(3).ToList() is { Count: > 0 } tags) return $"{host.Name}: {string.Join(", ", tags)}";
        return null;
    }

    string? Check() => Part<IAgentChecks>()?.Checks().FirstOrDefault(check => check.Source != CheckState.BuiltIn && check is { Status: CheckStatus.Ok, RunCount: > 0 }) is { } ran ? $"{ran.Check}, asked for by {ran.Source}" : null;

    string? Metric()
    {
        if (Part<IMetricReader>() is not { } reader) return null;
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var own = reader.Metrics(now - 600).Where(metric => !metric.Name.StartsWith("system.", StringComparison.Ordinal) && !metric.Name.StartsWith("trace.", StringComparison.Ordinal));
        return own.OrderByDescending(metric => metric.Name == "my_metric").Take(LookedAtMetrics).FirstOrDefault(metric => ComesAsWanted(reader, metric.Name, now))?.Name;
    }

    /// <summary>Whether a series says that interval, or three points of the past ten minutes stand so far apart.</summary>
    static bool ComesAsWanted(IMetricReader reader, string metric, long now)
    {
        if (reader.Series(metric, now - 600).Any(series => series.IntervalSeconds == WantedSeconds)) return true;
        foreach (var series in reader.Read(new MetricRead(metric, now - 600, now, 1) { NeedsSketches = false }, CancellationToken.None))
        {
            var at = Enumerable.Range(0, series.Counts.Length).Where(i => series.Counts[i] > 0).ToList();
            if (at.Count >= 3 && at.Zip(at.Skip(1), (one, next) => next - one).Order().ElementAt((at.Count - 1) / 2) is >= WantedSeconds - 1 and <= WantedSeconds + 1) return true;
        }
        return false;
    }

    string? Board() => Part<DashboardBook>()?.All() is [var board, ..] ? board.Title : null;

    string? Mailed()
    {
        if (Part<ISnapshots>() is not { } snapshots || Part<Outbox>() is not { } outbox) return null;
        foreach (var delivery in outbox.All().Where(delivery => delivery.SnapshotId.Length > 0))
            if (snapshots.Find(delivery.SnapshotId)?.Order is { } order && Math.Abs(order.ToUnixSeconds - order.FromUnixSeconds - ShortWindowSeconds) <= Tolerance) return $"{order.Title} to {delivery.Target}{(delivery.State == DeliveryState.Held ? ", kept in the outbox: there is no mail server" : "")}";
        return null;
    }

    string? Monitor() => Part<IMonitorRules>()?.All() is [var rule, ..] ? rule.Name : null;

    string? Became(MonitorState state)
    {
        if (Part<IMonitorRules>() is not { } rules || Part<MonitorHistory>() is not { } history) return null;
        return rules.All().FirstOrDefault(rule => history.Read(rule.Id).Any(note => note.To == state && note.Happening == EvaluationHappening.Told))?.Name;
    }

    string? Downtime() => Part<DowntimeBook>()?.All().FirstOrDefault(downtime => downtime.IsRecurring()) is { } weekly ? RecurrenceWords.Of(weekly) : null;

    string? App() => Part<ITraceReader>()?.Facts().SpanCount > 0 ? Part<ServiceCatalogue>()?.Services() is [var first, ..] ? first.Name : "a span came" : null;
}
