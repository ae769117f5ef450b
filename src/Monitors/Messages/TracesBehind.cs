using System.Text.RegularExpressions;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Query.Filters;
using Apm.Query.Language;
using Apm.Query.Metrics;
using Apm.Query.Text;

namespace Apm.Monitors.Messages;

/// <summary>The search for the traces that a monitor is about. Pure.</summary>
public static partial class TracesBehind
{
    /// <summary>Keys of the metrics of traces that the search of traces has words for; the others are tags there.</summary>
    static readonly Dictionary<string, string> s_words = new(StringComparer.Ordinal)
    {
        ["service"] = "service", ["env"] = "env", ["version"] = "version", ["host"] = "host", ["resource"] = "resource", ["resource_name"] = "resource", ["span.kind"] = "kind", ["span.type"] = "type",
    };

    /// <summary>Such as <c>operation:flask.request service:web</c>; null when the monitor is about no traces.</summary>
    /// <param name="groupTags">Of the group that is looked at; none for all.</param>
    public static string? SearchOf(MonitorRule rule, IReadOnlyList<string> groupTags)
    {
        try
        {
            return MonitorTypes.All.Contains(rule.Type) ? SearchOf(MonitorQueryParser.Parse(rule.Type, rule.Query), groupTags) : null;
        }
        catch (Exception wrong) when (wrong is MonitorQueryException or QueryTextException)
        {
            return null; // A rule of a newer version, or a tag that no search takes: the notice goes without the link.
        }
    }

    static string? SearchOf(MonitorQuery query, IReadOnlyList<string> groupTags) => query switch
    {
        SearchMonitorQuery { Source: SearchMonitorQuery.Spans } search => Of(search, groupTags),
        MetricMonitorQuery metric => Of(metric, groupTags),
        _ => null,
    };

    static string Of(SearchMonitorQuery search, IReadOnlyList<string> groupTags)
    {
        var filter = search.Search.Trim() is "" or "*" ? TraceFilter.Empty : TraceFilterParser.Parse(search.Search);
        for (var i = 0; i < Math.Min(search.By.Count, groupTags.Count); i++) filter = filter.With(search.By[i], MetricTags.ValueIn(groupTags[i]));
        return filter.ToString();
    }

    static string? Of(MetricMonitorQuery asked, IReadOnlyList<string> groupTags)
    {
        foreach (var metric in asked.Query.MetricQueries)
        {
            if (TraceMetricName.Of(metric.Metric) is not { } name) continue;
            var filter = TraceFilter.Empty.With("operation", name.Operation);
            var texts = new List<string>();
            IEnumerable<ScopeTag> scope = metric.Scope switch { ScopeAnd all => all.Children.OfType<ScopeTag>(), ScopeTag one => [one], _ => [] };
            var tags = scope.Where(tag => tag.Value is { HasStar: false }).Select(tag => (tag.Key, Value: tag.Value!.Value.Text));
            foreach (var (key, value) in tags.Concat(groupTags.Where(tag => tag.Contains(':', StringComparison.Ordinal)).Select(tag => (Key: MetricTags.KeyIn(tag), Value: MetricTags.ValueIn(tag)))))
            {
                var word = s_words.GetValueOrDefault(key, "@" + key);
                // As Datadog writes resources in tags, they cannot be told back: their words are looked for.
                if (word == "resource" && NormalisedRoute().IsMatch(value)) texts.AddRange(value.Split('_', StringSplitOptions.RemoveEmptyEntries).Select(part => $"\"{part}\""));
                else filter = filter.With(word, value);
            }
            if (name.Measure == TraceMeasure.Errors) filter = filter.With("status", "error");
            return string.Join(' ', texts.Prepend(filter.ToString()));
        }
        return null;
    }

    [GeneratedRegex("^(get|post|put|delete|patch|head|options)_", RegexOptions.CultureInvariant)]
    private static partial Regex NormalisedRoute();
}
