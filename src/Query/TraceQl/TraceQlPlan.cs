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
                    if (series.Field is { } measure && TraceQlFields.OneOf(measure, series.At).Field is not (FilterField.Duration or FilterField.Tag))
                        throw new QueryTextException($"{measure} at column {series.At.Column} is no number. Write {series.Function}(duration{(series.Quantiles.Count > 0 ? ", 0.9" : "")}), or an attribute that is one.", series.At);
                    foreach (var one in series.By) TraceQlFields.OneOf(one, series.At);
                    metric = series;
                    break;
                case TraceQlTop best: top = best; break;
            }
            RefuseTooLarge(node, stage.At);
        }
        return new TraceQlPlan { Filter = TraceFilter.Of(node), By = by, Select = select, ConditionFields = [.. FieldsOf(query).Distinct()], Metric = metric, Top = top };
    }

    /// <summary>Most nodes of the filter that a query becomes; default 2,000. A stage may ask for the spans before it twice, so that few stages could become millions.</summary>
    public const int MaxFilterNodes = 2_000;

    static void RefuseTooLarge(FilterNode node, TextRange at)
    {
        var left = MaxFilterNodes;
        if (!Fits(node, ref left)) throw new QueryTextException($"Up to column {at.Column} the query becomes more than {MaxFilterNodes} conditions, since a stage may repeat those before it. Use fewer stages.", at);
    }

    /// <summary>Stops counting at once when there are too many: shared parts count each time they are met.</summary>
    static bool Fits(FilterNode node, ref int left)
    {
        if (--left < 0) return false;
        FilterNode[] children = node switch
        {
            AllOf all => [.. all.Children],
            AnyOf any => [.. any.Children],
            Negation negation => [negation.Child],
            SpansWith spans => [spans.Condition],
            RelatedSpans related => [related.Anchor, related.Other],
            SpanAggregate aggregate => [aggregate.Child],
            _ => [],
        };
        foreach (var child in children) if (!Fits(child, ref left)) return false;
        return true;
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
        return (condition.IsOfTrace ? null : Narrowed(node, condition, keep.At))
            ?? throw new QueryTextException($"The set of spans behind the pipe at column {keep.At.Column} can only narrow spans, relations of spans and what count() or another number chose of them. Write its conditions into the set before.", keep.At);
    }

    /// <summary>Of the spans that a node names those for which a condition holds; null when that cannot be said.</summary>
    static FilterNode? Narrowed(FilterNode node, FilterNode condition, TextRange at)
    {
        switch (node)
        {
            case { IsOfTrace: false }: return new AllOf([.. TraceQlConditionCompiler.Parts(node, isAnd: true), .. TraceQlConditionCompiler.Parts(condition, isAnd: true)], at);
            case SpansWith spans: return new SpansWith(new AllOf([spans.Condition, condition], at), at);
            case RelatedSpans related:
                return Narrowed(related.Anchor, condition, at) is { } anchor ? new RelatedSpans(anchor, related.Relation, related.Other, related.IsNegated, at) : null;
            case SpanAggregate aggregate: // The number is of the spans before; it only says whether the trace is found.
                return Narrowed(NamedAfter(aggregate.Child), condition, at) is { } named ? new AllOf([Gate(aggregate), OfTrace(named, at)], at) : null;
            case AllOf { Children: [Negation { Child: Negation } gate, var last] }: return Narrowed(last, condition, at) is { } rest ? new AllOf([gate, rest], at) : null;
            case AnyOf any when any.Children.All(child => child is SpanAggregate): // What "!=" of a number is made of: all are of the same spans.
                return Narrowed(NamedAfter(((SpanAggregate)any.Children[0]).Child), condition, at) is { } same ? new AllOf([Gate(any), OfTrace(same, at)], at) : null;
            default: return null;
        }
    }

    /// <summary>Holds when the node does, and names no spans.</summary>
    static Negation Gate(FilterNode node) => new(new Negation(node, node.At), node.At);

    /// <summary>The spans that are named behind a gate: what the gate asks is asked by the gate after it, too.</summary>
    static FilterNode NamedAfter(FilterNode node) => node is AllOf { Children: [Negation { Child: Negation }, var last] } ? last : node;

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
