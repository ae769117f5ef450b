using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// What a span may carry beside its tags, turned into tags in the one form that readers know (trace-intake §1.15):
/// <code>
/// span_links   array of map { trace_id, trace_id_high, span_id, attributes, tracestate, flags }   → _dd.span_links, JSON
/// span_events  array of map { time_unix_nano, name, attributes }                                  → events, JSON
/// meta_struct  map text → bytes                                                                   → meta_struct.KEY, base64
/// </code>
/// </summary>
static class SpanExtras
{
    const string StructPrefix = "meta_struct.";

    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void ReadLinks(MsgPackReader reader, SpanBatch batch, int span)
    {
        var count = reader.ReadArrayLength();
        if (count == 0) return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartArray();
            for (var i = 0; i < count; i++)
            {
                if (!reader.TryReadNil()) WriteLink(ref reader, json);
            }
            json.WriteEndArray();
        }
        batch.Tags.Set(span, batch.Strings.Intern(TagNames.SpanLinks), batch.Strings.InternLenient(buffer.WrittenSpan));
    }

    static void WriteLink(ref MsgPackReader reader, Utf8JsonWriter json)
    {
        ulong high = 0, low = 0, spanId = 0;
        ulong? flags = null;
        ReadOnlySpan<byte> tracestate = default;
        var attributesOffset = -1;
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            var key = reader.ReadString();
            if (key.SequenceEqual("trace_id"u8)) low = reader.ReadId();
            else if (key.SequenceEqual("trace_id_high"u8)) high = reader.ReadId();
            else if (key.SequenceEqual("span_id"u8)) spanId = reader.ReadId();
            else if (key.SequenceEqual("tracestate"u8)) tracestate = reader.ReadString();
            else if (key.SequenceEqual("flags"u8)) flags = reader.ReadId();
            else
            {
                if (key.SequenceEqual("attributes"u8)) attributesOffset = reader.Offset;
                reader.Skip();
            }
        }
        json.WriteStartObject();
        json.WriteString("trace_id"u8, high.ToString("x16", CultureInfo.InvariantCulture) + low.ToString("x16", CultureInfo.InvariantCulture));
        json.WriteString("span_id"u8, spanId.ToString("x16", CultureInfo.InvariantCulture));
        if (attributesOffset >= 0) WriteLinkAttributes(reader.From(attributesOffset), json);
        if (!tracestate.IsEmpty) WriteText(json, "tracestate"u8, tracestate);
        if (flags is { } bits) json.WriteNumber("flags"u8, bits);
        json.WriteEndObject();
    }

    static void WriteLinkAttributes(MsgPackReader reader, Utf8JsonWriter json)
    {
        var count = reader.ReadMapLength();
        if (count == 0) return;
        json.WriteStartObject("attributes"u8);
        for (var i = 0; i < count; i++)
        {
            var key = reader.ReadString();
            WriteText(json, key, reader.ReadString());
        }
        json.WriteEndObject();
    }

    public static void ReadEvents(MsgPackReader reader, SpanBatch batch, int span)
    {
        var count = reader.ReadArrayLength();
        if (count == 0) return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartArray();
            for (var i = 0; i < count; i++)
            {
                if (!reader.TryReadNil()) WriteEvent(ref reader, json);
            }
            json.WriteEndArray();
        }
        batch.Tags.Set(span, batch.Strings.Intern(TagNames.SpanEvents), batch.Strings.InternLenient(buffer.WrittenSpan));
    }

    static void WriteEvent(ref MsgPackReader reader, Utf8JsonWriter json)
    {
        ReadOnlySpan<byte> name = default;
        ulong timeUnixNanos = 0;
        var attributesOffset = -1;
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            var key = reader.ReadString();
            if (key.SequenceEqual("name"u8)) name = reader.ReadString();
            else if (key.SequenceEqual("time_unix_nano"u8)) timeUnixNanos = reader.ReadId();
            else
            {
                if (key.SequenceEqual("attributes"u8)) attributesOffset = reader.Offset;
                reader.Skip();
            }
        }
        json.WriteStartObject();
        WriteText(json, "name"u8, name);
        json.WriteNumber("time_unix_nano"u8, timeUnixNanos);
        if (attributesOffset >= 0) WriteEventAttributes(reader.From(attributesOffset), json);
        json.WriteEndObject();
    }

    static void WriteEventAttributes(MsgPackReader reader, Utf8JsonWriter json)
    {
        var count = reader.ReadMapLength();
        if (count == 0) return;
        json.WriteStartObject("attributes"u8);
        for (var i = 0; i < count; i++)
        {
            WritePropertyName(json, reader.ReadString());
            WriteEventValue(ref reader, json, depth: 1);
        }
        json.WriteEndObject();
    }

    /// <summary>A value is a map of its type's number and one member that holds it; the order of the two is free.</summary>
    static void WriteEventValue(ref MsgPackReader reader, Utf8JsonWriter json, int depth)
    {
        if (depth > DatadogLimits.MaxAttributeDepth)
            throw new MsgPackException(reader.Offset, $"attributes nest deeper than {DatadogLimits.MaxAttributeDepth} levels. Send flatter attributes.");
        var type = -1L;
        Span<int> offsets = [-1, -1, -1, -1, -1]; // by type
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            var key = reader.ReadString();
            if (key.SequenceEqual("type"u8))
            {
                type = reader.ReadInt64();
                continue;
            }
            var holds = key.SequenceEqual("string_value"u8) ? 0
                : key.SequenceEqual("bool_value"u8) ? 1
                : key.SequenceEqual("int_value"u8) ? 2
                : key.SequenceEqual("double_value"u8) ? 3
                : key.SequenceEqual("array_value"u8) ? 4
                : -1;
            if (holds >= 0) offsets[holds] = reader.Offset;
            reader.Skip();
        }
        if (type is < 0 or > 4 || offsets[(int)type] < 0)
        {
            json.WriteNullValue();
            return;
        }
        var value = reader.From(offsets[(int)type]);
        switch (type)
        {
            case 0: WriteTextValue(json, value.ReadString()); break;
            case 1: json.WriteBooleanValue(value.ReadBool()); break;
            case 2: json.WriteNumberValue(value.ReadInt64()); break;
            case 3: WriteNumberValue(json, value.ReadDouble()); break;
            default: WriteEventArray(ref value, json, depth); break;
        }
    }

    static void WriteEventArray(ref MsgPackReader reader, Utf8JsonWriter json, int depth)
    {
        json.WriteStartArray();
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            if (!reader.ReadString().SequenceEqual("values"u8))
            {
                reader.Skip();
                continue;
            }
            for (var values = reader.ReadArrayLength(); values > 0; values--) WriteEventValue(ref reader, json, depth + 1);
        }
        json.WriteEndArray();
    }

    public static void ReadStructs(MsgPackReader reader, SpanBatch batch, int span)
    {
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            var key = reader.ReadString();
            SetStruct(batch, span, key, reader.ReadString());
        }
    }

    /// <summary>Sets <c>meta_struct.KEY</c> to the bytes in base64.</summary>
    public static void SetStruct(SpanBatch batch, int span, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes) =>
        batch.Tags.Set(span, batch.Strings.Intern(StructPrefix + Encoding.UTF8.GetString(key)), batch.Strings.Intern(Convert.ToBase64String(bytes)));

    /// <summary>JSON knows no infinite numbers; they are written as text.</summary>
    public static void WriteNumberValue(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Writes text whose bytes may be no valid UTF-8, which the writer itself would refuse.</summary>
    public static void WriteTextValue(Utf8JsonWriter json, ReadOnlySpan<byte> text)
    {
        if (System.Text.Unicode.Utf8.IsValid(text)) json.WriteStringValue(text);
        else json.WriteStringValue(Encoding.UTF8.GetString(text));
    }

    /// <summary>As <see cref="WriteTextValue"/>, for names.</summary>
    public static void WritePropertyName(Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        if (System.Text.Unicode.Utf8.IsValid(name)) json.WritePropertyName(name);
        else json.WritePropertyName(Encoding.UTF8.GetString(name));
    }

    static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        WritePropertyName(json, name);
        WriteTextValue(json, value);
    }
}
