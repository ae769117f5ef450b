using System.Globalization;
using System.Text;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>
/// Cuts a TraceQL text into tokens. After a scope and a dot everything up to white space, a bracket or an operator belongs to the
/// attribute's key, slashes and dashes too; a part in quotes may hold anything.
/// </summary>
sealed class TraceQlLexer(string text)
{
    /// <summary>Longest first.</summary>
    static readonly string[] Signs =
    [
        "!>>", "!<<", "&>>", "&<<",
        "&&", "||", "!=", "=~", "!~", "<=", ">=", ">>", "<<", "!>", "!<", "&>", "&<", "&~",
        "{", "}", "(", ")", ",", "=", "<", ">", "~", "!", "|", "+", "-", "*", "/", "%", "^",
    ];

    static readonly (string Word, TraceQlScope Scope)[] Scopes =
    [
        ("span", TraceQlScope.Span), ("resource", TraceQlScope.Resource), ("event", TraceQlScope.Event), ("link", TraceQlScope.Link),
        ("instrumentation", TraceQlScope.Instrumentation), ("parent", TraceQlScope.Parent),
    ];

    int _at;

    /// <summary>May stand in a key without quotes.</summary>
    public static bool IsAttributeChar(char c) => !char.IsWhiteSpace(c) && c is not ('{' or '}' or '(' or ')' or '=' or '~' or '!' or '<' or '>' or '&' or '|' or '^' or ',' or '"' or '`');

    /// <summary>The next token; <see cref="TraceQlTokenKind.End"/> again and again at the end.</summary>
    /// <exception cref="QueryTextException">Something cannot be a token.</exception>
    public TraceQlToken Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        var start = _at;
        if (_at == text.Length) return new(TraceQlTokenKind.End, "", new(start, 0));
        var first = text[_at];
        if (first is '"' or '`') return Quoted(start);
        if (char.IsAsciiDigit(first)) return Number(start);
        if (first == '.') return Attribute(start, TraceQlScope.Any);
        if (char.IsAsciiLetter(first) || first == '_') return Word(start);
        foreach (var sign in Signs)
        {
            if (!text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal)) continue;
            _at += sign.Length;
            return new(TraceQlTokenKind.Sign, sign, new(start, sign.Length));
        }
        throw new QueryTextException($"\"{first}\" at column {start + 1} means nothing in TraceQL. Write for example {{ resource.service.name = \"web\" && duration > 100ms }}.", new(start, 1));
    }

    TraceQlToken Word(int start)
    {
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_')) _at++;
        var word = text[start.._at];
        if (_at < text.Length && text[_at] == '.')
            foreach (var (name, scope) in Scopes)
                if (name == word) return Attribute(start, scope);
        if (_at + 1 < text.Length && text[_at] == ':' && char.IsAsciiLetter(text[_at + 1]))
        {
            _at++;
            while (_at < text.Length && char.IsAsciiLetterOrDigit(text[_at])) _at++;
        }
        return new(TraceQlTokenKind.Word, text[start.._at], new(start, _at - start));
    }

    /// <summary>The dot is next.</summary>
    TraceQlToken Attribute(int start, TraceQlScope scope)
    {
        var dot = _at++;
        var key = new StringBuilder();
        while (_at < text.Length && (IsAttributeChar(text[_at]) || text[_at] == '"'))
        {
            if (text[_at] == '"') key.Append(Unquote(_at));
            else key.Append(text[_at++]);
        }
        if (key.Length == 0) throw new QueryTextException($"An attribute's key is missing after the dot at column {dot + 1}, such as span.http.status_code.", new(dot, 1));
        return new(TraceQlTokenKind.Attribute, text[start.._at], new(start, _at - start), Field: new TraceQlField(scope, key.ToString()));
    }

    TraceQlToken Quoted(int start)
    {
        var value = Unquote(start);
        return new(TraceQlTokenKind.Text, value, new(start, _at - start));
    }

    /// <summary>What stands between the quotes that begin here; reading goes on behind them. Between backticks nothing is escaped.</summary>
    string Unquote(int start)
    {
        var quote = text[start];
        var value = new StringBuilder();
        for (_at = start + 1; _at < text.Length && text[_at] != quote; _at++)
        {
            if (text[_at] != '\\' || quote == '`' || _at + 1 == text.Length) value.Append(text[_at]);
            else value.Append(text[++_at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', '"' => '"', '\\' => '\\', '\'' => '\'', var other => throw UnknownEscape(other) });
        }
        if (_at >= text.Length) throw new QueryTextException($"The quote at column {start + 1} is not closed. Add {quote} where the text ends.", new(start, text.Length - start), quote.ToString());
        _at++;
        return value.ToString();
    }

    QueryTextException UnknownEscape(char c) =>
        new($"\"\\{c}\" at column {_at} is no escape. A backslash itself is written \\\\; between backticks it stands for itself.", new(_at - 1, 2), "\\\\" + c);

    TraceQlToken Number(int start)
    {
        while (_at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] == '.')) _at++;
        if (_at < text.Length && text[_at] is 'e' or 'E' && _at + 1 < text.Length && (char.IsAsciiDigit(text[_at + 1]) || text[_at + 1] is '-' or '+'))
            for (_at += 2; _at < text.Length && char.IsAsciiDigit(text[_at]);) _at++;
        var digits = _at;
        while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] == '.')) _at++;
        var at = new TextRange(start, _at - start);
        var written = text[start.._at];
        if (digits == _at && double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) return new(TraceQlTokenKind.Number, written, at, number);
        if (DurationText.TryParse(written, out var nanos)) return new(TraceQlTokenKind.Duration, written, at, nanos);
        throw new QueryTextException($"\"{written}\" at column {at.Column} is neither a number nor a duration. Write 500, 0.5 or 100ms; units are ns, us, ms, s, m, h.", at);
    }
}
