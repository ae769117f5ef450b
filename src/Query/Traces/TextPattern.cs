using System.Text;

namespace Apm.Query.Traces;

/// <summary>
/// A value to compare with, in which <c>*</c> stands for any text. Compared ordinally, as UTF-8.
/// Written form: <c>\*</c>, <c>\"</c> and <c>\\</c> are the characters themselves.
/// </summary>
public sealed class TextPattern : IEquatable<TextPattern>
{
    readonly string[] _parts; // The texts between the stars; one part when there is no star.
    readonly byte[][] _utf8;

    TextPattern(string[] parts)
    {
        _parts = parts;
        _utf8 = [.. parts.Select(Encoding.UTF8.GetBytes)];
    }

    /// <summary>Exactly this text; a star in it is a star.</summary>
    public static TextPattern Exactly(string text) => new([text]);

    /// <summary>Reads the written form. A backslash before anything but <c>* " \</c> is a backslash.</summary>
    public static TextPattern Parse(ReadOnlySpan<char> written)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        for (var i = 0; i < written.Length; i++)
        {
            if (written[i] == '\\' && i + 1 < written.Length && written[i + 1] is '*' or '"' or '\\') part.Append(written[++i]);
            else if (written[i] == '*')
            {
                if (parts.Count > 0 && part.Length == 0 && i > 0) continue; // Two stars say no more than one.
                parts.Add(part.ToString());
                part.Clear();
            }
            else part.Append(written[i]);
        }
        parts.Add(part.ToString());
        return new TextPattern([.. parts]);
    }

    /// <summary>The text when there is no star in it; null otherwise.</summary>
    public string? ExactText => _parts.Length == 1 ? _parts[0] : null;

    /// <summary>True for a star alone: there only has to be a value.</summary>
    public bool IsAnything => _parts.Length == 2 && _parts[0].Length == 0 && _parts[1].Length == 0;

    /// <summary>The text with its stars, nothing escaped.</summary>
    public string PlainText => string.Join('*', _parts);

    public bool Matches(string text) => Matches(Encoding.UTF8.GetBytes(text));

    /// <summary>Whether a text, given as UTF-8, is what the pattern says.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
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

    /// <summary>The written form, without quotes.</summary>
    public override string ToString() => string.Join('*', _parts.Select(Escape));

    public bool Equals(TextPattern? other) => other is not null && _parts.AsSpan().SequenceEqual(other._parts);
    public override bool Equals(object? obj) => Equals(obj as TextPattern);
    public override int GetHashCode() => string.GetHashCode(ToString(), StringComparison.Ordinal);

    static string Escape(string part) =>
        part.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
