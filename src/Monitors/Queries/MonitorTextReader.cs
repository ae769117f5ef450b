using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Monitors.Queries;

/// <summary>Walks over the text of a monitor's query. Space between its parts means nothing. Not thread-safe.</summary>
sealed class MonitorTextReader(string text)
{
    public string Text { get; } = text;

    /// <summary>Where the next part is looked for.</summary>
    public int At { get; set; }

    public bool AtEnd
    {
        get
        {
            SkipSpace();
            return At >= Text.Length;
        }
    }

    /// <summary>Takes a text when it comes next.</summary>
    public bool TryTake(string expected)
    {
        SkipSpace();
        if (string.CompareOrdinal(Text, At, expected, 0, expected.Length) != 0) return false;
        At += expected.Length;
        return true;
    }

    /// <exception cref="MonitorQueryException">Something else comes next.</exception>
    public void Take(string expected, string where)
    {
        if (!TryTake(expected)) throw Unexpected($"\"{expected}\" {where}");
    }

    /// <summary>Letters, digits, <c>_</c> and <c>-</c>; "" when none comes next.</summary>
    public string Word(out TextRange at)
    {
        SkipSpace();
        var begin = At;
        while (At < Text.Length && (char.IsAsciiLetterOrDigit(Text[At]) || Text[At] is '_' or '-')) At++;
        at = new TextRange(begin, At - begin);
        return Text[begin..At];
    }

    /// <summary>A text in double or single quotes; a backslash takes the next character as it is. Null when none comes next.</summary>
    /// <exception cref="MonitorQueryException">The quote is not closed.</exception>
    public string? Quoted(out TextRange at)
    {
        SkipSpace();
        at = new TextRange(At, 0);
        if (At >= Text.Length || Text[At] is not ('"' or '\'')) return null;
        var (begin, quote) = (At, Text[At++]);
        var value = new StringBuilder();
        for (; At < Text.Length && Text[At] != quote; At++)
        {
            if (Text[At] == '\\' && At + 1 < Text.Length) At++;
            value.Append(Text[At]);
        }
        if (At >= Text.Length) throw new MonitorQueryException($"The quote at column {begin + 1} is not closed. Add {quote} where the text ends.", new TextRange(begin, Text.Length - begin), quote.ToString());
        At++;
        at = new TextRange(begin, At - begin);
        return value.ToString();
    }

    /// <summary>The operator and the number at the end of a query.</summary>
    /// <exception cref="MonitorQueryException">There is none, or something stands behind it.</exception>
    public QueryCondition Condition()
    {
        SkipSpace();
        var sign = ThresholdComparison.Signs.FirstOrDefault(TryTake);
        if (sign is null)
        {
            var found = AtEnd ? "" : Text[At..].Split(' ')[0];
            throw new MonitorQueryException(
                (found.Length == 0 ? $"The query ends at column {At + 1} without an operator" : $"\"{found}\" at column {At + 1} is no operator") + $". Compare it with a number, such as > 800; there are {string.Join(", ", ThresholdComparison.Signs)}.",
                new TextRange(At, found.Length)) { WrongOperator = found };
        }
        SkipSpace();
        var begin = At;
        while (At < Text.Length && (char.IsAsciiLetterOrDigit(Text[At]) || Text[At] is '.' or '-' or '+')) At++;
        var number = Text[begin..At];
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var threshold) || !double.IsFinite(threshold))
        {
            At = begin;
            throw Unexpected($"a number after \"{sign}\"");
        }
        if (!AtEnd) throw Unexpected("the end of the query");
        return new QueryCondition(new ThresholdComparison(sign), threshold);
    }

    public MonitorQueryException Unexpected(string expected)
    {
        if (AtEnd) return new MonitorQueryException($"The query ends at column {Text.Length + 1}; expected {expected}.", new TextRange(Text.Length, 0));
        var end = At + 1;
        if (char.IsLetterOrDigit(Text[At])) while (end < Text.Length && (char.IsLetterOrDigit(Text[end]) || Text[end] is '_' or '.')) end++;
        return new MonitorQueryException($"\"{Text[At..end]}\" at column {At + 1}; expected {expected}.", new TextRange(At, end - At));
    }

    void SkipSpace()
    {
        while (At < Text.Length && char.IsWhiteSpace(Text[At])) At++;
    }
}
