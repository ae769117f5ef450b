using System.Text;
using System.Text.RegularExpressions;
using Apm.TraceAgent.Filter;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>
/// One entry of Datadog's <c>apm_config.replace_tags</c> (trace-intake §5.7): what a pattern finds in a tag is replaced.
/// </summary>
/// <remarks>Thread-safe. The patterns run in linear time; look-around and back-references, which RE2 lacks as well, are refused.</remarks>
public sealed class ReplaceRule
{
    /// <summary>Name of the rule that means the span's resource.</summary>
    public const string ResourceName = "resource.name";

    /// <summary>Name of the rule that means the resource and every tag that does not start with <c>_</c>.</summary>
    public const string AnyName = "*";

    readonly Regex _pattern;
    readonly List<(string? Literal, Group? Group)> _replacement;

    sealed record Group(string Name);

    /// <summary>Makes a rule.</summary>
    /// <param name="name"><see cref="ResourceName"/>, <see cref="AnyName"/>, or a tag's key.</param>
    /// <param name="pattern">RE2 syntax.</param>
    /// <param name="replacement">Text; <c>${1}</c> or <c>$1</c> is what a group found, <c>$$</c> a dollar.</param>
    /// <exception cref="ArgumentException">The pattern is no regular expression, or one that cannot run in linear time; the message says which.</exception>
    public ReplaceRule(string name, string pattern, string replacement)
    {
        if (name.Length == 0) throw new ArgumentException("A rule of replace_tags has no name. Give it a tag's key, \"resource.name\" or \"*\".", nameof(name));
        Name = name;
        _pattern = UserPattern.Compile($"Rule \"{name}\" of replace_tags", pattern);
        _replacement = Parse(replacement);
    }

    /// <summary>What the rule applies to.</summary>
    public string Name { get; }

    /// <summary>The text with all that the pattern finds replaced; stops growing at <paramref name="maxLength"/> characters.</summary>
    public string Apply(string text, int maxLength)
    {
        var match = _pattern.Match(text);
        if (!match.Success) return text;
        var result = new StringBuilder();
        var at = 0;
        for (; match.Success && result.Length <= maxLength; match = match.NextMatch())
        {
            result.Append(text, at, match.Index - at);
            foreach (var (literal, group) in _replacement) result.Append(literal ?? match.Groups[group!.Name].Value);
            at = match.Index + match.Length;
        }
        result.Append(text, at, text.Length - at);
        if (result.Length > maxLength) result.Length = maxLength;
        if (result.Length > 0 && char.IsHighSurrogate(result[^1])) result.Length--;
        return result.ToString();
    }

    /// <summary>As Go expands it: the longest name behind a dollar, or the one in braces.</summary>
    static List<(string?, Group?)> Parse(string replacement)
    {
        var parts = new List<(string?, Group?)>();
        for (var at = 0; at < replacement.Length;)
        {
            var dollar = replacement.IndexOf('$', at);
            if (dollar < 0) dollar = replacement.Length;
            if (dollar > at) parts.Add((replacement[at..dollar], null));
            if (dollar >= replacement.Length) break;
            var inBraces = dollar + 1 < replacement.Length && replacement[dollar + 1] == '{';
            var start = dollar + (inBraces ? 2 : 1);
            var end = start;
            while (end < replacement.Length && (char.IsAsciiLetterOrDigit(replacement[end]) || replacement[end] == '_')) end++;
            if (end == start || (inBraces && (end == replacement.Length || replacement[end] != '}')))
            {
                var isEscape = replacement.AsSpan(dollar + 1).StartsWith("$");
                parts.Add(("$", null));
                at = dollar + (isEscape ? 2 : 1);
                continue;
            }
            parts.Add((null, new Group(replacement[start..end])));
            at = end + (inBraces ? 1 : 0);
        }
        return parts;
    }
}
