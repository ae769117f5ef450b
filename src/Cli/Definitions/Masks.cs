using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Apm.Cli.Definitions;

/// <summary>Hides secrets in what is written into files, and finds them again in what is there.</summary>
static partial class Masks
{
    /// <summary>Stands for a secret.</summary>
    public const string Mask = "********";

    /// <summary>Hides what looks like a secret, in place.</summary>
    /// <returns>How many were hidden.</returns>
    public static int Hide(JsonNode? node) => Change(node, (name, text) => Hidden(name, text));

    /// <summary>Puts secrets in the place of their masks, from what is there.</summary>
    /// <returns>Members whose secret is not known; none when all are.</returns>
    public static IReadOnlyList<string> Restore(JsonNode? wanted, JsonNode? there)
    {
        var unknown = new List<string>();
        Restore("", wanted, there, unknown, _ => { });
        return unknown;
    }

    static void Restore(string name, JsonNode? wanted, JsonNode? there, List<string> unknown, Action<string> put)
    {
        if (wanted is JsonObject map)
        {
            foreach (var (member, value) in map.ToList()) Restore(member, value, (there as JsonObject)?[member], unknown, text => map[member] = text);
        }
        else if (wanted is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                var at = i;
                Restore(name, list[i], there is JsonArray others && i < others.Count ? others[i] : null, unknown, text => list[at] = text);
            }
        }
        else if (wanted is JsonValue value && value.TryGetValue<string>(out var text) && text.Contains(Mask, StringComparison.Ordinal))
        {
            if (there is JsonValue known && known.TryGetValue<string>(out var secret) && Hidden(name, secret) == text) put(secret);
            else unknown.Add(name);
        }
    }

    static int Change(JsonNode? node, Func<string, string, string> change, string name = "")
    {
        var count = 0;
        if (node is JsonObject map)
        {
            foreach (var (member, value) in map.ToList())
            {
                if (value is JsonValue leaf && leaf.TryGetValue<string>(out var text))
                {
                    if (change(member, text) is var changed && changed == text) continue;
                    map[member] = changed;
                    count++;
                }
                else count += Change(value, change, member);
            }
        }
        else if (node is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (list[i] is JsonValue leaf && leaf.TryGetValue<string>(out var text))
                {
                    if (change(name, text) is var changed && changed == text) continue;
                    list[i] = changed;
                    count++;
                }
                else count += Change(list[i], change, name);
            }
        }
        return count;
    }

    static string Hidden(string name, string text)
    {
        if (text.Length > 0 && SecretName().IsMatch(name)) return Mask;
        text = Assigned().Replace(text, "$1" + Mask);
        text = InAddress().Replace(text, "$1" + Mask + "@");
        text = Hook().Replace(text, "$1" + Mask);
        return Bearer().Replace(text, "$1" + Mask);
    }

    [GeneratedRegex("(?:^|_)(?:api_?key|app_?key|application_?key|token|secret|password)$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    /// <summary><c>token=…</c>, <c>"api_key": "…"</c> and their like.</summary>
    [GeneratedRegex("((?:\\b|_)(?:api|app|application)[_-]?key[\"']?\\s*[=:]\\s*[\"']?|(?:\\b|_)(?:token|secret|password|passwd)[\"']?\\s*[=:]\\s*[\"']?)(?!\\*{8})[^\\s\"'&,;{}()]{4,}", RegexOptions.IgnoreCase)]
    private static partial Regex Assigned();

    /// <summary><c>https://user:…@host</c>.</summary>
    [GeneratedRegex(@"(\b[a-z][a-z0-9+.-]*://[^\s/:@]+:)(?!\*{8}@)[^\s/@]+@", RegexOptions.IgnoreCase)]
    private static partial Regex InAddress();

    [GeneratedRegex(@"(hooks\.slack\.com/services/)(?!\*{8})[A-Za-z0-9/]+", RegexOptions.IgnoreCase)]
    private static partial Regex Hook();

    [GeneratedRegex(@"(\bbearer\s+)(?!\*{8})[A-Za-z0-9._~+/=-]{8,}", RegexOptions.IgnoreCase)]
    private static partial Regex Bearer();
}
