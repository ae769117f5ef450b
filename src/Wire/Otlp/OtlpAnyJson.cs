using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Otlp;

/// <summary>Arrays, maps and bytes in protobuf attributes as the texts that their tags hold: plain JSON, and base64.</summary>
internal static class OtlpAnyJson
{
    internal static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Index of the JSON text of an array or map.</summary>
    /// <exception cref="DecodeFault">It is nested deeper than <see cref="OtlpLimits.MaxValueDepth"/>, or not well formed.</exception>
    public static int Intern(OtlpProtobufTraceDecoder.AnyValue value, StringTable strings)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(bytes, Plain)) Write(value, json, depth: 1);
        return strings.InternLenient(bytes.WrittenSpan);
    }

    /// <summary>Index of the base64 text of some bytes.</summary>
    public static int InternBase64(ReadOnlySpan<byte> content, StringTable strings)
    {
        var text = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(content.Length));
        Base64.EncodeToUtf8(content, text, out _, out var written);
        var index = strings.Intern(text.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(text);
        return index;
    }

    static void Write(OtlpProtobufTraceDecoder.AnyValue value, Utf8JsonWriter json, int depth)
    {
        switch (value.Field)
        {
            case 1: json.WriteStringValue(Encoding.UTF8.GetString(value.Content)); break;
            case 2: json.WriteBooleanValue(value.Number != 0); break;
            case 3: json.WriteNumberValue(unchecked((long)value.Number)); break;
            case 4: WriteDouble(BitConverter.UInt64BitsToDouble(value.Number), json); break;
            case 5: WriteArray(value, json, depth); break;
            case 6: WriteMap(value, json, depth); break;
            case 7: json.WriteBase64StringValue(value.Content); break;
            default: json.WriteNullValue(); break;
        }
    }

    /// <summary>JSON has no NaN and no infinities; they become texts.</summary>
    public static void WriteDouble(double value, Utf8JsonWriter json)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    static void WriteArray(OtlpProtobufTraceDecoder.AnyValue value, Utf8JsonWriter json, int depth)
    {
        CheckDepth(depth, value.Offset);
        json.WriteStartArray();
        var array = new ProtoReader(value.Content, value.Offset);
        while (array.TryReadTag(out var tag))
        {
            if (tag == (1 << 3 | 2)) Write(OtlpProtobufTraceDecoder.ReadAny(array.ReadMessage()), json, depth + 1);
            else array.Skip(tag);
        }
        json.WriteEndArray();
    }

    static void WriteMap(OtlpProtobufTraceDecoder.AnyValue value, Utf8JsonWriter json, int depth)
    {
        CheckDepth(depth, value.Offset);
        json.WriteStartObject();
        var map = new ProtoReader(value.Content, value.Offset);
        while (map.TryReadTag(out var tag))
        {
            if (tag == (1 << 3 | 2)) WriteMember(map.ReadMessage(), json, depth);
            else map.Skip(tag);
        }
        json.WriteEndObject();
    }

    static void WriteMember(ProtoReader member, Utf8JsonWriter json, int depth)
    {
        ReadOnlySpan<byte> key = default;
        ProtoReader value = default;
        while (member.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | 2: key = member.ReadBytes(); break;
                case 2 << 3 | 2: value = member.ReadMessage(); break;
                default: member.Skip(tag); break;
            }
        }
        json.WritePropertyName(Encoding.UTF8.GetString(key));
        Write(OtlpProtobufTraceDecoder.ReadAny(value), json, depth + 1);
    }

    public static void CheckDepth(int depth, int offset)
    {
        if (depth > OtlpLimits.MaxValueDepth)
            throw new DecodeFault(offset, $"arrays and maps are nested deeper than {OtlpLimits.MaxValueDepth}");
    }
}
