using System.Text.Json;
using Apm.Core;

namespace Apm.Wire.Datadog;

/// <summary>Reads members of small JSON bodies; whatever is missing or of another type counts as absent.</summary>
static class JsonBody
{
    /// <exception cref="PayloadException">The bytes are no JSON object.</exception>
    public static JsonDocument Parse(ReadOnlySpan<byte> json, string protocol)
    {
        JsonDocument? document;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DatadogLimits.MaxJsonDepth });
        try
        {
            document = JsonDocument.ParseValue(ref reader);
        }
        catch (JsonException problem)
        {
            throw new PayloadException($"{protocol} body, byte {reader.TokenStartIndex}: not valid JSON, or cut off: {Json.JsonProblem.Sentence(problem)} Send one complete JSON object.");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
        document.Dispose();
        throw new PayloadException($"{protocol} body, byte 0: expected an object. Send one JSON object per request.");
    }

    /// <summary>A text member; "" when absent.</summary>
    public static string Text(this JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } text ? Cut(text) : "";

    /// <summary>Any member as text: numbers, bools and nested values as their JSON, null and absent as "".</summary>
    public static string ValueText(this JsonElement element, string name) => Member(element, name) is { } member ? TextOf(member) : "";

    /// <summary>A whole number; 0 when absent.</summary>
    public static long Number(this JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var value) ? value : 0;

    /// <summary>An object member; one without members when absent.</summary>
    public static JsonElement Object(this JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Object } member ? member : default;

    /// <summary>The elements of an array member; none when absent.</summary>
    public static IEnumerable<JsonElement> Elements(this JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    /// <summary>The names and texts of all members, as <c>name:value</c>; those whose name is no valid Unicode are left out.</summary>
    public static IEnumerable<string> Pairs(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) yield break;
        foreach (var member in element.EnumerateObject())
            if (NameOf(member) is { } name) yield return $"{name}:{TextOf(member.Value)}";
    }

    static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Cut(value),
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        _ => Cut(value.GetRawText()),
    };

    static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    static JsonElement? Member(JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;
        }
        catch (InvalidOperationException)
        {
            return null; // Another member's name is no valid Unicode.
        }
    }

    static string Cut(JsonElement text)
    {
        try
        {
            return Cut(text.GetString() ?? "");
        }
        catch (InvalidOperationException)
        {
            return ""; // Half a surrogate pair, or bytes that are no UTF-8.
        }
    }

    static string Cut(string text) => text.Length <= TelemetryDecoder.MaxTextChars ? text : text[..TelemetryDecoder.MaxTextChars];
}
