namespace Apm.Cli.Settings;

/// <summary>A settings file: its keys by dotted name, and what is wrong with the file itself.</summary>
/// <remarks>
/// In a <c>datadog.yaml</c> nothing keeps Apm from starting: it was written for another program, and most of its keys mean nothing
/// here. In our own file everything that is not understood does: whoever writes a limit relies on it.
/// </remarks>
sealed class SettingsFile
{
    readonly string[] _lines;
    readonly Dictionary<string, MapEntry> _entries = new(StringComparer.Ordinal);

    SettingsFile(string path, string text)
    {
        Name = path;
        IsLenient = Path.GetFileName(path).StartsWith("datadog", StringComparison.OrdinalIgnoreCase);
        _lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
    }

    /// <summary>As the user named it.</summary>
    public string Name { get; }

    /// <summary>It is a <c>datadog.yaml</c>.</summary>
    public bool IsLenient { get; }

    /// <summary>The key of that dotted name; null when it is not there.</summary>
    public MapEntry? Find(string name) => _entries.GetValueOrDefault(name);

    public static SettingsFile Read(string path, string text, List<SettingsIssue> issues)
    {
        var file = new SettingsFile(path, text);
        if (file.TabbedLine() is { } tabbed)
        {
            issues.Add(file.Issue(new Place(tabbed + 1, 1), 1, "A tab indents this line; YAML takes blanks only.", [file._lines[tabbed].Replace("\t", "  ", StringComparison.Ordinal)]));
            if (!file.IsLenient) return file;
            text = string.Join('\n', file._lines.Select(WithoutTabs)); // Two blanks each is what most mean.
        }
        try
        {
            switch (SettingsTree.Read(text))
            {
                case null or ScalarNode { Text: "" }: break;
                case MapNode map: file.Enter("", map, issues); break;
                case var other: issues.Add(file.Issue(other.At, 1, "A settings file is a group of keys, such as memory: and below it max_bytes: 512MiB.", ["memory:", "  max_bytes: 512MiB"])); break;
            }
        }
        catch (YamlProblemException problem)
        {
            var line = problem.At.Line <= file._lines.Length ? file._lines[problem.At.Line - 1] : "";
            IReadOnlyList<string> correction = line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 && colon + 1 < line.Length && line[colon + 1] != ' ' ? [line.Insert(colon + 1, " ")] : [];
            issues.Add(file.Issue(problem.At, 1, $"This is not YAML: {problem.Message.TrimEnd('.')}. Look at the indentation and the colons here and just above.", correction));
        }
        return file;
    }

    /// <summary>An issue at a place of this file.</summary>
    public SettingsIssue Issue(Place at, int width, string sentence, IReadOnlyList<string> correction) => new($"{Name}:{at.Line}:{at.Column}", IsLenient ? $"{sentence} It is passed over." : sentence)
    {
        IsError = !IsLenient,
        Line = at.Line <= _lines.Length ? _lines[at.Line - 1] : "",
        LineNumber = at.Line,
        Column = at.Column,
        Width = width,
        Correction = correction,
    };

    /// <summary>The line with another value; none inside braces, where more may stand on the line.</summary>
    public IReadOnlyList<string> Corrected(Place valueAt, string value)
    {
        if (valueAt.Line > _lines.Length) return [];
        var line = _lines[valueAt.Line - 1];
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || colon >= valueAt.Column || line.AsSpan(0, valueAt.Column - 1).Contains('{') ? [] : [$"{line[..(colon + 1)]} {value}"];
    }

    void Enter(string prefix, MapNode map, List<SettingsIssue> issues)
    {
        foreach (var entry in map.Entries)
        {
            var name = prefix + entry.Key;
            var meaning = SettingsCatalogue.MeaningOf(name);
            if (_entries.TryGetValue(name, out var first))
            {
                issues.Add(Issue(entry.KeyAt, entry.Key.Length, $"\"{entry.Key}\" stands here a second time; the first is in line {first.KeyAt.Line}, and counts. Keep one of them.", []));
                continue;
            }
            _entries.Add(name, entry);
            if (meaning == KeyMeaning.Unknown) Unknown(prefix, entry, issues);
            else if (meaning == KeyMeaning.Group && entry.Value is MapNode inner) Enter(name + ".", inner, issues);
            else if (meaning == KeyMeaning.Group && entry.Value is not ScalarNode { Text: "" })
                issues.Add(Issue(entry.Value.At, 1, $"\"{entry.Key}\" is a group: its keys stand below it, each indented by two blanks.", [Indent(entry) + entry.Key + ":", $"{Indent(entry)}  {SettingsCatalogue.FirstKeyOf(name)}: …"]));
        }
    }

    void Unknown(string prefix, MapEntry entry, List<SettingsIssue> issues)
    {
        var under = prefix.Length == 0 ? "at the top level" : $"under {prefix.TrimEnd('.')}";
        if (SettingsCatalogue.GroupOf(prefix, entry.Key) is { } group)
        {
            var value = entry.Value is ScalarNode scalar ? " " + scalar.Text : "";
            issues.Add(Issue(entry.KeyAt, entry.Key.Length, $"\"{entry.Key}\" stands {under}, where it means nothing; it belongs under {group}, indented.", [.. Nested(group), $"{new string(' ', 2 * group.Split('.').Length)}{entry.Key}:{value}"]));
            return;
        }
        var near = NearestWord.Find(entry.Key, SettingsCatalogue.KeysUnder(prefix));
        if (near is null && IsLenient && prefix.Length == 0) return; // Of the many other things that a datadog.yaml sets.
        var sentence = $"\"{entry.Key}\" is no setting {under}.{(near is null ? $" Settings there: {string.Join(", ", SettingsCatalogue.KeysToOffer(prefix))}." : $" Did you mean \"{near}\"?")}";
        var line = _lines[entry.KeyAt.Line - 1];
        issues.Add(Issue(entry.KeyAt, entry.Key.Length, sentence, near is null ? [] : [line.Replace(entry.Key, near, StringComparison.Ordinal)]));
    }

    static IEnumerable<string> Nested(string group) => group.Split('.').Select((part, depth) => $"{new string(' ', 2 * depth)}{part}:");

    static string Indent(MapEntry entry) => new(' ', entry.KeyAt.Column - 1);

    int? TabbedLine()
    {
        var at = Array.FindIndex(_lines, line => line.Length > 0 && line.TrimStart().Length > 0 && line.TakeWhile(char.IsWhiteSpace).Contains('\t'));
        return at < 0 ? null : at;
    }

    static string WithoutTabs(string line)
    {
        var indent = line.TakeWhile(char.IsWhiteSpace).Count();
        return line[..indent].Replace("\t", "  ", StringComparison.Ordinal) + line[indent..];
    }
}
