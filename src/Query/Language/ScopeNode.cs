using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>A condition on the tags of a series: what stands between the braces. It prints itself as text that reads back as the same.</summary>
/// <param name="isInWords">Written with AND, OR, NOT, IN; otherwise with commas and <c>!</c>. The two cannot be mixed.</param>
public abstract class ScopeNode(bool isInWords, TextRange at)
{
    public bool IsInWords { get; } = isInWords;
    public TextRange At { get; } = at;

    /// <summary>The conditions directly beneath.</summary>
    public virtual IReadOnlyList<ScopeNode> Children => [];

    /// <summary>Binds tighter: 3 a tag, 2 NOT, 1 AND, 0 OR.</summary>
    internal abstract int Strength { get; }

    private protected static string InBrackets(ScopeNode node, int atLeast) => node.Strength < atLeast ? $"({node})" : node.ToString()!;
}

/// <summary>A tag: <c>key:value</c>, <c>key:val*</c>, or a bare <c>tag</c>.</summary>
/// <param name="value">Null for a bare tag.</param>
public sealed class ScopeTag(string key, ScopeValue? value, bool isInWords, TextRange at) : ScopeNode(isInWords, at)
{
    public string Key { get; } = key;
    public ScopeValue? Value { get; } = value;

    internal override int Strength => 3;

    public override string ToString() => Value is { } value ? $"{Key}:{value}" : Key;
}

/// <summary>A template variable: <c>$env</c> stands for tags, <c>key:$env.value</c> for its values alone.</summary>
/// <param name="key">Null for <c>$env</c> alone.</param>
public sealed class ScopeVariable(string? key, string name, bool isInWords, TextRange at) : ScopeNode(isInWords, at)
{
    public string? Key { get; } = key;

    /// <summary>Without the dollar.</summary>
    public string Name { get; } = name;

    internal override int Strength => 3;

    public override string ToString() => Key is null ? $"${Name}" : $"{Key}:${Name}.value";
}

/// <summary>One of some values: <c>host IN (a, b)</c>.</summary>
public sealed class ScopeIn(string key, IReadOnlyList<ScopeValue> values, bool isNegated, TextRange at) : ScopeNode(isInWords: true, at)
{
    public string Key { get; } = key;
    public IReadOnlyList<ScopeValue> Values { get; } = values;
    public bool IsNegated { get; } = isNegated;

    internal override int Strength => 3;

    public override string ToString() => $"{Key} {(IsNegated ? "NOT IN" : "IN")} ({string.Join(", ", Values)})";
}

/// <summary>The opposite: <c>!a:1</c> or <c>NOT a:1</c>.</summary>
public sealed class ScopeNot(ScopeNode inner, bool isInWords, TextRange at) : ScopeNode(isInWords, at)
{
    public ScopeNode Inner { get; } = inner;

    public override IReadOnlyList<ScopeNode> Children => [Inner];

    internal override int Strength => 2;

    public override string ToString() => (IsInWords ? "NOT " : "!") + InBrackets(Inner, 2);
}

/// <summary>All must hold.</summary>
public sealed class ScopeAnd(IReadOnlyList<ScopeNode> parts, bool isInWords, TextRange at) : ScopeNode(isInWords, at)
{
    public override IReadOnlyList<ScopeNode> Children { get; } = parts;

    internal override int Strength => 1;

    public override string ToString() => string.Join(IsInWords ? " AND " : ",", Children.Select(part => InBrackets(part, 2)));
}

/// <summary>One must hold.</summary>
public sealed class ScopeOr(IReadOnlyList<ScopeNode> parts, TextRange at) : ScopeNode(isInWords: true, at)
{
    public override IReadOnlyList<ScopeNode> Children { get; } = parts;

    internal override int Strength => 0;

    public override string ToString() => string.Join(" OR ", Children.Select(part => InBrackets(part, 1)));
}

/// <summary>A value between the braces; <c>*</c> at its start or end stands for any text.</summary>
public readonly record struct ScopeValue(string Text)
{
    /// <summary>There only has to be a value.</summary>
    public bool IsAnything => Text == "*";

    public bool HasStar => Text.StartsWith('*') || Text.EndsWith('*');

    public bool Matches(string value)
    {
        if (IsAnything) return value.Length > 0;
        if (Text.StartsWith('*')) return value.EndsWith(Text[1..], StringComparison.Ordinal);
        if (Text.EndsWith('*')) return value.StartsWith(Text[..^1], StringComparison.Ordinal);
        return value == Text;
    }

    /// <summary>In quotes when something in it would end it.</summary>
    public override string ToString() => Text.Length > 0 && !Text.Any(c => c is ',' or '{' or '}' or '(' or ')' or '"' or '\'' or '\\' or '$' || char.IsWhiteSpace(c) && c != ' ')
        && !Text.Contains(' ', StringComparison.Ordinal)
            ? Text
            : $"\"{Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
