using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Traces;

/// <summary>What a condition looks at. The names in the text are in <see cref="FilterWords"/>.</summary>
public enum FilterField
{
    Service,
    Env,
    Operation,
    Resource,
    Type,
    Kind,
    Status,
    TraceId,
    Duration,

    /// <summary>A tag by its key, text or number.</summary>
    Tag,

    /// <summary>A piece of text anywhere: service, operation, resource, or the value of a text tag. Case does not matter.</summary>
    Text,
}

/// <summary>How a number is compared.</summary>
public enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>One node of a filter's tree. It knows its place in the text and prints itself as text that reads back as the same.</summary>
/// <param name="at">Where it stands; empty for a node that was not typed.</param>
public abstract class FilterNode(TextRange at)
{
    public TextRange At { get; } = at;

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

/// <summary>All children hold for the span; an empty list always holds. Written one after the other.</summary>
public sealed class AllOf(IReadOnlyList<FilterNode> children, TextRange at) : FilterNode(at)
{
    public IReadOnlyList<FilterNode> Children { get; } = children;

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

/// <summary>At least one child holds for the span. Written with <c>OR</c> between.</summary>
public sealed class AnyOf(IReadOnlyList<FilterNode> children, TextRange at) : FilterNode(at)
{
    public IReadOnlyList<FilterNode> Children { get; } = children;

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

    internal override void Print(StringBuilder to, bool isNested)
    {
        to.Append('-');
        Child.Print(to, isNested: true);
    }
}

/// <summary>A field or tag is like a text.</summary>
/// <param name="key">The tag's key; "" for other fields.</param>
public sealed class TextCondition(FilterField field, string key, TextPattern pattern, TextRange at) : FilterNode(at)
{
    public FilterField Field { get; } = field;
    public string Key { get; } = key;
    public TextPattern Pattern { get; } = pattern;

    internal override void Print(StringBuilder to, bool isNested)
    {
        if (Field != FilterField.Text) to.Append(FilterWords.PrintKey(Field, Key)).Append(':');
        to.Append(FilterWords.Quote(Pattern.ToString(), isAlone: Field == FilterField.Text));
    }
}

/// <summary>The duration or a tag's number compares with a number.</summary>
/// <param name="key">The tag's key; "" for the duration.</param>
/// <param name="value">Nanoseconds for the duration.</param>
public sealed class NumberCondition(FilterField field, string key, Comparison comparison, double value, TextRange at) : FilterNode(at)
{
    public FilterField Field { get; } = field;
    public string Key { get; } = key;
    public Comparison Comparison { get; } = comparison;
    public double Value { get; } = value;

    internal override void Print(StringBuilder to, bool isNested)
    {
        to.Append(FilterWords.PrintKey(Field, Key)).Append(':').Append(FilterWords.Print(Comparison));
        to.Append(Field == FilterField.Duration ? DurationText.Print((long)Value) : Value.ToString("R", CultureInfo.InvariantCulture));
    }
}
