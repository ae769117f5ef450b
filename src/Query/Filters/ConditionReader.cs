using System.Globalization;
using Apm.Core.Ids;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>Makes a condition of a key and a value as they were written, by the field that the key names.</summary>
static class ConditionReader
{
    /// <exception cref="QueryTextException">There is no such key, or the field does not take such a value.</exception>
    public static FilterNode Read(FilterKey key, FilterToken value)
    {
        var at = TextRange.Join(key.At, value.At);
        if (key.Text is "_exists_" or "_missing_") return Existence(key, value, at);
        var (field, tag) = FieldOf(key);
        if (value.Kind == FilterTokenKind.Word && FilterWords.LooksNegated(value.Text)) throw NegatedValue(key, value);
        if (value.Kind == FilterTokenKind.Range) return Range(field, tag, key, value, at);
        var isQuoted = value.Kind == FilterTokenKind.Quoted;
        var isNumber = field.IsDuration() || field.IsCount();
        if (isNumber || (field == FilterField.Tag && !isQuoted && SplitComparison(value.Text) is not null))
        {
            var (comparison, number) = SplitComparison(value.Text) ?? (Comparison.Equal, value.Text);
            return new NumberCondition(field, tag, comparison, Number(field, number, key.Text, value.At, takesNanos: key.Text == "@duration", comparison), at);
        }
        if (FilterWords.ValuesOf(field) is { } words) return OneOf(field, value, words, at);
        return field switch
        {
            FilterField.TraceId => Trace(value, at),
            FilterField.SpanId or FilterField.ParentId => Id(field, value, at),
            _ => new TextCondition(field, tag, TextPattern.Parse(value.Text), at),
        };
    }

    static QueryTextException NegatedValue(FilterKey key, FilterToken value)
    {
        var written = key.Text.StartsWith('@') ? FilterWords.PrintKey(FilterField.Tag, key.Text[1..]) : key.Text;
        var rest = value.Text == "NOT" ? "value" : value.Text[1..];
        return new($"\"{value.Text}\" at column {value.At.Column}: to leave spans out, the minus stands before the key: -{written}:{rest}. To compare with this text, quote it: {written}:\"{value.Text}\".",
            value.At, $"\"{value.Text}\"");
    }

    /// <summary><c>key:~"regex"</c>.</summary>
    /// <exception cref="QueryTextException">There is no such key, it takes no regular expression, or the text is none.</exception>
    public static RegexCondition Regex(FilterKey key, FilterToken quoted)
    {
        var (field, tag) = FieldOf(key);
        return new RegexCondition(field, tag, RegexCondition.Unescape(quoted.Text), TextRange.Join(key.At, quoted.At));
    }

    static (FilterField Field, string Tag) FieldOf(FilterKey key)
    {
        if (!key.Text.StartsWith('@')) return FilterWords.FieldOf(key.Text) is { } field ? (field, "") : throw UnknownKey(key);
        var tag = key.Text[1..];
        if (tag.Length == 0) throw new QueryTextException($"A tag's key is missing after the @ at column {key.At.Column}, such as @http.status_code:500.", key.At);
        return !key.IsQuotedTag && FilterWords.FieldOfTag(tag) is { } known ? (known, "") : (FilterField.Tag, tag);
    }

    /// <summary><c>_exists_:key</c>; the key may be a word of the language, or a tag with or without its <c>@</c>.</summary>
    static FilterNode Existence(FilterKey key, FilterToken value, TextRange at)
    {
        if (value.Kind == FilterTokenKind.Range || value.Text.Length == 0)
            throw new QueryTextException($"After {key.Text}: a key is expected at column {value.At.Column}, such as {key.Text}:@http.status_code.", value.At);
        var field = value.Kind == FilterTokenKind.Quoted ? null : FilterWords.FieldOf(value.Text);
        if (field is { } known && (known.IsOfTrace() || known.IsDuration() || FilterWords.ValuesOf(known) is not null || known == FilterField.TraceId))
            throw new QueryTextException($"Every span has {value.Text}; {key.Text} at column {key.At.Column} asks for what some spans have, such as {key.Text}:@error.type.", value.At);
        var exists = new TextCondition(field ?? FilterField.Tag, field is null ? TextPattern.Parse(value.Text).PlainText.TrimStart('@') : "", TextPattern.Anything, at);
        return key.Text == "_exists_" ? exists : new Negation(exists, at);
    }

    static RangeCondition Range(FilterField field, string tag, FilterKey key, FilterToken value, TextRange at)
    {
        if (field != FilterField.Tag && !field.IsDuration() && !field.IsCount())
            throw new QueryTextException($"{key.Text} is no number; the range at column {value.At.Column} needs duration, a tag, or a count such as spans.", value.At);
        var inside = value.Text[1..^1];
        var to = inside.IndexOf(" TO ", StringComparison.Ordinal);
        if (to < 0) to = inside.IndexOf("TO", StringComparison.Ordinal) - 1; // Tabs or line ends between.
        var (low, high) = (inside[..to].Trim(), inside[(to + 3)..].Trim());
        var takesNanos = key.Text == "@duration";
        var min = low == "*" ? double.NegativeInfinity : Number(field, low, key.Text, value.At, takesNanos);
        var max = high == "*" ? double.PositiveInfinity : Number(field, high, key.Text, value.At, takesNanos);
        if (min > max)
        {
            var turned = $"{value.Text[0]}{high} TO {low}{value.Text[^1]}";
            throw new QueryTextException($"The range at column {value.At.Column} goes from {low} down to {high}, so nothing lies in it. Write the lower bound first: {key.Text}:{turned}.", value.At, turned);
        }
        return new RangeCondition(field, tag, min, value.Text[0] == '[', max, value.Text[^1] == ']', at);
    }

    /// <summary>A number as a field takes it: with a unit for durations.</summary>
    public static double Number(FilterField field, string written, string key, TextRange at, bool takesNanos, Comparison comparison = Comparison.Equal)
    {
        var isPlain = double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var plain) && double.IsFinite(plain);
        if (field.IsDuration())
        {
            if (DurationText.TryParse(written, out var nanos)) return nanos;
            if (takesNanos && isPlain && plain is >= 0 and < long.MaxValue) return Math.Round(plain);
            throw new QueryTextException(
                $"\"{written}\" at column {at.Column} is not a duration. Write a number with a unit (ns, us, ms, s, m, h), such as {(field == FilterField.TraceDuration ? "trace.duration" : "duration")}:>100ms.", at,
                isPlain ? $"{FilterWords.Print(comparison)}{written}ms" : null);
        }
        if (isPlain) return plain;
        throw new QueryTextException(field == FilterField.Tag
            ? $"\"{written}\" at column {at.Column} is not a number. Write for example {key}:>=500, or quote the value to compare it as text."
            : $"\"{written}\" at column {at.Column} is not a number. Write for example {key}:>10.", at);
    }

    static TextCondition OneOf(FilterField field, FilterToken value, IReadOnlyList<string> words, TextRange at)
    {
        var word = words.FirstOrDefault(known => known.Equals(value.Text, StringComparison.OrdinalIgnoreCase));
        if (word is not null) return new TextCondition(field, "", TextPattern.Exactly(word), at);
        var nearest = NearestWord.Find(value.Text, words);
        throw new QueryTextException(
            $"\"{value.Text}\" at column {value.At.Column} is no {(field == FilterField.Kept ? "reason to keep a span" : field == FilterField.Is ? "fact of a span" : FilterWords.PrintKey(field, ""))}."
            + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", words)}.",
            value.At, nearest);
    }

    static FilterNode Trace(FilterToken value, TextRange at) => OneOfIds(
        FilterField.TraceId, [.. TraceId.Readings(value.Text).Select(id => id.ToString())], at,
        $"\"{value.Text}\" at column {value.At.Column} is not a trace id. Write 16 or 32 hex digits, or a decimal 64-bit id.", value.At);

    static FilterNode Id(FilterField field, FilterToken value, TextRange at) => OneOfIds(
        field, [.. SpanId.Readings(value.Text).Select(id => id.ToString())], at,
        $"\"{value.Text}\" at column {value.At.Column} is not a span id. Write 16 hex digits, or a decimal 64-bit id.", value.At);

    /// <summary>Digits that may be hex or decimal stand for both ids.</summary>
    static FilterNode OneOfIds(FilterField field, IReadOnlyList<string> ids, TextRange at, string sentenceIfNone, TextRange wrong)
    {
        var conditions = ids.Select(FilterNode (id) => new TextCondition(field, "", TextPattern.Exactly(id), at)).ToList();
        return conditions.Count switch
        {
            0 => throw new QueryTextException(sentenceIfNone, wrong),
            1 => conditions[0],
            _ => new AnyOf(conditions, at),
        };
    }

    /// <summary>A bare text. Stars at its ends are what a search for text means anyway.</summary>
    public static TextCondition FreeText(FilterToken token)
    {
        var text = TextPattern.Parse(token.Text);
        return new TextCondition(FilterField.Text, "", TextPattern.Exactly(text.ExactText ?? text.PlainText.Trim('*')), token.At);
    }

    public static (Comparison Comparison, string Number)? SplitComparison(string written) => written switch
    {
        ['>', '=', .. var rest] => (Comparison.GreaterOrEqual, rest),
        ['>', .. var rest] => (Comparison.Greater, rest),
        ['<', '=', .. var rest] => (Comparison.LessOrEqual, rest),
        ['<', .. var rest] => (Comparison.Less, rest),
        ['=', .. var rest] => (Comparison.Equal, rest),
        _ => null,
    };

    static QueryTextException UnknownKey(FilterKey key)
    {
        var nearest = NearestWord.Find(key.Text, FilterWords.Keys);
        return new QueryTextException(
            $"Unknown word \"{key.Text}\" before the colon at column {key.At.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?")
            + $" For a tag write @{key.Text}:value; for text that holds a colon use quotes.",
            key.At, nearest ?? "@" + key.Text);
    }
}
