using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>
/// Reads what stands between the braces (metrics-monitors §5.2):
/// <code>
/// symbols = item *( "," item )          item = "*" | [ "!" ] ( tag | "$" name )
/// words   = and *( OR and )             and  = not *( AND not )      not = [ NOT | "!" ] ( tag | "$" name | key [ NOT ] IN "(" value *( "," value ) ")" | "(" words ")" )
/// </code>
/// </summary>
sealed class ScopeParser
{
    /// <summary>Deepest nesting of parentheses and negations.</summary>
    const int DeepestNesting = 30;

    readonly QueryLexer _lexer;
    readonly QueryToken _open;
    QueryToken _next;
    QueryToken? _comma;
    QueryToken? _word;
    int _depth;

    ScopeParser(QueryLexer lexer, QueryToken open)
    {
        _lexer = lexer;
        _open = open;
        _next = ScopeLexer.Next(lexer);
    }

    /// <summary>Reads from behind the opening brace to the closing one, which is left in <paramref name="close"/>.</summary>
    /// <returns>Null for everything.</returns>
    /// <exception cref="QueryTextException">It is no such scope.</exception>
    public static ScopeNode? Read(QueryLexer lexer, QueryToken open, out QueryToken close)
    {
        var parser = new ScopeParser(lexer, open);
        if (parser._next.Is('}'))
        {
            close = parser._next;
            return null;
        }
        var scope = parser.Or();
        if (!parser._next.Is('}')) throw parser.Unexpected("a comma, AND, OR, or \"}\"");
        close = parser._next;
        return scope is null ? null : parser._word is null ? scope : InWords(scope);
    }

    /// <summary>Null where only a star was: it is left out beside other conditions.</summary>
    ScopeNode? Or()
    {
        var parts = new List<ScopeNode?> { And() };
        while (_next.IsWord("OR"))
        {
            SawWord();
            Take();
            parts.Add(And());
        }
        if (parts.Count == 1) return parts[0];
        if (parts.Contains(null)) return null; // Everything, or something.
        return new ScopeOr(parts!, Join(parts!));
    }

    ScopeNode? And()
    {
        var parts = new List<ScopeNode>();
        if (Not() is { } first) parts.Add(first);
        while (_next.IsWord("AND") || _next.Is(','))
        {
            var between = _next;
            if (between.Is(',')) SawComma();
            else SawWord();
            Take();
            if (_next.Is('}')) throw new QueryTextException($"A tag is missing after \"{between.Text}\" at column {between.At.Column}.", between.At);
            if (Not() is { } part) parts.Add(part);
        }
        return parts.Count switch { 0 => null, 1 => parts[0], _ => new ScopeAnd(parts, _word is not null, Join(parts)) };
    }

    ScopeNode? Not()
    {
        var first = _next;
        if (first.Is('!') || first.IsWord("NOT"))
        {
            if (!first.Is('!')) SawWord();
            Take();
            Deeper(first);
            var inner = Not() ?? throw new QueryTextException($"\"{first.Text}\" at column {first.At.Column} excludes everything. Leave it out, or name a tag behind it.", first.At);
            _depth--;
            return new ScopeNot(inner, _word is not null, TextRange.Join(first.At, inner.At));
        }
        if (first.Is('('))
        {
            SawWord();
            Take();
            Deeper(first);
            var inner = Or();
            _depth--;
            if (!_next.Is(')')) throw _next.Kind == QueryTokenKind.End ? NotClosed() : Unexpected($"\")\" for the parenthesis at column {first.At.Column}");
            Take();
            return inner;
        }
        if (first.Is('*'))
        {
            Take();
            return null;
        }
        if (first.Kind == QueryTokenKind.End) throw NotClosed();
        if (first.Kind != QueryTokenKind.Tag) throw Unexpected("a tag, such as service:web");
        Take();
        return _next.IsWord("IN") || (_next.IsWord("NOT") && IsInBehind()) ? In(first) : Tag(first);
    }

    ScopeIn In(QueryToken key)
    {
        SawWord();
        var isNegated = _next.IsWord("NOT");
        if (isNegated) Take();
        Take();
        if (!_next.Is('(')) throw Unexpected($"\"(\" and values after IN, such as {key.Text} IN (a, b)");
        var values = new List<ScopeValue>();
        while (true)
        {
            var value = ScopeLexer.NextListValue(_lexer);
            if (value.Kind is not (QueryTokenKind.Tag or QueryTokenKind.Quoted)) throw value.Kind == QueryTokenKind.End ? NotClosed() : new QueryTextException($"A value is missing before \"{value.Text}\" at column {value.At.Column}.", value.At);
            values.Add(Value(value.Text, value.At));
            _next = ScopeLexer.NextListValue(_lexer);
            if (_next.Is(')')) break;
            if (!_next.Is(',')) throw _next.Kind == QueryTokenKind.End ? NotClosed() : Unexpected("a comma or \")\"");
        }
        var last = _next.At;
        Take();
        return new ScopeIn(key.Text, values, isNegated, TextRange.Join(key.At, last));
    }

    bool IsInBehind()
    {
        var at = _lexer.At;
        var isIn = ScopeLexer.Next(_lexer).IsWord("IN");
        _lexer.At = at;
        return isIn;
    }

    ScopeNode Tag(QueryToken token)
    {
        var (text, at) = (token.Text, token.At);
        if (text[0] == '$') return new ScopeVariable(null, VariableName(text, at), _word is not null, at);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var key = (colon < 0 ? text : text[..colon]).TrimEnd();
        if (key.Length == 0) throw new QueryTextException($"A tag key is missing before \":\" at column {at.Column}.", at);
        if (key.FirstOrDefault(c => char.IsWhiteSpace(c) || c is '"' or '\'' or '(' or '{' or '<' or '>' or '=') is not '\0' and var wrong)
            throw new QueryTextException($"\"{(wrong == ' ' ? key : wrong.ToString())}\" at column {at.Column}; expected a tag such as service:web, and a comma or AND before the next.", at);
        if (colon < 0) return new ScopeTag(key, null, _word is not null, at);
        var typed = text[(colon + 1)..].TrimStart();
        var valueAt = new TextRange(at.End - typed.Length, typed.Length);
        if (typed.Length == 0) throw new QueryTextException($"A value is missing after \"{key}:\" at column {valueAt.Column}. Write {key}:* for any value.", valueAt, "*");
        if (typed[0] == '$') return new ScopeVariable(key, VariableName(typed, valueAt), _word is not null, at);
        if (typed[0] is '"' or '\'') return new ScopeTag(key, new ScopeValue(new QueryLexer(typed).Next().Text), _word is not null, at);
        if (SecondTag(typed) is { } second)
            throw new QueryTextException($"\"{typed[second..]}\" at column {valueAt.Column + second} stands beside another tag. Write a comma or AND between the two, or quotes around the value.", new(valueAt.Start + second, typed.Length - second));
        return new ScopeTag(key, Value(typed, valueAt), _word is not null, at);
    }

    static string VariableName(string text, TextRange at)
    {
        var name = text[1..];
        if (name.EndsWith(".value", StringComparison.Ordinal)) name = name[..^6];
        if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw new QueryTextException($"\"{text}\" at column {at.Column} is no template variable: letters, digits, _ and - make its name, such as $env.", at);
        return name;
    }

    static ScopeValue Value(string text, TextRange at)
    {
        if ((text.Length > 2 && text.AsSpan(1, text.Length - 2).Contains('*')) || (text.Length > 1 && text[0] == '*' && text[^1] == '*'))
            throw new QueryTextException($"\"{text}\" at column {at.Column}: a star may stand at the start or at the end of a value, not both and not inside.", at);
        return new ScopeValue(text);
    }

    /// <summary>Where a forgotten comma may be: behind a space stands a word with a colon, but no address.</summary>
    static int? SecondTag(string value)
    {
        for (var space = value.IndexOf(' ', StringComparison.Ordinal); space >= 0; space = value.IndexOf(' ', space + 1))
        {
            var at = space + 1;
            while (at < value.Length && (char.IsAsciiLetterOrDigit(value[at]) || value[at] is '_' or '.' or '-')) at++;
            if (at > space + 1 && char.IsAsciiLetter(value[space + 1]) && at + 1 < value.Length && value[at] == ':' && value[at + 1] is not ('/' or ':' or ' ')) return space + 1;
        }
        return null;
    }

    void SawComma()
    {
        _comma ??= _next;
        if (_word is { } word) throw Mixed(word, _next);
    }

    void SawWord()
    {
        _word ??= _next;
        if (_comma is { } comma) throw Mixed(comma, _next);
    }

    static QueryTextException Mixed(QueryToken first, QueryToken second) => new(
        $"\"{second.Text}\" at column {second.At.Column} mixes two ways to write a scope: \"{first.Text}\" stands at column {first.At.Column}. Use commas and !, or AND, OR, NOT, IN and parentheses, not both.", second.At);

    void Deeper(QueryToken at)
    {
        if (++_depth > DeepestNesting) throw new QueryTextException($"The scope is nested deeper than {DeepestNesting} at column {at.At.Column}. Write it flatter.", at.At);
    }

    /// <summary>Words decide for the whole scope how it is written, also for what stood before the first.</summary>
    static ScopeNode InWords(ScopeNode node) => node switch
    {
        ScopeTag tag => new ScopeTag(tag.Key, tag.Value, isInWords: true, tag.At),
        ScopeVariable variable => new ScopeVariable(variable.Key, variable.Name, isInWords: true, variable.At),
        ScopeNot not => new ScopeNot(InWords(not.Inner), isInWords: true, not.At),
        ScopeAnd and => new ScopeAnd([.. and.Children.Select(InWords)], isInWords: true, and.At),
        ScopeOr or => new ScopeOr([.. or.Children.Select(InWords)], or.At),
        _ => node,
    };

    static TextRange Join(List<ScopeNode> parts) => TextRange.Join(parts[0].At, parts[^1].At);

    QueryTextException NotClosed() => new($"The \"{{\" at column {_open.At.Column} is not closed. Add \"}}\" where the list ends.", _open.At, "}");

    QueryTextException Unexpected(string expected) => _next.Kind == QueryTokenKind.End ? NotClosed()
        : new QueryTextException($"\"{_next.Text}\" at column {_next.At.Column}; expected {expected}.", _next.At);

    void Take() => _next = ScopeLexer.Next(_lexer);
}
