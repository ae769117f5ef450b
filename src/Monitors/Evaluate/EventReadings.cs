using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;

namespace Apm.Monitors.Evaluate;

/// <summary>Counts events for event monitors (metrics-monitors §6.1).</summary>
/// <remarks>Any thread.</remarks>
public sealed class EventReadings(IEventStore events)
{
    public MonitorReading Read(SearchMonitorQuery asked, long endUnixSeconds)
    {
        var window = asked.Window.At(endUnixSeconds);
        var (from, to) = (window.FromUnixNanos / UnixTime.NanosPerSecond, window.ToUnixNanos / UnixTime.NanosPerSecond - 1);
        var found = events.Search(new EventSearch(from, to) { Condition = EventQuery.Parse(asked.Search).Holds });
        if (asked.By.Count == 0) return new MonitorReading(window, [GroupReading.Whole with { Value = Count(found, asked), LastDataUnixSeconds = endUnixSeconds }]);
        var groups = new Dictionary<string, (List<string> Tags, List<EventRecord> Events)>(StringComparer.Ordinal);
        foreach (var happened in found)
        {
            foreach (var tags in GroupsOf(happened, asked.By))
            {
                var name = string.Join(',', tags);
                if (!groups.TryGetValue(name, out var group)) groups.Add(name, group = (tags, []));
                group.Events.Add(happened);
            }
        }
        return new MonitorReading(window, [.. groups.Values.Select(group => GroupReading.Of(group.Tags) with { Value = Count(group.Events, asked), LastDataUnixSeconds = endUnixSeconds, Sample = SampleOf(group.Events[0]) })]);
    }

    static double Count(IReadOnlyList<EventRecord> found, SearchMonitorQuery asked) => asked.Method == "count" ? found.Count : found.SelectMany(happened => ValuesOf(happened, asked.Measure)).Distinct(StringComparer.Ordinal).Count();

    /// <summary>One list of tags per combination of values; none when the event lacks a key.</summary>
    static IEnumerable<List<string>> GroupsOf(EventRecord happened, IReadOnlyList<string> keys)
    {
        IEnumerable<List<string>> groups = [[]];
        foreach (var key in keys) groups = [.. groups.SelectMany(group => ValuesOf(happened, key).Select(value => new List<string>([.. group, $"{key}:{value}"])))];
        return groups;
    }

    static IEnumerable<string> ValuesOf(EventRecord happened, string key)
    {
        var name = key.TrimStart('@');
        var tags = happened.Tags.Where(tag => MetricTags.KeyIn(tag).Equals(name, StringComparison.OrdinalIgnoreCase)).Select(MetricTags.ValueIn);
        return name switch
        {
            "host" when happened.Host.Length > 0 => tags.Append(happened.Host).Distinct(StringComparer.Ordinal),
            "source" when happened.Source.Length > 0 => tags.Append(happened.Source).Distinct(StringComparer.Ordinal),
            _ => tags,
        };
    }

    static Dictionary<string, string> SampleOf(EventRecord happened) => new() { ["event.title"] = happened.Title, ["event.text"] = happened.Text, ["event.host"] = happened.Host };
}
