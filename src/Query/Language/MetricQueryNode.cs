using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>One node of a metric query's tree. It knows its place in the text and prints itself as text that reads back as the same.</summary>
public abstract class MetricQueryNode(TextRange at)
{
    public TextRange At { get; } = at;
}

/// <summary>Several queries of one text, separated by commas.</summary>
public sealed class QueryList(IReadOnlyList<MetricQuery> queries, TextRange at) : MetricQueryNode(at)
{
    public IReadOnlyList<MetricQuery> Queries { get; } = queries;

    public override string ToString() => string.Join(", ", Queries);
}

/// <summary>
/// One metric by scope and groups: <c>p95:trace.flask.request{service:web} by {resource_name}.as_count()</c>.
/// </summary>
/// <param name="aggregator">Null when none was written.</param>
/// <param name="scope">Empty for <c>*</c>: everything.</param>
/// <param name="by">Tag keys; empty for one series.</param>
public sealed class MetricQuery(
    SpaceAggregator? aggregator, string metric, TextRange metricAt, IReadOnlyList<ScopeTerm> scope, IReadOnlyList<GroupKey> by, IReadOnlyList<Modifier> modifiers, TextRange at)
    : MetricQueryNode(at)
{
    public SpaceAggregator? Aggregator { get; } = aggregator;
    public string Metric { get; } = metric;
    public TextRange MetricAt { get; } = metricAt;
    public IReadOnlyList<ScopeTerm> Scope { get; } = scope;
    public IReadOnlyList<GroupKey> By { get; } = by;
    public IReadOnlyList<Modifier> Modifiers { get; } = modifiers;

    public override string ToString() => Print(Scope.Count == 0 ? "*" : string.Join(',', Scope), withGroups: true);

    /// <summary>The same query for other braces, as when the values of a group are filled in.</summary>
    internal string Print(string scopeText, bool withGroups)
    {
        var text = new StringBuilder();
        if (Aggregator is { } aggregator) text.Append(aggregator).Append(':');
        text.Append(Metric).Append('{').Append(scopeText).Append('}');
        if (withGroups && By.Count > 0) text.Append(" by {").AppendJoin(',', By).Append('}');
        foreach (var modifier in Modifiers) text.Append(modifier);
        return text.ToString();
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

/// <summary>One condition between the braces: a tag is like a value, or is not.</summary>
public sealed class ScopeTerm(string key, ScopeValue value, bool isNegated, TextRange at) : MetricQueryNode(at)
{
    public string Key { get; } = key;
    public ScopeValue Value { get; } = value;
    public bool IsNegated { get; } = isNegated;

    public override string ToString() => $"{(IsNegated ? "!" : "")}{Key}:{Value}";
}

/// <summary>A value between the braces; <c>*</c> at its start or end stands for any text.</summary>
public readonly record struct ScopeValue(string Text)
{
    /// <summary>There only has to be a value.</summary>
    public bool IsAnything => Text == "*";

    public bool Matches(string value)
    {
        if (IsAnything) return value.Length > 0;
        if (Text.StartsWith('*')) return value.EndsWith(Text[1..], StringComparison.Ordinal);
        if (Text.EndsWith('*')) return value.StartsWith(Text[..^1], StringComparison.Ordinal);
        return value == Text;
    }

    public override string ToString() => Text.Length > 0 && !Text.Any(c => c is ',' or '{' or '}' or '"' or '\\') && Text == Text.Trim()
        ? Text
        : $"\"{Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>A tag key to group by.</summary>
public sealed class GroupKey(string key, TextRange at) : MetricQueryNode(at)
{
    public string Key { get; } = key;

    public override string ToString() => Key;
}

/// <summary>What follows a query with a dot: <c>.as_count()</c>, <c>.as_rate()</c>.</summary>
public sealed class Modifier(string name, TextRange at) : MetricQueryNode(at)
{
    /// <summary>Modifiers there are.</summary>
    public static IReadOnlyList<string> Names { get; } = ["as_count", "as_rate"];

    public string Name { get; } = name;

    public override string ToString() => $".{Name}()";
}
