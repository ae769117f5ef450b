using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>One node of a filter's tree. It knows its place in the text and prints itself as text that reads back as the same.</summary>
/// <param name="at">Where it stands; empty for a node that was not typed.</param>
public abstract class FilterNode(TextRange at)
{
    public TextRange At { get; } = at;

    /// <summary>True when it says something about a whole trace, false when one span is enough to answer it.</summary>
    public abstract bool IsOfTrace { get; }

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Print(text, isNested: false);
        return text.ToString();
    }

    /// <param name="to">Takes the text.</param>
    /// <param name="isNested">The node stands inside another and needs parentheses when it is a list.</param>
    internal abstract void Print(StringBuilder to, bool isNested);
}

/// <summary>
/// All children hold; an empty list always holds. Written one after the other. When some children are of the trace, those that
/// are not must hold together for one span of it.
/// </summary>
public sealed class AllOf(IReadOnlyList<FilterNode> children, TextRange at) : FilterNode(at)
{
    public IReadOnlyList<FilterNode> Children { get; } = children;

    public override bool IsOfTrace { get; } = children.Any(child => child.IsOfTrace);

    internal override void Print(StringBuilder to, bool isNested)
    {
        if (Children.Count == 1)
        {
            Children[0].Print(to, isNested);
            return;
        }
        if (isNested) to.Append('(');
        for (var i = 0; i < Children.Count; i++)
        {
            if (i > 0) to.Append(' ');
            Children[i].Print(to, isNested: true);
        }
        if (isNested) to.Append(')');
    }
}

/// <summary>At least one child holds. Written with <c>OR</c> between. When some children are of the trace, each other one must hold for a span of it.</summary>
public sealed class AnyOf(IReadOnlyList<FilterNode> children, TextRange at) : FilterNode(at)
{
    public IReadOnlyList<FilterNode> Children { get; } = children;

    public override bool IsOfTrace { get; } = children.Any(child => child.IsOfTrace);

    internal override void Print(StringBuilder to, bool isNested)
    {
        if (isNested) to.Append('(');
        for (var i = 0; i < Children.Count; i++)
        {
            if (i > 0) to.Append(" OR ");
            Children[i].Print(to, isNested: true);
        }
        if (isNested) to.Append(')');
    }
}

/// <summary>The child does not hold. Written with a minus in front.</summary>
public sealed class Negation(FilterNode child, TextRange at) : FilterNode(at)
{
    public FilterNode Child { get; } = child;

    public override bool IsOfTrace => Child.IsOfTrace;

    internal override void Print(StringBuilder to, bool isNested)
    {
        to.Append('-');
        Child.Print(to, isNested: true);
    }
}
