using System.Buffers;
using System.Text.Json;
using Apm.Wire.Json;

namespace Apm.Wire.Otlp;

/// <summary>
/// Reads an AnyValue of OTLP's JSON: an object with one of <c>stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue,
/// bytesValue</c>. The first that is there and not null counts; <c>{}</c> is an empty value.
/// </summary>
internal static class OtlpJsonAny
{
    public static void Read(ref JsonWalker json, int key, OtelAttributes attributes, OtelSpanMapper mapper)
    {
        var kind = OtelValueKind.Empty;
        var bits = 0L;
        if (json.BeginObject())
        {
            while (json.NextMember())
            {
                if (kind != OtelValueKind.Empty) json.Skip();
                else if (json.Is("stringValue"u8)) (kind, bits) = (OtelValueKind.Text, mapper.Keys.Value(key, json.ReadText()));
                else if (json.Is("boolValue"u8)) (kind, bits) = (OtelValueKind.Bool, json.ReadBool() ? 1 : 0);
                else if (json.Is("intValue"u8)) (kind, bits) = (OtelValueKind.Int, json.ReadInt64());
                else if (json.Is("doubleValue"u8)) (kind, bits) = (OtelValueKind.Double, BitConverter.DoubleToInt64Bits(json.ReadDouble()));
                else if (json.Is("arrayValue"u8) || json.Is("kvlistValue"u8)) (kind, bits) = (OtelValueKind.Json, InternJson(ref json, mapper));
                else if (json.Is("bytesValue"u8)) (kind, bits) = (OtelValueKind.Bytes, mapper.Texts.Strings.InternLenient(json.ReadText()));
                else
                {
                    json.Skip();
                    continue;
                }
                if (json.Token == JsonTokenType.Null) (kind, bits) = (OtelValueKind.Empty, 0); // null: as if it were not there
            }
        }
        attributes.Add(key, mapper.Keys.KnownOf(key), kind, bits);
    }

    /// <summary>The walker stands on the name <c>arrayValue</c> or <c>kvlistValue</c>.</summary>
    static int InternJson(ref JsonWalker json, OtelSpanMapper mapper)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var plain = new Utf8JsonWriter(bytes, OtlpAnyJson.Plain)) WriteList(ref json, plain, depth: 1);
        return mapper.Texts.Strings.InternLenient(bytes.WrittenSpan);
    }

    static void WriteList(ref JsonWalker json, Utf8JsonWriter plain, int depth)
    {
        OtlpAnyJson.CheckDepth(depth, json.Offset);
        var isMap = json.Is("kvlistValue"u8);
        if (isMap) plain.WriteStartObject();
        else plain.WriteStartArray();
        if (json.BeginObject())
        {
            while (json.NextMember())
            {
                if (!json.Is("values"u8)) json.Skip();
                else if (!json.BeginArray()) continue;
                else if (isMap) while (json.NextObject()) WriteMember(ref json, plain, depth);
                else while (json.NextObject()) WriteAny(ref json, plain, depth);
            }
        }
        if (isMap) plain.WriteEndObject();
        else plain.WriteEndArray();
    }

    static void WriteMember(ref JsonWalker json, Utf8JsonWriter plain, int depth)
    {
        var named = false;
        var valued = false;
        var valueIsBefore = false;
        JsonWalker value = default;
        while (json.NextMember())
        {
            if (json.Is("key"u8) && !named)
            {
                plain.WritePropertyName(Valid(json.ReadText()));
                named = true;
            }
            else if (!json.Is("value"u8) || valued || valueIsBefore) json.Skip();
            else if (!named)
            {
                valueIsBefore = true;
                value = json;
                json.Skip();
            }
            else
            {
                valued = true;
                WriteValueOf(ref json, plain, depth);
            }
        }
        if (!named) plain.WritePropertyName(""u8);
        if (valueIsBefore) WriteValueOf(ref value, plain, depth);
        else if (!valued) plain.WriteNullValue();
    }

    static void WriteValueOf(ref JsonWalker json, Utf8JsonWriter plain, int depth)
    {
        if (json.BeginObject()) WriteAny(ref json, plain, depth);
        else plain.WriteNullValue();
    }

    /// <summary>The walker is inside the AnyValue's object.</summary>
    static void WriteAny(ref JsonWalker json, Utf8JsonWriter plain, int depth)
    {
        var written = false;
        while (json.NextMember())
        {
            var ahead = json;
            if (written || ahead.Next() == JsonTokenType.Null)
            {
                json.Skip();
                continue;
            }
            written = true;
            if (json.Is("stringValue"u8) || json.Is("bytesValue"u8)) plain.WriteStringValue(Valid(json.ReadText()));
            else if (json.Is("boolValue"u8)) plain.WriteBooleanValue(json.ReadBool());
            else if (json.Is("intValue"u8)) plain.WriteNumberValue(json.ReadInt64());
            else if (json.Is("doubleValue"u8)) OtlpAnyJson.WriteDouble(json.ReadDouble(), plain);
            else if (json.Is("arrayValue"u8) || json.Is("kvlistValue"u8)) WriteList(ref json, plain, depth + 1);
            else
            {
                written = false;
                json.Skip();
            }
        }
        if (!written) plain.WriteNullValue();
    }

    /// <summary>The writer refuses bytes that are not UTF-8; as everywhere, they become U+FFFD.</summary>
    static ReadOnlySpan<byte> Valid(ReadOnlySpan<byte> text) =>
        System.Text.Unicode.Utf8.IsValid(text) ? text : System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(text));
}
