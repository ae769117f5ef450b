using Apm.Query.Text;

namespace Apm.Query.Language;

enum QueryTokenKind
{
    End,

    /// <summary>Letters, digits, <c>_</c> and <c>.</c>, not beginning with a dot: names of metrics, functions, arguments; also <c>1w</c>.</summary>
    Word,
    Number,

    /// <summary>In quotes; the text is without them.</summary>
    Quoted,

    /// <summary>One of <c>{ } ( ) , : ! . * + - / = &lt; &gt;</c>.</summary>
    Sign,

    /// <summary>Between braces of a scope: <c>key:value</c>, a bare tag, or <c>$variable</c>.</summary>
    Tag,

    /// <summary>Between braces of a scope: AND, OR, NOT, IN, in capitals here.</summary>
    BooleanWord,
}

readonly record struct QueryToken(QueryTokenKind Kind, string Text, TextRange At)
{
    public bool Is(char sign) => Kind == QueryTokenKind.Sign && Text[0] == sign;

    public bool IsWord(string word) => Kind == QueryTokenKind.BooleanWord && Text == word;
}
