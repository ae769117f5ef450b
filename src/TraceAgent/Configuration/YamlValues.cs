using System.Globalization;

namespace Apm.TraceAgent.Configuration;

/// <summary>What is written in YAML as values: null, bool, long, double, string, lists and maps of such. Words are read as YAML 1.1 has them, with yes and no as booleans.</summary>
public static class YamlValues
{
    /// <summary>One value.</summary>
    public static object? Of(SettingsNode? node) => node switch
    {
        ScalarNode { IsPlain: true } scalar => OfPlain(scalar.Text),
        ScalarNode scalar => scalar.Text,
        ListNode list => list.Items.Select(Of).ToList(),
        MapNode map => OfMap(map),
        _ => null,
    };

    /// <summary>A map; empty for nothing. A key that stands there twice has its last value.</summary>
    public static IReadOnlyDictionary<string, object?> OfMap(SettingsNode? node)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (node is MapNode map) foreach (var entry in map.Entries) values[entry.Key] = Of(entry.Value);
        return values;
    }

    static object? OfPlain(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return null;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON": return true;
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF": return false;
            case ".inf" or ".Inf" or ".INF" or "+.inf": return double.PositiveInfinity;
            case "-.inf" or "-.Inf" or "-.INF": return double.NegativeInfinity;
            case ".nan" or ".NaN" or ".NAN": return double.NaN;
        }
        if (!char.IsAsciiDigit(text[^1]) && !char.IsAsciiHexDigit(text[^1]) && text[^1] != '.') return text;
        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.')) return text;
        if (text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1])) return text; // A number would lose what tells such words apart.
        if (text.StartsWith("0x", StringComparison.Ordinal)) return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) ? hex : text;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
        return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : text;
    }
}
