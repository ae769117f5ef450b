using System.Text.Json.Nodes;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Definitions;

/// <summary>Reads files of objects: JSON or YAML, one object, a list of them, or lists by their kinds.</summary>
static class DefinitionFiles
{
    /// <summary>Largest file, in bytes.</summary>
    public const long MaxFileBytes = 16_777_216;

    /// <summary>Most files of one call.</summary>
    public const int MaxFiles = 5_000;

    /// <summary>Stands for what comes in on the standard input.</summary>
    public const string Input = "-";

    static readonly string[] s_endings = [".json", ".yaml", ".yml"];

    /// <summary>All objects, in the order of files and of their places.</summary>
    /// <param name="paths">Files, folders (all files below them), or <see cref="Input"/>.</param>
    /// <param name="problems">What could not be read is added, a sentence each that begins with its place.</param>
    public static IReadOnlyList<Definition> Read(IReadOnlyList<string> paths, TextReader input, ICollection<string> problems)
    {
        var found = new List<Definition>();
        foreach (var path in FilesOf(paths, problems))
        {
            try
            {
                found.AddRange(ReadText(path, path == Input ? BoundedText.Read(input, MaxFileBytes) : BoundedText.ReadFile(path, MaxFileBytes)));
            }
            catch (DefinitionException wrong)
            {
                problems.Add(wrong.Message);
            }
            catch (Exception wrong) when (wrong is FormatException or IOException or UnauthorizedAccessException)
            {
                problems.Add($"{path}: {wrong.Message}");
            }
        }
        return found;
    }

    /// <summary>The objects of one text.</summary>
    /// <exception cref="DefinitionException">It is neither JSON nor YAML, or holds something else.</exception>
    public static IReadOnlyList<Definition> ReadText(string file, string text)
    {
        try
        {
            var isJson = Path.GetExtension(file).ToLowerInvariant() switch { ".json" => true, ".yaml" or ".yml" => false, _ => text.TrimStart() is ['{' or '[', ..] };
            if (string.IsNullOrWhiteSpace(text)) return [];
            return (isJson ? JsonTree.Read(text) : SettingsTree.Read(text, takesReferences: true)) is { } root ? [.. ObjectsOf(file, root, null)] : [];
        }
        catch (YamlProblemException wrong)
        {
            throw new DefinitionException($"{file}:{wrong.At.Line}:{wrong.At.Column}: this cannot be read: {wrong.Message.TrimEnd('.')}. Correct it there.");
        }
    }

    static IEnumerable<Definition> ObjectsOf(string file, SettingsNode node, DefinitionKind? kind)
    {
        if (node is ListNode list) return list.Items.SelectMany(item => ObjectsOf(file, item, kind));
        if (node is not MapNode map) throw new DefinitionException($"{file}:{node.At.Line}:{node.At.Column}: here an object should stand: {{…}} with the members of {DefinitionKinds.Names}.");
        if (kind is null && map.Entries.Count > 0 && map.Entries.All(entry => entry.Value is ListNode && DefinitionKinds.OfPlural(entry.Key) is not null))
            return map.Entries.SelectMany(entry => ObjectsOf(file, entry.Value, DefinitionKinds.OfPlural(entry.Key)));
        // An answer of the API as it is.
        if (map.Find("data") is { } data && map.Find("type") is null) return ObjectsOf(file, data, kind);
        var json = (JsonObject)Definition.JsonOf(map)!;
        var of = kind ?? DefinitionKinds.Of(json) ?? throw new DefinitionException($"{file}:{map.At.Line}:{map.At.Column}: this is none of {DefinitionKinds.Names}. {DefinitionKinds.Marks}");
        return [new Definition(file, map, of, json)];
    }

    static List<string> FilesOf(IReadOnlyList<string> paths, ICollection<string> problems)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (path == Input) files.Add(path);
            else if (Directory.Exists(path))
            {
                var below = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file => s_endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToList();
                if (below.Count == 0) problems.Add($"{path}: there is no file in it that ends with {string.Join(", ", s_endings)}.");
                files.AddRange(below);
            }
            else if (File.Exists(path)) files.Add(path);
            else problems.Add($"{path}: there is no such file or folder.");
        }
        if (files.Count <= MaxFiles) return files;
        problems.Add($"There are {files.Count} files; at most {MaxFiles} are read at once. Name fewer.");
        return [];
    }
}
