using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Language;

enum QueryTokenKind
{
    End,

    /// <summary>Letters, digits, <c>_ . - / $</c>: names of metrics, keys, functions, numbers.</summary>
    Word,

    /// <summary>One of <c>{ } ( ) , : ! . *</c> and the arithmetic signs.</summary>
    Sign,

    /// <summary>The value of a tag, taken as a whole by <see cref="QueryLexer.NextValue"/>; quotes removed.</summary>
    Value,
}

readonly record struct QueryToken(QueryTokenKind Kind, string Text, TextRange At)
{
    public bool Is(char sign) => Kind == QueryTokenKind.Sign && Text[0] == sign;
}

/// <summary>Cuts a metric query into tokens. Space between tokens means nothing.</summary>
sealed class QueryLexer(string text)
{
    int _at;

    /// <exception cref="QueryTextException">A character that no query has.</exception>
    public QueryToken Next()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        var start = _at;
        if (start == text.Length) return new(QueryTokenKind.End, "", new(start, 0));
        if (text[start] is '{' or '}' or '(' or ')' or ',' or ':' or '!' or '.' or '*' or '+' or '-' or '/' or '<' or '>' or '=') return new(QueryTokenKind.Sign, text[_at++].ToString(), new(start, 1));
        while (_at < text.Length && IsWordPart(text[_at])) _at++;
        if (_at > start) return new(QueryTokenKind.Word, text[start.._at], new(start, _at - start));
        throw new QueryTextException($"\"{text[start]}\" at column {start + 1} has no meaning in a query.", new(start, 1));
    }

    /// <summary>
    /// The value of a tag: in quotes, or all up to the comma or brace that ends it. Braces inside belong to it when they close
    /// again, so that <c>resource_name:GET /user/{id}</c> can be written as it is.
    /// </summary>
    /// <exception cref="QueryTextException">A quote is not closed.</exception>
    public QueryToken NextValue()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        var start = _at;
        if (start < text.Length && text[start] == '"') return Quoted();
        var open = 0;
        for (; _at < text.Length; _at++)
        {
            if (text[_at] == '{') open++;
            else if (text[_at] == '}' && open-- == 0) break;
            else if (text[_at] == ',' && open == 0) break;
        }
        var value = text[start.._at].TrimEnd();
        return new(QueryTokenKind.Value, value, new(start, value.Length));
    }

    QueryToken Quoted()
    {
        var start = _at++;
        var value = new StringBuilder();
        for (; _at < text.Length && text[_at] != '"'; _at++)
        {
            if (text[_at] == '\\' && _at + 1 < text.Length) _at++;
            value.Append(text[_at]);
        }
        if (_at >= text.Length) throw new QueryTextException($"The quote at column {start + 1} is not closed. Add \" where the value ends.", new(start, text.Length - start), "\"");
        _at++;
        return new(QueryTokenKind.Value, value.ToString(), new(start, _at - start));
    }

    /// <summary>A dot belongs to a word only between its parts, so that <c>.as_count()</c> after a brace is a modifier.</summary>
    static bool IsWordPart(char c) => char.IsLetterOrDigit(c) || c is '_' or '.' or '-' or '/' or '$' or '@';
}
