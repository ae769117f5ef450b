using System.Text;

namespace Apm.Query.Filters;

/// <summary>
/// A value to compare with, in which <c>*</c> stands for any text and <c>?</c> for one character. Compared ordinally, as UTF-8.
/// Written form: a backslash before a sign (<c>\*</c>, <c>\?</c>, <c>\"</c>, <c>\\</c>, <c>\:</c>, a blank) gives the sign itself; before a letter or
/// digit it is a backslash.
/// </summary>
public sealed class TextPattern : IEquatable<TextPattern>
{
    /// <summary>Stands for any one character within a part; U+0000 typed by somebody is one as well, which hardly anybody does.</summary>
    const char AnyOne = '\0';

    readonly string[] _parts; // The texts between the stars; one part when there is no star.
    readonly byte[][] _utf8;
    readonly bool _hasAnyOne;

    TextPattern(string[] parts, bool hasAnyOne = false)
    {
        _parts = parts;
        _utf8 = [.. parts.Select(Encoding.UTF8.GetBytes)];
        _hasAnyOne = hasAnyOne;
    }

    /// <summary>Exactly this text; a star in it is a star.</summary>
    public static TextPattern Exactly(string text) => new([text]);

    /// <summary>A star alone: any value.</summary>
    public static TextPattern Anything { get; } = new(["", ""]);

    /// <summary>At this place stands a backslash with the sign that it takes the meaning from. Paths of Windows (<c>c:\dir</c>) have none.</summary>
    internal static bool IsEscape(ReadOnlySpan<char> written, int at) => written[at] == '\\' && at + 1 < written.Length && !char.IsLetterOrDigit(written[at + 1]);

    /// <summary>Reads the written form.</summary>
    public static TextPattern Parse(ReadOnlySpan<char> written)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        var hasAnyOne = false;
        for (var i = 0; i < written.Length; i++)
        {
            if (IsEscape(written, i)) part.Append(written[++i]);
            else if (written[i] == '*')
            {
                if (parts.Count > 0 && part.Length == 0 && i > 0) continue; // Two stars say no more than one.
                parts.Add(part.ToString());
                part.Clear();
            }
            else if (written[i] == '?')
            {
                part.Append(AnyOne);
                hasAnyOne = true;
            }
            else part.Append(written[i]);
        }
        parts.Add(part.ToString());
        return new TextPattern([.. parts], hasAnyOne);
    }

    /// <summary>The text when nothing in it stands for other text; null otherwise.</summary>
    public string? ExactText => _parts.Length == 1 && !_hasAnyOne ? _parts[0] : null;

    /// <summary>True for a star alone: there only has to be a value.</summary>
    public bool IsAnything => _parts.Length == 2 && _parts[0].Length == 0 && _parts[1].Length == 0;

    /// <summary>The text with its stars and question marks, nothing escaped.</summary>
    public string PlainText => _hasAnyOne ? string.Join('*', _parts).Replace(AnyOne, '?') : string.Join('*', _parts);

    public bool Matches(string text) => Matches(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a text, given as UTF-8, is what the pattern says.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
        if (_hasAnyOne) return MatchesByCharacter(text);
        if (_utf8.Length == 1) return text.SequenceEqual(_utf8[0]);
        var first = _utf8[0];
        var last = _utf8[^1];
        if (text.Length < first.Length + last.Length || !text.StartsWith(first) || !text.EndsWith(last)) return false;
        var middle = text[first.Length..^last.Length];
        for (var i = 1; i < _utf8.Length - 1; i++)
        {
            var at = middle.IndexOf(_utf8[i]);
            if (at < 0) return false;
            middle = middle[(at + _utf8[i].Length)..];
        }
        return true;
    }

    /// <summary>Tries each part at each place; only ever goes back to the last star, so the work is bounded by the product of the lengths.</summary>
    bool MatchesByCharacter(ReadOnlySpan<byte> text)
    {
        if (!TryPart(0, text, out var used)) return false;
        var rest = text[used..];
        if (_utf8.Length == 1) return rest.IsEmpty;
        for (var part = 1; part < _utf8.Length; part++)
        {
            var isLast = part == _utf8.Length - 1;
            while (true)
            {
                if (TryPart(part, rest, out used) && (!isLast || used == rest.Length)) break;
                if (rest.IsEmpty) return false;
                rest = rest[CharacterLength(rest)..];
            }
            rest = rest[used..];
        }
        return true;
    }

    bool TryPart(int part, ReadOnlySpan<byte> text, out int used)
    {
        used = 0;
        foreach (var wanted in _utf8[part])
        {
            if (used == text.Length) return false;
            if (wanted == AnyOne) used += CharacterLength(text[used..]);
            else if (text[used++] != wanted) return false;
        }
        return true;
    }

    static int CharacterLength(ReadOnlySpan<byte> text)
    {
        Rune.DecodeFromUtf8(text, out _, out var length);
        return length;
    }

    /// <summary>The written form, without quotes.</summary>
    public override string ToString() => string.Join('*', _parts.Select(Escape));

    public bool Equals(TextPattern? other) => other is not null && _hasAnyOne == other._hasAnyOne && _parts.AsSpan().SequenceEqual(other._parts);
    public override bool Equals(object? obj) => Equals(obj as TextPattern);
    public override int GetHashCode() => string.GetHashCode(ToString(), StringComparison.Ordinal);

    string Escape(string part)
    {
        var escaped = part.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal)
            .Replace("?", "\\?", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return _hasAnyOne ? escaped.Replace(AnyOne, '?') : escaped;
    }
}
