using Apm.Query.Text;

namespace Apm.Query.Language;

/// <summary>
/// Cuts what stands between the braces of a scope. A tag goes up to the comma, brace, parenthesis or boolean word that ends it: spaces
/// and brackets that close again belong to it, so that <c>resource_name:GET /user/{id}</c> can be written as it is.
/// </summary>
static class ScopeLexer
{
    static readonly string[] s_words = ["AND", "OR", "NOT", "IN"];

    /// <exception cref="QueryTextException">A quote is not closed.</exception>
    public static QueryToken Next(QueryLexer lexer)
    {
        lexer.SkipSpace();
        var (text, begin) = (lexer.Text, lexer.At);
        if (begin >= text.Length) return new(QueryTokenKind.End, "", new(text.Length, 0));
        if (text[begin] is ',' or '}' or '(' or ')' or '!' or '{') return Sign(lexer);
        if (text[begin] == '*' && EndsAt(text, begin + 1)) return Sign(lexer);
        if (WordAt(text, begin) is { } word)
        {
            lexer.At += word.Length;
            return new(QueryTokenKind.BooleanWord, word, new(begin, word.Length));
        }
        return Tag(lexer);
    }

    /// <summary>One value of an <c>IN</c> list: in quotes, or up to the comma or parenthesis.</summary>
    public static QueryToken NextListValue(QueryLexer lexer)
    {
        lexer.SkipSpace();
        var (text, begin) = (lexer.Text, lexer.At);
        if (begin >= text.Length) return new(QueryTokenKind.End, "", new(text.Length, 0));
        if (text[begin] is '"' or '\'') return lexer.Quoted();
        if (text[begin] is ',' or ')' or '}') return Sign(lexer);
        while (lexer.At < text.Length && text[lexer.At] is not (',' or ')' or '}')) lexer.At++;
        var value = text[begin..lexer.At].TrimEnd();
        return new(QueryTokenKind.Tag, value, new(begin, value.Length));
    }

    static QueryToken Tag(QueryLexer lexer)
    {
        var (text, begin) = (lexer.Text, lexer.At);
        var open = 0;
        var colon = -1;
        for (; lexer.At < text.Length; lexer.At++)
        {
            var c = text[lexer.At];
            if (c is '"' or '\'' && colon == LastSolid(text, begin, lexer.At))
            {
                lexer.Quoted();
                break;
            }
            if (c == ':' && colon < 0) colon = lexer.At;
            if (c is '{' or '(') open++;
            else if (c is '}' or ')' && open-- == 0) break;
            else if (c == ',' && open <= 0) break;
            else if (char.IsWhiteSpace(c) && open <= 0 && NextWordAt(text, lexer.At)) break;
        }
        var tag = text[begin..lexer.At].TrimEnd();
        return new(QueryTokenKind.Tag, tag, new(begin, tag.Length));
    }

    /// <summary>The place of the last character before <paramref name="at"/> that is no space; so a quote is seen to follow the colon.</summary>
    static int LastSolid(string text, int begin, int at)
    {
        for (at--; at > begin && char.IsWhiteSpace(text[at]); at--) { }
        return at;
    }

    static bool NextWordAt(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
        return WordAt(text, at) is not null;
    }

    static string? WordAt(string text, int at)
    {
        foreach (var word in s_words)
            if (at + word.Length <= text.Length && string.Compare(text, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) == 0 && EndsAt(text, at + word.Length)) return word;
        return null;
    }

    static bool EndsAt(string text, int at) => at >= text.Length || char.IsWhiteSpace(text[at]) || text[at] is ',' or '}' or ')' or '(';

    static QueryToken Sign(QueryLexer lexer) => new(QueryTokenKind.Sign, lexer.Text[lexer.At].ToString(), new(lexer.At++, 1));
}
