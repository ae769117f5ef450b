using System.Globalization;
using Apm.Query.Text;

namespace Apm.Query.TraceQl;

/// <summary>The place in a TraceQL text up to which it was read: the token that is next, how deep it is nested, how much was read.</summary>
/// <remarks>One token ahead is all the grammar needs.</remarks>
sealed class TraceQlCursor
{
    readonly string _text;
    readonly TraceQlLexer _lexer;
    int _depth;
    int _nodes;

    public TraceQlCursor(string text)
    {
        _text = text;
        _lexer = new TraceQlLexer(text);
        Next = _lexer.Next();
    }

    /// <summary>Not taken yet.</summary>
    public TraceQlToken Next { get; private set; }

    public bool IsAtEnd => Next.Kind == TraceQlTokenKind.End;

    /// <summary>The end of what <see cref="Deepen"/> began.</summary>
    public void Rise() => _depth--;

    /// <summary>Takes a sign that has to be next.</summary>
    /// <param name="what">What is told to be missing.</param>
    public void Expect(string sign, string what)
    {
        if (!TakeSign(sign)) throw Unexpected(what);
    }

    /// <summary>Counts a condition, set or stage.</summary>
    public void Count()
    {
        if (++_nodes > TraceQlParser.MaxNodes) throw new QueryTextException($"More than {TraceQlParser.MaxNodes} conditions and stages at column {Next.At.Column}. Simplify the query.", Next.At);
    }

    /// <summary>One level deeper, until <see cref="Rise"/>.</summary>
    public void Deepen(TextRange at)
    {
        if (++_depth > TraceQlParser.MaxDepth) throw new QueryTextException($"More than {TraceQlParser.MaxDepth} levels of parentheses and negations at column {at.Column}. Simplify the query.", at);
    }

    public static QueryTextException NotClosed(string sign, TextRange at, string closing) =>
        new($"The \"{sign}\" at column {at.Column} is not closed. Add \"{closing}\" where it ends.", at, closing);

    public QueryTextException Unexpected(string expected) => Next.Kind == TraceQlTokenKind.End
        ? new QueryTextException($"The query ends at column {_text.Length + 1}; expected {expected}.", new(_text.Length, 0))
        : new QueryTextException(string.Create(CultureInfo.InvariantCulture, $"\"{Next.Text}\" at column {Next.At.Column}; expected {expected}."), Next.At);

    public bool IsSign(string sign) => Next.Kind == TraceQlTokenKind.Sign && Next.Text == sign;

    public bool TakeSign(string sign)
    {
        if (!IsSign(sign)) return false;
        Take();
        return true;
    }

    public TraceQlToken Take()
    {
        var taken = Next;
        Next = _lexer.Next();
        return taken;
    }
}
