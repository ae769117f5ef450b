using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Writes what the product has into files that can be applied again, with secrets masked.</summary>
sealed class Exporting(ApiAccess api)
{
    /// <summary>Longest part of a file's name that a title gives, in characters.</summary>
    const int MaxSlugChars = 60;

    static readonly JsonSerializerOptions s_format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads all of some kinds.</summary>
    /// <param name="masked">How many secrets were hidden is added.</param>
    public async Task<IReadOnlyList<(DefinitionKind Kind, string FileName, JsonObject Json)>> Read(IReadOnlyList<DefinitionKind> kinds, Action<int> masked, CancellationToken cancel)
    {
        var objects = new List<(DefinitionKind, string, JsonObject)>();
        foreach (var kind in kinds)
        {
            foreach (var listed in await kind.List(api, cancel))
            {
                var existing = await kind.Whole(api, listed, cancel);
                var json = kind.ForFile(existing);
                masked(Masks.Hide(json));
                objects.Add((kind, NameOf(kind, existing), json));
            }
        }
        return objects;
    }

    /// <summary>One document of all: <c>{"monitors":[…],…}</c>.</summary>
    public static string Whole(IReadOnlyList<(DefinitionKind Kind, string FileName, JsonObject Json)> objects) =>
        Print(new JsonObject(objects.GroupBy(one => one.Kind.Plural).Select(group => new KeyValuePair<string, JsonNode?>(group.Key, new JsonArray([.. group.Select(one => one.Json)])))));

    public static string Print(JsonObject json) => json.ToJsonString(s_format) + "\n";

    /// <summary><c>my-metric-high-12.json</c>: readable by its title, stable and unique by its id.</summary>
    static string NameOf(DefinitionKind kind, Existing existing)
    {
        var title = kind.FileTitleOf(existing.Json);
        var slug = new string([.. title.ToLowerInvariant().Normalize().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        slug = string.Join('-', slug.Split('-', StringSplitOptions.RemoveEmptyEntries));
        if (slug.Length > MaxSlugChars) slug = slug[..MaxSlugChars].TrimEnd('-');
        return string.Create(CultureInfo.InvariantCulture, $"{(slug.Length > 0 ? slug + "-" : "")}{existing.Id}.json");
    }
}
