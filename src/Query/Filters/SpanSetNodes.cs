using System.Text;
using Apm.Core;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>How one span of a trace stands to another.</summary>
public enum SpanRelation
{
    /// <summary>It calls the other directly: it is the other's parent. Written <c>=></c>.</summary>
    ParentOf,

    /// <summary>The other is anywhere below it. Written <c>-></c>.</summary>
    AncestorOf,

    /// <summary>The other is its parent. Written <c>&lt;=</c>.</summary>
    ChildOf,

    /// <summary>The other is anywhere above it. Written <c>&lt;-</c>.</summary>
    DescendantOf,

    /// <summary>Both have the same stored parent and are not the same span. Written <c>~</c>.</summary>
    SiblingOf,
}

/// <summary>The spans of a trace that a condition holds for; it holds for the trace when there is one. Written <c>{condition}</c>.</summary>
/// <remarks>As any node that is of the trace, it both holds or not, and names spans of the trace: those that a search counts as matching.</remarks>
public sealed class SpansWith : FilterNode
{
    /// <param name="condition">Not of the trace.</param>
    public SpansWith(FilterNode condition, TextRange at) : base(at)
    {
        Invariant.Holds(!condition.IsOfTrace);
        Condition = condition;
    }

    public FilterNode Condition { get; }
    public override bool IsOfTrace => true;

    internal override void Print(StringBuilder to, bool isNested)
    {
        to.Append('{');
        Condition.Print(to, isNested: false);
        to.Append('}');
    }
}

/// <summary>
/// Those spans of the anchor that stand in a relation to some span of the other, or, negated, to none of them.
/// Written <c>{anchor} => {other}</c>, <c>{anchor} !=> {other}</c>.
/// </summary>
/// <remarks>Parents are looked up among the stored spans of the trace: what is below a span that was not stored is below nothing.</remarks>
public sealed class RelatedSpans : FilterNode
{
    /// <param name="anchor">Of the trace.</param>
    /// <param name="other">Of the trace.</param>
    public RelatedSpans(FilterNode anchor, SpanRelation relation, FilterNode other, bool isNegated, TextRange at) : base(at)
    {
        Invariant.Holds(anchor.IsOfTrace);
        Invariant.Holds(other.IsOfTrace);
        Anchor = anchor;
        Relation = relation;
        Other = other;
        IsNegated = isNegated;
    }

    public FilterNode Anchor { get; }
    public SpanRelation Relation { get; }
    public FilterNode Other { get; }
    public bool IsNegated { get; }
    public override bool IsOfTrace => true;

    internal override void Print(StringBuilder to, bool isNested)
    {
        if (isNested) to.Append('(');
        PrintSide(to, Anchor);
        to.Append(' ').Append(IsNegated ? "!" : "").Append(FilterWords.Print(Relation)).Append(' ');
        PrintSide(to, Other);
        if (isNested) to.Append(')');
    }

    internal static void PrintSide(StringBuilder to, FilterNode side)
    {
        var needsParentheses = side is not SpansWith and not RelatedSpans and not SpanAggregate;
        if (needsParentheses) to.Append('(');
        side.Print(to, isNested: !needsParentheses);
        if (needsParentheses) to.Append(')');
    }
}

/// <summary>What is computed of a set of spans.</summary>
public enum AggregateFunction
{
    /// <summary>How many there are; has no measure.</summary>
    Count,
    Min,
    Max,
    Sum,
    Average,
}

/// <summary>
/// A number computed of the spans that the child names compares with a number. Holds for no trace in which the child names no span.
/// Written <c>{child} | avg(duration) > 1s</c>.
/// </summary>
public sealed class SpanAggregate : FilterNode
{
    /// <param name="child">Of the trace.</param>
    /// <param name="field">Duration or Tag; not looked at for a count. Spans that have no such number are left out.</param>
    /// <param name="key">The tag's key; "" for the duration.</param>
    /// <param name="value">Nanoseconds when the measure is the duration.</param>
    public SpanAggregate(FilterNode child, AggregateFunction function, FilterField field, string key, Comparison comparison, double value, TextRange at) : base(at)
    {
        Invariant.Holds(child.IsOfTrace);
        Invariant.Holds(function == AggregateFunction.Count || field is FilterField.Duration or FilterField.Tag);
        Child = child;
        Function = function;
        Field = field;
        Key = key;
        Comparison = comparison;
        Value = value;
    }

    public FilterNode Child { get; }
    public AggregateFunction Function { get; }
    public FilterField Field { get; }
    public string Key { get; }
    public Comparison Comparison { get; }
    public double Value { get; }
    public override bool IsOfTrace => true;

    internal override void Print(StringBuilder to, bool isNested)
    {
        if (isNested) to.Append('(');
        RelatedSpans.PrintSide(to, Child);
        to.Append(" | ").Append(FilterWords.Print(Function)).Append('(');
        if (Function != AggregateFunction.Count) to.Append(FilterWords.PrintKey(Field, Key));
        to.Append(") ").Append(FilterWords.Print(Comparison)).Append(' ')
            .Append(FilterWords.PrintNumber(Function == AggregateFunction.Count ? FilterField.TraceSpanCount : Field, Value));
        if (isNested) to.Append(')');
    }
}
