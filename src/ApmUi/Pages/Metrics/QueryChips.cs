using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Text;

namespace Apm.ApmUi.Pages.Metrics;

/// <summary>A part of a query with the query that is left without it.</summary>
/// <param name="Text">As it stands in the query.</param>
/// <param name="Help">What it does, as a sentence; "" when that is plain.</param>
public sealed record QueryChip(string Text, string Help, string Without);

/// <summary>Something that could be chosen, with the query that has it.</summary>
public sealed record QueryChoice(string Text, string Help, string Query, bool IsChosen);

/// <summary>
/// A query taken apart: which metric, how its series are joined, which of them, by what, and the functions around it. Each part leads to the
/// query without it, or with another in its place. What stands beside the part is left as it was written.
/// </summary>
public sealed record QueryChips
{
    public required string Metric { get; init; }

    /// <summary>As it is written: <c>avg</c>.</summary>
    public required string Aggregator { get; init; }
    public required IReadOnlyList<QueryChoice> Aggregators { get; init; }

    /// <summary>Conditions that must all hold; empty for everything.</summary>
    public required IReadOnlyList<QueryChip> Scope { get; init; }

    /// <summary>Keys that the series are grouped by.</summary>
    public required IReadOnlyList<QueryChip> By { get; init; }

    /// <summary>Such as <c>.rollup(sum, 3600)</c>.</summary>
    public required IReadOnlyList<QueryChip> Modifiers { get; init; }

    /// <summary>In the order in which they are applied.</summary>
    public required IReadOnlyList<QueryChip> Functions { get; init; }

    /// <summary>The functions there are, each with the query inside it; by what they are about.</summary>
    public required IReadOnlyList<(FunctionGroup Group, IReadOnlyList<QueryChoice> Functions)> Addable { get; init; }

    readonly string _text = "";
    readonly MetricQuery _metric = null!;

    QueryChips()
    {
    }

    QueryChips(string text, MetricQuery metric) => (_text, _metric) = (text, metric);

    /// <summary>Null when the text is not one metric with functions around it, but computes with several, or cannot be read.</summary>
    public static QueryChips? Of(string text)
    {
        QueryNode node;
        try
        {
            if (MetricQueryParser.Parse(text) is not { Queries: [var only] }) return null;
            QueryFunctions.Check(node = only);
        }
        catch (QueryTextException)
        {
            return null;
        }
        var whole = node;
        var functions = new List<QueryChip>();
        while (node is CallNode call)
        {
            if (call.Arguments is not [NodeArgument { Number: null } first, ..] || call.Arguments.Skip(1).OfType<NodeArgument>().Any(other => other.Number is null)) return null;
            functions.Add(new QueryChip(WordsOf(call), QueryFunctions.Of(call).Summary + ".", Replaced(text, call.At, Part(text, first.Node.At))));
            node = first.Node;
        }
        if (node is not MetricQuery metric) return null;
        functions.Reverse();
        var chips = new QueryChips(text, metric)
        {
            Metric = metric.Metric,
            Aggregator = metric.Aggregator?.Name ?? "avg",
            Aggregators = [],
            Scope = [],
            By = [],
            Modifiers = [],
            Functions = functions,
            Addable = [.. QueryFunctions.All.GroupBy(function => function.Group)
                .Select(group => (group.Key, (IReadOnlyList<QueryChoice>)[.. group.Select(function => (function, Query: Around(text, whole, function)))
                    .Where(pair => pair.Query is not null).Select(pair => new QueryChoice(pair.function.Name, pair.function.Summary + ".", pair.Query!, functions.Exists(chip => chip.Text == pair.function.Name)))]))
                .Where(group => group.Item2.Count > 0)],
        };
        return chips with
        {
            Aggregators = [.. SpaceAggregator.Names.Select(name => new QueryChoice(name, "", chips.With(aggregator: name), name == chips.Aggregator))],
            Scope = [.. chips.Conditions().Select(condition => new QueryChip(condition, "", chips.With(scope: [.. chips.Conditions().Where(other => other != condition)])))],
            By = [.. metric.By.Select(key => new QueryChip(key.Key, "", chips.With(by: [.. metric.By.Where(other => other != key).Select(other => other.Key)])))],
            Modifiers = [.. metric.Modifiers.Select(modifier => new QueryChip(modifier.ToString(), "", chips.With(without: modifier)))],
        };
    }

    /// <summary>The query with one more condition; as it is when it has that already, or when its conditions are written in words.</summary>
    public string WithCondition(string tag) => _metric.Scope is { IsInWords: true } ? With(words: $"{Bracketed(_metric.Scope)} AND {tag}") : With(scope: [.. Conditions().Append(tag).Distinct()]);

    /// <summary>The query grouped by one more key, or without it when it is grouped by it.</summary>
    public string Grouped(string key) =>
        With(by: _metric.By.Any(by => by.Key == key) ? [.. _metric.By.Where(by => by.Key != key).Select(by => by.Key)] : [.. _metric.By.Select(by => by.Key), key]);

    static string Bracketed(ScopeNode scope) => scope is ScopeOr ? $"({scope})" : scope.ToString()!;

    List<string> Conditions() => _metric.Scope switch
    {
        null => [],
        ScopeAnd all => [.. all.Children.Select(part => part is ScopeOr ? $"({part})" : part.ToString()!)],
        var one => [one.ToString()!],
    };

    string With(string? aggregator = null, IReadOnlyList<string>? scope = null, string? words = null, IReadOnlyList<string>? by = null, Modifier? without = null)
    {
        var separator = _metric.Scope is { IsInWords: true } ? " AND " : ",";
        var conditions = words ?? string.Join(separator, scope ?? Conditions());
        IReadOnlyList<string> keys = by ?? [.. _metric.By.Select(key => key.Key)];
        var query = $"{aggregator ?? Aggregator}:{_metric.Metric}{{{(conditions.Length == 0 ? "*" : conditions)}}}"
            + (keys.Count > 0 ? $" by {{{string.Join(',', keys)}}}" : "")
            + string.Concat(_metric.Modifiers.Where(modifier => modifier != without));
        return Replaced(_text, _metric.At, query);
    }

    /// <summary>The name with what is given to it beside the query: <c>anomalies('basic', 2)</c>.</summary>
    static string WordsOf(CallNode call)
    {
        var words = new CallNode(call.Name, call.NameAt, [.. call.Arguments.Skip(1)], call.Modifiers, call.At).ToString();
        return words.EndsWith("()", StringComparison.Ordinal) ? call.Name : words;
    }

    /// <summary>The query inside a function, with what its example gives to it; null for a function of several queries.</summary>
    static string? Around(string text, QueryNode whole, QueryFunction function)
    {
        if (MetricQueryParser.Parse(function.Example) is not { Queries: [CallNode { Name: var name, Arguments: [NodeArgument { Number: null }, ..] } example] } || name != function.Name) return null;
        if (example.Arguments.Skip(1).Any(argument => argument is KeysArgument or NodeArgument { Number: null })) return null;
        var rest = new CallNode(name, example.NameAt, [.. example.Arguments.Skip(1)], example.Modifiers, example.At).ToString()[(name.Length + 1)..];
        return $"{name}({Part(text, whole.At)}{(rest.StartsWith(')') ? "" : ", ")}{rest}";
    }

    static string Part(string text, TextRange at) => text.Substring(at.Start, at.Length);

    static string Replaced(string text, TextRange at, string with) => text[..at.Start] + with + text[(at.Start + at.Length)..];
}
