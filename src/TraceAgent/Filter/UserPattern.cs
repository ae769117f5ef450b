using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Filter;

/// <summary>
/// A regular expression that a user wrote into the settings: runs in time linear in the text, reads only the front of a very long
/// text, and is refused with a sentence that names its setting.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class UserPattern
{
    /// <summary>Characters of a text that are looked at; default 32,768. What a pattern could find behind them is not found; none counts it: resources are cut far before.</summary>
    public const int MaxTextChars = 32_768;

    readonly Regex _pattern;

    /// <param name="setting">Name of the setting, for the message.</param>
    /// <param name="pattern">RE2 syntax, as the Datadog agent takes it; unanchored.</param>
    /// <exception cref="ArgumentException">The pattern is no regular expression, or one that cannot run in linear time; the message names the setting and the pattern.</exception>
    public UserPattern(string setting, string pattern) => _pattern = Compile(setting, pattern);

    /// <summary>Whether the pattern is found anywhere in the text.</summary>
    public bool IsFoundIn(string text) => _pattern.IsMatch(text.AsSpan(0, Math.Min(text.Length, MaxTextChars)));

    /// <summary>The expression itself, in .NET's form.</summary>
    /// <exception cref="ArgumentException">As the constructor.</exception>
    public static Regex Compile(string setting, string pattern)
    {
        try
        {
            return new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"{setting}: the pattern {pattern} cannot be used: {problem.Message} Write it without look-around and back-references.", nameof(pattern), problem);
        }
    }
}
