using System.Text;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>How a field is compared.</summary>
public enum TraceQlComparison
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,

    /// <summary><c>=~</c>: the whole text is like the regular expression.</summary>
    Like,
    NotLike,
}

/// <summary>A condition for one span: what stands between braces.</summary>
public abstract class TraceQlCondition(TextRange at) : TraceQlNode(at)
{
    internal static string Print(TraceQlComparison comparison) => comparison switch
    {
        TraceQlComparison.Equal => "=",
        TraceQlComparison.NotEqual => "!=",
        TraceQlComparison.Less => "<",
        TraceQlComparison.LessOrEqual => "<=",
        TraceQlComparison.Greater => ">",
        TraceQlComparison.GreaterOrEqual => ">=",
        TraceQlComparison.Like => "=~",
        _ => "!~",
    };
}

/// <summary><c>true</c> or <c>false</c>; between empty braces true.</summary>
public sealed class TraceQlTruth(bool holds, TextRange at) : TraceQlCondition(at)
{
    public bool Holds { get; } = holds;

    internal override void Print(StringBuilder to) => to.Append(Holds ? "true" : "false");
}

/// <summary>A field compares with a value.</summary>
public sealed class TraceQlCompare(TraceQlField field, TraceQlComparison comparison, TraceQlValue value, TextRange at, TextRange fieldAt, TextRange valueAt) : TraceQlCondition(at)
{
    public TraceQlField Field { get; } = field;
    public TraceQlComparison Comparison { get; } = comparison;
    public TraceQlValue Value { get; } = value;
    public TextRange FieldAt { get; } = fieldAt;
    public TextRange ValueAt { get; } = valueAt;

    internal override void Print(StringBuilder to) => to.Append(Field).Append(' ').Append(Print(Comparison)).Append(' ').Append(Value);
}

/// <summary>Both hold, or at least one does. As in Tempo both bind alike, from the left.</summary>
public sealed class TraceQlLogic(bool isAnd, TraceQlCondition left, TraceQlCondition right, TextRange at) : TraceQlCondition(at)
{
    public bool IsAnd { get; } = isAnd;
    public TraceQlCondition Left { get; } = left;
    public TraceQlCondition Right { get; } = right;

    internal override void Print(StringBuilder to)
    {
        Left.Print(to);
        to.Append(IsAnd ? " && " : " || ");
        if (Right is not TraceQlLogic)
        {
            Right.Print(to);
            return;
        }
        to.Append('(');
        Right.Print(to);
        to.Append(')');
    }
}

/// <summary>The child does not hold.</summary>
public sealed class TraceQlNot(TraceQlCondition child, TextRange at) : TraceQlCondition(at)
{
    public TraceQlCondition Child { get; } = child;

    internal override void Print(StringBuilder to)
    {
        to.Append("!(");
        Child.Print(to);
        to.Append(')');
    }
}
