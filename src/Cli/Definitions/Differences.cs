using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Apm.Cli.Definitions;

/// <summary>Where two objects differ.</summary>
static class Differences
{
    /// <summary>Members named in a line; the others are counted.</summary>
    const int MostNamed = 6;

    /// <summary>The paths of the members that differ, the outermost that say it: <c>options.thresholds.critical</c>, <c>widgets[2]</c>. None when they mean the same.</summary>
    public static IReadOnlyList<string> Of(JsonObject wanted, JsonObject there)
    {
        var paths = new List<string>();
        Compare("", wanted, there, paths);
        return paths;
    }

    /// <summary>For a line.</summary>
    public static string Print(IReadOnlyList<string> paths) => string.Join(", ", paths.Take(MostNamed)) + (paths.Count > MostNamed ? $" and {(paths.Count - MostNamed).ToString(CultureInfo.InvariantCulture)} more" : "");

    static void Compare(string path, JsonNode? wanted, JsonNode? there, List<string> paths)
    {
        if (wanted is JsonObject left && there is JsonObject right)
        {
            foreach (var name in left.Select(member => member.Key).Union(right.Select(member => member.Key)))
                if (!name.StartsWith(' ')) Compare(path.Length == 0 ? name : $"{path}.{name}", left[name], right[name], paths);
        }
        else if (wanted is JsonArray list && there is JsonArray others && list.Count == others.Count && list.Any(item => item is JsonObject))
        {
            for (var i = 0; i < list.Count; i++) if (!IsSame(list[i], others[i])) paths.Add($"{path}[{i}]");
        }
        else if (!IsSame(wanted, there)) paths.Add(path);
    }

    /// <summary>Whether both say the same: numbers by their value, what is null as what is not there.</summary>
    static bool IsSame(JsonNode? left, JsonNode? right) => (left, right) switch
    {
        (null, null) => true,
        (JsonObject one, JsonObject other) => one.Select(member => member.Key).Union(other.Select(member => member.Key)).All(name => IsSame(one[name], other[name])),
        (JsonArray one, JsonArray other) => one.Count == other.Count && one.Zip(other).All(pair => IsSame(pair.First, pair.Second)),
        (JsonValue one, JsonValue other) when one.GetValueKind() == JsonValueKind.Number && other.GetValueKind() == JsonValueKind.Number => Number(one) == Number(other),
        (JsonValue one, JsonValue other) => JsonNode.DeepEquals(one, other),
        _ => false,
    };

    static double Number(JsonValue value) => double.Parse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);
}
