using System.Text;
using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>Cuts a metric query into tokens. Space between tokens means nothing. Scopes have words of their own (<see cref="ScopeLexer"/>).</summary>
sealed class QueryLexer(string text, int start = 0)
{
    const string Signs = "{}(),:!.*+-/<>=";

    public string Text { get; } = text;

    /// <summary>Where the next token is looked for.</summary>
    public int At { get; set; } = start;

    /// <exception cref="QueryTextException">A character that no query has, or a quote that is not closed.</exception>
    public QueryToken Next()
    {
        SkipSpace();
        var begin = At;
        if (begin >= Text.Length) return new(QueryTokenKind.End, "", new(Text.Length, 0));
        var c = Text[begin];
        if (c is '"' or '\'') return Quoted();
        if (char.IsAsciiDigit(c) || (c == '.' && begin + 1 < Text.Length && char.IsAsciiDigit(Text[begin + 1]) && !FollowsBrace(begin))) return Number();
        if (Signs.Contains(c, StringComparison.Ordinal)) return new(QueryTokenKind.Sign, Text[At++].ToString(), new(begin, 1));
        while (At < Text.Length && IsWordPart(Text[At])) At++;
        if (At > begin) return Token(QueryTokenKind.Word, begin);
        throw new QueryTextException($"\"{c}\" at column {begin + 1} has no meaning in a query.", new(begin, 1));
    }

    public void SkipSpace()
    {
        while (At < Text.Length && char.IsWhiteSpace(Text[At])) At++;
    }

    /// <summary>A text in quotes, double or single; a backslash takes the next character as it is.</summary>
    /// <exception cref="QueryTextException">The quote is not closed.</exception>
    public QueryToken Quoted()
    {
        var begin = At;
        var quote = Text[At++];
        var value = new StringBuilder();
        for (; At < Text.Length && Text[At] != quote; At++)
        {
            if (Text[At] == '\\' && At + 1 < Text.Length) At++;
            value.Append(Text[At]);
        }
        if (At >= Text.Length) throw new QueryTextException($"The quote at column {begin + 1} is not closed. Add {quote} where the value ends.", new(begin, Text.Length - begin), quote.ToString());
        At++;
        return new(QueryTokenKind.Quoted, value.ToString(), new(begin, At - begin));
    }

    /// <summary>Digits, a fraction, an exponent. With letters behind it, it is a word: <c>1w</c>.</summary>
    QueryToken Number()
    {
        var begin = At;
        while (At < Text.Length && (char.IsAsciiDigit(Text[At]) || Text[At] == '.')) At++;
        var exponent = At;
        if (exponent < Text.Length && Text[exponent] is 'e' or 'E')
        {
            exponent++;
            if (exponent < Text.Length && Text[exponent] is '+' or '-') exponent++;
            var digits = exponent;
            while (exponent < Text.Length && char.IsAsciiDigit(Text[exponent])) exponent++;
            if (exponent > digits) At = exponent;
        }
        var isWord = false;
        while (At < Text.Length && IsWordPart(Text[At]))
        {
            isWord = true;
            At++;
        }
        return Token(isWord ? QueryTokenKind.Word : QueryTokenKind.Number, begin);
    }

    /// <summary>A dot behind a brace or parenthesis begins a modifier, whatever stands behind it.</summary>
    bool FollowsBrace(int at) => at > 0 && Text[at - 1] is '}' or ')';

    QueryToken Token(QueryTokenKind kind, int begin) => new(kind, Text[begin..At], new(begin, At - begin));

    static bool IsWordPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' || (c > 127 && char.IsLetter(c));
}
