namespace Apm.TraceAgent.Configuration;

/// <summary>Writes YAML as we would: two blanks a level, lists below their key, quotes only where they are needed. For corrected lines.</summary>
public static class YamlText
{
    /// <summary>Most lines of a correction; more are cut with a mark.</summary>
    public const int MaxLines = 40;

    static readonly string[] Secrets = ["pass", "secret", "token", "api_key", "apikey", "app_key", "application_key", "private_key"];

    /// <summary>A key with what stands below it.</summary>
    public static IReadOnlyList<string> Entry(string key, SettingsNode value)
    {
        var lines = new List<string>();
        WriteEntry(lines, "", key, value);
        return Cut(lines);
    }

    /// <summary>A list of texts below its key.</summary>
    public static IReadOnlyList<string> List(string key, IEnumerable<string> items) => Cut([$"{key}:", .. items.Select(item => $"  - {Scalar(item, wasPlain: true)}")]);

    static void WriteEntry(List<string> lines, string indent, string key, SettingsNode value)
    {
        if (lines.Count > MaxLines) return;
        switch (value)
        {
            case ScalarNode scalar:
                var text = IsSecret(key) && scalar.Text.Length > 0 ? "…" : Scalar(scalar.Text, scalar.IsPlain);
                lines.Add(text.Length == 0 ? $"{indent}{key}:" : $"{indent}{key}: {text}");
                break;
            case ListNode { Items.Count: 0 }:
                lines.Add($"{indent}{key}: []");
                break;
            case MapNode { Entries.Count: 0 }:
                lines.Add($"{indent}{key}: {{}}");
                break;
            case ListNode list:
                lines.Add($"{indent}{key}:");
                foreach (var item in list.Items) WriteItem(lines, indent + "  ", item);
                break;
            case MapNode map:
                lines.Add($"{indent}{key}:");
                foreach (var entry in map.Entries) WriteEntry(lines, indent + "  ", entry.Key, entry.Value);
                break;
        }
    }

    static void WriteItem(List<string> lines, string indent, SettingsNode item)
    {
        if (lines.Count > MaxLines) return;
        switch (item)
        {
            case ScalarNode scalar:
                lines.Add($"{indent}- {Scalar(scalar.Text, scalar.IsPlain)}".TrimEnd());
                break;
            case MapNode { Entries.Count: > 0 } map:
                var below = new List<string>();
                foreach (var entry in map.Entries) WriteEntry(below, indent + "  ", entry.Key, entry.Value);
                below[0] = $"{indent}- {below[0][(indent.Length + 2)..]}";
                lines.AddRange(below);
                break;
            case MapNode:
                lines.Add($"{indent}- {{}}");
                break;
            case ListNode list:
                lines.Add($"{indent}-");
                foreach (var inner in list.Items) WriteItem(lines, indent + "  ", inner);
                break;
        }
    }

    /// <summary>A line as it is written, without the value of a key that is secret; what a guide leaves to be filled in, <c>&lt;…&gt;</c>, is none.</summary>
    public static string Masked(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || !IsSecret(line[..colon])) return line;
        var value = line[(colon + 1)..].Trim();
        return value.Length == 0 || value[0] is '<' or '#' ? line : string.Concat(line.AsSpan(0, colon + 1), " …");
    }

    static bool IsSecret(string key) => Secrets.Any(secret => key.Contains(secret, StringComparison.OrdinalIgnoreCase));

    static string Scalar(string text, bool wasPlain)
    {
        if (text.Length == 0) return wasPlain ? "" : "\"\"";
        var needsQuotes = !wasPlain && YamlValues.Of(new ScalarNode(default, text, IsPlain: true)) is not string
            || text[0] is ' ' or '-' or '?' or ':' or ',' or '[' or ']' or '{' or '}' or '#' or '&' or '*' or '!' or '|' or '>' or '\'' or '"' or '%' or '@' or '`' && !(text[0] == '-' && text.Length > 1 && text[1] != ' ')
            || text[^1] is ' ' or ':' || text.Contains(": ", StringComparison.Ordinal) || text.Contains(" #", StringComparison.Ordinal) || text.Any(char.IsControl);
        return needsQuotes ? $"\"{string.Concat(text.Select(Escaped))}\"" : text;
    }

    static string Escaped(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\t' => "\\t",
        _ => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString(),
    };

    static List<string> Cut(List<string> lines) => lines.Count <= MaxLines ? lines : [.. lines.Take(MaxLines), "…"];
}
