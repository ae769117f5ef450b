using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>
/// One metric by scope and groups: <c>p95:trace.flask.request{service:web} by {resource_name}.rollup(60)</c>.
/// </summary>
/// <param name="aggregator">Null when none was written.</param>
/// <param name="scope">Null for <c>*</c>: everything.</param>
/// <param name="by">Tag keys; empty for one series.</param>
public sealed class MetricQuery(
    SpaceAggregator? aggregator, string metric, TextRange metricAt, ScopeNode? scope, IReadOnlyList<GroupKey> by, IReadOnlyList<Modifier> modifiers, TextRange at)
    : QueryNode(at)
{
    public SpaceAggregator? Aggregator { get; } = aggregator;
    public string Metric { get; } = metric;
    public TextRange MetricAt { get; } = metricAt;
    public ScopeNode? Scope { get; } = scope;
    public IReadOnlyList<GroupKey> By { get; } = by;
    public IReadOnlyList<Modifier> Modifiers { get; } = modifiers;

    /// <summary>The scope as it is printed, <c>*</c> for everything.</summary>
    public string ScopeText => Scope?.ToString() ?? "*";

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group)
    {
        if (Aggregator is { } aggregator) text.Append(aggregator).Append(':');
        text.Append(Metric).Append('{').Append(group is null ? ScopeText : ScopeFor(group)).Append('}');
        if (group is null && By.Count > 0) text.Append(" by {").AppendJoin(',', By).Append('}');
        foreach (var modifier in Modifiers) text.Append(modifier);
    }

    string ScopeFor(IReadOnlyDictionary<string, string> group)
    {
        var tags = By.Where(key => group.ContainsKey(key.Key)).Select(key => $"{key.Key}:{group[key.Key]}").ToList();
        if (tags.Count == 0) return ScopeText;
        if (Scope is null) return string.Join(',', tags);
        return Scope.IsInWords ? string.Join(" AND ", tags.Prepend(Scope is ScopeOr ? $"({Scope})" : Scope.ToString()!)) : string.Join(',', tags.Prepend(Scope.ToString()!));
    }
}

/// <summary>How the series of a group become one.</summary>
/// <param name="Name"><c>avg</c>, <c>sum</c>, <c>min</c>, <c>max</c>, <c>count</c>, or <c>p</c> and a percentage.</param>
/// <param name="Quantile">0 to 1 for <c>p50</c> and its like; null for the others.</param>
public readonly record struct SpaceAggregator(string Name, double? Quantile = null)
{
    /// <summary>All that have a name of their own, and the usual percentiles.</summary>
    public static IReadOnlyList<string> Names { get; } = ["avg", "sum", "min", "max", "count", "p50", "p75", "p90", "p95", "p99"];

    public override string ToString() => Name;
}

/// <summary>A tag key to group by.</summary>
public sealed class GroupKey(string key, TextRange at)
{
    public TextRange At { get; } = at;
    public string Key { get; } = key;

    public override string ToString() => Key;
}
