using Apm.Core.Checks;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>Reads what service checks answered (metrics-monitors §6.3). A host is alive as long as <c>datadog.agent.up</c> of it comes.</summary>
/// <param name="startedUnixSeconds">Since when this process could take answers: silence before says nothing of those who send.</param>
/// <remarks>Any thread.</remarks>
public sealed class ServiceCheckReadings(IServiceCheckStore checks, IHostTags hosts, long startedUnixSeconds)
{
    /// <summary>Groups that were silent for longer are not looked at; Datadog's figure.</summary>
    const long ForgetSeconds = 24 * 3_600;

    public MonitorReading Read(ServiceCheckMonitorQuery asked, MonitorOptions options, long endUnixSeconds)
    {
        var histories = checks.Read(asked.Check).Where(history => Matches(history, asked) && endUnixSeconds - LastHeard(history) < ForgetSeconds).ToList();
        var timeframe = MissingDataRule.TimeframeSeconds(options, asked);
        var window = new TimeRange(Math.Max(0, endUnixSeconds - timeframe) * UnixTime.NanosPerSecond, endUnixSeconds * UnixTime.NanosPerSecond);
        if (asked.IsPercent) return new MonitorReading(window, histories.Count == 0 ? [] : [OfCluster(histories, options.Thresholds)]);
        var groups = new Dictionary<string, (IReadOnlyList<string> Tags, List<ServiceCheckHistory> Members)>(StringComparer.Ordinal);
        foreach (var history in histories)
        {
            if (GroupOf(history, asked) is not { } tags) continue;
            var name = string.Join(',', tags);
            if (!groups.TryGetValue(name, out var group)) groups.Add(name, group = (tags, []));
            group.Members.Add(history);
        }
        return new MonitorReading(window, [.. groups.Values.Select(group => OfGroup(group.Tags, group.Members, asked, options.Thresholds, endUnixSeconds - timeframe))]);
    }

    GroupReading OfGroup(IReadOnlyList<string> tags, List<ServiceCheckHistory> members, ServiceCheckMonitorQuery asked, MonitorThresholds thresholds, long silentBefore)
    {
        var heard = members.Max(LastHeard);
        var reading = GroupReading.Of(tags) with { LastDataUnixSeconds = heard };
        if (heard <= silentBefore) return reading;
        var worst = members.Where(member => LastHeard(member) > silentBefore).Select(member => (member.Last, Judged: Judge(member, asked.Last, thresholds)))
            .OrderByDescending(member => Rank(member.Judged.State)).First();
        return reading with { State = worst.Judged.State, IsJudged = true, Value = worst.Judged.Count, CheckMessage = worst.Last.Message };
    }

    /// <summary>How often the newest status came in a row, and the state when that is often enough; null when the group stays as it is.</summary>
    static (MonitorState? State, int Count) Judge(ServiceCheckHistory history, int last, MonitorThresholds thresholds)
    {
        var runs = history.Runs.Take(last).ToList();
        var count = runs.TakeWhile(run => run.Status == runs[0].Status).Count();
        var (state, needed) = runs[0].Status switch
        {
            CheckStatus.Critical => (MonitorState.Alert, thresholds.Critical),
            CheckStatus.Warning => (MonitorState.Warn, thresholds.Warning),
            CheckStatus.Unknown => (MonitorState.Unknown, thresholds.Unknown),
            _ => (MonitorState.Ok, thresholds.Ok),
        };
        return (count >= (needed ?? 1) ? state : null, count);
    }

    static GroupReading OfCluster(List<ServiceCheckHistory> members, MonitorThresholds thresholds)
    {
        double Percent(CheckStatus status) => 100.0 * members.Count(member => member.Last.Status == status) / members.Count;
        var (critical, warning) = (Percent(CheckStatus.Critical), Percent(CheckStatus.Warning));
        var state = critical >= (thresholds.Critical ?? 100) ? MonitorState.Alert
            : (thresholds.Warning is { } warn && (warning >= warn || critical >= warn)) ? MonitorState.Warn
            : MonitorState.Ok;
        return GroupReading.Whole with { State = state, IsJudged = true, Value = critical, LastDataUnixSeconds = members.Max(member => member.Last.UnixSeconds), CheckMessage = members.Find(member => member.Last.Status == CheckStatus.Critical)?.Last.Message ?? "" };
    }

    bool Matches(ServiceCheckHistory history, ServiceCheckMonitorQuery asked) =>
        asked.Over.All(tag => tag == "*" || Has(history.Last, tag)) && !asked.Exclude.Any(tag => Has(history.Last, tag));

    bool Has(ServiceCheckRun run, string tag) => MetricNames.Tag(tag) is { } wanted && AllTags(run).Any(known => known == wanted || MetricNames.Tag(known) == wanted);

    /// <summary>The values of its keys; null when the run lacks one.</summary>
    List<string>? GroupOf(ServiceCheckHistory history, ServiceCheckMonitorQuery asked)
    {
        if (asked.By is ["*"]) return [.. history.Last.Tags.Concat(history.Last.Host.Length > 0 ? ["host:" + history.Last.Host] : []).Order(StringComparer.Ordinal)];
        var tags = new List<string>();
        foreach (var key in asked.By)
        {
            if (AllTags(history.Last).FirstOrDefault(tag => MetricTags.KeyIn(tag).Equals(key, StringComparison.OrdinalIgnoreCase)) is not { } tag) return null;
            tags.Add(tag);
        }
        return tags;
    }

    IEnumerable<string> AllTags(ServiceCheckRun run) => run.Host.Length == 0 ? run.Tags : run.Tags.Append("host:" + run.Host).Concat(hosts.TagsOf(run.Host));

    long LastHeard(ServiceCheckHistory history) => Math.Max(history.Last.UnixSeconds, startedUnixSeconds);

    static int Rank(MonitorState? state) => state switch { MonitorState.Alert => 4, MonitorState.Warn => 3, MonitorState.Unknown => 2, null => 1, _ => 0 };
}
