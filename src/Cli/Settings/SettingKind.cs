using System.Globalization;
using System.Text.RegularExpressions;

namespace Apm.Cli.Settings;

/// <summary>What a setting's value may be: reads it, and prints it as it would be written.</summary>
/// <param name="Expected">Said when it is not: "a number of bytes from 1KB to 256MB, such as 25MB".</param>
/// <param name="Example">A value that is right.</param>
/// <param name="Read">Null when the text is no such value.</param>
/// <param name="Print">As <paramref name="Read"/> takes it.</param>
public sealed partial record SettingKind(string Expected, string Example, Func<string, object?> Read, Func<object, string> Print)
{
    /// <summary>A list in the file; elsewhere a text that <see cref="Read"/> splits.</summary>
    public bool IsList { get; init; }

    public static SettingKind Boolean { get; } = new("true or false", "true",
        text => text.ToLowerInvariant() switch { "true" or "yes" or "on" or "1" => true, "false" or "no" or "off" or "0" => false, _ => null },
        value => (bool)value ? "true" : "false");

    public static SettingKind Text { get; } = new("a text", "prod", text => text, value => (string)value);

    /// <summary>One that can be off is also taken as <c>host:port</c>, of which only the port counts: we listen on loopback.</summary>
    public static SettingKind Port(bool canBeOff) => new($"a port from 0 to 65535{(canBeOff ? ", or off" : "")}", "8126",
        text => canBeOff && text is "off" or "false" ? -1 : int.TryParse(canBeOff ? text[(text.LastIndexOf(':') + 1)..] : text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65_535 ? port : null,
        value => (int)value < 0 ? "off" : ((int)value).ToString(CultureInfo.InvariantCulture));

    public static SettingKind Count(long min, long max) => new($"a whole number from {Plain(min)} to {Plain(max)}", Plain(min),
        text => long.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && count >= min && count <= max ? count : null,
        value => Plain((long)value));

    public static SettingKind Number(double min, double max) => new(string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"), min.ToString(CultureInfo.InvariantCulture),
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null,
        value => ((double)value).ToString(CultureInfo.InvariantCulture));

    public static SettingKind Bytes(long min, long max) => new($"a size from {Size(min)} to {Size(max)}, such as {Size(Math.Min(max, min * 4))} (MB or MiB, GB, KB; a bare number is bytes)", Size(Math.Min(max, min * 4)),
        text => ReadBytes(text) is { } bytes && bytes >= min && bytes <= max ? bytes : null,
        value => Size((long)value));

    public static SettingKind Duration(TimeSpan min, TimeSpan max) => new($"a time from {Time(min)} to {Time(max)}, such as {Time(max)} (d, h, m, s; a bare number is seconds)", Time(max),
        text => ReadTime(text) is { } time && time >= min && time <= max ? time : null,
        value => Time((TimeSpan)value));

    /// <summary>A list of texts; elsewhere separated by blanks or commas, or a JSON array.</summary>
    public static SettingKind Texts { get; } = new("a list of texts", "[\"a\", \"b\"]", ReadTexts, value => string.Join(", ", (IReadOnlyList<string>)value)) { IsList = true };

    public static SettingKind OneOf(params string[] words) => new($"one of {string.Join(", ", words)}", words[0],
        text => Array.Find(words, word => word.Equals(text, StringComparison.OrdinalIgnoreCase)), value => (string)value);

    static List<string>? ReadTexts(string text)
    {
        if (!text.TrimStart().StartsWith('[')) return [.. text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        try
        {
            return System.Text.Json.JsonSerializer.Deserialize<List<string>>(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    static long? ReadBytes(string text)
    {
        if (Sizes().Match(text.Trim()) is not { Success: true } match) return null;
        var unit = match.Groups[2].Value.ToUpperInvariant() switch { "" or "B" => 1.0, "KB" => 1e3, "MB" => 1e6, "GB" => 1e9, "TB" => 1e12, "K" or "KIB" => 1_024, "M" or "MIB" => 1_048_576, "G" or "GIB" => 1_073_741_824, _ => 1_099_511_627_776 };
        var bytes = double.Parse(match.Groups[1].Value.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * unit;
        return bytes <= 1e15 ? (long)bytes : null;
    }

    static TimeSpan? ReadTime(string text)
    {
        if (Times().Match(text.Trim()) is not { Success: true } match) return null;
        var seconds = match.Groups[2].Value.ToLowerInvariant() switch { "ms" => 0.001, "" or "s" => 1, "m" or "min" => 60, "h" => 3_600, _ => 86_400 };
        var sum = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * seconds;
        return sum <= 1e10 ? TimeSpan.FromSeconds(sum) : null;
    }

    static string Size(long bytes)
    {
        foreach (var (unit, name) in new[] { (1_073_741_824L, "GiB"), (1_000_000_000L, "GB"), (1_048_576L, "MiB"), (1_000_000L, "MB"), (1_024L, "KiB"), (1_000L, "KB") })
            if (bytes >= unit && bytes % unit == 0) return Plain(bytes / unit) + name;
        return Plain(bytes);
    }

    static string Time(TimeSpan time)
    {
        foreach (var (unit, name) in new[] { (TimeSpan.FromDays(1), "d"), (TimeSpan.FromHours(1), "h"), (TimeSpan.FromMinutes(1), "m"), (TimeSpan.FromSeconds(1), "s") })
            if (time >= unit && time.Ticks % unit.Ticks == 0) return Plain(time.Ticks / unit.Ticks) + name;
        return Plain((long)time.TotalMilliseconds) + "ms";
    }

    static string Plain(long value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d[\d_]*(?:\.\d+)?)\s*([KMGT]?i?B?)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Sizes();

    [GeneratedRegex(@"^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d|)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Times();
}
