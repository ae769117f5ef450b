using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>A function with what is given to it: <c>top(avg:m{*} by {host}, 10, 'mean', 'desc')</c>.</summary>
public sealed class CallNode(string name, TextRange nameAt, IReadOnlyList<QueryArgument> arguments, IReadOnlyList<Modifier> modifiers, TextRange at) : QueryNode(at)
{
    /// <summary>In lower case.</summary>
    public string Name { get; } = name;
    public TextRange NameAt { get; } = nameAt;
    public IReadOnlyList<QueryArgument> Arguments { get; } = arguments;
    public IReadOnlyList<Modifier> Modifiers { get; } = modifiers;

    public override IEnumerable<QueryNode> Children => Arguments.OfType<NodeArgument>().Select(argument => argument.Node);

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group)
    {
        text.Append(Name).Append('(');
        for (var i = 0; i < Arguments.Count; i++)
        {
            if (i > 0) text.Append(", ");
            Arguments[i].Write(text, group);
        }
        text.Append(')');
        foreach (var modifier in Modifiers) text.Append(modifier);
    }
}

/// <summary>One argument of a function.</summary>
public abstract class QueryArgument(TextRange at)
{
    public TextRange At { get; } = at;

    internal abstract void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group);
}

/// <summary>A query, or a number.</summary>
public sealed class NodeArgument(QueryNode node) : QueryArgument(node.At)
{
    public QueryNode Node { get; } = node;

    /// <summary>Its number when it is one, with or without a minus; else null.</summary>
    public double? Number => Node switch
    {
        NumberNode number => number.Value,
        NegateNode { Inner: NumberNode number } => -number.Value,
        _ => null,
    };

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group) => Node.Write(text, group);
}

/// <summary>A word or a text in quotes; perhaps with a name before it.</summary>
/// <param name="name">Such as <c>direction</c>; null for one that is known by its place.</param>
/// <param name="isNumber">The text is a number and was written without quotes.</param>
public sealed class TextArgument(string? name, string text, bool isNumber, TextRange at) : QueryArgument(at)
{
    public string? Name { get; } = name;
    public string Text { get; } = text;
    public bool IsNumber { get; } = isNumber;

    /// <summary>Its number, in quotes or not; null when it is none.</summary>
    public double? Number => double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group)
    {
        if (Name is not null) text.Append(Name).Append('=');
        if (IsNumber) text.Append(Text);
        else text.Append('\'').Append(Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)).Append('\'');
    }
}

/// <summary>Tag keys in braces, as the second aggregations take them: <c>{host,env}</c>.</summary>
public sealed class KeysArgument(IReadOnlyList<string> keys, TextRange at) : QueryArgument(at)
{
    public IReadOnlyList<string> Keys { get; } = keys;

    internal override void Write(StringBuilder text, IReadOnlyDictionary<string, string>? group) => text.Append('{').AppendJoin(',', Keys).Append('}');
}
