using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Frames;

namespace Apm.Query.Evaluate;

/// <summary>
/// Sorts series into groups by the values of some keys, from their own tags and those of their host. One that lacks a key is in the group
/// <c>N/A</c>; one that has a key twice is in both groups.
/// </summary>
sealed class TagGroups(IReadOnlyList<string> keys, IHostTags hosts)
{
    /// <summary>Most groups that one series is in; one with more values stays out of the rest.</summary>
    const int MostPerSeries = 100;

    readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    /// <summary>The values of each group, in the order in which they were met.</summary>
    public List<string[]> Groups { get; } = [];

    /// <summary>Places in <see cref="Groups"/> of a series.</summary>
    public int[] Of(MetricTags tags)
    {
        if (keys.Count == 0) return [PlaceOf([])];
        var hostTags = ScopeTest.HostTagsOf(tags, hosts);
        var combined = new List<string[]> { new string[keys.Count] };
        for (var i = 0; i < keys.Count; i++)
        {
            var values = ValuesOf(keys[i], tags, hostTags);
            if (values.Count > 1) combined = [.. combined.SelectMany(group => values.Select(_ => (string[])group.Clone())).Take(MostPerSeries)];
            for (var at = 0; at < combined.Count; at++) combined[at][i] = values.Count == 0 ? FrameLine.NoValue : values[at % values.Count];
        }
        var places = new int[combined.Count];
        for (var at = 0; at < places.Length; at++) places[at] = PlaceOf(combined[at]);
        return places;
    }

    int PlaceOf(string[] group)
    {
        var name = group.Length == 1 ? group[0] : string.Join('\0', group);
        if (_places.TryGetValue(name, out var place)) return place;
        _places.Add(name, Groups.Count);
        Groups.Add(group);
        return Groups.Count - 1;
    }

    static List<string> ValuesOf(string key, MetricTags tags, IReadOnlyList<string> hostTags)
    {
        var values = new List<string>(1);
        for (var i = 0; i < tags.Count; i++) Add(values, tags[i], key);
        for (var i = 0; i < hostTags.Count; i++) Add(values, hostTags[i], key);
        return values;
    }

    static void Add(List<string> values, string tag, string key)
    {
        if (!tag.StartsWith(key, StringComparison.OrdinalIgnoreCase) || tag.Length <= key.Length + 1 || tag[key.Length] != ':') return;
        var value = tag[(key.Length + 1)..];
        if (!values.Contains(value)) values.Add(value);
    }
}
