using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Apm.Query.TraceFiles;

/// <summary>
/// Takes out of a trace that leaves this machine what looks like a secret: values whose key says so, and within other values
/// credentials whose form is known. What is stored has been through docs/obfuscation.md already; this is stricter and loses more. Pure.
/// </summary>
public static partial class SecretMask
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Masked = "[masked]";

    /// <summary>A value as it may leave.</summary>
    /// <param name="key">Its attribute's key; "" for a text without one, such as a resource.</param>
    /// <param name="value">The value.</param>
    public static string Of(string key, string value) => value.Length == 0 ? value : IsSecretKey(key) ? Masked : OfText(value);

    /// <summary>Whether the words of a key say that its value is secret: <c>http.request.header.authorization</c>, <c>dbPassword</c>, <c>api-key</c>.</summary>
    public static bool IsSecretKey(string key) => key.Length > 0 && SecretWords().IsMatch(HumpBorders().Replace(key, "_"));

    static string OfText(string text)
    {
        if (text[0] is '[' or '{' && OfJson(text) is { } json) return json;
        text = Credentials().Replace(text, match => match.Groups["keep"].Value + Masked + match.Groups["after"].Value);
        return Assignments().Replace(text, match => IsSecretKey(match.Groups["key"].Value) ? match.Groups["key"].Value + match.Groups["sign"].Value + Masked : match.Value);
    }

    /// <summary>Events, links, bodies: each text by its own key. Null when it is no JSON.</summary>
    static string? OfJson(string text)
    {
        try
        {
            var root = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = 64 });
            return OfNode("", root)?.ToJsonString(Relaxed);
        }
        catch (Exception problem) when (problem is JsonException or ArgumentException)
        {
            return null; // Cut off, or a key twice: then it is masked as a text.
        }
    }

    static JsonNode? OfNode(string key, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var name in map.Select(member => member.Key).ToList()) map[name] = IsSecretKey(name) && map[name] is JsonValue ? Masked : OfNode(name, map[name]?.DeepClone());
                return map;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++) list[i] = OfNode(key, list[i]?.DeepClone());
                return list;
            case JsonValue value when value.TryGetValue<string>(out var text): return JsonValue.Create(Of(key, text));
            default: return node;
        }
    }

    static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex HumpBorders();

    [GeneratedRegex(@"(?:^|[^a-z])(?:pass(?:word|wd|phrase)?|pwd|secrets?|tokens?|auth|authorization|cookies?|credentials?|jwt|bearer|signature|session[^a-z]?(?:id|key)|(?:api|access|private|secret|shared|account|encryption)[^a-z]?keys?)(?:$|[^a-z])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SecretWords();

    /// <summary>User and password of an address; what follows Bearer or Basic; JSON web tokens; keys of clouds and code hosts by their first letters; private keys.</summary>
    [GeneratedRegex(@"(?<keep>[a-z][a-z0-9+.-]*://)[^\s/@""']+(?<after>@)|(?<keep>\b(?:Bearer|Basic)\s+)[A-Za-z0-9+/_.~=-]{8,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|(?<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----)[A-Za-z0-9+/=\\\s]*",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Credentials();

    /// <summary><c>key=value</c> of queries and command lines, and <c>"key":"value"</c> of JSON.</summary>
    [GeneratedRegex(@"(?<key>[A-Za-z][A-Za-z0-9_.-]{0,63})(?:(?<sign>=)[^\s&;,""']+|(?<sign>""\s*:\s*"")(?:[^""\\]|\\.)*)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Assignments();
}
