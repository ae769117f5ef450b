using System.Text.RegularExpressions;
using Apm.Query.Text;

namespace Apm.Query.Filters;

enum FilterTokenKind
{
    End,
    Open,
    Close,
    OpenBrace,
    CloseBrace,

    /// <summary><c>-</c> or <c>!</c> in front of something.</summary>
    Minus,
    Colon,
    And,
    Or,
    Pipe,

    /// <summary>Such as <c>=></c>; with <c>!</c> in front when negated.</summary>
    Relation,

    /// <summary>A bare word; <see cref="FilterToken.Text"/> as typed.</summary>
    Word,

    /// <summary>In quotes; <see cref="FilterToken.Text"/> is what stands between them, escapes as typed.</summary>
    Quoted,

    /// <summary>A value such as <c>[10ms TO 1s]</c>, whole.</summary>
    Range,
}

/// <param name="IsJoined">No space before it.</param>
readonly record struct FilterToken(FilterTokenKind Kind, string Text, TextRange At, bool IsJoined);

/// <summary>
/// Cuts a filter's text into tokens. A word ends at a space, a parenthesis, a quote, and, when it may be a key, at a colon:
/// after a colon a further colon belongs to the value (<c>@http.url:http://x</c>). A backslash takes from the sign after it what it means here
/// (<c>resource:GET\ /x</c>). Braces within a word belong to it when they
/// are closed in it (<c>resource:/user/{id}</c>); a brace that closes a set of spans ends it.
/// </summary>
sealed partial class FilterLexer(string text)
{
    static readonly (string Text, FilterTokenKind Kind)[] Operators =
    [
        ("!=>", FilterTokenKind.Relation), ("!->", FilterTokenKind.Relation), ("!<=", FilterTokenKind.Relation), ("!<-", FilterTokenKind.Relation), ("!~", FilterTokenKind.Relation),
        ("=>", FilterTokenKind.Relation), ("->", FilterTokenKind.Relation), ("<=", FilterTokenKind.Relation), ("<-", FilterTokenKind.Relation), ("~", FilterTokenKind.Relation),
        ("&&", FilterTokenKind.And), ("||", FilterTokenKind.Or), ("|", FilterTokenKind.Pipe),
    ];

    int _at;
    int _openBraces;

    /// <summary>The next token; <see cref="FilterTokenKind.End"/> again and again at the end.</summary>
    /// <param name="isValue">A value is expected: colons and a leading minus belong to it.</param>
    /// <exception cref="QueryTextException">A quote or a range is not closed.</exception>
    public FilterToken Next(bool isValue)
    {
        var before = _at;
        while (_at < text.Length && char.IsWhiteSpace(text[_at])) _at++;
        var isJoined = _at == before;
        if (_at == text.Length) return new(FilterTokenKind.End, "", new(_at, 0), isJoined);
        switch (text[_at])
        {
            case '(': return Take(1, FilterTokenKind.Open, isJoined);
            case ')': return Take(1, FilterTokenKind.Close, isJoined);
            case '"': return Quoted(isJoined);
            case '}' when !isValue || _openBraces > 0:
                _openBraces = Math.Max(0, _openBraces - 1);
                return Take(1, FilterTokenKind.CloseBrace, isJoined);
        }
        if (isValue)
        {
            if (text[_at] is '[' or '{' && Range().Match(text, _at) is { Success: true } range) return Take(range.Length, FilterTokenKind.Range, isJoined);
            var value = Word(isValue, isJoined);
            return IsOpenRange(value.Text) ? throw OpenRange(value) : value;
        }
        if (text[_at] == ':') return Take(1, FilterTokenKind.Colon, isJoined);
        if (text[_at] == '{')
        {
            _openBraces++;
            return Take(1, FilterTokenKind.OpenBrace, isJoined);
        }
        foreach (var (sign, kind) in Operators)
            if (text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal) && EndsAnOperator(_at + sign.Length)) return Take(sign.Length, kind, isJoined);
        if (text[_at] is '-' or '!' && _at + 1 < text.Length && !char.IsWhiteSpace(text[_at + 1])) return Take(1, FilterTokenKind.Minus, isJoined);
        return Word(isValue, isJoined);
    }

    /// <summary>So that <c>~/path</c> or <c>=>x</c> is a word.</summary>
    bool EndsAnOperator(int at) => at >= text.Length || char.IsWhiteSpace(text[at]) || text[at] is '{' or '(' || (_at > 0 && text[_at - 1] is '}' or ')');

    FilterToken Word(bool isValue, bool isJoined)
    {
        var start = _at;
        var open = 0;
        while (_at < text.Length && !char.IsWhiteSpace(text[_at]) && text[_at] is not ('(' or ')' or '"') && (isValue || text[_at] != ':'))
        {
            if (text[_at] == '{') open++;
            else if (text[_at] == '}' && --open < 0 && _openBraces > 0) break;
            _at += TextPattern.IsEscape(text, _at) ? 2 : 1;
        }
        _at = Math.Min(_at, text.Length);
        return new(FilterTokenKind.Word, text[start.._at], new(start, _at - start), isJoined);
    }

    /// <summary>It begins as a range does, and what it opens is not closed before the first blank; <c>{id}</c> and <c>[1,2]</c> are texts.</summary>
    static bool IsOpenRange(string word)
    {
        if (word.Length == 0 || word[0] is not ('[' or '{')) return false;
        var (opens, closes) = word[0] == '[' ? ('[', ']') : ('{', '}');
        var open = 0;
        foreach (var sign in word)
        {
            if (sign == opens) open++;
            else if (sign == closes && --open == 0) return false;
        }
        return true;
    }

    static QueryTextException OpenRange(FilterToken value) => new(
        $"At column {value.At.Column} a range begins that is not written as [500 TO 599] or {{500 TO 599}}. Close it; or quote the value to compare it as text.", value.At);

    FilterToken Take(int length, FilterTokenKind kind, bool isJoined)
    {
        var token = new FilterToken(kind, text.Substring(_at, length), new(_at, length), isJoined);
        _at += length;
        return token;
    }

    FilterToken Quoted(bool isJoined)
    {
        var start = _at++;
        while (_at < text.Length && text[_at] != '"') _at += text[_at] == '\\' && _at + 1 < text.Length ? 2 : 1;
        if (_at >= text.Length)
            throw new QueryTextException($"The quote at column {start + 1} is not closed. Add \" where the text ends.", new(start, text.Length - start), "\"");
        _at++;
        return new(FilterTokenKind.Quoted, text[(start + 1)..(_at - 1)], new(start, _at - start), isJoined);
    }

    [GeneratedRegex(@"\G[\[{]\s*[^\s\]}]+\s+TO\s+[^\s\]}]+\s*[\]}]")]
    private static partial Regex Range();
}
