using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Downtimes;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.Monitors.Search;

/// <summary>How the worst monitor of a service does.</summary>
/// <param name="Group">The worst group; <see cref="GroupState.Whole"/> of a monitor without groups.</param>
/// <param name="IsMuted">Nothing is told of that group now.</param>
/// <param name="MonitorCount">Monitors of the service, this one included.</param>
public sealed record ServiceMonitor(long MonitorId, string Name, MonitorState State, string Group, bool IsMuted, int MonitorCount);

/// <summary>A change of state of what a monitor says of a service.</summary>
/// <param name="Group">As in <see cref="ServiceMonitor"/>.</param>
/// <param name="WasMuted">Nobody was told because it was muted.</param>
public sealed record ServiceMonitorChange(long AtUnixSeconds, long MonitorId, string Name, string Group, MonitorState From, MonitorState To, bool WasMuted);

/// <summary>
/// Which monitors are about which service: those whose query fixes <c>service:</c>, those that are grouped by it, each group for its own,
/// and those that have it among their own tags. One that names an environment is about the service there only. Pure.
/// </summary>
/// <remarks>A composite, and a monitor of an objective, name no service in their query: their own tags decide.</remarks>
public static class ServiceMonitors
{
    const string ServicePrefix = "service:";
    const string EnvPrefix = "env:";

    /// <summary>The worst monitor of each service that has one, by <see cref="KeyOf"/> its name. What is told stands before what is muted, the same state given.</summary>
    /// <param name="env">Null for all.</param>
    /// <param name="isMuted">Whether nothing is told of a monitor's group with these tags.</param>
    public static IReadOnlyDictionary<string, ServiceMonitor> Worst(IEnumerable<MonitorSnapshot> all, string? env, Func<MonitorRule, IReadOnlyList<string>, bool> isMuted)
    {
        var found = from monitor in all
                    from watched in Watched(monitor, env).GroupBy(pair => pair.Service, StringComparer.Ordinal)
                    let worst = watched.Select(pair => pair.Group).OrderByDescending(one => one.State.Gravity()).ThenBy(one => one.Group, StringComparer.Ordinal).First()
                    select (Service: watched.Key, monitor.Rule, Group: worst);
        return found.GroupBy(entry => entry.Service, StringComparer.Ordinal).ToDictionary(
            group => group.Key,
            group => group.Select(entry => new ServiceMonitor(entry.Rule.Id, entry.Rule.Name, entry.Group.State, entry.Group.Group, isMuted(entry.Rule, entry.Group.Tags), group.Count()))
                .OrderByDescending(monitor => monitor.State.Gravity()).ThenBy(monitor => monitor.IsMuted).ThenBy(monitor => monitor.MonitorId).First(),
            StringComparer.Ordinal);
    }

    /// <summary>Those that may be about a service; of a grouped one its groups tell.</summary>
    public static IEnumerable<MonitorSnapshot> Candidates(IEnumerable<MonitorSnapshot> all, string service) => all.Where(monitor => MayWatch(monitor.Rule, KeyOf(service)));

    /// <summary>What a service's monitors changed to in a time, the earliest first.</summary>
    /// <param name="env">Null for all.</param>
    /// <param name="historyOf">The history of a monitor, in any order. It is asked only for those that may be about the service.</param>
    public static IReadOnlyList<ServiceMonitorChange> Changes(IEnumerable<MonitorRule> rules, Func<long, IReadOnlyList<EvaluationNote>> historyOf, string service, string? env, TimeRange range)
    {
        var key = KeyOf(service);
        return
        [
            .. from rule in rules
               from note in MayWatch(rule, key) ? historyOf(rule.Id) : []
               where note.From != note.To && range.Contains(note.AtUnixSeconds * UnixTime.NanosPerSecond) && Watches(rule, TagsOf(note.Group), key, env)
               orderby note.AtUnixSeconds
               select new ServiceMonitorChange(note.AtUnixSeconds, rule.Id, rule.Name, note.Group, note.From, note.To, note.Happening == EvaluationHappening.Muted),
        ];
    }

    /// <summary>A service's name as the value of a tag; what cannot be one is its own.</summary>
    public static string KeyOf(string service) => MetricNames.Tag(ServicePrefix + service) is { } tag && tag.StartsWith(ServicePrefix, StringComparison.Ordinal) ? tag[ServicePrefix.Length..] : service;

    /// <summary>Each group with each service that it is about. A monitor that has found nothing yet is one group without data.</summary>
    static IEnumerable<(string Service, GroupState Group)> Watched(MonitorSnapshot monitor, string? env)
    {
        var groups = monitor.Groups.Count > 0 ? monitor.Groups : [new GroupState { Group = GroupState.Whole, FirstSeenUnixSeconds = 0 }];
        return from groupState in groups
               from service in ServicesOf(monitor.Rule, groupState.Tags, env)
               select (service, groupState);
    }

    static bool Watches(MonitorRule rule, IReadOnlyList<string> groupTags, string key, string? env) => ServicesOf(rule, groupTags, env).Contains(key);

    /// <summary>Whether a group of it could be about the service: its tags are known only when it was evaluated.</summary>
    static bool MayWatch(MonitorRule rule, string key) => rule.IsMulti || Watches(rule, [], key, null);

    /// <summary>The group's own word counts before that of the query, and both before the monitor's tags, which may name several.</summary>
    static IReadOnlyList<string> ServicesOf(MonitorRule rule, IReadOnlyList<string> groupTags, string? env)
    {
        if (env is not null && ValuesOf(EnvPrefix, rule, groupTags) is { Count: > 0 } envs && !envs.Contains(env, StringComparer.OrdinalIgnoreCase)) return [];
        return [.. ValuesOf(ServicePrefix, rule, groupTags).Select(KeyOf)];
    }

    static List<string> ValuesOf(string prefix, MonitorRule rule, IReadOnlyList<string> groupTags)
    {
        foreach (var tags in (IReadOnlyList<string>[])[groupTags, QueryTags.FixedBy(rule), rule.Tags])
            if (tags.Where(tag => tag.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && tag.Length > prefix.Length).Select(tag => tag[prefix.Length..]).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } values) return values;
        return [];
    }

    static string[] TagsOf(string group) => group is GroupState.Whole or "" ? [] : group.Split(',');
}
