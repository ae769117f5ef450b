using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Apm.TraceAgent.Obfuscate;

/// <summary>Changes the attributes of span events, which a span carries as JSON in one tag (trace-intake §1.15).</summary>
static class SpanEventsRewriter
{
    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Offers each attribute, and each element of one that is an array, and writes what it is to become.</summary>
    /// <param name="json">The tag's value.</param>
    /// <param name="change">Gets key and value as text; gives the text to write instead, or null to leave it.</param>
    /// <returns>The new value; null when nothing changed or the tag does not hold events.</returns>
    public static byte[]? Rewrite(ReadOnlySpan<byte> json, Func<string, string, string?> change)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Array) return null;
            var rewritten = new ArrayBufferWriter<byte>(json.Length);
            var isChanged = false;
            using (var writer = new Utf8JsonWriter(rewritten, Json))
            {
                writer.WriteStartArray();
                foreach (var entry in document.RootElement.EnumerateArray()) isChanged |= WriteEvent(entry, writer, change);
                writer.WriteEndArray();
            }
            return isChanged ? rewritten.WrittenSpan.ToArray() : null;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            return null; // Cut by the tracer, or with escapes that mean nothing: no event can be read from it.
        }
    }

    static bool WriteEvent(JsonElement entry, Utf8JsonWriter writer, Func<string, string, string?> change)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            entry.WriteTo(writer);
            return false;
        }
        var isChanged = false;
        writer.WriteStartObject();
        foreach (var member in entry.EnumerateObject())
        {
            if (!member.NameEquals("attributes") || member.Value.ValueKind != JsonValueKind.Object)
            {
                member.WriteTo(writer);
                continue;
            }
            writer.WriteStartObject(member.Name);
            foreach (var attribute in member.Value.EnumerateObject())
            {
                writer.WritePropertyName(attribute.Name);
                isChanged |= WriteValue(attribute.Name, attribute.Value, writer, change);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
        return isChanged;
    }

    static bool WriteValue(string key, JsonElement value, Utf8JsonWriter writer, Func<string, string, string?> change)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            var isChanged = false;
            writer.WriteStartArray();
            foreach (var element in value.EnumerateArray()) isChanged |= WriteScalar(key, element, writer, change);
            writer.WriteEndArray();
            return isChanged;
        }
        return WriteScalar(key, value, writer, change);
    }

    static bool WriteScalar(string key, JsonElement value, Utf8JsonWriter writer, Func<string, string, string?> change)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null, // Booleans are never tested; objects cannot be attributes.
        };
        if (text is not null && change(key, text) is { } changed && changed != text)
        {
            writer.WriteStringValue(changed);
            return true;
        }
        value.WriteTo(writer);
        return false;
    }
}
