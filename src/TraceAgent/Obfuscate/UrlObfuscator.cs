using System.Text;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// Takes user and password out of a URL, and by setting its query and the parts of its path that hold digits (trace-intake §5.5):
/// <code>
/// scheme://user:password@host/path/path?query#fragment
/// </code>
/// </summary>
static class UrlObfuscator
{
    /// <summary>Writes the URL; false when it stays as it is.</summary>
    public static bool TryObfuscate(ReadOnlySpan<byte> url, bool removeQuery, bool removeDigits, BoundedText output)
    {
        output.Clear();
        if ((removeQuery || removeDigits) && !IsUrl(url))
        {
            output.Append("?"u8);
            return true;
        }
        var authority = AuthorityStart(url);
        var authorityEnd = authority + EndOf(url[authority..], "/?#"u8);
        var host = authority + url[authority..authorityEnd].LastIndexOf((byte)'@') + 1;
        if (host == authority && !removeQuery && !removeDigits) return false;

        output.Append(url[..authority]);
        output.Append(url[host..authorityEnd]);
        var pathEnd = authorityEnd + EndOf(url[authorityEnd..], "?#"u8);
        var path = url[authorityEnd..pathEnd];
        if (removeDigits) WriteWithoutDigits(path, output);
        else output.Append(path);
        var rest = url[pathEnd..];
        if (removeQuery && rest.StartsWith("?"u8))
        {
            output.Append((byte)'?');
            rest = rest[EndOf(rest, "#"u8)..];
        }
        output.Append(rest);
        return !output.Written.SequenceEqual(url);
    }

    static int EndOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signs) => text.IndexOfAny(signs) is var end and >= 0 ? end : text.Length;

    /// <summary>Where the authority begins: behind <c>scheme://</c> or <c>//</c>. Without one, at an end: there is nobody to take out.</summary>
    static int AuthorityStart(ReadOnlySpan<byte> url)
    {
        var slashes = url.IndexOf("//"u8);
        if (slashes < 0) return 0;
        var before = url[..slashes];
        var isScheme = before.IsEmpty || (before[^1] == ':' && !before.ContainsAny("/?#"u8));
        return isScheme ? slashes + 2 : 0;
    }

    static void WriteWithoutDigits(ReadOnlySpan<byte> path, BoundedText output)
    {
        while (true)
        {
            var slash = path.IndexOf((byte)'/');
            var segment = slash < 0 ? path : path[..slash];
            output.Append(HasDigit(segment) ? "?"u8 : segment);
            if (slash < 0) return;
            output.Append((byte)'/');
            path = path[(slash + 1)..];
        }
    }

    /// <summary>Whether there is a digit once escapes such as <c>%3F</c> are read.</summary>
    static bool HasDigit(ReadOnlySpan<byte> segment)
    {
        for (var at = 0; at < segment.Length; at++)
        {
            var isEscape = segment[at] == '%' && at + 2 < segment.Length;
            if (isEscape && segment[at + 1] == '3' && char.IsAsciiDigit((char)segment[at + 2])) return true; // An escaped digit.
            if (isEscape) at += 2;
            else if (char.IsAsciiDigit((char)segment[at])) return true;
        }
        return false;
    }

    /// <summary>Whether a strict reader would take it: no control characters, whole escapes, no blank before the path.</summary>
    static bool IsUrl(ReadOnlySpan<byte> url)
    {
        if (url.IsEmpty || url[0] == ':' || url.ContainsAnyInRange((byte)0, (byte)0x1F) || url.Contains((byte)0x7F)) return false;
        var beforeQuery = url[..EndOf(url, "?#"u8)];
        for (var at = beforeQuery.IndexOf((byte)'%'); at >= 0 && at < beforeQuery.Length; at++)
        {
            if (beforeQuery[at] != '%') continue;
            if (at + 2 >= beforeQuery.Length || !char.IsAsciiHexDigit((char)beforeQuery[at + 1]) || !char.IsAsciiHexDigit((char)beforeQuery[at + 2])) return false;
        }
        var authority = AuthorityStart(url);
        return authority == 0 || !url.Slice(authority, EndOf(url[authority..], "/?#"u8)).Contains((byte)' ');
    }
}
