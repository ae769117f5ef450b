using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>How a number is compared.</summary>
public enum Comparison
{
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>A field or tag is like a text.</summary>
/// <param name="key">The tag's key; "" for other fields.</param>
public sealed class TextCondition(FilterField field, string key, TextPattern pattern, TextRange at) : FilterNode(at)
{
    public FilterField Field { get; } = field;
    public string Key { get; } = key;
    public override bool IsOfTrace => Field.IsOfTrace();
    public TextPattern Pattern { get; } = pattern;

    internal override void Print(StringBuilder to, bool isNested)
    {
        if (Field != FilterField.Text) to.Append(FilterWords.PrintKey(Field, Key)).Append(':');
        if (Field is FilterField.TraceId or FilterField.SpanId or FilterField.ParentId && Pattern.ExactText is [not '0', ..] digits && digits.All(char.IsAsciiDigit) && digits.Length <= 20) to.Append("0x"); // Else it may be read as decimal.
        to.Append(FilterWords.Quote(Pattern.ToString(), isAlone: Field == FilterField.Text));
    }
}

/// <summary>A duration, a count or a tag's number compares with a number.</summary>
/// <param name="key">The tag's key; "" for other fields.</param>
/// <param name="value">Nanoseconds for durations.</param>
public sealed class NumberCondition(FilterField field, string key, Comparison comparison, double value, TextRange at) : FilterNode(at)
{
    public FilterField Field { get; } = field;
    public string Key { get; } = key;
    public override bool IsOfTrace => Field.IsOfTrace();
    public Comparison Comparison { get; } = comparison;
    public double Value { get; } = value;

    internal override void Print(StringBuilder to, bool isNested)
    {
        to.Append(FilterWords.PrintKey(Field, Key)).Append(':').Append(FilterWords.Print(Comparison));
        to.Append(FilterWords.PrintNumber(Field, Value));
    }
}

/// <summary>A duration, a count or a tag's number lies between two numbers.</summary>
/// <param name="key">The tag's key; "" for other fields.</param>
/// <param name="min">Nanoseconds for durations; negative infinity for no bound.</param>
/// <param name="max">Positive infinity for no bound.</param>
public sealed class RangeCondition(FilterField field, string key, double min, bool isMinIncluded, double max, bool isMaxIncluded, TextRange at) : FilterNode(at)
{
    public FilterField Field { get; } = field;
    public string Key { get; } = key;
    public override bool IsOfTrace => Field.IsOfTrace();
    public double Min { get; } = min;
    public bool IsMinIncluded { get; } = isMinIncluded;
    public double Max { get; } = max;
    public bool IsMaxIncluded { get; } = isMaxIncluded;

    public bool Holds(double value) => (IsMinIncluded ? value >= Min : value > Min) && (IsMaxIncluded ? value <= Max : value < Max);

    internal override void Print(StringBuilder to, bool isNested) =>
        to.Append(FilterWords.PrintKey(Field, Key)).Append(':').Append(IsMinIncluded ? '[' : '{')
            .Append(double.IsNegativeInfinity(Min) ? "*" : FilterWords.PrintNumber(Field, Min)).Append(" TO ")
            .Append(double.IsPositiveInfinity(Max) ? "*" : FilterWords.PrintNumber(Field, Max)).Append(IsMaxIncluded ? ']' : '}');
}
