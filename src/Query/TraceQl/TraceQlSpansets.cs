using System.Text;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>Names spans of a trace; the trace is found when there is one.</summary>
public abstract class TraceQlSpanset(TextRange at) : TraceQlNode(at);

/// <summary>The spans that a condition holds for: <c>{ … }</c>.</summary>
public sealed class TraceQlSpans(TraceQlCondition condition, TextRange at) : TraceQlSpanset(at)
{
    public TraceQlCondition Condition { get; } = condition;

    internal override void Print(StringBuilder to)
    {
        to.Append("{ ");
        Condition.Print(to);
        to.Append(" }");
    }
}

/// <summary>What connects two sets of spans. The right set's spans are named, by a union both.</summary>
public enum TraceQlRelation
{
    /// <summary><c>&amp;&amp;</c>: the trace has both.</summary>
    Both,

    /// <summary><c>||</c>: the trace has at least one.</summary>
    Either,

    /// <summary><c>></c>: right spans whose parent is a left one.</summary>
    Child,

    /// <summary><c>>></c>: right spans below a left one.</summary>
    Descendant,

    /// <summary><c>&lt;</c>: right spans that are the parent of a left one.</summary>
    Parent,

    /// <summary><c>&lt;&lt;</c>: right spans above a left one.</summary>
    Ancestor,

    /// <summary><c>~</c>: right spans with the same parent as a left one.</summary>
    Sibling,
}

/// <summary>How a relation is used: as it is, negated (<c>!></c>), or naming both sides (<c>&amp;></c>).</summary>
public enum TraceQlRelationMode
{
    Plain,
    Negated,
    Union,
}

/// <summary>Two sets of spans in a relation: <c>{ … } >> { … }</c>.</summary>
public sealed class TraceQlRelated(TraceQlSpanset left, TraceQlRelation relation, TraceQlRelationMode mode, TraceQlSpanset right, TextRange at) : TraceQlSpanset(at)
{
    public TraceQlSpanset Left { get; } = left;
    public TraceQlRelation Relation { get; } = relation;
    public TraceQlRelationMode Mode { get; } = mode;
    public TraceQlSpanset Right { get; } = right;

    /// <summary>Both and Either bind weaker than the others.</summary>
    internal bool IsLogic => Relation is TraceQlRelation.Both or TraceQlRelation.Either;

    internal override void Print(StringBuilder to)
    {
        PrintSide(to, Left, needsParentheses: Left is TraceQlRelated left && left.IsLogic && !IsLogic);
        to.Append(' ').Append(Mode switch { TraceQlRelationMode.Negated => "!", TraceQlRelationMode.Union => "&", _ => "" });
        to.Append(Relation switch
        {
            TraceQlRelation.Both => "&&",
            TraceQlRelation.Either => "||",
            TraceQlRelation.Child => ">",
            TraceQlRelation.Descendant => ">>",
            TraceQlRelation.Parent => "<",
            TraceQlRelation.Ancestor => "<<",
            _ => "~",
        });
        to.Append(' ');
        PrintSide(to, Right, needsParentheses: Right is TraceQlRelated right && (right.IsLogic || !IsLogic));
    }

    static void PrintSide(StringBuilder to, TraceQlSpanset side, bool needsParentheses)
    {
        if (needsParentheses) to.Append('(');
        side.Print(to);
        if (needsParentheses) to.Append(')');
    }
}

/// <summary>A query in parentheses within another: <c>({ … } | count() > 2)</c>.</summary>
public sealed class TraceQlNested(TraceQlQuery query, TextRange at) : TraceQlSpanset(at)
{
    public TraceQlQuery Query { get; } = query;

    internal override void Print(StringBuilder to)
    {
        to.Append('(');
        Query.Print(to);
        to.Append(')');
    }
}
