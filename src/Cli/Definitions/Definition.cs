using System.Text.Json;
using System.Text.Json.Nodes;
using Apm.TraceAgent.Configuration;

namespace Apm.Cli.Definitions;

/// <summary>One object that somebody wrote into a file: a monitor, a dashboard, a downtime, an objective, a correction.</summary>
/// <param name="File">As it was named.</param>
/// <param name="Node">As it was written, with places.</param>
/// <param name="Json">The same as JSON.</param>
sealed record Definition(string File, MapNode Node, DefinitionKind Kind, JsonObject Json)
{
    /// <summary>Where it begins: <c>monitors.json:14:3</c>.</summary>
    public string Where => WhereOf(Node.At);

    public string WhereOf(Place at) => $"{File}:{at.Line}:{at.Column}";

    /// <summary>Where a member of that name stands, the outermost; where the object begins when there is none.</summary>
    public Place PlaceOf(string member)
    {
        var level = new List<MapNode> { Node };
        while (level.Count > 0)
        {
            if (level.Select(map => map.Entries.LastOrDefault(entry => entry.Key == member)).FirstOrDefault(entry => entry is not null) is { } found) return found.KeyAt;
            level = [.. level.SelectMany(map => map.Entries).SelectMany(entry => MapsIn(entry.Value))];
        }
        return Node.At;
    }

    /// <summary>Where a sentence of the API points: it names parameters in quotes, or begins with their path.</summary>
    public Place PlaceIn(string sentence)
    {
        foreach (var word in sentence.Split([' ', ':', ',', '"', '(', ')', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            var isNamed = word.Length > 2 && word[0] == '\'' && word.TrimEnd('.', ';')[^1] == '\'';
            var name = word.Trim('\'', '.', ';').Split('.')[^1];
            if ((isNamed || word.Contains('.', StringComparison.Ordinal) || word.Contains('_', StringComparison.Ordinal)) && PlaceOf(name) is var at && at != Node.At) return at;
        }
        return sentence.Contains("threshold", StringComparison.OrdinalIgnoreCase) ? PlaceOf("thresholds") : Node.At;
    }

    static IEnumerable<MapNode> MapsIn(SettingsNode node) => node switch { MapNode map => [map], ListNode list => list.Items.SelectMany(MapsIn), _ => [] };

    /// <summary>What was written as JSON; numbers keep their digits.</summary>
    public static JsonNode? JsonOf(SettingsNode node) => node switch
    {
        MapNode map => new JsonObject(map.Entries.GroupBy(entry => entry.Key).Select(entries => new KeyValuePair<string, JsonNode?>(entries.Key, JsonOf(entries.Last().Value)))),
        ListNode list => new JsonArray([.. list.Items.Select(JsonOf)]),
        ScalarNode { IsPlain: true } scalar => PlainOf(scalar),
        ScalarNode scalar => JsonValue.Create(scalar.Text),
        _ => null,
    };

    static JsonNode? PlainOf(ScalarNode scalar)
    {
        var value = YamlValues.Of(scalar);
        if (value is null or string) return value is null ? null : JsonValue.Create((string)value);
        try
        {
            return JsonNode.Parse(scalar.Text);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToNode(value); // As only YAML writes it, such as yes.
        }
    }
}

/// <summary>A file cannot be read, or holds what is none of the objects; the message begins with the place.</summary>
sealed class DefinitionException(string message) : Exception(message);
