using Apm.Query.Filters;
using Apm.Query.Text;

namespace Apm.Query.WholeTraces;

/// <summary>What conditions on whole traces look at of each span, and which spans a trace must have for them to hold.</summary>
sealed class TracePlan
{
    /// <summary>Most different sets of spans in one search; default 60.</summary>
    public const int MaxSets = 60;

    readonly Dictionary<string, int> _setOf = new(StringComparer.Ordinal);
    readonly Dictionary<SpanField, int> _measureOf = [];

    /// <summary>Conditions of one span, each a bit in the masks of <see cref="TraceRows"/>.</summary>
    public List<FilterNode> Sets { get; } = [];

    /// <summary>Numbers of spans that are summed up.</summary>
    public List<SpanField> Measures { get; } = [];

    /// <summary>A trace without a span of each of these matches nothing; at most 32.</summary>
    public List<FilterNode> Necessary { get; } = [];

    public static TracePlan Of(AllOf root)
    {
        var plan = new TracePlan();
        plan.Enter(root);
        plan.Necessary.AddRange(NecessaryOf(root).DistinctBy(node => node.ToString()).Take(32));
        return plan;
    }

    /// <summary>The bit of a condition of one span.</summary>
    public int SetOf(FilterNode condition) => _setOf[condition.ToString()];

    public int MeasureOf(SpanField field) => _measureOf[field];

    /// <summary>The condition that the conditions of one span among an AND's children make together; null when there are none.</summary>
    public static FilterNode? SpanPart(AllOf all)
    {
        var ofSpan = all.Children.Where(child => !child.IsOfTrace).ToList();
        return ofSpan.Count == 0 ? null : ofSpan.Count == 1 ? ofSpan[0] : new AllOf(ofSpan, default);
    }

    /// <summary>A condition on the root as one on any span; null for other conditions.</summary>
    public static TextCondition? OfAnySpan(TextCondition root) => root.Field switch
    {
        FilterField.RootService => new TextCondition(FilterField.Service, "", root.Pattern, default),
        FilterField.RootOperation => new TextCondition(FilterField.Operation, "", root.Pattern, default),
        FilterField.RootResource => new TextCondition(FilterField.Resource, "", root.Pattern, default),
        _ => null,
    };

    void Enter(FilterNode node)
    {
        switch (node)
        {
            case { IsOfTrace: false }: EnterSet(node); break;
            case SpansWith spans: EnterSet(spans.Condition); break;
            case AllOf all:
                if (SpanPart(all) is { } part) EnterSet(part);
                foreach (var child in all.Children) if (child.IsOfTrace) Enter(child);
                break;
            case AnyOf any: foreach (var child in any.Children) Enter(child); break;
            case Negation negation: Enter(negation.Child); break;
            case RelatedSpans related: Enter(related.Anchor); Enter(related.Other); break;
            case SpanAggregate aggregate:
                Enter(aggregate.Child);
                if (aggregate is { Function: not AggregateFunction.Count, Field: FilterField.Tag } && _measureOf.TryAdd(SpanField.Tag(aggregate.Key), Measures.Count)) Measures.Add(SpanField.Tag(aggregate.Key));
                break;
            case TextCondition text when OfAnySpan(text) is { } ofSpan: EnterSet(ofSpan); break;
        }
    }

    void EnterSet(FilterNode condition)
    {
        if (_setOf.TryAdd(condition.ToString(), Sets.Count)) Sets.Add(condition);
    }

    static IEnumerable<FilterNode> NecessaryOf(FilterNode node) => node switch
    {
        { IsOfTrace: false } => [node],
        SpansWith { Condition: AllOf { Children.Count: 0 } } => [], // Every trace has a span.
        SpansWith spans => [spans.Condition],
        AllOf all => (SpanPart(all) is { } part ? [part] : Array.Empty<FilterNode>()).Concat(all.Children.Where(child => child.IsOfTrace).SelectMany(NecessaryOf)),
        AnyOf any => OneOfEach(any),
        RelatedSpans related => related.IsNegated ? NecessaryOf(related.Anchor) : NecessaryOf(related.Anchor).Concat(NecessaryOf(related.Other)),
        SpanAggregate aggregate => NecessaryOf(aggregate.Child),
        TextCondition text => OfAnySpan(text) is { } ofSpan ? [ofSpan] : [],
        NumberCondition { Field: FilterField.TraceErrorCount, Comparison: Comparison.Greater or Comparison.Equal, Value: >= 0 } errors when errors is { Comparison: Comparison.Greater } or { Value: > 0 } => [Failed],
        NumberCondition { Field: FilterField.TraceErrorCount, Comparison: Comparison.GreaterOrEqual, Value: > 0 } => [Failed],
        _ => [],
    };

    static readonly TextCondition Failed = new(FilterField.Status, "", TextPattern.Exactly("error"), default(TextRange));

    static FilterNode[] OneOfEach(AnyOf any)
    {
        var firsts = any.Children.Select(child => NecessaryOf(child).FirstOrDefault()).ToList();
        return firsts.Contains(null) ? [] : [new AnyOf([.. firsts.Select(first => first!)], default)];
    }
}
