using Apm.Query.Language;

namespace Apm.Query.Evaluate;

/// <summary>Puts what template variables stand for into the scopes of a query (metrics-monitors §5.10).</summary>
static class VariableScopes
{
    /// <summary>The same query without variables; itself when it has none.</summary>
    public static QueryNode Resolve(QueryNode node, IReadOnlyDictionary<string, IReadOnlyList<string>> variables) => node switch
    {
        _ when !node.MetricQueries.Any(query => query.Scope is not null && HasVariable(query.Scope)) => node,
        MetricQuery query => new MetricQuery(query.Aggregator, query.Metric, query.MetricAt, Resolve(query.Scope!, variables), query.By, query.Modifiers, query.At),
        NegateNode negate => new NegateNode(Resolve(negate.Inner, variables), negate.At),
        BinaryNode binary => new BinaryNode(binary.Sign, Resolve(binary.Left, variables), Resolve(binary.Right, variables), binary.At),
        CallNode call => new CallNode(call.Name, call.NameAt, [.. call.Arguments.Select(argument => argument is NodeArgument inner ? new NodeArgument(Resolve(inner.Node, variables)) : argument)], call.Modifiers, call.At),
        _ => node,
    };

    static bool HasVariable(ScopeNode scope) => scope is ScopeVariable || scope.Children.Any(HasVariable);

    /// <summary>Null where everything is meant: such a condition is left out.</summary>
    static ScopeNode? Resolve(ScopeNode scope, IReadOnlyDictionary<string, IReadOnlyList<string>> variables)
    {
        switch (scope)
        {
            case ScopeVariable variable:
                return Meaning(variable, variables);
            case ScopeNot not:
                return Resolve(not.Inner, variables) is { } inner ? new ScopeNot(inner, not.IsInWords, not.At) : null;
            case ScopeAnd:
                var parts = scope.Children.Select(child => Resolve(child, variables)).OfType<ScopeNode>().ToList();
                return parts.Count switch { 0 => null, 1 => parts[0], _ => new ScopeAnd(parts, scope.IsInWords || parts.Exists(part => part.IsInWords), scope.At) };
            case ScopeOr:
                var choices = scope.Children.Select(child => Resolve(child, variables)).ToList();
                return choices.Contains(null) ? null : new ScopeOr(choices!, scope.At);
            default:
                return scope;
        }
    }

    static ScopeNode? Meaning(ScopeVariable variable, IReadOnlyDictionary<string, IReadOnlyList<string>> variables)
    {
        if (!variables.TryGetValue(variable.Name, out var values) || values.Count == 0 || values.Any(value => ValueOf(value) == "*")) return null;
        var tags = values.Select(value => (ScopeNode)Tag(variable, value)).ToList();
        return tags.Count == 1 ? tags[0] : new ScopeOr(tags, variable.At);
    }

    static ScopeTag Tag(ScopeVariable variable, string value)
    {
        if (variable.Key is { } key) return new ScopeTag(key, new ScopeValue(ValueOf(value)), variable.IsInWords, variable.At);
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        return new ScopeTag(colon < 0 ? value : value[..colon], colon < 0 ? null : new ScopeValue(value[(colon + 1)..]), variable.IsInWords, variable.At);
    }

    static string ValueOf(string tag) => tag[(tag.IndexOf(':', StringComparison.Ordinal) + 1)..];
}
