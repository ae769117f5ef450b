using System.Globalization;
using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Checks.MySql;

/// <summary>What <c>SELECT VERSION()</c> says: <c>8.0.36</c>, <c>10.11.6-MariaDB-0+deb12u1</c>.</summary>
public sealed partial record MySqlVersion(string Text, bool IsMariaDb, int Major, int Minor, int Patch)
{
    /// <summary>A text without numbers counts as version 0.</summary>
    public static MySqlVersion Parse(string text)
    {
        var isMariaDb = text.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        // A MariaDB may put the version that old replicas expect in front.
        var numbers = Numbers().Match(isMariaDb && text.StartsWith("5.5.5-", StringComparison.Ordinal) ? text[6..] : text);
        return new MySqlVersion(text, isMariaDb, Part(numbers, 1), Part(numbers, 2), Part(numbers, 3));
    }

    public bool IsAtLeast(int major, int minor, int patch = 0) => (Major, Minor, Patch).CompareTo((major, minor, patch)) >= 0;

    static int Part(Match match, int group) => int.TryParse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"^(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?")]
    private static partial Regex Numbers();
}
