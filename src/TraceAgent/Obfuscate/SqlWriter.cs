using System.Text;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// Puts tokens together again without their values: one <c>?</c> for each run of values, one <c>( ? )</c> for a row of
/// groups of values, no aliases (trace-intake §5.2).
/// </summary>
ref struct SqlWriter(BoundedText output, SqlDialect dialect, bool replaceDigits)
{
    /// <summary>What the innermost open bracket has held so far.</summary>
    enum Group
    {
        Mixed,
        Empty,
        Values,
    }

    readonly BoundedText _output = output;
    readonly SqlDialect _dialect = dialect;
    readonly bool _replaceDigits = replaceDigits;
    Group _group;
    bool _inRun;         // the last thing written was a value
    bool _afterGroup;    // the last thing written closed a group of values
    bool _commaWaits;    // a comma after a group of values: dropped when another such group follows
    bool _bracketWaits;  // the bracket behind that comma
    int _skippedBrackets; // open brackets of a group that is left out
    bool _afterEquals;
    bool _afterSavepoint;
    bool _inBracketAlias;
    ReadOnlySpan<byte> _as;

    /// <summary>Takes the next token.</summary>
    public void Add(SqlTokenKind kind, ReadOnlySpan<byte> text)
    {
        var sign = kind == SqlTokenKind.Symbol && text.Length == 1 ? text[0] : (byte)0;
        if (_skippedBrackets > 0)
        {
            if (sign == '(') _skippedBrackets++;
            else if (sign == ')') _afterGroup = --_skippedBrackets == 0;
            return;
        }
        if (IsAlias(kind, text, sign)) return;
        if (kind == SqlTokenKind.Word && Is(text, "AS"u8))
        {
            WriteWaiting();
            _as = text;
            (_inRun, _afterGroup, _afterEquals, _afterSavepoint) = (false, false, false, false);
            return;
        }
        if (CarriesValue(kind, text)) kind = SqlTokenKind.Value;
        _afterSavepoint = kind == SqlTokenKind.Word && Is(text, "SAVEPOINT"u8);
        _afterEquals = kind == SqlTokenKind.Symbol && text[^1] == '=' && text[0] is (byte)'=' or (byte)':';
        if (IsHeldBack(kind, sign)) return;
        Write(kind, text, sign);
    }

    /// <summary>Whether the token is what stands behind AS. A bracket or a query there is none and brings the AS back.</summary>
    bool IsAlias(SqlTokenKind kind, ReadOnlySpan<byte> text, byte sign)
    {
        if (_inBracketAlias)
        {
            _inBracketAlias = sign != ']';
            return true;
        }
        if (_as.IsEmpty) return false;
        var keyword = _as;
        _as = [];
        _inBracketAlias = sign == '[';
        if (_inBracketAlias || (kind != SqlTokenKind.Symbol && !(kind == SqlTokenKind.Word && BeginsQuery(text)))) return true;
        Write(SqlTokenKind.Word, keyword, 0);
        return false;
    }

    readonly bool CarriesValue(SqlTokenKind kind, ReadOnlySpan<byte> text)
    {
        if (_afterSavepoint && kind is SqlTokenKind.Word or SqlTokenKind.QuotedWord) return true;
        return kind == SqlTokenKind.DoubleQuoted && (_afterEquals || _afterSavepoint || _dialect == SqlDialect.MySql || text.Trim((byte)' ').IsEmpty);
    }

    /// <summary>Between groups of values: keeps the comma and the bracket back until it is known whether a further such group follows, which is left out.</summary>
    bool IsHeldBack(SqlTokenKind kind, byte sign)
    {
        if (_bracketWaits && kind == SqlTokenKind.Value)
        {
            (_commaWaits, _bracketWaits) = (false, false);
            _skippedBrackets = 1;
            return true;
        }
        if (_commaWaits && !_bracketWaits && sign == '(') return _bracketWaits = true;
        if (_afterGroup)
        {
            _afterGroup = false;
            if (sign == ',') return _commaWaits = true;
        }
        WriteWaiting();
        return false;
    }

    void WriteWaiting()
    {
        if (_commaWaits) Print(","u8);
        if (_bracketWaits)
        {
            Print("("u8);
            _group = Group.Empty;
        }
        (_commaWaits, _bracketWaits) = (false, false);
    }

    void Write(SqlTokenKind kind, ReadOnlySpan<byte> text, byte sign)
    {
        if (kind == SqlTokenKind.Value)
        {
            if (_group == Group.Empty) _group = Group.Values;
            if (!_inRun) Print("?"u8);
            _inRun = true;
            return;
        }
        if (sign == ',' && _inRun) return;
        _inRun = false;
        if (sign == ';') return;
        _afterGroup = sign == ')' && _group == Group.Values;
        _group = sign == '(' ? Group.Empty : Group.Mixed;
        if (_replaceDigits && kind is SqlTokenKind.Word or SqlTokenKind.QuotedWord or SqlTokenKind.DoubleQuoted) PrintWithoutDigits(text);
        else Print(text);
    }

    readonly void Print(ReadOnlySpan<byte> text)
    {
        if (_output.Length > 0 && !text.SequenceEqual(","u8)) _output.Append((byte)' ');
        _output.Append(text);
    }

    readonly void PrintWithoutDigits(ReadOnlySpan<byte> name)
    {
        Print([]);
        while (name.Length > 0)
        {
            var digits = name.IndexOfAnyInRange((byte)'0', (byte)'9');
            if (digits < 0) digits = name.Length;
            _output.Append(name[..digits]);
            name = name[digits..];
            if (name.IsEmpty) break;
            _output.Append((byte)'?');
            var end = name.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            name = end < 0 ? [] : name[end..];
        }
    }

    static bool BeginsQuery(ReadOnlySpan<byte> word) =>
        Is(word, "SELECT"u8) || Is(word, "INSERT"u8) || Is(word, "UPDATE"u8) || Is(word, "DELETE"u8) || Is(word, "WITH"u8) || Is(word, "VALUES"u8);

    static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(word, keyword);
}
