using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;

namespace Apm.Monitors.Search;

/// <summary>How the worst monitor of a service does.</summary>
/// <param name="Group">The worst group; <see cref="GroupState.Whole"/> of a monitor without groups.</param>
/// <param name="IsMuted">Nothing is told of that group now; false when it is well, as nobody asks then.</param>
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
    static readonly IReadOnlyList<GroupState> s_unevaluated = [new GroupState { Group = GroupState.Whole, FirstSeenUnixSeconds = 0 }];

    /// <summary>The worst monitor of each service that has one, by <see cref="KeyOf"/> its name. What is told stands before what is muted, the same state given.</summary>
    /// <param name="all">One that has found nothing yet is one group without data.</param>
    /// <param name="env">Null for all.</param>
    /// <param name="isMuted">Whether nothing is told of a monitor's group with these tags. It is asked only of the worst of a service that is not well, until one is told of.</param>
    /// <param name="only">The one service that is asked for, which spares the others' work; null for all.</param>
    public static IReadOnlyDictionary<string, ServiceMonitor> Worst(IEnumerable<MonitorSnapshot> all, string? env, Func<MonitorRule, IReadOnlyList<string>, bool> isMuted, string? only = null)
    {
        var found = new Dictionary<string, List<(MonitorRule Rule, GroupState Group)>>(StringComparer.Ordinal);
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        var onlyKey = only is null ? null : KeyOf(only);
        foreach (var monitor in all)
        {
            var scope = ServiceScope.Of(monitor.Rule);
            if (onlyKey is null ? !scope.MayGroupByService && scope.Services.Count == 0 : !scope.MayWatch(onlyKey)) continue;
            foreach (var (service, group) in WorstGroups(monitor, scope, env, keys))
            {
                if (onlyKey is not null && service != onlyKey) continue;
                if (!found.TryGetValue(service, out var monitors)) found.Add(service, monitors = []);
                monitors.Add((monitor.Rule, group));
            }
        }
        return found.ToDictionary(pair => pair.Key, pair => WorstOf(pair.Value, isMuted), StringComparer.Ordinal);
    }

    /// <summary>What a service's monitors changed to in a time, the earliest first. Which group is about which service is judged by the rules as they are now.</summary>
    /// <param name="env">Null for all.</param>
    /// <param name="historyOf">The history of a monitor from a Unix second on, in any order. It is asked only for those that may be about the service.</param>
    public static IReadOnlyList<ServiceMonitorChange> Changes(IEnumerable<MonitorRule> rules, Func<long, long, IReadOnlyList<EvaluationNote>> historyOf, string service, string? env, TimeRange range)
    {
        var key = KeyOf(service);
        return
        [
            .. from rule in rules
               let scope = ServiceScope.Of(rule)
               where scope.MayWatch(key)
               from note in historyOf(rule.Id, range.FromUnixNanos / UnixTime.NanosPerSecond)
               where note.From != note.To && range.Contains(note.AtUnixSeconds * UnixTime.NanosPerSecond)
                   && scope.TagsOf(note.Group) is { } tags && scope.IsIn(tags, env) && scope.Watches(tags, key)
               orderby note.AtUnixSeconds
               select new ServiceMonitorChange(note.AtUnixSeconds, rule.Id, rule.Name, note.Group, note.From, note.To, note.Happening == EvaluationHappening.Muted),
        ];
    }

    /// <summary>A service's name as the value of a tag; what cannot be one is its own.</summary>
    public static string KeyOf(string service) =>
        MetricNames.Tag(ServiceScope.ServicePrefix + service) is { } tag && tag.StartsWith(ServiceScope.ServicePrefix, StringComparison.Ordinal) ? tag[ServiceScope.ServicePrefix.Length..] : service;

    /// <summary>The worst group of each service that a monitor is about. There may be 100,000 groups, and this runs with every rendering: it makes nothing for a group.</summary>
    /// <param name="keys">Of tags, the services they name; filled here.</param>
    static Dictionary<string, GroupState> WorstGroups(MonitorSnapshot monitor, ServiceScope scope, string? env, Dictionary<string, string> keys)
    {
        var worst = new Dictionary<string, GroupState>(StringComparer.Ordinal);
        GroupState? worstOfNone = null;
        foreach (var group in monitor.Groups.Count > 0 ? monitor.Groups : s_unevaluated)
        {
            if (!scope.IsIn(group.Tags, env)) continue;
            var namesOne = false;
            for (var i = 0; scope.MayGroupByService && i < group.Tags.Count; i++)
            {
                if (!ServiceScope.NamesService(group.Tags[i])) continue;
                namesOne = true;
                if (!keys.TryGetValue(group.Tags[i], out var service)) keys.Add(group.Tags[i], service = KeyOf(group.Tags[i][ServiceScope.ServicePrefix.Length..]));
                worst[service] = Worse(worst.GetValueOrDefault(service), group);
            }
            if (!namesOne) worstOfNone = Worse(worstOfNone, group);
        }
        if (worstOfNone is not null) foreach (var service in scope.Services) worst[service] = Worse(worst.GetValueOrDefault(service), worstOfNone);
        return worst;
    }

    static GroupState Worse(GroupState? one, GroupState other)
    {
        if (one is null) return other;
        var difference = one.State.Gravity() - other.State.Gravity();
        return difference > 0 || (difference == 0 && string.CompareOrdinal(one.Group, other.Group) <= 0) ? one : other;
    }

    static ServiceMonitor WorstOf(List<(MonitorRule Rule, GroupState Group)> monitors, Func<MonitorRule, IReadOnlyList<string>, bool> isMuted)
    {
        var gravity = monitors.Max(entry => entry.Group.State.Gravity());
        var worst = monitors.Where(entry => entry.Group.State.Gravity() == gravity).OrderBy(entry => entry.Rule.Id).ToList();
        var told = gravity == MonitorState.Ok.Gravity() ? 0 : worst.FindIndex(entry => !isMuted(entry.Rule, entry.Group.Tags));
        var (rule, group) = worst[Math.Max(0, told)];
        return new ServiceMonitor(rule.Id, rule.Name, group.State, group.Group, told < 0, monitors.Count);
    }
}
