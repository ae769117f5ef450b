using System.Text;

namespace Apm.Core.Metrics;

/// <summary>How names of metrics and tags are written before they are stored or asked for (metrics-monitors §3.6).</summary>
public static class MetricNames
{
    /// <summary>Most characters of a metric's name or of a tag; what is behind is cut off. Datadog's figure.</summary>
    public const int MaxChars = 200;

    /// <summary>
    /// The name as it is stored: ASCII letters, digits, <c>_</c> and <c>.</c>, everything else as <c>_</c>. Null when it does not start
    /// with a letter: such a series is dropped and counted.
    /// </summary>
    public static string? Metric(string name)
    {
        if (name.Length == 0 || !char.IsAsciiLetter(name[0])) return null;
        var cut = name.Length > MaxChars ? name[..MaxChars] : name;
        return cut.All(IsOfName) ? cut : string.Create(cut.Length, cut, static (to, from) =>
        {
            for (var i = 0; i < from.Length; i++) to[i] = IsOfName(from[i]) ? from[i] : '_';
        });
    }

    /// <summary>
    /// The tag as it is stored: in lower case, from its first letter on, letters, digits and <c>_-:./</c>, everything else as <c>_</c>,
    /// without colons at its end. Null when nothing is left.
    /// </summary>
    public static string? Tag(string tag)
    {
        if (IsNormal(tag)) return tag;
        var text = new StringBuilder(Math.Min(tag.Length, MaxChars));
        foreach (var rune in tag.EnumerateRunes())
        {
            if (text.Length == 0 && !Rune.IsLetter(rune)) continue;
            if (text.Length + rune.Utf16SequenceLength > MaxChars) break;
            if (Rune.IsLetterOrDigit(rune)) text.Append(Rune.ToLowerInvariant(rune).ToString());
            else text.Append(rune.Value is '_' or '-' or ':' or '.' or '/' ? (char)rune.Value : '_');
        }
        while (text.Length > 0 && text[^1] == ':') text.Length--;
        return text.Length == 0 ? null : text.ToString();
    }

    static bool IsNormal(string tag)
    {
        if (tag.Length is 0 or > MaxChars || !char.IsAsciiLetterLower(tag[0]) || tag[^1] == ':') return false;
        foreach (var c in tag) if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('_' or '-' or ':' or '.' or '/')) return false;
        return true;
    }

    static bool IsOfName(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.';
}
