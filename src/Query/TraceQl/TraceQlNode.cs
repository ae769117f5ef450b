using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>One node of a TraceQL tree. It knows its place in the text and prints itself as text that reads back as the same tree.</summary>
public abstract class TraceQlNode(TextRange at)
{
    public TextRange At { get; } = at;

    public sealed override string ToString()
    {
        var text = new StringBuilder();
        Print(text);
        return text.ToString();
    }

    internal abstract void Print(StringBuilder to);
}

/// <summary>What sort of value a literal is.</summary>
public enum TraceQlValueKind
{
    Text,
    Number,

    /// <summary>Nanoseconds.</summary>
    Duration,

    /// <summary><c>true</c>, <c>false</c>.</summary>
    Truth,

    /// <summary>A status or kind: <c>error</c>, <c>server</c>.</summary>
    Word,
    Nil,
}

/// <summary>A literal.</summary>
/// <param name="Text">Of a text or word.</param>
/// <param name="Number">Of a number or, in nanoseconds, a duration; 1 for true.</param>
public readonly record struct TraceQlValue(TraceQlValueKind Kind, string Text, double Number)
{
    public static TraceQlValue OfText(string text) => new(TraceQlValueKind.Text, text, 0);
    public static TraceQlValue OfTruth(bool truth) => new(TraceQlValueKind.Truth, truth ? "true" : "false", truth ? 1 : 0);

    public override string ToString() => Kind switch
    {
        TraceQlValueKind.Text => TraceQlField.Quote(Text),
        TraceQlValueKind.Number => Number.ToString("R", CultureInfo.InvariantCulture),
        TraceQlValueKind.Duration => DurationText.Print((long)Number),
        TraceQlValueKind.Nil => "nil",
        _ => Text,
    };
}
