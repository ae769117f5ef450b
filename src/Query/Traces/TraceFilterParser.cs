using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Apm.Core.Ids;
using Apm.Query.Text;

namespace Apm.Query.Traces;

/// <summary>
/// Reads the text of a trace search:
/// <code>
/// any       = all *( "OR" all )
/// all       = one *( ["AND"] one )
/// one       = ("-" | "NOT") one | "(" any ")" | condition
/// condition = key ":" value | "@" tag ":" value | text
/// value     = word | "quoted" | (">" | ">=" | "&lt;" | "&lt;=" | "=") number      ; * is any text
/// </code>
/// such as <c>service:web resource:"GET /x" status:error duration:>100ms @http.status_code:5* -env:dev "free text"</c>.
/// </summary>
public sealed class TraceFilterParser
{
    /// <summary>Longest text read, in characters; default 4096. A longer one is refused with a sentence.</summary>
    public const int MaxTextLength = 4096;

    /// <summary>Deepest nesting of parentheses and negations; default 32.</summary>
    public const int MaxDepth = 32;

    readonly string _text;
    readonly FilterLexer _lexer;
    FilterToken _next;
    int _depth;

    TraceFilterParser(string text)
    {
        _text = text;
        _lexer = new FilterLexer(text);
        _next = _lexer.Next(isValue: false);
    }

    /// <summary>Reads a filter; null or "" is the empty one.</summary>
    /// <exception cref="QueryTextException">The text is not a filter; says where, why, and what may have been meant.</exception>
    public static TraceFilter Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return TraceFilter.Empty;
        if (text.Length > MaxTextLength)
            throw new QueryTextException($"The search has {text.Length} characters; at most {MaxTextLength} are read. Shorten it.", new(MaxTextLength, text.Length - MaxTextLength));
        var parser = new TraceFilterParser(text);
        var tree = parser.Any();
        if (parser._next.Kind != FilterTokenKind.End) throw parser.Unexpected();
        return new TraceFilter(tree is AllOf all ? all.Children : [tree]);
    }

    /// <summary>As <see cref="Parse"/>, without throwing.</summary>
    /// <param name="filter">The filter; <see cref="TraceFilter.Empty"/> when the text is wrong.</param>
    /// <param name="error">What is wrong; null when nothing is.</param>
    public static bool TryParse(string? text, out TraceFilter filter, [NotNullWhen(false)] out QueryTextException? error)
    {
        try
        {
            filter = Parse(text);
            error = null;
            return true;
        }
        catch (QueryTextException wrong)
        {
            filter = TraceFilter.Empty;
            error = wrong;
            return false;
        }
    }

    FilterNode Any()
    {
        var start = _next.At;
        if (++_depth > MaxDepth) throw new QueryTextException($"More than {MaxDepth} levels of parentheses and negations at column {start.Column}. Simplify the search.", start);
        var children = new List<FilterNode> { All() };
        while (IsWord("OR"))
        {
            Take();
            children.Add(All());
        }
        _depth--;
        return children.Count == 1 ? children[0] : new AnyOf(children, TextRange.Join(start, children[^1].At));
    }

    FilterNode All()
    {
        var start = _next.At;
        var children = new List<FilterNode>();
        while (true)
        {
            children.Add(One());
            if (IsWord("AND")) Take();
            else if (IsWord("OR") || _next.Kind is FilterTokenKind.End or FilterTokenKind.Close) break;
        }
        return children.Count == 1 ? children[0] : new AllOf(children, TextRange.Join(start, children[^1].At));
    }

    FilterNode One()
    {
        var first = _next;
        if (first.Kind == FilterTokenKind.Minus || IsWord("NOT"))
        {
            if (++_depth > MaxDepth) throw new QueryTextException($"More than {MaxDepth} levels of parentheses and negations at column {first.At.Column}. Simplify the search.", first.At);
            Take();
            var child = One();
            _depth--;
            return new Negation(child, TextRange.Join(first.At, child.At));
        }
        if (first.Kind == FilterTokenKind.Open)
        {
            Take();
            var inside = Any();
            if (_next.Kind != FilterTokenKind.Close)
                throw new QueryTextException($"The parenthesis at column {first.At.Column} is not closed. Add \")\" where it ends.", first.At, ")");
            Take();
            return inside;
        }
        if (first.Kind is not (FilterTokenKind.Word or FilterTokenKind.Quoted) || IsWord("AND") || IsWord("OR")) throw Unexpected();

        Take();
        if (first is { Kind: FilterTokenKind.Word, Text: "@" } && _next is { Kind: FilterTokenKind.Quoted, IsJoined: true })
        {
            first = new FilterToken(FilterTokenKind.Word, "@" + TextPattern.Parse(_next.Text).PlainText, TextRange.Join(first.At, _next.At), first.IsJoined);
            Take();
        }
        if (_next is not { Kind: FilterTokenKind.Colon, IsJoined: true })
        {
            if (first is { Kind: FilterTokenKind.Word, Text: ['@', ..] })
                throw new QueryTextException($"After {first.Text} at column {first.At.Column} a colon and a value are expected, such as {first.Text}:500 or {first.Text}:* for any value.", first.At, first.Text + ":*");
            return FreeText(first);
        }
        if (first.Kind == FilterTokenKind.Quoted)
            throw new QueryTextException($"A key stands without quotes; column {first.At.Column}. A tag's key may have them after the @: @\"{first.Text}\":value.", first.At, $"@\"{first.Text}\"");
        var afterColon = _next.At.End;
        var value = TakeValue();
        if (!value.IsJoined || value.Kind is not (FilterTokenKind.Word or FilterTokenKind.Quoted))
            throw new QueryTextException($"A value is missing after \"{first.Text}:\" at column {afterColon + 1}. Write {first.Text}:* for any value.", new(afterColon, 0), first.Text + ":*");
        return Condition(first.Text, value.Text, TextRange.Join(first.At, value.At), first.At, value.At, value.Kind == FilterTokenKind.Quoted);
    }

    /// <summary>One condition from its key and its value as written.</summary>
    internal static FilterNode Condition(string key, string written, TextRange at) => Condition(key, written, at, at, at, isQuoted: true);

    static FilterNode Condition(string key, string written, TextRange at, TextRange keyAt, TextRange valueAt, bool isQuoted)
    {
        if (key.StartsWith('@'))
        {
            var tag = key[1..];
            if (tag.Length == 0) throw new QueryTextException($"A tag's key is missing after the @ at column {keyAt.Column}, such as @http.status_code:500.", keyAt);
            if (!isQuoted && SplitComparison(written) is var (comparison, number))
            {
                if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var bound) || !double.IsFinite(bound))
                    throw new QueryTextException($"\"{number}\" at column {valueAt.Column} is not a number. Write for example {key}:>=500, or quote the value to compare it as text.", valueAt);
                return new NumberCondition(FilterField.Tag, tag, comparison, bound, at);
            }
            return new TextCondition(FilterField.Tag, tag, TextPattern.Parse(written), at);
        }
        if (FilterWords.FieldOf(key) is not { } field) throw UnknownKey(key, keyAt);
        return field switch
        {
            FilterField.Duration => Duration(written, at, valueAt),
            FilterField.Status => OneOf(field, written, FilterWords.Statuses, at, valueAt),
            FilterField.Kind => OneOf(field, written, FilterWords.Kinds, at, valueAt),
            FilterField.TraceId => Trace(written, at, valueAt),
            _ => new TextCondition(field, "", TextPattern.Parse(written), at),
        };
    }

    static NumberCondition Duration(string written, TextRange at, TextRange valueAt)
    {
        var (comparison, number) = SplitComparison(written) ?? (Comparison.Equal, written);
        if (!DurationText.TryParse(number, out var nanos))
            throw new QueryTextException($"\"{number}\" at column {valueAt.Column} is not a duration. Write a number with a unit (ns, us, ms, s, m, h), such as duration:>100ms.", valueAt,
                double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? $"{FilterWords.Print(comparison)}{number}ms" : null);
        return new NumberCondition(FilterField.Duration, "", comparison, nanos, at);
    }

    static TextCondition OneOf(FilterField field, string written, IReadOnlyList<string> words, TextRange at, TextRange valueAt)
    {
        var word = words.FirstOrDefault(known => known.Equals(written, StringComparison.OrdinalIgnoreCase));
        if (word is not null) return new TextCondition(field, "", TextPattern.Exactly(word), at);
        var nearest = NearestWord.Find(written, words);
        throw new QueryTextException(
            $"\"{written}\" at column {valueAt.Column} is no {FilterWords.PrintKey(field, "")}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?") + $" There are: {string.Join(", ", words)}.",
            valueAt, nearest);
    }

    static TextCondition Trace(string written, TextRange at, TextRange valueAt) =>
        TraceId.TryParse(written, out var id, allowDecimal: true)
            ? new TextCondition(FilterField.TraceId, "", TextPattern.Exactly(id.ToString()), at)
            : throw new QueryTextException($"\"{written}\" at column {valueAt.Column} is not a trace id. Write 16 or 32 hex digits, or a decimal 64-bit id.", valueAt);

    static TextCondition FreeText(FilterToken token)
    {
        var text = TextPattern.Parse(token.Text);
        var plain = text.ExactText ?? text.PlainText.Trim('*'); // "*foo*" is what a search for foo means anyway.
        return new TextCondition(FilterField.Text, "", TextPattern.Exactly(plain), token.At);
    }

    static (Comparison Comparison, string Number)? SplitComparison(string written) => written switch
    {
        ['>', '=', .. var rest] => (Comparison.GreaterOrEqual, rest),
        ['>', .. var rest] => (Comparison.Greater, rest),
        ['<', '=', .. var rest] => (Comparison.LessOrEqual, rest),
        ['<', .. var rest] => (Comparison.Less, rest),
        ['=', .. var rest] => (Comparison.Equal, rest),
        _ => null,
    };

    static QueryTextException UnknownKey(string key, TextRange at)
    {
        var nearest = NearestWord.Find(key, FilterWords.Keys);
        return new QueryTextException(
            $"Unknown word \"{key}\" before the colon at column {at.Column}." + (nearest is null ? "" : $" Did you mean \"{nearest}\"?")
            + $" For a tag write @{key}:value; for text that holds a colon use quotes.",
            at, nearest ?? "@" + key);
    }

    QueryTextException Unexpected() => _next.Kind switch
    {
        FilterTokenKind.End => new QueryTextException($"The search ends at column {_text.Length + 1} where a condition is expected, such as service:web.", new(_text.Length, 0)),
        FilterTokenKind.Close => new QueryTextException($"The \")\" at column {_next.At.Column} closes nothing. Remove it.", _next.At),
        _ => new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column} stands where a condition is expected, such as service:web. Quote it to search for it as text.", _next.At, $"\"{_next.Text}\""),
    };

    bool IsWord(string word) => _next.Kind == FilterTokenKind.Word && _next.Text == word;

    void Take() => _next = _lexer.Next(isValue: false);

    /// <summary>The value after the colon that is next; then what follows it is next.</summary>
    FilterToken TakeValue()
    {
        var value = _lexer.Next(isValue: true);
        if (value.Kind is FilterTokenKind.Word or FilterTokenKind.Quoted) Take();
        else _next = value;
        return value;
    }
}
