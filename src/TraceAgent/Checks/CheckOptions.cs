using System.Globalization;
using System.Text.RegularExpressions;

namespace Apm.TraceAgent.Checks;

/// <summary>
/// Reads the settings of one instance, key by key, in the spellings that YAML files use: a number may stand where a text is wanted, and
/// 0/1, yes/no, on/off, true/false are all Booleans. What cannot be used is refused with a sentence that names the key.
/// </summary>
/// <remarks>Immutable. Keys that nobody asks for are not complained of: files written for other versions keep working.</remarks>
public sealed class CheckOptions(string check, IReadOnlyDictionary<string, object?> values, string path = "")
{
    /// <summary>How long a regular expression of a file may take for one text; then it counts as not matching.</summary>
    static readonly TimeSpan PatternPatience = TimeSpan.FromMilliseconds(200);

    /// <summary>The check's name, for sentences.</summary>
    public string Check { get; } = check;

    /// <summary>The keys of the file.</summary>
    public IEnumerable<string> Keys => values.Keys;

    /// <summary>Whether the key stands in the file with a value.</summary>
    public bool Has(string key) => values.TryGetValue(key, out var value) && value is not null;

    /// <summary>The first of the keys that has a value, as text; null when none has. A list or a map is refused.</summary>
    public string? Text(params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
            if (values.TryGetValue(key, out var value) && value is not null) return Plain(key, value);
        return null;
    }

    /// <exception cref="CheckFailedException">The key is missing or empty.</exception>
    public string RequiredText(string key, string example) =>
        Text(key) is { Length: > 0 } text ? text : throw new CheckFailedException($"{Check}: `{path}{key}` is needed, such as `{key}: {example}`.");

    /// <summary>A Boolean; <paramref name="otherwise"/> when the key is missing.</summary>
    public bool Flag(string key, bool otherwise = false)
    {
        if (Text(key) is not { } text) return otherwise;
        if (text.Length == 0) return otherwise;
        return text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "1" or "y" => true,
            "false" or "no" or "off" or "0" or "n" => false,
            _ => throw Refused(key, text, "true or false"),
        };
    }

    /// <summary>The first of the keys that has a value, as a number within the range; null when none has.</summary>
    public double? Number(double min, double max, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Text(key) is not { Length: > 0 } text) continue;
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number >= min && number <= max))
                throw Refused(key, text, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"));
            return number;
        }
        return null;
    }

    /// <summary>A duration that the file gives in seconds.</summary>
    public TimeSpan Seconds(double otherwise, double max, params ReadOnlySpan<string> keys) => TimeSpan.FromSeconds(Number(0.001, max, keys) ?? otherwise);

    /// <summary>A list of texts; a single text counts as a list of one; empty when the key is missing. Empty items are left out.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (!values.TryGetValue(key, out var value) || value is null) return [];
        if (value is IReadOnlyDictionary<string, object?>) throw Refused(key, "a mapping", "a list, each item on a line that begins with `- `");
        if (value is not IEnumerable<object?> list) return Plain(key, value) is { Length: > 0 } one ? [one] : [];
        return [.. list.Where(item => item is not null).Select(item => Plain(key, item!)).Where(text => text.Length > 0)];
    }

    /// <summary>The regular expressions of a list.</summary>
    /// <exception cref="CheckFailedException">One cannot be compiled; the message says which and why.</exception>
    public IReadOnlyList<Regex> Patterns(string key, RegexOptions options = RegexOptions.None) => [.. Texts(key).Select(text => Compile(key, text, options))];

    /// <summary>One regular expression; null when the key is missing.</summary>
    public Regex? Pattern(string key, RegexOptions options = RegexOptions.None) => Text(key) is { Length: > 0 } text ? Compile(key, text, options) : null;

    /// <summary>What stands under a key; empty when it is missing.</summary>
    public CheckOptions Map(string key)
    {
        if (!values.TryGetValue(key, out var value) || value is null) return new CheckOptions(Check, new Dictionary<string, object?>(), $"{path}{key}.");
        return value is IReadOnlyDictionary<string, object?> map
            ? new CheckOptions(Check, map, $"{path}{key}.")
            : throw Refused(key, Shown(value), "keys below it, indented");
    }

    /// <summary>The maps of a list; a single map counts as a list of one.</summary>
    public IReadOnlyList<CheckOptions> Maps(string key)
    {
        if (!values.TryGetValue(key, out var value) || value is null) return [];
        if (value is IReadOnlyDictionary<string, object?>) return [Map(key)];
        if (value is string || value is not IEnumerable<object?> list) throw Refused(key, Shown(value), "a list of mappings");
        return [.. list.Select((item, at) => item is IReadOnlyDictionary<string, object?> map
            ? new CheckOptions(Check, map, $"{path}{key}[{at}].")
            : throw Refused(key, Shown(item), "a list of mappings"))];
    }

    /// <summary>The items of a list as they are; empty when the key is missing.</summary>
    public IReadOnlyList<object?> Items(string key)
    {
        if (!values.TryGetValue(key, out var value) || value is null) return [];
        return value switch
        {
            string or IReadOnlyDictionary<string, object?> => [value],
            IEnumerable<object?> list => [.. list],
            _ => [value],
        };
    }

    /// <summary>All keys with their values as text, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Pairs() => [.. values.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, Plain(pair.Key, pair.Value!)))];

    /// <summary>The complaint of a value that cannot be used; the value is shown unless the key names a secret.</summary>
    public CheckFailedException Refused(string key, string value, string wanted) =>
        new($"{Check}: `{path}{key}: {(IsSecret(key) ? "********" : Cut(value))}` cannot be used; it must be {wanted}.");

    Regex Compile(string key, string text, RegexOptions options)
    {
        try
        {
            return new Regex(text, options | RegexOptions.CultureInvariant, PatternPatience);
        }
        catch (ArgumentException fault)
        {
            throw new CheckFailedException($"{Check}: `{path}{key}` has the pattern `{Cut(text)}`, which is no regular expression: {fault.Message}", fault);
        }
    }

    string Plain(string key, object value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw Refused(key, Shown(value), "one value, not a list or a mapping"),
    };

    static string Shown(object? value) => value switch
    {
        null => "nothing",
        string text => text,
        IReadOnlyDictionary<string, object?> => "a mapping",
        IEnumerable<object?> => "a list",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    static bool IsSecret(string key) => key.Contains("pass", StringComparison.OrdinalIgnoreCase) || key.Contains("token", StringComparison.OrdinalIgnoreCase);

    static string Cut(string text) => text.Length <= 100 ? text : string.Concat(text.AsSpan(0, 97), "…");
}

/// <summary>Matching with patterns of a file: one that takes too long counts as not matching, so that no text can hold a check up.</summary>
public static class CheckPatterns
{
    /// <summary>Whether any of the patterns is found in the text.</summary>
    public static bool AnyMatches(this IReadOnlyList<Regex> patterns, string text)
    {
        foreach (var pattern in patterns) if (pattern.IsFoundIn(text)) return true;
        return false;
    }

    /// <summary>Whether the pattern is found in the text; false as well when looking takes too long.</summary>
    public static bool IsFoundIn(this Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
