using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Evaluate;
using Apm.Monitors.Rules;
using Apm.Monitors.Schedule;
using Apm.Query.Text;

namespace Apm.Monitors.Search;

/// <summary>The monitors, a line each, for those who show them among other things.</summary>
public sealed class MonitorLines(MonitorRules rules, MonitorStates states, IDowntimeBook downtimes, IMuteAll muteAll, TimeProvider clock) : IMonitorStates
{
    /// <inheritdoc/>
    /// <remarks>A search that cannot be read is taken as words of the name.</remarks>
    public IReadOnlyList<MonitorSummary> Find(string search)
    {
        var now = clock.NowUnixNanos() / UnixTime.NanosPerSecond;
        var test = TestOf(search.Trim());
        return [.. states.All().Where(monitor => test(MonitorCard.Of(monitor, rules.Find(monitor.Rule.Id)?.Query, IsMuted(monitor.Rule, now))))
            .Select(monitor => Summary(monitor, now)).OrderByDescending(line => line.State.Gravity()).ThenBy(line => line.Name, StringComparer.OrdinalIgnoreCase)];
    }

    static Predicate<MonitorCard> TestOf(string search)
    {
        if (search is "" or "*") return _ => true;
        if (long.TryParse(search, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) return card => card.Rule.Id == id;
        try
        {
            return MonitorSearchParser.Parse(search).Holds;
        }
        catch (QueryTextException)
        {
            return card => search.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word => card.Rule.Name.Contains(word, StringComparison.OrdinalIgnoreCase));
        }
    }

    MonitorSummary Summary(MonitorSnapshot monitor, long now)
    {
        var worst = RuleText.Worst(monitor.Groups.Select(group => group.State));
        var inIt = monitor.Groups.Where(group => group.State == worst).ToList();
        return new MonitorSummary(
            monitor.Rule.Id, monitor.Rule.Name, worst, inIt.Min(group => group.StateSinceUnixSeconds) ?? 0, monitor.Rule.IsMulti ? monitor.Groups.Count : 1, inIt.Count,
            IsMuted(monitor.Rule, now), string.Create(CultureInfo.InvariantCulture, $"/monitors/{monitor.Rule.Id}"));
    }

    bool IsMuted(MonitorRule rule, long now) => muteAll.IsMuted(now) || SilencedScopes.For(rule.Options, [], now).IsMuted || downtimes.For(rule, [], now).IsMuted;
}
