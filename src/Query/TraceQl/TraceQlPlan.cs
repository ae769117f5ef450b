using Apm.Query.Filters;
using Apm.Query.Text;
using Apm.Query.Traces;

namespace Apm.Query.TraceQl;

/// <summary>A TraceQL query in our own terms: the filter that one engine searches by, and what is wanted of the spans that it names.</summary>
public sealed record TraceQlPlan
{
    /// <summary>The spans that are found, and the traces that have them.</summary>
    public required TraceFilter Filter { get; init; }

    /// <summary>Puts each trace's spans into sets; null for one set.</summary>
    public TraceQlField? By { get; init; }

    /// <summary>Attributes wanted in the answer besides those that the conditions name.</summary>
    public IReadOnlyList<TraceQlField> Select { get; init; } = [];

    /// <summary>The fields that the conditions name, each once, in their order.</summary>
    public IReadOnlyList<TraceQlField> ConditionFields { get; init; } = [];

    /// <summary>Makes series; null for a search.</summary>
    public TraceQlMetric? Metric { get; init; }

    /// <summary>Keeps some of the series; null keeps all.</summary>
    public TraceQlTop? Top { get; init; }

    /// <summary>Reads a query and turns it into a plan.</summary>
    /// <exception cref="QueryTextException">The text is none that is understood, or asks for what is not answered; says where and why.</exception>
    public static TraceQlPlan Of(string text) => Of(TraceQlParser.Parse(text));

    /// <exception cref="QueryTextException">The query asks for what is not answered; says where and why.</exception>
    public static TraceQlPlan Of(TraceQlQuery query)
    {
        var node = Node(query.Spans);
        TraceQlField? by = null;
        var select = new List<TraceQlField>();
        TraceQlMetric? metric = null;
        TraceQlTop? top = null;
        foreach (var stage in query.Stages)
        {
            switch (stage)
            {
                case TraceQlKeep keep: node = Keep(node, keep); break;
                case TraceQlAggregate aggregate when by is not null:
                    throw new QueryTextException($"{aggregate.Function}() at column {aggregate.At.Column} stands after by(); sets of a trace cannot be chosen by numbers yet. Leave out by(), or move it to the end.", aggregate.At);
                case TraceQlAggregate aggregate: node = Aggregate(node, aggregate); break;
                case TraceQlBy { Field: var field } one:
                    TraceQlFields.OneOf(field, one.At);
                    by = field;
                    break;
                case TraceQlCoalesce: by = null; break;
                case TraceQlSelect chosen: select.AddRange(chosen.Fields); break;
                case TraceQlMetric series:
                    if (series.Field is { } measure) TraceQlFields.OneOf(measure, series.At);
                    foreach (var one in series.By) TraceQlFields.OneOf(one, series.At);
                    metric = series;
                    break;
                case TraceQlTop best: top = best; break;
            }
        }
        return new TraceQlPlan { Filter = TraceFilter.Of(node), By = by, Select = select, ConditionFields = [.. FieldsOf(query).Distinct()], Metric = metric, Top = top };
    }

    static IEnumerable<TraceQlField> FieldsOf(TraceQlNode node) => node switch
    {
        TraceQlQuery query => FieldsOf(query.Spans).Concat(query.Stages.OfType<TraceQlKeep>().SelectMany(keep => FieldsOf(keep.Spans))),
        TraceQlSpans spans => FieldsOf(spans.Condition),
        TraceQlRelated related => FieldsOf(related.Left).Concat(FieldsOf(related.Right)),
        TraceQlNested nested => FieldsOf(nested.Query),
        TraceQlCompare compare => [compare.Field],
        TraceQlLogic logic => FieldsOf(logic.Left).Concat(FieldsOf(logic.Right)),
        TraceQlNot not => FieldsOf(not.Child),
        _ => [],
    };

    static FilterNode Node(TraceQlSpanset spans) => spans switch
    {
        TraceQlSpans one => TraceQlConditionCompiler.Compile(one.Condition),
        TraceQlNested nested => Nested(nested),
        TraceQlRelated related => Related(related),
        _ => throw new InvalidOperationException($"No meaning is known for {spans.GetType().Name}."),
    };

    static FilterNode Nested(TraceQlNested nested)
    {
        var plan = Of(nested.Query);
        if (plan.By is not null || plan.Select.Count > 0) throw new QueryTextException($"by() and select() cannot stand in parentheses, as at column {nested.At.Column}. Move them to the end of the query.", nested.At);
        return OfTrace(plan.Filter.Root, nested.At);
    }

    /// <summary>The right side's spans are named; by a union those of both.</summary>
    static FilterNode Related(TraceQlRelated related)
    {
        var (left, right) = (OfTrace(Node(related.Left), related.Left.At), OfTrace(Node(related.Right), related.Right.At));
        if (related.Relation == TraceQlRelation.Both) return new AllOf([left, right], related.At);
        if (related.Relation == TraceQlRelation.Either) return new AnyOf([left, right], related.At);
        var (relation, inverse) = related.Relation switch
        {
            TraceQlRelation.Child => (SpanRelation.ChildOf, SpanRelation.ParentOf),
            TraceQlRelation.Descendant => (SpanRelation.DescendantOf, SpanRelation.AncestorOf),
            TraceQlRelation.Parent => (SpanRelation.ParentOf, SpanRelation.ChildOf),
            TraceQlRelation.Ancestor => (SpanRelation.AncestorOf, SpanRelation.DescendantOf),
            _ => (SpanRelation.SiblingOf, SpanRelation.SiblingOf),
        };
        var named = new RelatedSpans(right, relation, left, related.Mode == TraceQlRelationMode.Negated, related.At);
        return related.Mode == TraceQlRelationMode.Union ? new AnyOf([named, new RelatedSpans(left, inverse, right, isNegated: false, related.At)], related.At) : named;
    }

    static FilterNode OfTrace(FilterNode node, TextRange at) => node.IsOfTrace ? node : new SpansWith(node, at);

    static FilterNode Keep(FilterNode node, TraceQlKeep keep)
    {
        var condition = TraceQlConditionCompiler.Compile(keep.Spans.Condition);
        if (!condition.IsOfTrace)
        {
            if (!node.IsOfTrace) return new AllOf([.. TraceQlConditionCompiler.Parts(node, isAnd: true), .. TraceQlConditionCompiler.Parts(condition, isAnd: true)], keep.At);
            if (node is RelatedSpans { Anchor: SpansWith anchor } related)
                return new RelatedSpans(new SpansWith(new AllOf([anchor.Condition, condition], keep.At), keep.At), related.Relation, related.Other, related.IsNegated, keep.At);
        }
        throw new QueryTextException($"The set of spans behind the pipe at column {keep.At.Column} can only narrow plain spans. Write its conditions into the set before.", keep.At);
    }

    static FilterNode Aggregate(FilterNode node, TraceQlAggregate aggregate)
    {
        var spans = OfTrace(node, aggregate.At);
        var function = aggregate.Function switch
        {
            "count" => AggregateFunction.Count,
            "avg" => AggregateFunction.Average,
            "min" => AggregateFunction.Min,
            "max" => AggregateFunction.Max,
            _ => AggregateFunction.Sum,
        };
        var field = aggregate.Field is { } of ? TraceQlFields.OneOf(of, aggregate.At) : SpanField.Duration;
        if (field.Field is not (FilterField.Duration or FilterField.Tag)) throw new QueryTextException($"{aggregate.Field} at column {aggregate.At.Column} is no number. Write {aggregate.Function}(duration), or an attribute that is one.", aggregate.At);
        SpanAggregate Of(TraceQlComparison comparison) =>
            new(spans, function, field.Field, field.Key, TraceQlConditionCompiler.Of(comparison), aggregate.Value.Number, aggregate.At);
        return aggregate.Comparison == TraceQlComparison.NotEqual
            ? new AnyOf([Of(TraceQlComparison.Less), Of(TraceQlComparison.Greater)], aggregate.At)
            : Of(aggregate.Comparison);
    }
}
