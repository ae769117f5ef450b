using Apm.Core.Diagnosis;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Settings;

/// <summary>A settings file: its keys by dotted name, and what is wrong with the file itself.</summary>
/// <remarks>
/// In a <c>datadog.yaml</c> nothing keeps Apm from starting: it was written for another program, and most of its keys mean nothing
/// here. In our own file everything that is not understood does: whoever writes a limit relies on it.
/// </remarks>
sealed class SettingsFile
{
    readonly string[] _lines;
    readonly IndentTabs _tabs;
    readonly Dictionary<string, MapEntry> _entries = new(StringComparer.Ordinal);

    SettingsFile(string path, string text)
    {
        Name = path;
        IsLenient = Path.GetFileName(path).StartsWith("datadog", StringComparison.OrdinalIgnoreCase);
        _lines = text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
        _tabs = IndentTabs.Find(text);
    }

    /// <summary>As the user named it.</summary>
    public string Name { get; }

    /// <summary>It is a <c>datadog.yaml</c>.</summary>
    public bool IsLenient { get; }

    /// <summary>It could be read; else nothing of it counts.</summary>
    public bool IsYaml { get; private set; } = true;

    /// <summary>The complaint of tabs that are read as blanks; null when there are none.</summary>
    public SettingsIssue? TabIssue { get; private set; }

    /// <summary>The key of that dotted name; null when it is not there.</summary>
    public MapEntry? Find(string name) => _entries.GetValueOrDefault(name);

    public static SettingsFile Read(string path, string text, List<SettingsIssue> issues)
    {
        var file = new SettingsFile(path, text);
        if (file._tabs.Lines.Count > 0)
        {
            text = file._tabs.Text;
            if (!file.IsLenient)
            {
                var line = file._lines[file._tabs.Lines[0] - 1];
                issues.Add(file.Issue(new Place(file._tabs.Lines[0], 1), 1, "A tab indents this line; YAML takes blanks only.", [line.Replace("\t", "  ", StringComparison.Ordinal)]) with { Kind = ConfigFaultKind.Tab });
                return file;
            }
        }
        try
        {
            switch (SettingsTree.Read(text))
            {
                case null or ScalarNode { Text: "" }: break;
                case MapNode map:
                    if (file._tabs.Lines.Count > 0) issues.Add(file.TabIssue = file.ReadAsBlanks(map));
                    file.Enter("", map, issues);
                    break;
                case var other: issues.Add(file.Issue(other.At, 1, "A settings file is a group of keys, such as memory: and below it max_bytes: 512MiB.", ["memory:", "  max_bytes: 512MiB"])); break;
            }
        }
        catch (YamlProblemException problem)
        {
            file.IsYaml = false;
            var line = problem.At.Line <= file._lines.Length ? file._lines[problem.At.Line - 1] : "";
            IReadOnlyList<string> correction = line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 && colon + 1 < line.Length && line[colon + 1] != ' ' ? [line.Insert(colon + 1, " ")] : [];
            issues.Add(file.Issue(problem.At, 1, $"This is not YAML: {problem.Message.TrimEnd('.')}. Look at the indentation and the colons here and just above.", correction));
        }
        return file;
    }

    /// <summary>An issue at a place of this file.</summary>
    public SettingsIssue Issue(Place at, int width, string sentence, IReadOnlyList<string> correction)
    {
        var written = _tabs.AsWritten(at);
        return At(written.Line, written.Column, width, IsLenient ? $"{sentence} It is passed over." : sentence, correction) with { IsError = !IsLenient };
    }

    /// <summary>What is understood although it is not as it should be.</summary>
    public SettingsIssue Complaint(SettingComplaint complaint)
    {
        var at = _tabs.AsWritten(complaint.Culprit.At);
        var width = complaint.Culprit is ScalarNode scalar ? scalar.Text.Length : 1;
        return At(at.Line, at.Column, width, IsLenient && complaint.Original.Length > 0 ? $"{complaint.Sentence} The Datadog agent says: {complaint.Original.ReplaceLineEndings(" ")}" : complaint.Sentence, complaint.Corrected);
    }

    SettingsIssue At(int line, int column, int width, string sentence, IReadOnlyList<string> correction) => new($"{Name}:{line}:{column}", sentence)
    {
        Line = line <= _lines.Length ? _lines[line - 1] : "",
        LineNumber = line,
        Column = column,
        Width = width,
        Correction = correction,
    };

    /// <summary>The line with another value; none inside braces, where more may stand on the line.</summary>
    public IReadOnlyList<string> Corrected(Place valueAt, string value)
    {
        if (valueAt.Line > _lines.Length) return [];
        valueAt = _tabs.AsWritten(valueAt);
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
            else if (meaning == KeyMeaning.WithoutEffect && PassedOverKeys.WhatItDoesNot(name, entry.Value) is { } sentence) issues.Add(Issue(entry.KeyAt, entry.Key.Length, sentence, []));
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
            issues.Add(Issue(entry.KeyAt, entry.Key.Length, $"\"{entry.Key}\" stands {under}, where it means nothing; it belongs under {group}, indented.", [.. Nested(group), $"{new string(' ', 2 * group.Split('.').Length)}{entry.Key}:{value}"]) with { Kind = ConfigFaultKind.Misplaced, Key = entry.Key, Group = group });
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

    /// <summary>Tabs are read as blanks: which lines, what the Datadog agent says to it, and the part of the file as it should be.</summary>
    SettingsIssue ReadAsBlanks(MapNode map)
    {
        var line = _tabs.Lines[0];
        var entry = map.Entries.LastOrDefault(entry => entry.KeyAt.Line <= line) ?? map.Entries[0];
        var corrected = TagList.Read(entry.Key, entry.Value, takesText: true) is { Tags.Count: > 0 } tags && entry.Key is "tags" or "extra_tags" ? YamlText.List(entry.Key, tags.Tags) : YamlText.Entry(entry.Key, entry.Value);
        var original = $"Failed to setup config unable to load Datadog config file: While parsing config: yaml: {(line == 1 ? "" : $"line {line}: ")}found character that cannot start any token";
        var more = _tabs.Lines.Count == 1 ? "" : _tabs.Lines.Count == 2 ? $" So does one in line {_tabs.Lines[1]}." : $" So do those in {_tabs.Lines.Count - 1} further lines.";
        return At(line, _tabs.TabColumn(line), 1, $"A tab indents this line; YAML takes blanks only. It is read as blanks up to the next multiple of {IndentTabs.TabStop}.{more} The Datadog agent does not start with it: {original}", corrected) with { Kind = ConfigFaultKind.Tab };
    }
}
