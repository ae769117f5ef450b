using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.Filters;

/// <summary>
/// Reads the text of a trace search (docs/search.md):
/// <code>
/// any       = all *( ("OR" | "||") all )
/// all       = one *( ["AND" | "&amp;&amp;"] one )
/// one       = ("-" | "!" | "NOT") one | set | "(" any ")" | condition
/// set       = group [ ["!" | "NOT"] relation set ] *( "|" aggregate )
/// group     = "{" [any] "}" | "(" any ")"
/// relation  = "=>" | "->" | "&lt;=" | "&lt;-" | "~"
/// aggregate = ("count" "()" | ("avg" | "min" | "max" | "sum") "(" measure ")") comparison number
/// condition = key ":" values | "@" tag ":" values | text
/// values    = value | "(" ["NOT"] value *( ("OR" | "AND") ["NOT"] value ) ")"
/// value     = word | "quoted" | ~"regular expression" | comparison number | ("[" | "{") number "TO" number ("]" | "}")     ; * is any text, ? one character, \ before a sign the sign itself
/// </code>
/// such as <c>service:web resource:"GET /x" status:error duration:>100ms @http.status_code:[500 TO 599] -env:dev "free text"</c>
/// or <c>{service:web} => {service:db duration:>1s}</c>.
/// </summary>
public sealed class TraceFilterParser
{
    /// <summary>Longest text read, in characters; default 4096. A longer one is refused with a sentence.</summary>
    public const int MaxTextLength = 4096;

    /// <summary>Deepest nesting of parentheses, braces, negations and relations; default 32.</summary>
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
        return TraceFilter.Of(tree);
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
        Deeper(start);
        var children = new List<FilterNode> { All() };
        while (_next.Kind == FilterTokenKind.Or || IsWord("OR"))
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
            if (_next.Kind == FilterTokenKind.And || IsWord("AND")) Take();
            else if (IsWord("OR") || _next.Kind is FilterTokenKind.Or or FilterTokenKind.End or FilterTokenKind.Close or FilterTokenKind.CloseBrace) break;
        }
        return children.Count == 1 ? children[0] : new AllOf(children, TextRange.Join(start, children[^1].At));
    }

    FilterNode One()
    {
        var first = _next;
        if (first.Kind == FilterTokenKind.Minus || IsWord("NOT"))
        {
            Deeper(first.At);
            Take();
            var child = One();
            _depth--;
            return new Negation(child, TextRange.Join(first.At, child.At));
        }
        if (first.Kind is FilterTokenKind.Open or FilterTokenKind.OpenBrace) return SetOrGroup();
        if (first.Kind is not (FilterTokenKind.Word or FilterTokenKind.Quoted) || IsWord("AND") || IsWord("OR")) throw Unexpected();
        return Condition();
    }

    /// <summary>A set of spans with what is said of it, or conditions in parentheses.</summary>
    FilterNode SetOrGroup()
    {
        var start = _next.At;
        var node = Related(Group(), start);
        while (_next.Kind == FilterTokenKind.Pipe) node = Aggregate(OfTrace(node, start), start);
        return node;
    }

    FilterNode Related(FilterNode anchor, TextRange start)
    {
        var isNegated = IsWord("NOT");
        if (isNegated)
        {
            // "{a} NOT => {b}", but also "{a} NOT env:dev".
            var not = _next;
            Take();
            if (_next.Kind != FilterTokenKind.Relation)
            {
                _pending = _next;
                _next = not;
                return anchor;
            }
        }
        if (_next.Kind != FilterTokenKind.Relation) return anchor;
        var sign = _next.Text;
        var signAt = _next.At;
        Take();
        if (_next.Kind is not (FilterTokenKind.Open or FilterTokenKind.OpenBrace))
            throw new QueryTextException($"After \"{sign}\" at column {signAt.Column} spans in braces are expected, such as {{service:db}}.", _next.At.Length == 0 ? signAt : _next.At);
        Deeper(signAt);
        var otherAt = _next.At;
        var other = OfTrace(Related(Group(), otherAt), otherAt);
        _depth--;
        isNegated ^= sign[0] == '!';
        return new RelatedSpans(OfTrace(anchor, start), RelationOf(sign.TrimStart('!')), other, isNegated, TextRange.Join(start, other.At));
    }

    static SpanRelation RelationOf(string sign) => Enum.GetValues<SpanRelation>().First(relation => FilterWords.Print(relation) == sign);

    static FilterNode OfTrace(FilterNode node, TextRange start) => node.IsOfTrace
        ? node
        : throw new QueryTextException($"What stands at column {start.Column} is a condition, not a set of spans. Put it into braces: {{{node}}}.", node.At.Length == 0 ? start : node.At, $"{{{node}}}");

    FilterNode Group()
    {
        var first = _next;
        var isSet = first.Kind == FilterTokenKind.OpenBrace;
        Take();
        if (isSet && _next.Kind == FilterTokenKind.CloseBrace)
        {
            var all = TextRange.Join(first.At, _next.At);
            Take();
            return new SpansWith(new AllOf([], all), all);
        }
        var inside = Any();
        if (isSet && _next.Kind != FilterTokenKind.CloseBrace)
            throw new QueryTextException($"The brace at column {first.At.Column} is not closed. Add \"}}\" where the conditions of one span end.", first.At, "}");
        if (!isSet && _next.Kind != FilterTokenKind.Close)
            throw new QueryTextException($"The parenthesis at column {first.At.Column} is not closed. Add \")\" where it ends.", first.At, ")");
        var at = TextRange.Join(first.At, _next.At);
        Take();
        if (!isSet) return inside;
        if (inside.IsOfTrace)
            throw new QueryTextException($"In the braces at column {first.At.Column} stands a condition on the whole trace. In braces stand conditions of one span; move it outside.", at);
        return new SpansWith(inside, at);
    }

    SpanAggregate Aggregate(FilterNode child, TextRange start)
    {
        Take();
        var functions = Enum.GetValues<AggregateFunction>();
        var word = _next;
        if (word.Kind != FilterTokenKind.Word || Array.FindIndex(functions, known => FilterWords.Print(known) == word.Text) is var at && at < 0)
        {
            var nearest = NearestWord.Find(word.Text, functions.Select(FilterWords.Print));
            throw new QueryTextException($"After \"|\" one of {string.Join(", ", functions.Select(FilterWords.Print))} is expected at column {word.At.Column}, such as | count() > 3.", word.At, nearest);
        }
        var function = functions[at];
        Take();
        if (_next.Kind != FilterTokenKind.Open) throw new QueryTextException($"A \"(\" is expected after \"{word.Text}\" at column {_next.At.Column}.", _next.At, "(");
        Take();
        var field = SpanField.Duration;
        if (function != AggregateFunction.Count)
        {
            var key = _next;
            if (key.Kind != FilterTokenKind.Word) throw new QueryTextException($"\"{word.Text}\" needs duration or a tag, such as {word.Text}(duration); column {key.At.Column}.", key.At, "duration");
            Take();
            field = key.Text == "@" && _next.Kind == FilterTokenKind.Quoted ? SpanField.Tag(TextPattern.Parse(_next.Text).PlainText) : MeasureOf(key);
            if (key.Text == "@") Take();
        }
        if (_next.Kind != FilterTokenKind.Close) throw new QueryTextException($"A \")\" is expected at column {_next.At.Column}.", _next.At, ")");
        var bound = TakeValue();
        var (comparison, number) = ConditionReader.SplitComparison(bound.Text) ?? throw new QueryTextException($"A comparison is expected at column {bound.At.Column}, such as > 3.", bound.At);
        if (number.Length == 0)
        {
            // "> 3": the sign and the number are two words.
            bound = _next;
            number = bound.Text;
            Take();
        }
        var of = function == AggregateFunction.Count ? FilterField.TraceSpanCount : field.Field;
        var value = ConditionReader.Number(of, number, word.Text, bound.At, takesNanos: false);
        return new SpanAggregate(child, function, function == AggregateFunction.Count ? FilterField.Duration : field.Field, field.Key, comparison, value, TextRange.Join(start, bound.At));
    }

    static SpanField MeasureOf(FilterToken key)
    {
        if (key.Text is "duration" or "@duration") return SpanField.Duration;
        if (key.Text.Length > 1 && key.Text[0] == '@') return SpanField.Tag(key.Text[1..]);
        throw new QueryTextException($"\"{key.Text}\" at column {key.At.Column} is no number of a span. Write duration, or @{key.Text} for a tag.", key.At, "@" + key.Text);
    }

    FilterNode Condition()
    {
        var first = _next;
        Take();
        var isQuotedTag = first is { Kind: FilterTokenKind.Word, Text: "@" } && _next is { Kind: FilterTokenKind.Quoted, IsJoined: true };
        if (isQuotedTag)
        {
            first = new FilterToken(FilterTokenKind.Word, "@" + TextPattern.Parse(_next.Text).PlainText, TextRange.Join(first.At, _next.At), first.IsJoined);
            Take();
        }
        else if (first is { Kind: FilterTokenKind.Word, Text: ['@', .. var tag] } && tag.Contains('\\', StringComparison.Ordinal)) first = first with { Text = "@" + TextPattern.Parse(tag).PlainText };
        if (_next is not { Kind: FilterTokenKind.Colon, IsJoined: true })
        {
            if (first.Kind == FilterTokenKind.Word && !isQuotedTag && FilterWords.WithColon(first.Text) is { } meant)
                throw new QueryTextException($"\"{first.Text}\" at column {first.At.Column} is written with a colon: {meant}{(meant.EndsWith(':') ? "…" : "")}. To search for it as text, quote it.", first.At, meant);
            if (first is { Kind: FilterTokenKind.Word, Text: ['@', ..] })
                throw new QueryTextException($"After {first.Text} at column {first.At.Column} a colon and a value are expected, such as {first.Text}:500 or {first.Text}:* for any value.", first.At, first.Text + ":*");
            if (first is { Kind: FilterTokenKind.Word, Text: "=" or "==" or ">" or ">=" or "<" or "<>" })
                throw new QueryTextException($"\"{first.Text}\" at column {first.At.Column} compares nothing: a key, a colon and a value belong together, such as service:web or duration:>100ms. To search for it as text, quote it.", first.At, $"\"{first.Text}\"");
            if (first.Kind == FilterTokenKind.Word && FilterWords.JointOf(first.Text) is { } joint) throw InCapitals(first, joint);
            return ConditionReader.FreeText(first);
        }
        if (first.Kind == FilterTokenKind.Quoted)
            throw new QueryTextException($"A key stands without quotes; column {first.At.Column}. A tag's key may have them after the @: @\"{first.Text}\":value.", first.At, $"@\"{first.Text}\"");
        var key = new FilterKey(first.Text, first.At, isQuotedTag);
        var afterColon = _next.At.End;
        var value = _lexer.Next(isValue: true);
        if (value is { Kind: FilterTokenKind.Open, IsJoined: true }) return Values(key, value.At);
        if (!value.IsJoined || value.Kind is not (FilterTokenKind.Word or FilterTokenKind.Quoted or FilterTokenKind.Range))
            throw new QueryTextException($"A value is missing after \"{first.Text}:\" at column {afterColon + 1}. Write {first.Text}:* for any value.", new(afterColon, 0), first.Text + ":*");
        Take();
        if (value is { Kind: FilterTokenKind.Word, Text: "~" } && _next is { Kind: FilterTokenKind.Quoted, IsJoined: true })
        {
            var regex = ConditionReader.Regex(key, _next);
            Take();
            return regex;
        }
        if (value.Kind == FilterTokenKind.Word && _next is { Kind: FilterTokenKind.Open or FilterTokenKind.Quoted, IsJoined: true }) throw TwoInOne(key, value);
        return ConditionReader.Read(key, value);
    }

    static QueryTextException InCapitals(FilterToken word, string joint) => new(
        $"\"{word.Text}\" at column {word.At.Column} is written in capitals between conditions: {joint}. To search for it as text, quote it: \"{word.Text}\".", word.At, joint);

    /// <summary><c>service:-(a OR b)</c>, <c>resource:load(x)</c>: what follows would be searched as text of its own.</summary>
    QueryTextException TwoInOne(FilterKey key, FilterToken value)
    {
        var sign = _next.Kind == FilterTokenKind.Open ? "(" : "\"";
        return new(value.Text is "-" or "!"
            ? $"\"{value.Text}\" at column {value.At.Column} stands before the key to leave spans out: -{key.Text}:{sign}…"
            : $"The value after {key.Text}: ends at column {_next.At.Column}, before the {sign}. Quote all of it, with \\\" for a quote within, or put a blank between two conditions.", TextRange.Join(value.At, _next.At));
    }

    /// <summary><c>key:(a OR b)</c>, behind the parenthesis.</summary>
    FilterNode Values(FilterKey key, TextRange open)
    {
        var children = new List<FilterNode>();
        string? joint = null;
        while (true)
        {
            var value = _lexer.Next(isValue: true);
            var not = value is { Kind: FilterTokenKind.Word, Text: "NOT" } ? value : (FilterToken?)null;
            if (not is not null) value = _lexer.Next(isValue: true);
            else if (value.Kind == FilterTokenKind.Word && value.Text != "NOT" && FilterWords.JointOf(value.Text) == "NOT") throw InCapitals(value, "NOT");
            if (value.Kind is not (FilterTokenKind.Word or FilterTokenKind.Quoted or FilterTokenKind.Range) || value is { Kind: FilterTokenKind.Word, Text: "OR" or "AND" })
                throw new QueryTextException($"A value is expected at column {value.At.Column}, in the list after \"{key.Text}:\", such as {key.Text}:(a OR b).", value.At);
            var condition = ConditionReader.Read(key, value);
            children.Add(not is null ? condition : new Negation(condition, TextRange.Join(not.Value.At, value.At)));
            var next = _lexer.Next(isValue: true);
            if (next.Kind == FilterTokenKind.Close) break;
            if (next.Kind is FilterTokenKind.End or FilterTokenKind.CloseBrace)
                throw new QueryTextException($"The parenthesis at column {open.Column} is not closed. Add \")\" where the list of values ends.", open, ")");
            if (next is not { Kind: FilterTokenKind.Word, Text: "OR" or "AND" } && next.Kind == FilterTokenKind.Word && FilterWords.JointOf(next.Text) is { } meant and not "NOT") throw InCapitals(next, meant);
            if (next is not { Kind: FilterTokenKind.Word, Text: "OR" or "AND" })
                throw new QueryTextException($"OR is expected between two values, at column {next.At.Column}.", next.At, $"OR {next.Text}");
            if (joint is not null && joint != next.Text)
                throw new QueryTextException($"A list of values has OR or AND between them, not both; column {next.At.Column}. Write the conditions one by one.", next.At, joint);
            joint = next.Text;
        }
        Take();
        if (children.Count == 1) return children[0];
        var at = TextRange.Join(key.At, children[^1].At);
        return joint == "AND" ? new AllOf(children, at) : new AnyOf(children, at);
    }

    QueryTextException Unexpected() => _next.Kind switch
    {
        FilterTokenKind.End => new QueryTextException($"The search ends at column {_text.Length + 1} where a condition is expected, such as service:web.", new(_text.Length, 0)),
        FilterTokenKind.Close => new QueryTextException($"The \")\" at column {_next.At.Column} closes nothing. Remove it.", _next.At),
        FilterTokenKind.CloseBrace => new QueryTextException($"The \"}}\" at column {_next.At.Column} closes nothing. Remove it.", _next.At),
        FilterTokenKind.Relation => new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column} stands between two sets of spans in braces, such as {{service:web}} {_next.Text} {{service:db}}.", _next.At),
        FilterTokenKind.Pipe => new QueryTextException($"The \"|\" at column {_next.At.Column} stands behind a set of spans in braces, such as {{service:db}} | count() > 3.", _next.At),
        _ => new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column} stands where a condition is expected, such as service:web. Quote it to search for it as text.", _next.At, $"\"{_next.Text}\""),
    };

    void Deeper(TextRange at)
    {
        if (++_depth > MaxDepth) throw new QueryTextException($"More than {MaxDepth} levels of parentheses and negations at column {at.Column}. Simplify the search.", at);
    }

    bool IsWord(string word) => _next.Kind == FilterTokenKind.Word && _next.Text == word;

    FilterToken? _pending; // Read ahead of _next.

    void Take()
    {
        _next = _pending ?? _lexer.Next(isValue: false);
        _pending = null;
    }

    /// <summary>The value that is next; then what follows it is next.</summary>
    FilterToken TakeValue()
    {
        var value = _lexer.Next(isValue: true);
        if (value.Kind is FilterTokenKind.Word or FilterTokenKind.Quoted) Take();
        else _next = value;
        return value;
    }
}

/// <summary>What stands before a colon.</summary>
/// <param name="IsQuotedTag">A tag's key in quotes: never one of the words that Datadog writes as tags.</param>
readonly record struct FilterKey(string Text, TextRange At, bool IsQuotedTag);
