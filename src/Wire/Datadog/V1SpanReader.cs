using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Apm.Core.Spans;
using Apm.Wire.MsgPack;

namespace Apm.Wire.Datadog;

/// <summary>
/// Reads the spans of v1.0, maps with numbers as keys (trace-intake §1.13), into a batch's columns:
/// <code>
///  1 service    2 name      3 resource   4 span id   5 parent id   6 start    7 duration      8 error (bool)
///  9 attributes 10 type    11 links     12 events   13 env        14 version 15 component   16 kind
/// </code>
/// Env, version, component and kind become the tags that older protocols send them as.
/// </summary>
sealed class V1SpanReader(SpanBatch batch, V1Strings strings, V1Attributes attributes)
{
    static readonly string[] KindNames = ["", "internal", "server", "client", "producer", "consumer"];

    readonly int[] _kinds = [.. KindNames.Select(batch.Strings.Intern)];
    readonly int _env = batch.Strings.Intern(TagNames.Env);
    readonly int _version = batch.Strings.Intern(TagNames.Version);
    readonly int _component = batch.Strings.Intern(TagNames.Component);
    readonly int _kind = batch.Strings.Intern(TagNames.SpanKind);
    readonly int _links = batch.Strings.Intern(TagNames.SpanLinks);
    readonly int _events = batch.Strings.Intern(TagNames.SpanEvents);

    /// <summary>Reads one span; nil leaves none.</summary>
    public void Read(ref MsgPackReader reader, ref DecodePlace place)
    {
        if (reader.TryReadNil()) return;
        if (batch.SpanCount >= DatadogLimits.MaxSpans)
            throw new MsgPackException(reader.Offset, $"more than {DatadogLimits.MaxSpans} spans in one request. Send fewer spans per request.");
        var span = batch.AddSpan();
        var kind = (ulong)SpanKind.Internal;
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            place.KeyOffset = reader.Offset;
            switch (reader.ReadUnsigned())
            {
                case 1: batch.Services[span] = strings.Read(ref reader); break;
                case 2: batch.Names[span] = strings.Read(ref reader); break;
                case 3: batch.Resources[span] = strings.Read(ref reader); break;
                case 4: batch.SpanIds[span] = reader.ReadId(); break;
                case 5: batch.ParentIds[span] = reader.ReadId(); break;
                case 6: batch.StartUnixNanos[span] = reader.ReadInt64(); break;
                case 7: batch.DurationNanos[span] = reader.ReadInt64(); break;
                case 8: batch.Flags[span] = reader.ReadBool() ? SpanFlags.Error : SpanFlags.None; break;
                case 9: attributes.ReadAsTags(ref reader, span); break;
                case 10: batch.Types[span] = strings.Read(ref reader); break;
                case 11: ReadArrayAsJson(ref reader, span, _links, WriteLink); break;
                case 12: ReadArrayAsJson(ref reader, span, _events, WriteEvent); break;
                case 13: SetTag(span, _env, strings.Read(ref reader)); break;
                case 14: SetTag(span, _version, strings.Read(ref reader)); break;
                case 15: SetTag(span, _component, strings.Read(ref reader)); break;
                case 16: kind = reader.ReadId(); break;
                default: strings.Skip(ref reader); break;
            }
        }
        place.KeyOffset = -1;
        SetTag(span, _kind, _kinds[kind < (ulong)_kinds.Length ? (int)kind : (int)SpanKind.Internal]);
    }

    void SetTag(int span, int key, int value)
    {
        if (value != 0) batch.Tags.Set(span, key, value);
    }

    delegate void WriteMembers(Utf8JsonWriter json, ref MsgPackReader reader);

    void ReadArrayAsJson(ref MsgPackReader reader, int span, int tag, WriteMembers write)
    {
        if (reader.TryReadNil()) return;
        var count = reader.ReadArrayLength();
        if (count == 0) return;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, V1Attributes.Json))
        {
            json.WriteStartArray();
            for (var i = 0; i < count; i++)
            {
                json.WriteStartObject();
                write(json, ref reader);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        batch.Tags.Set(span, tag, batch.Strings.InternLenient(buffer.WrittenSpan));
    }

    /// <summary>1 trace id (16 bytes), 2 span id, 3 attributes, 4 tracestate, 5 flags.</summary>
    void WriteLink(Utf8JsonWriter json, ref MsgPackReader reader)
    {
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            switch (reader.ReadUnsigned())
            {
                case 1: json.WriteString("trace_id"u8, Convert.ToHexStringLower(reader.ReadString())); break;
                case 2: json.WriteString("span_id"u8, reader.ReadId().ToString("x16", CultureInfo.InvariantCulture)); break;
                case 3:
                    json.WritePropertyName("attributes"u8);
                    attributes.WriteTo(json, ref reader, asText: true);
                    break;
                case 4: json.WriteString("tracestate"u8, strings.ReadUtf8(ref reader)); break;
                case 5: json.WriteNumber("flags"u8, reader.ReadId()); break;
                default: strings.Skip(ref reader); break;
            }
        }
    }

    /// <summary>1 time, 2 name, 3 attributes.</summary>
    void WriteEvent(Utf8JsonWriter json, ref MsgPackReader reader)
    {
        for (var keys = reader.ReadMapLength(); keys > 0; keys--)
        {
            switch (reader.ReadUnsigned())
            {
                case 1: json.WriteNumber("time_unix_nano"u8, reader.ReadId()); break;
                case 2: json.WriteString("name"u8, strings.ReadUtf8(ref reader)); break;
                case 3:
                    json.WritePropertyName("attributes"u8);
                    attributes.WriteTo(json, ref reader, asText: false);
                    break;
                default: strings.Skip(ref reader); break;
            }
        }
    }
}
