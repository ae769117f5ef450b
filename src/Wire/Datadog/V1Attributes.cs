using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Reads the attributes of v1.0, one flat array of triplets key, type, value (trace-intake §1.13):
/// <code>
/// 1 string   2 bool   3 float64   4 int64   5 bin   6 flat array of pairs type, value   7 nested triplets
/// </code>
/// As tags: strings and bools are text, numbers are numbers, bin becomes meta_struct.KEY, arrays and lists become JSON text.
/// </summary>
sealed class V1Attributes(SpanBatch batch, V1Strings strings)
{
    const int String = 1;
    const int Bool = 2;
    const int Float64 = 3;
    const int Int64 = 4;
    const int Bin = 5;
    const int Array = 6;
    const int List = 7;

    public static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    readonly int _true = batch.Strings.Intern("true");
    readonly int _false = batch.Strings.Intern("false");

    /// <summary>Reads attributes as tags of a span.</summary>
    public void ReadAsTags(ref MsgPackReader reader, int span)
    {
        for (var left = ReadCount(ref reader, 3); left > 0; left--)
        {
            var key = strings.Read(ref reader);
            var offset = reader.Offset;
            switch (reader.ReadUnsigned())
            {
                case String: batch.Tags.Set(span, key, strings.Read(ref reader)); break;
                case Bool: batch.Tags.Set(span, key, reader.ReadBool() ? _true : _false); break;
                case Float64: batch.Numbers.Set(span, key, reader.ReadDouble()); break;
                case Int64: batch.Numbers.Set(span, key, reader.ReadInt64()); break;
                case Bin: SpanExtras.SetStruct(batch, span, batch.Strings.Utf8(key), reader.ReadString()); break;
                case Array or List: batch.Tags.Set(span, key, ReadAsJson(reader.From(offset), out reader)); break;
                case var type: throw UnknownType(offset, type);
            }
        }
    }

    /// <summary>Reads attributes as the members of a JSON object.</summary>
    public void WriteTo(Utf8JsonWriter json, ref MsgPackReader reader, bool asText, int depth = 1)
    {
        if (depth > DatadogLimits.MaxAttributeDepth)
            throw new MsgPackException(reader.Offset, $"attributes nest deeper than {DatadogLimits.MaxAttributeDepth} levels. Send flatter attributes.");
        json.WriteStartObject();
        for (var left = ReadCount(ref reader, 3); left > 0; left--)
        {
            json.WritePropertyName(strings.ReadUtf8(ref reader));
            WriteValue(json, ref reader, asText, depth);
        }
        json.WriteEndObject();
    }

    int ReadAsJson(MsgPackReader from, out MsgPackReader after)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json)) WriteValue(json, ref from, asText: false, depth: 1);
        after = from;
        return batch.Strings.InternLenient(buffer.WrittenSpan);
    }

    /// <param name="asText">Links know text only: numbers and bools are written as text.</param>
    void WriteValue(Utf8JsonWriter json, ref MsgPackReader reader, bool asText, int depth)
    {
        var offset = reader.Offset;
        switch (reader.ReadUnsigned())
        {
            case String: json.WriteStringValue(strings.ReadUtf8(ref reader)); break;
            case Bool when asText: json.WriteStringValue(reader.ReadBool() ? "true" : "false"); break;
            case Bool: json.WriteBooleanValue(reader.ReadBool()); break;
            case Float64 when asText: json.WriteStringValue(reader.ReadDouble().ToString("R", CultureInfo.InvariantCulture)); break;
            case Float64: SpanExtras.WriteNumberValue(json, reader.ReadDouble()); break;
            case Int64 when asText: json.WriteStringValue(reader.ReadInt64().ToString(CultureInfo.InvariantCulture)); break;
            case Int64: json.WriteNumberValue(reader.ReadInt64()); break;
            case Bin: json.WriteBase64StringValue(reader.ReadString()); break;
            case Array: WriteArray(json, ref reader, asText, depth + 1); break;
            case List: WriteTo(json, ref reader, asText, depth + 1); break;
            case var type: throw UnknownType(offset, type);
        }
    }

    void WriteArray(Utf8JsonWriter json, ref MsgPackReader reader, bool asText, int depth)
    {
        if (depth > DatadogLimits.MaxAttributeDepth)
            throw new MsgPackException(reader.Offset, $"attributes nest deeper than {DatadogLimits.MaxAttributeDepth} levels. Send flatter attributes.");
        json.WriteStartArray();
        for (var left = ReadCount(ref reader, 2); left > 0; left--) WriteValue(json, ref reader, asText, depth);
        json.WriteEndArray();
    }

    static int ReadCount(ref MsgPackReader reader, int elementsEach)
    {
        var offset = reader.Offset;
        if (reader.TryReadNil()) return 0;
        var elements = reader.ReadArrayLength();
        if (elements % elementsEach == 0) return elements / elementsEach;
        throw new MsgPackException(offset, $"an array of {elements} elements where groups of {elementsEach} are expected. Report it to the tracer's authors.");
    }

    static MsgPackException UnknownType(int offset, ulong type) =>
        new(offset, $"attribute type {type} is not known. Types are 1 to 7; report it to the tracer's authors.");
}
