using System.Buffers;
using System.Globalization;
using System.Net;

namespace Apm.Core.Endpoints;

/// <summary>
/// Tells by its look alone whether a segment of a path is a value (an id, a date, a hash …) rather than a word of a route.
/// Few placeholders on purpose: values of one parameter that look different must not become two endpoints.
/// </summary>
public static class SegmentShapes
{
    /// <summary>Longest segment in characters that can be a word of a route; default 50. It is part of the rule and loses nothing: the raw path stays in a tag.</summary>
    const int MaxWordChars = 50;

    /// <summary>Words joined by hyphens from which on it is a title and no route.</summary>
    const int TitleParts = 5;

    const string Id = "{id}";
    const string Uuid = "{uuid}";
    const string Date = "{date}";
    const string Email = "{email}";
    const string Value = "{value}";
    const string Hash = "{hash}";

    static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");
    static readonly SearchValues<char> TokenChars = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_=~");
    static readonly SearchValues<char> VersionChars = SearchValues.Create("0123456789.");
    static readonly SearchValues<char> NumberChars = SearchValues.Create("0123456789.,-");
    static readonly SearchValues<char> PlaceholderSigns = SearchValues.Create("{}<>*[]()");

    /// <summary>What a placeholder stands for, in words.</summary>
    public static string Explain(string placeholder) => placeholder switch
    {
        Id => "looks like an id (digits, hex or a mix of letters and digits)",
        Uuid => "looks like a UUID",
        Date => "looks like a date or time",
        Email => "looks like an e-mail address",
        Value => $"is long, a title of {TitleParts} or more words, or holds signs that no route has",
        _ => "has a part that looks like an id or a hash",
    };

    /// <summary>What stands for the segment: a placeholder, or a file's name with one; null when it may be a word of a route.</summary>
    /// <param name="segment">Between two slashes, not empty, as it came (escapes are not undone).</param>
    public static string? Of(string segment)
    {
        if (IsPlaceholder(segment) || IsVersion(segment)) return null;
        if (segment.Length > MaxWordChars) return Guid.TryParse(segment, out _) ? Uuid : Value;
        if (IsNumber(segment)) return Id;
        if (segment.Length >= 32 && Guid.TryParse(segment, out _)) return Uuid;
        if (IsEmail(segment)) return Email;
        if (IsDate(segment)) return Date;
        if (IsAddress(segment)) return Value;
        if (segment.AsSpan().ContainsAny('%', ' ', '+') || segment.AsSpan().ContainsAny(',', '|', '$') || segment.Any(sign => sign > '~')) return Value;
        if (FileOf(segment) is { } file) return file;
        return ShapeOfToken(segment);
    }

    /// <summary>A framework's own placeholder, such as <c>{id}</c>, <c>:id</c>, <c>&lt;int:id&gt;</c>, <c>[id]</c>, <c>*</c>.</summary>
    public static bool IsPlaceholder(string segment) => segment[0] == ':' || segment.AsSpan().ContainsAny(PlaceholderSigns);

    static string? ShapeOfToken(string token)
    {
        if (IsHex(token) || IsMixed(token)) return Id;
        var hyphens = token.Count('-');
        if (hyphens >= TitleParts - 1) return Value; // A title.
        // cus_9s6XKzkNRiz8i3, order-2024117: a word, a separator, an id.
        var separator = token.LastIndexOfAny(['-', '_', ':', '=', '.']);
        if (separator > 0 && separator < token.Length - 1)
        {
            var last = token[(separator + 1)..];
            if (last.Length >= 3 && last.All(char.IsAsciiDigit)) return Id;
            if (IsHex(last) || IsMixed(last)) return Id;
        }
        return null;
    }

    static bool IsVersion(string segment)
    {
        var digits = segment.AsSpan(1);
        return segment.Length is >= 2 and <= 8 && segment[0] is 'v' or 'V' && char.IsAsciiDigit(digits[0]) && !digits.ContainsAnyExcept(VersionChars);
    }

    /// <summary>Digits, with a sign, a point or commas at most: <c>42</c>, <c>-7</c>, <c>52.5</c>, <c>1,2,3</c>, <c>1.2.3</c>.</summary>
    static bool IsNumber(string segment) => char.IsAsciiDigit(segment[^1]) && !segment.AsSpan().ContainsAnyExcept(NumberChars) && !IsDate(segment) && !IsAddress(segment);

    static bool IsEmail(string segment)
    {
        var at = segment.IndexOf('@', StringComparison.Ordinal);
        if (at < 0) at = segment.IndexOf("%40", StringComparison.OrdinalIgnoreCase);
        return at > 0 && segment.IndexOf('.', at) > at + 1;
    }

    static bool IsDate(string segment)
    {
        if (segment.Length < 8 || !char.IsAsciiDigit(segment[0]) || !segment.AsSpan(4).ContainsAny('-', '_')) return false;
        var day = segment.Replace('_', '-');
        if (day.Length > 10 && day[10] is not ('T' or ' ')) return false;
        var text = day.Length > 10 ? day[..10] : day;
        if (text.AsSpan().ContainsAnyExcept(NumberChars)) return false; // Half of all UUIDs begin with a digit.
        return DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyy-M-d", "dd-MM-yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }

    static bool IsAddress(string segment) => (segment.Count('.') == 3 || segment.Count(':') >= 2) && segment.Length >= 7 && IPAddress.TryParse(segment, out _);

    /// <summary>Hex of eight digits or more, of which some are numerals; words such as <c>deadbeef</c> or <c>facade</c> are not.</summary>
    static bool IsHex(string text) => text.Length >= 8 && !text.AsSpan().ContainsAnyExcept(HexDigits) && text.AsSpan().ContainsAnyInRange('0', '9');

    /// <summary>Letters and numerals mixed as nobody names a route: ULIDs, base64, short ids. <c>oauth2</c>, <c>ipv4</c>, <c>log4j2</c> are words.</summary>
    static bool IsMixed(string text)
    {
        if (text.AsSpan().ContainsAnyExcept(TokenChars)) return false;
        var (numerals, changes, uppers, lowers) = (0, 0, 0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiDigit(text[i])) numerals++;
            else if (char.IsAsciiLetterUpper(text[i])) uppers++;
            else if (char.IsAsciiLetterLower(text[i])) lowers++;
            if (i > 0 && char.IsAsciiLetterOrDigit(text[i]) && char.IsAsciiLetterOrDigit(text[i - 1]) && char.IsAsciiDigit(text[i]) != char.IsAsciiDigit(text[i - 1])) changes++;
        }
        if (numerals == 0) return text.EndsWith('=') && text.Length >= 8;
        if (text.Contains('-') && text.Count('-') >= 2 && changes <= 1) return false; // iphone-15-pro: words with a number between.
        return (numerals >= 4 && uppers + lowers >= 1 && !text.Contains('-')) // user2041, AB1234
            || (text.Length >= 8 && changes >= 3) // k3jq9x2f
            || (text.Length >= 10 && uppers > 0 && lowers > 0 && changes >= 1); // aGVsbG8gd29ybG2
    }

    /// <summary>A file's name with an id or a build hash in it: <c>{id}.json</c>, <c>app.{hash}.js</c>.</summary>
    static string? FileOf(string segment)
    {
        var dot = segment.LastIndexOf('.');
        if (dot <= 0 || segment.Length - dot is < 2 or > 6) return null;
        var extension = segment[dot..];
        if (!extension.Skip(1).All(char.IsAsciiLetterOrDigit) || !extension.Skip(1).Any(char.IsAsciiLetter)) return null;
        var stem = segment[..dot];
        if (Of(stem) is { } shape) return FindHash(stem, extension) ?? shape + extension;
        return FindHash(stem, extension);
    }

    static string? FindHash(string stem, string extension)
    {
        var separator = stem.LastIndexOfAny(['.', '-', '_']);
        if (separator <= 0) return null;
        var last = stem[(separator + 1)..];
        var front = stem[..separator];
        var isWord = front.All(sign => char.IsAsciiLetter(sign) || sign is '.' or '-' or '_') && front.Length <= 24 && front.Count('-') < TitleParts - 1;
        return isWord && last.Length >= 6 && (IsHex(last.PadRight(8, '0')) || IsMixed(last)) ? $"{front}{stem[separator]}{Hash}{extension}" : null;
    }
}
