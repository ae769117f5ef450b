using System.Buffers;
using System.Text;

namespace Apm.Core.Errors;

/// <summary>
/// Folds what differs from one occurrence of an error to the next: ids, numbers, hex, quoted values, URLs, paths, times, addresses.
/// The rules stand in docs/errors.md, in the order in which they are tried here. Pure: the same text gives the same pattern at any time.
/// </summary>
public static class MessagePattern
{
    /// <summary>Characters of a message that are looked at; default 600. What comes behind does not tell issues apart.</summary>
    public const int MaxMessageChars = 600;

    /// <summary>Characters of a pattern; default 300. A longer one ends in "…".</summary>
    public const int MaxPatternChars = 300;

    /// <summary>Digits directly behind a letter are part of a name (<c>utf8</c>, <c>sha256</c>) unless they are so many.</summary>
    const int MinDigitsBehindLetter = 4;

    /// <summary>
    /// A token of hex digits, or of letters and digits mixed, is an id from this length on. It has the placeholder of a number: an id may happen to have no letter,
    /// and would then make another issue.
    /// </summary>
    const int MinHexLength = 6;
    const int MinMixedLength = 16;

    static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdefABCDEF");
    static readonly SearchValues<char> HexAndDashes = SearchValues.Create("0123456789abcdefABCDEF-");
    static readonly SearchValues<char> DigitsAndDashes = SearchValues.Create("0123456789-");
    static readonly SearchValues<char> AddressChars = SearchValues.Create("0123456789.:/");
    static readonly SearchValues<char> LongAddressChars = SearchValues.Create("0123456789abcdefABCDEF:.%");

    /// <summary>The pattern of a message; "" for "".</summary>
    public static string Fold(string message)
    {
        var text = message.AsSpan(0, Math.Min(message.Length, MaxMessageChars));
        var pattern = new StringBuilder(Math.Min(text.Length, MaxPatternChars) + 16);
        var at = 0;
        while (at < text.Length && pattern.Length <= MaxPatternChars)
        {
            var c = text[at];
            if (IsBlank(c))
            {
                if (pattern.Length > 0 && pattern[^1] != ' ') pattern.Append(' ');
                at++;
            }
            else if (ClosingQuote(text, at) is var close and > 0)
            {
                Append(pattern, $"{c}{{text}}{text[close]}");
                at = close + 1;
            }
            else if (IsDelimiter(c))
            {
                pattern.Append(c);
                at++;
            }
            else
            {
                var end = at + 1;
                while (end < text.Length && !IsBlank(text[end]) && !IsDelimiter(text[end])) end++;
                if (text[at..end].Contains("://", StringComparison.Ordinal))
                    while (end < text.Length && !IsBlank(text[end]) && (!IsDelimiter(text[end]) || text[end] is '=' or ';' or ',')) end++;
                FoldToken(pattern, text[at..end]);
                at = end;
            }
        }
        while (pattern.Length > 0 && pattern[^1] == ' ') pattern.Length--;
        if (pattern.Length <= MaxPatternChars) return pattern.ToString();
        pattern.Length = MaxPatternChars;
        return pattern.Append('…').ToString();
    }

    /// <summary>Where a quotation that begins here ends; 0 when none does. An apostrophe within a word begins none.</summary>
    static int ClosingQuote(ReadOnlySpan<char> text, int at)
    {
        var close = text[at] switch { '\'' => '\'', '"' => '"', '`' => '`', '“' => '”', '‘' => '’', '«' => '»', _ => '\0' };
        if (close == '\0' || (at > 0 && char.IsLetterOrDigit(text[at - 1]))) return 0;
        for (var end = at + 1; end < text.Length; end++)
        {
            if (text[end] == '\\') end++;
            // Ruby opens with ` and closes with '.
            else if ((text[end] == close || (close == '`' && text[end] == '\'')) && (end + 1 == text.Length || !char.IsLetterOrDigit(text[end + 1]))) return end;
        }
        return 0;
    }

    static bool IsBlank(char c) => char.IsWhiteSpace(c) || char.IsControl(c);

    static bool IsDelimiter(char c) => c is '(' or ')' or '[' or ']' or '{' or '}' or '<' or '>' or ',' or ';' or '=' or '|' or '"' or '`' or '\'' or '“' or '”' or '‘' or '’' or '«' or '»';

    static void FoldToken(StringBuilder pattern, ReadOnlySpan<char> token)
    {
        var body = token.TrimEnd(".:!?,;");
        if (WholeOf(body) is { } placeholder) Append(pattern, placeholder);
        else FoldNumbers(pattern, body);
        pattern.Append(token[body.Length..]);
    }

    /// <summary>What a token is as a whole; null when only numbers in it may differ.</summary>
    static string? WholeOf(ReadOnlySpan<char> token)
    {
        if (token.IndexOf("://") > 0) return "{url}";
        if (token.IndexOf('@') is var sign and > 0 && token[sign..].Contains('.')) return "{email}";
        if (IsPath(token)) return "{path}";
        if (IsDate(token)) return "{time}";
        if (IsAddress(token)) return "{address}";
        return IsId(token) ? "{n}" : null;
    }

    static bool IsPath(ReadOnlySpan<char> token)
    {
        var isRooted = token.StartsWith("/") || token.StartsWith("~/") || token.StartsWith("./") || token.StartsWith("../") || token.StartsWith(@"\\")
            || (token.Length > 3 && char.IsAsciiLetter(token[0]) && token[1] == ':' && token[2] is '\\' or '/');
        if (isRooted) return token.IndexOfAnyInRange('a', 'z') >= 0 || token.IndexOfAnyInRange('A', 'Z') >= 0;
        // A relative one needs a file name with an extension: "and/or" and "HTTP/1.1" are none.
        var slash = token.LastIndexOfAny('/', '\\');
        return slash > 0 && token[slash..].LastIndexOf('.') is var dot and > 1 && char.IsAsciiLetter(token[slash + dot + 1 < token.Length ? slash + dot + 1 : 0]) && char.IsAsciiLetter(token[slash + 1]);
    }

    static bool IsDate(ReadOnlySpan<char> token) =>
        token.Length >= 10 && token[4] == '-' && token[7] == '-' && IsDigits(token[..4]) && IsDigits(token[5..7]) && IsDigits(token[8..10]);

    /// <summary>IPv4 with or without a port; IPv6 by its colons.</summary>
    static bool IsAddress(ReadOnlySpan<char> token)
    {
        if (token.Count('.') == 3 && token.IndexOfAnyExcept(AddressChars) < 0) return true;
        return token.Count(':') >= 3 && token.IndexOfAnyExcept(LongAddressChars) < 0;
    }

    static bool IsId(ReadOnlySpan<char> token)
    {
        if (token.StartsWith("0x") || token.StartsWith("0X")) return token.Length > 2 && token[2..].IndexOfAnyExcept(Hex) < 0;
        if (token.IndexOfAnyInRange('0', '9') < 0) return false;
        var isHex = token.IndexOfAnyExcept(HexAndDashes) < 0;
        if (isHex && token.Length >= MinHexLength && token.IndexOfAnyExcept(DigitsAndDashes) >= 0) return true; // Digits alone are a number.
        var digits = 0;
        foreach (var c in token)
        {
            if (!char.IsAsciiLetterOrDigit(c)) return false;
            if (char.IsAsciiDigit(c)) digits++;
        }
        return token.Length >= MinMixedLength && digits >= MinDigitsBehindLetter && token.IndexOfAnyExceptInRange('0', '9') >= 0;
    }

    static bool IsDigits(ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') < 0;

    static void FoldNumbers(StringBuilder pattern, ReadOnlySpan<char> token)
    {
        var at = 0;
        while (at < token.Length)
        {
            if (!char.IsAsciiDigit(token[at]))
            {
                // A sign is part of the number when nothing stands before it.
                if (!(at == 0 && token[at] is '-' or '+' && token.Length > 1 && char.IsAsciiDigit(token[1]))) pattern.Append(token[at]);
                at++;
                continue;
            }
            var end = at + 1;
            while (end < token.Length && (char.IsAsciiDigit(token[end]) || (token[end] is '.' or ':' && end + 1 < token.Length && char.IsAsciiDigit(token[end + 1])))) end++;
            var isName = at > 0 && char.IsLetter(token[at - 1]) && end - at < MinDigitsBehindLetter;
            if (isName) pattern.Append(token[at..end]);
            else Append(pattern, "{n}");
            at = end;
        }
    }

    /// <summary>Lists of values fold to one: how many there are differs as well.</summary>
    static void Append(StringBuilder pattern, string placeholder)
    {
        foreach (var separator in (ReadOnlySpan<string>)[", ", ","])
        {
            var length = placeholder.Length + separator.Length;
            if (pattern.Length < length) continue;
            if (pattern.ToString(pattern.Length - length, length) != placeholder + separator) continue;
            pattern.Length -= separator.Length;
            return;
        }
        pattern.Append(placeholder);
    }
}
