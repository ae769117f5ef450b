using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Time;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>A monitor with its groups, as others see it.</summary>
public sealed record MonitorSnapshot(MonitorRule Rule, IReadOnlyList<GroupState> Groups);

/// <summary>Combines the states of other monitors (metrics-monitors §6.8). Pure but for what it is given.</summary>
public static class CompositeReadings
{
    /// <param name="partOf">A monitor as it stands; null when it is gone.</param>
    public static MonitorReading Read(CompositeMonitorQuery asked, MonitorOptions options, long nowUnixSeconds, Func<long, MonitorSnapshot?> partOf)
    {
        var window = new TimeRange(nowUnixSeconds * UnixTime.NanosPerSecond, nowUnixSeconds * UnixTime.NanosPerSecond);
        var parts = new Dictionary<long, MonitorSnapshot>();
        foreach (var id in asked.Parts)
        {
            if (partOf(id) is not { } part) return MonitorReading.Skipped(window, $"Monitor {id}, which the query names, is not there any more. Change the query, or delete this monitor.");
            parts.Add(id, part);
        }
        var readings = new List<GroupReading>();
        foreach (var (tags, chosen) in GroupsOf(asked, parts)) readings.Add(ReadingOf(asked, options, tags, chosen, parts) with { LastDataUnixSeconds = nowUnixSeconds });
        return new MonitorReading(window, readings);
    }

    static GroupReading ReadingOf(CompositeMonitorQuery asked, MonitorOptions options, IReadOnlyList<string> tags, Dictionary<long, GroupState> chosen, Dictionary<long, MonitorSnapshot> parts)
    {
        var state = CompositeRule.Of(asked.Root, id => chosen[id].State);
        var tellsNoData = MissingDataRule.TellsNoData(options);
        return GroupReading.Of(tags) with
        {
            IsJudged = true,
            State = state == MonitorState.NoData && !tellsNoData ? null : state, // The last known one is kept.
            TellsNoData = chosen.Any(part => part.Value.State == MonitorState.NoData && MissingDataRule.TellsNoData(parts[part.Key].Rule.Options)),
            Parts = asked.Parts.Select((id, i) => (Letter: ((char)('a' + i)).ToString(), Part: new CompositePart(id, parts[id].Rule.Name, chosen[id].State, chosen[id].Value))).ToDictionary(pair => pair.Letter, pair => pair.Part),
        };
    }

    /// <summary>Groups that report in all grouped parts, with the state of each part in them. The part with the most keys makes them; values are compared, not keys.</summary>
    static IEnumerable<(IReadOnlyList<string> Tags, Dictionary<long, GroupState> Chosen)> GroupsOf(CompositeMonitorQuery asked, Dictionary<long, MonitorSnapshot> parts)
    {
        var simple = parts.Where(part => !part.Value.Rule.IsMulti).ToDictionary(part => part.Key, part => part.Value.Groups.Count > 0 ? part.Value.Groups[0] : NeverJudged);
        var grouped = asked.Parts.Where(id => parts[id].Rule.IsMulti).ToList();
        if (grouped.Count == 0)
        {
            yield return ([], simple);
            yield break;
        }
        var lookups = grouped.ToDictionary(id => id, id => Lookup(parts[id].Groups));
        var maker = grouped.MaxBy(id => parts[id].Groups.Count > 0 ? parts[id].Groups[0].Tags.Count : 0);
        foreach (var group in parts[maker].Groups)
        {
            var chosen = new Dictionary<long, GroupState>(simple) { [maker] = group };
            foreach (var id in grouped)
                if (id != maker && Find(lookups[id], group.Tags) is { } other) chosen[id] = other;
            if (chosen.Count == parts.Count) yield return (group.Tags, chosen);
        }
    }

    static GroupState NeverJudged { get; } = new() { Group = GroupState.Whole, FirstSeenUnixSeconds = 0 };

    static Dictionary<string, GroupState> Lookup(IReadOnlyList<GroupState> groups)
    {
        var lookup = new Dictionary<string, GroupState>(groups.Count, StringComparer.Ordinal);
        foreach (var group in groups) lookup.TryAdd(ValuesOf(group.Tags), group);
        return lookup;
    }

    /// <summary>The group whose values are all among some tags' values.</summary>
    static GroupState? Find(Dictionary<string, GroupState> lookup, IReadOnlyList<string> tags)
    {
        for (var choice = 1; choice < 1 << Math.Min(tags.Count, 4); choice++)
            if (lookup.TryGetValue(ValuesOf([.. tags.Where((_, i) => (choice >> i & 1) == 1)]), out var found)) return found;
        return null;
    }

    static string ValuesOf(IReadOnlyList<string> tags) => string.Join('\0', tags.Select(MetricTags.ValueIn).Order(StringComparer.Ordinal));
}
