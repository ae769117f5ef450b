using Apm.Query.Text;

namespace Apm.Query.Traces;

enum FilterTokenKind
{
    End,
    Open,
    Close,
    Minus,
    Colon,

    /// <summary>A bare word; <see cref="FilterToken.Text"/> as typed.</summary>
    Word,

    /// <summary>In quotes; <see cref="FilterToken.Text"/> is what stands between them, escapes as typed.</summary>
    Quoted,
}

/// <param name="IsJoined">No space before it.</param>
readonly record struct FilterToken(FilterTokenKind Kind, string Text, TextRange At, bool IsJoined);

/// <summary>
/// Cuts a filter's text into tokens. A word ends at a space, a parenthesis, a quote, and, when it may be a key, at a colon:
/// after a colon a further colon belongs to the value (<c>@http.url:http://x</c>).
/// </summary>
sealed class FilterLexer(string text)
{
    int _at;

    /// <summary>The next token; <see cref="FilterTokenKind.End"/> again and again at the end.</summary>
    /// <param name="isValue">A value is expected: colons and a leading minus belong to it.</param>
    /// <exception cref="QueryTextException">A quote is not closed.</exception>
    public FilterToken Next(bool isValue)
    {
        var before = _at;
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        var isJoined = _at == before;
        var start = _at;
        if (_at == text.Length) return new(FilterTokenKind.End, "", new(start, 0), isJoined);
        switch (text[_at])
        {
            case '(': return One(FilterTokenKind.Open, isJoined);
            case ')': return One(FilterTokenKind.Close, isJoined);
            case ':' when !isValue: return One(FilterTokenKind.Colon, isJoined);
            case '-' when !isValue && _at + 1 < text.Length && !char.IsWhiteSpace(text[_at + 1]): return One(FilterTokenKind.Minus, isJoined);
            case '"': return Quoted(isJoined);
        }
        while (_at < text.Length && !char.IsWhiteSpace(text[_at]) && text[_at] is not ('(' or ')' or '"') && (isValue || text[_at] != ':'))
            _at += text[_at] == '\\' && _at + 1 < text.Length && text[_at + 1] is '"' or '\\' or '*' ? 2 : 1;
        _at = Math.Min(_at, text.Length);
        return new(FilterTokenKind.Word, text[start.._at], new(start, _at - start), isJoined);
    }

    FilterToken One(FilterTokenKind kind, bool isJoined) => new(kind, text[_at].ToString(), new(_at++, 1), isJoined);

    FilterToken Quoted(bool isJoined)
    {
        var start = _at++;
        while (_at < text.Length && text[_at] != '"') _at += text[_at] == '\\' && _at + 1 < text.Length ? 2 : 1;
        if (_at >= text.Length)
            throw new QueryTextException($"The quote at column {start + 1} is not closed. Add \" where the text ends.", new(start, text.Length - start), "\"");
        _at++;
        return new(FilterTokenKind.Quoted, text[(start + 1)..(_at - 1)], new(start, _at - start), isJoined);
    }
}
