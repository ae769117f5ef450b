using System.Buffers;
using System.Globalization;
using System.Text;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// Cuts a statement of any SQL dialect into tokens (trace-intake §5.2). Blanks and comments are passed over. It knows as much
/// grammar as hiding values takes; whatever it is not sure of is <see cref="SqlTokenKind.Invalid"/>, never a name.
/// </summary>
/// <remarks>Reads each byte a bounded number of times. The text must be valid UTF-8.</remarks>
ref struct SqlLexer
{
    static readonly SearchValues<byte> WordBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$#"u8);
    static readonly SearchValues<byte> NumberBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."u8);

    /// <summary>Operators of more than one sign, longer ones before their beginnings.</summary>
    static readonly byte[][] Operators =
    [
        [.. "<=>"u8], [.. "->>"u8], [.. "<="u8], [.. "<>"u8], [.. "<<"u8], [.. ">="u8], [.. ">>"u8], [.. "=="u8], [.. "=>"u8], [.. "||"u8], [.. "&&"u8],
        [.. "->"u8], [.. "::"u8], [.. ":="u8], [.. "!="u8], [.. "!~*"u8], [.. "!~"u8], [.. "!<"u8], [.. "!>"u8], [.. "~*"u8],
    ];

    static readonly byte[][] PostgreSqlOperators =
    [
        [.. "#>>"u8], [.. "#>"u8], [.. "#-"u8], [.. "<@"u8], [.. "@>"u8], [.. "@@"u8], [.. "@?"u8], [.. "?|"u8], [.. "?&"u8],
    ];

    readonly ReadOnlySpan<byte> _sql;
    readonly SqlDialect _dialect;
    readonly bool _backslashEscapes;
    int _at;
    int _from;
    int _to;
    int _openBraces;
    bool _hasTokens;
    bool _afterOperand;

    public SqlLexer(ReadOnlySpan<byte> sql, SqlDialect dialect, bool backslashEscapes)
    {
        _sql = sql;
        _dialect = dialect;
        _backslashEscapes = backslashEscapes;
    }

    /// <summary>The next token.</summary>
    /// <param name="text">As written; of quoted names without the quotes.</param>
    public SqlTokenKind Next(out ReadOnlySpan<byte> text)
    {
        text = [];
        if (!SkipBlanks()) return SqlTokenKind.Invalid;
        if (_at == _sql.Length) return SqlTokenKind.End;
        _from = _at;
        var kind = Read(_sql[_at]);
        if (kind == SqlTokenKind.Invalid) return kind;
        text = _sql[_from.._to];
        _hasTokens = true;
        _afterOperand = kind != SqlTokenKind.Symbol || text[0] is (byte)')' or (byte)']';
        return kind;
    }

    readonly byte Peek(int ahead) => _at + ahead < _sql.Length ? _sql[_at + ahead] : (byte)0;

    /// <summary>False when a comment does not end.</summary>
    bool SkipBlanks()
    {
        while (_at < _sql.Length)
        {
            var b = _sql[_at];
            if (b is (byte)' ' or (>= 9 and <= 13)) _at++;
            else if (b == '-' && Peek(1) == '-') SkipLine();
            else if (b == '#' && _dialect is SqlDialect.Unknown or SqlDialect.MySql) SkipLine();
            else if (b == '/' && Peek(1) == '*')
            {
                var end = _sql[(_at + 2)..].IndexOf("*/"u8);
                if (end < 0) return false;
                _at += end + 4;
            }
            else if (b >= 0x80 && RuneAt(_at) is var rune && Rune.IsWhiteSpace(rune)) _at += rune.Utf8SequenceLength;
            else return true;
        }
        return true;
    }

    void SkipLine()
    {
        var end = _sql[_at..].IndexOf((byte)'\n');
        _at = end < 0 ? _sql.Length : _at + end + 1;
    }

    SqlTokenKind Read(byte first)
    {
        switch (first)
        {
            case (byte)'\'': return ReadQuoted(first, SqlTokenKind.Value);
            case (byte)'"': return ReadQuoted(first, SqlTokenKind.DoubleQuoted);
            case (byte)'`': return ReadQuoted(first, SqlTokenKind.QuotedWord);
            case >= (byte)'0' and <= (byte)'9': return ReadNumber(0);
            case (byte)'.' when IsDigit(Peek(1)): return ReadNumber(1);
            case (byte)'-' when IsDigit(Peek(1)): return ReadNumber(1);
            case (byte)'-' when Peek(1) == '.' && IsDigit(Peek(2)): return ReadNumber(2);
            case (byte)'%': return ReadPercent();
            case (byte)'$': return ReadDollar();
            case (byte)'{': return ReadBrace();
            case (byte)'}' when _openBraces > 0:
                _openBraces--;
                return Take(1, SqlTokenKind.Symbol);
            case (byte)'#' when _dialect == SqlDialect.SqlServer: return ReadWord(1);
            case (byte)':' when IsNameStart(1) || IsDigit(Peek(1)): return ReadBindName(1);
            case (byte)'@' when IsNameStart(1): return ReadBindName(1);
            case (byte)'@' when Peek(1) == '@' && IsNameStart(2): return ReadBindName(2);
            case (byte)':' when Peek(1) == '.': return SqlTokenKind.Invalid;
        }
        if (IsNameStart(0)) return ReadWord(0);
        if (_dialect == SqlDialect.PostgreSql && OperatorOf(PostgreSqlOperators) is var length and > 0) return Take(length, SqlTokenKind.Symbol);
        if (OperatorOf(Operators) is var common and > 0) return Take(common, SqlTokenKind.Symbol);
        switch (first)
        {
            // After a value, PostgreSQL's "?" asks a JSON document for a key. A placeholder stands where a value may.
            case (byte)'?': return Take(1, _dialect == SqlDialect.PostgreSql && _afterOperand ? SqlTokenKind.Symbol : SqlTokenKind.Value);
            case (byte)'#' when _dialect == SqlDialect.PostgreSql: return Take(1, SqlTokenKind.Symbol);
            default: return "=,;()[]+-*/^&|~<>.:@"u8.Contains(first) ? Take(1, SqlTokenKind.Symbol) : SqlTokenKind.Invalid;
        }
    }

    SqlTokenKind Take(int length, SqlTokenKind kind)
    {
        _at += length;
        _to = _at;
        return kind;
    }

    SqlTokenKind ReadQuoted(byte quote, SqlTokenKind kind)
    {
        var at = _at + 1;
        while (at <= _sql.Length)
        {
            var rest = _sql[at..];
            var found = _backslashEscapes && quote != '`' ? rest.IndexOfAny(quote, (byte)'\\') : rest.IndexOf(quote);
            if (found < 0) return SqlTokenKind.Invalid;
            at += found;
            if (_sql[at] == '\\' || (at + 1 < _sql.Length && _sql[at + 1] == quote))
            {
                at += 2;
                continue;
            }
            _from = _at + 1;
            _to = at;
            _at = at + 1;
            return kind;
        }
        return SqlTokenKind.Invalid;
    }

    /// <summary>Takes letters with it, so that <c>0x1F</c>, <c>30d</c> and what only begins like a number is hidden whole.</summary>
    SqlTokenKind ReadNumber(int signLength)
    {
        _at += signLength;
        var isHex = Peek(0) == '0' && (Peek(1) | 0x20) == 'x';
        while (true)
        {
            var length = _sql[_at..].IndexOfAnyExcept(NumberBytes);
            _at = length < 0 ? _sql.Length : _at + length;
            var isExponent = !isHex && Peek(0) is (byte)'+' or (byte)'-' && (_sql[_at - 1] | 0x20) == 'e' && IsDigit(Peek(1));
            if (!isExponent) return Take(0, SqlTokenKind.Value);
            _at++;
        }
    }

    /// <summary><c>%s</c>, <c>%(name)s</c>; else the operator.</summary>
    SqlTokenKind ReadPercent()
    {
        if (Peek(1) == '(')
        {
            var end = _sql[_at..].IndexOf((byte)')');
            return end > 0 && IsLetter(Peek(end + 1)) ? Take(end + 2, SqlTokenKind.Value) : SqlTokenKind.Invalid;
        }
        var length = 1;
        while (IsLetter(Peek(length))) length++;
        return Take(length, length > 1 ? SqlTokenKind.Value : SqlTokenKind.Symbol);
    }

    /// <summary><c>$1</c>, <c>$?</c>, <c>$name</c>, <c>$$…$$</c>, <c>$tag$…$tag$</c>.</summary>
    SqlTokenKind ReadDollar()
    {
        if (Peek(1) == '?') return Take(2, SqlTokenKind.Value);
        var length = 1;
        while (_at + length < _sql.Length && RuneAt(_at + length) is var rune && IsNamePart(rune)) length += rune.Utf8SequenceLength;
        if (Peek(length) == '$' && !IsDigit(Peek(1)))
        {
            var tag = _sql.Slice(_at, length + 1);
            var end = _sql[(_at + tag.Length)..].IndexOf(tag);
            return end < 0 ? SqlTokenKind.Invalid : Take(tag.Length + end + tag.Length, SqlTokenKind.Value);
        }
        return length > 1 ? Take(length, SqlTokenKind.Value) : SqlTokenKind.Invalid;
    }

    /// <summary>A call in braces shows what it calls when it is the statement; braces inside a statement are a literal.</summary>
    SqlTokenKind ReadBrace()
    {
        if (!_hasTokens || _openBraces > 0)
        {
            _openBraces++;
            return Take(1, SqlTokenKind.Symbol);
        }
        var depth = 0;
        for (var at = _at; at < _sql.Length; at++)
        {
            if (_sql[at] == '{') depth++;
            else if (_sql[at] == '}' && --depth == 0) return Take(at + 1 - _at, SqlTokenKind.Value);
        }
        return SqlTokenKind.Invalid;
    }

    SqlTokenKind ReadBindName(int signLength)
    {
        _at += signLength;
        while (_at < _sql.Length && (RuneAt(_at) is var rune) && (IsNamePart(rune) || rune.Value is '.' or '$')) _at += rune.Utf8SequenceLength;
        return Take(0, SqlTokenKind.BindName);
    }

    SqlTokenKind ReadWord(int signLength)
    {
        _at += signLength;
        while (_at < _sql.Length)
        {
            var length = _sql[_at..].IndexOfAnyExcept(WordBytes);
            _at = length < 0 ? _sql.Length : _at + length;
            if (_at == _sql.Length) break;
            if (_sql[_at] == '*' && _sql[_at - 1] == '.')
            {
                _at++; // "table.*"
                break;
            }
            var rune = RuneAt(_at);
            if (!IsNamePart(rune)) break; // Of ASCII, all that may follow was passed over.
            _at += rune.Utf8SequenceLength;
        }
        while (_at > _from + 1 && _sql[_at - 1] == '.') _at--; // The dot before a quoted name is a token of its own.
        var word = _sql[_from.._at];
        return Take(0, Is(word, "NULL"u8) || Is(word, "TRUE"u8) || Is(word, "FALSE"u8) ? SqlTokenKind.Value : SqlTokenKind.Word);
    }

    readonly int OperatorOf(byte[][] operators)
    {
        var rest = _sql[_at..];
        foreach (var candidate in operators) if (rest.StartsWith(candidate)) return candidate.Length;
        return 0;
    }

    readonly bool IsNameStart(int ahead)
    {
        var b = Peek(ahead);
        return IsLetter(b) || b == '_' || (b >= 0x80 && Rune.IsLetter(RuneAt(_at + ahead)));
    }

    static bool IsNamePart(Rune rune) =>
        rune.Value == '_' || Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    readonly Rune RuneAt(int at)
    {
        Rune.DecodeFromUtf8(_sql[at..], out var rune, out _);
        return rune;
    }

    static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    static bool IsLetter(byte b) => (b | 0x20) is >= 'a' and <= 'z';

    static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(word, keyword);
}
