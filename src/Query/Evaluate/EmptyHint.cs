using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>Says of a metric query that found no series what may be wrong with it: the name of the metric, or a tag key that no series has.</summary>
static class EmptyHint
{
    /// <summary>Keys listed.</summary>
    const int MostKeys = 20;

    /// <summary>Null when there is nothing to say: no series has these values.</summary>
    public static string? Of(MetricQuery query, IMetricReader reader, IHostTags hosts, long sinceUnixSeconds)
    {
        var series = reader.Series(query.Metric, sinceUnixSeconds);
        if (series.Count == 0) return NoMetric(query, reader, sinceUnixSeconds);
        foreach (var (key, column) in KeysOf(query.Scope)) if (Unknown(query, key, column, series, hosts) is { } hint) return hint;
        return null;
    }

    /// <summary>Null when the series that a query found have the key that it is grouped by after all.</summary>
    public static string? OfGroup(MetricQuery query, GroupKey key, IMetricReader reader, IHostTags hosts, long sinceUnixSeconds) =>
        Unknown(query, key.Key, key.At.Column, reader.Series(query.Metric, sinceUnixSeconds), hosts);

    static string? Unknown(MetricQuery query, string key, int column, IReadOnlyList<SeriesInfo> series, IHostTags hosts)
    {
        var keys = series.SelectMany(one => one.Key.Tags.Concat(ScopeTest.HostTagsOf(one.Key.Tags, hosts))).Select(MetricTags.KeyIn).Distinct().Order(StringComparer.Ordinal).ToList();
        if (keys.Contains(key, StringComparer.OrdinalIgnoreCase)) return null;
        var listed = string.Join(", ", keys.Take(MostKeys)) + (keys.Count > MostKeys ? $" and {keys.Count - MostKeys} more" : "");
        return $"No series of \"{query.Metric}\" has the tag key \"{key}\" (column {column}).{NearestHint.Of(key, keys)} There are: {listed}.";
    }

    static string NoMetric(MetricQuery query, IMetricReader reader, long sinceUnixSeconds)
    {
        var names = reader.Metrics(sinceUnixSeconds).Select(info => info.Name).ToList();
        return $"\"{query.Metric}\" at column {query.MetricAt.Column} has no point since the window's start.{NearestHint.Of(query.Metric, names)}";
    }

    static IEnumerable<(string Key, int Column)> KeysOf(ScopeNode? scope)
    {
        if (scope is ScopeTag tag) yield return (tag.Key, tag.At.Column);
        if (scope is ScopeIn one) yield return (one.Key, one.At.Column);
        foreach (var child in scope?.Children ?? [])
            foreach (var key in KeysOf(child)) yield return key;
    }
}
