using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Apm.Wire.Datadog;

/// <summary>Links and events of JSON spans in the one form that readers know (trace-intake §1.15); the JSON twin of <see cref="SpanExtras"/>.</summary>
static class JsonSpanExtras
{
    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value of <c>_dd.span_links</c>; null when there are none.</summary>
    public static byte[]? Links(JsonElement links) => WriteArray(links, static (link, json) =>
    {
        json.WriteString("trace_id", Id(link, "trace_id_high") + Id(link, "trace_id"));
        json.WriteString("span_id", Id(link, "span_id"));
        if (Member(link, "attributes", JsonValueKind.Object) is { } attributes)
        {
            json.WritePropertyName("attributes");
            attributes.WriteTo(json);
        }
        if (Member(link, "tracestate", JsonValueKind.String) is { } state && state.ValueEquals("") is false)
        {
            json.WritePropertyName("tracestate");
            state.WriteTo(json);
        }
        if (Member(link, "flags", JsonValueKind.Number) is { } flags && flags.TryGetUInt32(out var bits)) json.WriteNumber("flags", bits);
    });

    /// <summary>The value of <c>events</c>; null when there are none.</summary>
    public static byte[]? Events(JsonElement events) => WriteArray(events, static (entry, json) =>
    {
        json.WritePropertyName("name");
        if (Member(entry, "name", JsonValueKind.String) is { } name) name.WriteTo(json);
        else json.WriteStringValue("");
        json.WriteNumber("time_unix_nano", Number(entry, "time_unix_nano"));
        if (Member(entry, "attributes", JsonValueKind.Object) is not { } attributes) return;
        json.WriteStartObject("attributes");
        foreach (var attribute in attributes.EnumerateObject())
        {
            json.WritePropertyName(attribute.Name);
            WriteEventValue(attribute.Value, json);
        }
        json.WriteEndObject();
    });

    static byte[]? WriteArray(JsonElement elements, Action<JsonElement, Utf8JsonWriter> writeMembers)
    {
        if (elements.GetArrayLength() == 0) return null;
        var buffer = new ArrayBufferWriter<byte>();
        try
        {
            using var json = new Utf8JsonWriter(buffer, Json);
            json.WriteStartArray();
            foreach (var element in elements.EnumerateArray())
            {
                if (element.ValueKind != JsonValueKind.Object) continue;
                json.WriteStartObject();
                writeMembers(element, json);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw new JsonException("text with half a surrogate pair or bytes that are no UTF-8. Send links and events as valid Unicode.");
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A value is an object of its type's number and one member that holds it.</summary>
    static void WriteEventValue(JsonElement value, Utf8JsonWriter json)
    {
        var type = value.ValueKind == JsonValueKind.Object ? Number(value, "type") : ulong.MaxValue;
        var holder = type switch { 0 => "string_value", 1 => "bool_value", 2 => "int_value", 3 => "double_value", 4 => "array_value", _ => "" };
        if (holder.Length == 0 || !value.TryGetProperty(holder, out var held)) json.WriteNullValue();
        else if (type != 4) held.WriteTo(json);
        else
        {
            json.WriteStartArray();
            if (held.ValueKind == JsonValueKind.Object && Member(held, "values", JsonValueKind.Array) is { } values)
            {
                foreach (var item in values.EnumerateArray()) WriteEventValue(item, json);
            }
            json.WriteEndArray();
        }
    }

    static string Id(JsonElement element, string name) => Number(element, name).ToString("x16", CultureInfo.InvariantCulture);

    static ulong Number(JsonElement element, string name) =>
        Member(element, name, JsonValueKind.Number) is { } number && number.TryGetUInt64(out var value) ? value : 0;

    static JsonElement? Member(JsonElement element, string name, JsonValueKind kind) =>
        element.TryGetProperty(name, out var member) && member.ValueKind == kind ? member : null;
}
