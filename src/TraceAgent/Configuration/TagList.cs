namespace Apm.TraceAgent.Configuration;

/// <summary>
/// What is written under <c>tags</c>, in whatever shape: a list of texts as it should be, or one of the shapes people write instead, each
/// of which is read as they mean it and answered with the list (metrics-monitors §9.3, §9.4).
/// </summary>
public sealed record TagList(IReadOnlyList<string> Tags)
{
    /// <summary>What is wrong with the shape; "" for nothing.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>Where; meaningful with a <see cref="Sentence"/>.</summary>
    public SettingsNode? Culprit { get; init; }

    /// <summary>What the Datadog agent says of it, without the file's line; "" when it takes it.</summary>
    public string Original { get; init; } = "";

    /// <summary>Reads all shapes; null when it is none, such as a list of lists.</summary>
    /// <param name="key">As it is called there: <c>tags</c>.</param>
    /// <param name="takesText">A text of one line, parted by blanks and commas, is as good as a list: so in <c>datadog.yaml</c>, not in an instance.</param>
    public static TagList? Read(string key, SettingsNode node, bool takesText)
    {
        switch (node)
        {
            case ScalarNode { IsNull: true }:
                return new TagList([]);
            case ScalarNode scalar:
                var parts = Split(scalar.Text);
                if (takesText && scalar.EndLine == scalar.At.Line) return new TagList(parts);
                return new TagList(parts)
                {
                    Sentence = scalar.EndLine == scalar.At.Line ? $"\"{key}\" is a text here, where a list should stand; it is parted at blanks and commas into {Counted(parts.Count)}."
                        : $"The lines under \"{key}\" have no dash, so that YAML joins them into one text; it is parted at blanks and commas into {Counted(parts.Count)}.",
                    Culprit = scalar,
                    Original = $"yaml: unmarshal errors:\n  line {scalar.At.Line}: cannot unmarshal !!str `{Shortened(scalar.Text)}` into []string",
                };
            case MapNode map when map.Entries.All(entry => entry.Value is ScalarNode):
                return new TagList([.. map.Entries.Select(TagOf)])
                {
                    Sentence = $"\"{key}\" is a group of keys here, where a list should stand; each key with its value is taken as a tag.",
                    Culprit = map,
                    Original = $"yaml: unmarshal errors:\n  line {map.At.Line}: cannot unmarshal !!map into []string",
                };
            case ListNode list when list.Items.All(IsTag):
                var tags = list.Items.SelectMany(TagsOf).ToList();
                return list.Items.FirstOrDefault(item => item is MapNode) is not MapNode first ? new TagList(tags) : new TagList(tags)
                {
                    Sentence = $"With a blank behind the colon this is a key with a value, no tag; it is taken as {TagOf(first.Entries[0])}.",
                    Culprit = first,
                    Original = $"yaml: unmarshal errors:\n  line {first.At.Line}: cannot unmarshal !!map into string",
                };
            default:
                return null;
        }
    }

    /// <summary>Parts a text at blanks and commas, as <c>DD_TAGS</c> is.</summary>
    public static IReadOnlyList<string> Split(string text) => text.Split([' ', ',', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static bool IsTag(SettingsNode item) => item is ScalarNode || (item is MapNode map && map.Entries.Count > 0 && map.Entries.All(entry => entry.Value is ScalarNode));

    static IEnumerable<string> TagsOf(SettingsNode item) => item switch
    {
        ScalarNode { IsNull: true } => [],
        ScalarNode scalar => [scalar.Text],
        MapNode map => map.Entries.Select(TagOf),
        _ => [],
    };

    static string TagOf(MapEntry entry) => entry.Value is ScalarNode { IsNull: false } value ? $"{entry.Key}:{value.Text}" : entry.Key;

    static string Counted(int count) => count == 1 ? "1 tag" : $"{count} tags";

    /// <summary>The Datadog agent shows seven characters of a value.</summary>
    static string Shortened(string text) => text.Length > 10 ? text[..7] + "..." : text;
}
