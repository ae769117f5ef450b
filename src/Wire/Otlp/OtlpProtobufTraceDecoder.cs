using System.Buffers.Binary;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Otlp;

/// <summary>
/// Decodes an ExportTraceServiceRequest in protobuf (trace-intake §7.2), as it comes over HTTP and inside a gRPC frame:
/// <code>
/// ExportTraceServiceRequest { 1: ResourceSpans* }
///   ResourceSpans { 1: Resource { 1: KeyValue* }, 2: ScopeSpans* }
///     ScopeSpans { 1: Scope { 1: name, 2: version, 3: KeyValue* }, 2: Span* }
///       Span { 1: trace id, 2: span id, 3: trace state, 4: parent id, 5: name, 6: kind, 7: start, 8: end,
///              9: KeyValue*, 11: Event*, 13: Link*, 15: Status, 16: flags, … }
/// </code>
/// Fields may come in any order and unknown ones are skipped. Reads bytes only: no clock, no sockets, no settings.
/// </summary>
public static class OtlpProtobufTraceDecoder
{
    const string Body = "OTLP trace request (protobuf)";
    const string Cure = "Send one whole ExportTraceServiceRequest; if this came through a proxy, see whether it cut or changed the body.";

    // wire types
    const uint Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    /// <summary>Appends the request's spans to a batch, one payload per resource that has spans, one chunk per trace within it.</summary>
    /// <param name="body">The message, without gRPC's frame and not compressed. May be empty: a request without spans.</param>
    /// <param name="batch">Gets the spans. After an exception it holds a part of them and must be thrown away.</param>
    /// <param name="template">What is known from the request itself; each resource fills in what it knows better.</param>
    /// <exception cref="PayloadException">The bytes are not such a request; the message says where.</exception>
    public static OtlpDecodeResult Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload template)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(template);
        var path = new OtlpPath(Body, batch.Strings);
        try
        {
            var mapper = new OtelSpanMapper(batch, template, path);
            var request = new ProtoReader(body);
            while (request.TryReadTag(out var tag))
            {
                if (tag == (1 << 3 | Bytes)) ReadResourceSpans(request.ReadMessage(), mapper);
                else request.Skip(tag);
            }
            return mapper.Finish();
        }
        catch (DecodeFault fault)
        {
            throw path.Explain(fault, Cure);
        }
    }

    static void ReadResourceSpans(ProtoReader message, OtelSpanMapper mapper)
    {
        mapper.Path.EnterResource();
        var resource = mapper.Resources.Resource;
        resource.Clear();
        var again = message; // The resource may stand behind its spans: read it first, then the spans.
        while (message.TryReadTag(out var tag))
        {
            if (tag == (1 << 3 | Bytes)) ReadResource(message.ReadMessage(), resource, mapper);
            else message.Skip(tag);
        }
        mapper.Resources.MapResource();
        while (again.TryReadTag(out var tag))
        {
            if (tag == (2 << 3 | Bytes)) ReadScopeSpans(again.ReadMessage(), mapper);
            else again.Skip(tag);
        }
    }

    static void ReadResource(ProtoReader message, OtelAttributes attributes, OtelSpanMapper mapper)
    {
        mapper.Keys.BeginList();
        while (message.TryReadTag(out var tag))
        {
            if (tag == (1 << 3 | Bytes)) ReadAttribute(message.ReadMessage(), attributes, mapper);
            else message.Skip(tag);
        }
    }

    static void ReadScopeSpans(ProtoReader message, OtelSpanMapper mapper)
    {
        mapper.Path.EnterScope();
        mapper.Resources.Scope.Clear();
        int name = 0, version = 0;
        var again = message;
        while (message.TryReadTag(out var tag))
        {
            if (tag == (1 << 3 | Bytes)) ReadScope(message.ReadMessage(), mapper, ref name, ref version);
            else message.Skip(tag);
        }
        mapper.Resources.MapScope(name, version);
        while (again.TryReadTag(out var tag))
        {
            if (tag == (2 << 3 | Bytes)) ReadSpan(again.ReadMessage(), mapper);
            else again.Skip(tag);
        }
    }

    static void ReadScope(ProtoReader message, OtelSpanMapper mapper, ref int name, ref int version)
    {
        mapper.Keys.BeginList();
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: name = mapper.Texts.Strings.InternLenient(message.ReadBytes()); break;
                case 2 << 3 | Bytes: version = mapper.Texts.Strings.InternLenient(message.ReadBytes()); break;
                case 3 << 3 | Bytes: ReadAttribute(message.ReadMessage(), mapper.Resources.Scope, mapper); break;
                default: message.Skip(tag); break;
            }
        }
    }

    static void ReadSpan(ProtoReader message, OtelSpanMapper mapper)
    {
        mapper.Path.Span++;
        mapper.Keys.BeginList();
        var strings = mapper.Texts.Strings;
        var span = mapper.Span;
        span.Clear();
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: ReadTraceId(message.ReadBytes(), span); break;
                case 2 << 3 | Bytes: span.SpanId = ReadSpanId(message.ReadBytes(), span, "the span id"); break;
                case 3 << 3 | Bytes: span.TraceState = strings.InternLenient(message.ReadBytes()); break;
                case 4 << 3 | Bytes: ReadParentId(message.ReadBytes(), span); break;
                case 5 << 3 | Bytes: span.Name = strings.InternLenient(message.ReadBytes()); break;
                case 6 << 3 | Varint: span.Kind = KindOf(message.ReadVarint()); break;
                case 7 << 3 | Fixed64: span.Start = message.ReadFixed64(); break;
                case 8 << 3 | Fixed64: span.End = message.ReadFixed64(); break;
                case 9 << 3 | Bytes: ReadAttribute(message.ReadMessage(), span.Attributes, mapper); break;
                case 10 << 3 | Varint: span.Attributes.AddDropped(message.ReadUInt32()); break;
                case 11 << 3 | Bytes: ReadEvent(message.ReadMessage(), mapper); break;
                case 12 << 3 | Varint: span.Events.AddDropped(message.ReadUInt32()); break;
                case 13 << 3 | Bytes: ReadLink(message.ReadMessage(), mapper); break;
                case 14 << 3 | Varint: span.Links.AddDropped(message.ReadUInt32()); break;
                case 15 << 3 | Bytes: ReadStatus(message.ReadMessage(), mapper); break;
                case 16 << 3 | Fixed32: span.Flags = message.ReadFixed32(); break;
                default: message.Skip(tag); break;
            }
        }
        mapper.AddSpan(message.Offset);
    }

    static void ReadEvent(ProtoReader message, OtelSpanMapper mapper)
    {
        var inner = mapper.Span.Inner;
        inner.Clear();
        ulong time = 0;
        var name = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Fixed64: time = message.ReadFixed64(); break;
                case 2 << 3 | Bytes: name = mapper.Texts.Strings.InternLenient(message.ReadBytes()); break;
                case 3 << 3 | Bytes: ReadAttribute(message.ReadMessage(), inner, mapper); break;
                case 4 << 3 | Varint: inner.AddDropped(message.ReadUInt32()); break;
                default: message.Skip(tag); break;
            }
        }
        mapper.Span.AddEvent(time, name);
    }

    static void ReadLink(ProtoReader message, OtelSpanMapper mapper)
    {
        var inner = mapper.Span.Inner;
        inner.Clear();
        ulong traceHigh = 0, traceLow = 0, spanId = 0;
        var traceState = 0;
        uint flags = 0;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes:
                    var trace = message.ReadBytes();
                    if (trace.Length != 16) break; // A link to nowhere is shown as such; the span itself is sound.
                    traceHigh = BinaryPrimitives.ReadUInt64BigEndian(trace);
                    traceLow = BinaryPrimitives.ReadUInt64BigEndian(trace[8..]);
                    break;
                case 2 << 3 | Bytes:
                    var id = message.ReadBytes();
                    if (id.Length == 8) spanId = BinaryPrimitives.ReadUInt64BigEndian(id);
                    break;
                case 3 << 3 | Bytes: traceState = mapper.Texts.Strings.InternLenient(message.ReadBytes()); break;
                case 4 << 3 | Bytes: ReadAttribute(message.ReadMessage(), inner, mapper); break;
                case 5 << 3 | Varint: inner.AddDropped(message.ReadUInt32()); break;
                case 6 << 3 | Fixed32: flags = message.ReadFixed32(); break;
                default: message.Skip(tag); break;
            }
        }
        mapper.Span.AddLink(traceHigh, traceLow, spanId, traceState, flags);
    }

    static void ReadStatus(ProtoReader message, OtelSpanMapper mapper)
    {
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 2 << 3 | Bytes: mapper.Span.StatusMessage = mapper.Texts.Strings.InternLenient(message.ReadBytes()); break;
                case 3 << 3 | Varint: mapper.Span.Status = message.ReadVarint() is var code and <= 2 ? (OtelStatus)code : OtelStatus.Unset; break;
                default: message.Skip(tag); break;
            }
        }
    }

    static void ReadAttribute(ProtoReader message, OtelAttributes attributes, OtelSpanMapper mapper)
    {
        var key = 0;
        ProtoReader value = default;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: key = mapper.Keys.Key(message.ReadBytes()); break;
                case 2 << 3 | Bytes: value = message.ReadMessage(); break;
                default: message.Skip(tag); break;
            }
        }
        mapper.Path.Attribute = key;
        AddValue(ReadAny(value), key, attributes, mapper);
        mapper.Path.Attribute = 0;
    }

    static void AddValue(AnyValue value, int key, OtelAttributes attributes, OtelSpanMapper mapper)
    {
        var (kind, bits) = value.Field switch
        {
            1 => (OtelValueKind.Text, mapper.Keys.Value(key, value.Content)),
            2 => (OtelValueKind.Bool, value.Number == 0 ? 0 : 1),
            3 => (OtelValueKind.Int, unchecked((long)value.Number)),
            4 => (OtelValueKind.Double, unchecked((long)value.Number)),
            5 or 6 => (OtelValueKind.Json, OtlpAnyJson.Intern(value, mapper.Texts.Strings)),
            7 => (OtelValueKind.Bytes, OtlpAnyJson.InternBase64(value.Content, mapper.Texts.Strings)),
            _ => (OtelValueKind.Empty, 0L),
        };
        attributes.Add(key, mapper.Keys.KnownOf(key), kind, bits);
    }

    /// <summary>Reads an AnyValue one level deep: it is a oneof, so the last of its fields counts.</summary>
    internal static AnyValue ReadAny(ProtoReader message)
    {
        AnyValue value = default;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes:
                case 5 << 3 | Bytes:
                case 6 << 3 | Bytes:
                case 7 << 3 | Bytes:
                    value = new AnyValue { Field = (int)(tag >> 3), Content = message.ReadBytes() };
                    value.Offset = message.Offset - value.Content.Length;
                    break;
                case 2 << 3 | Varint:
                case 3 << 3 | Varint:
                    value = new AnyValue { Field = (int)(tag >> 3), Number = message.ReadVarint() };
                    break;
                case 4 << 3 | Fixed64:
                    value = new AnyValue { Field = 4, Number = message.ReadFixed64() };
                    break;
                default: message.Skip(tag); break;
            }
        }
        return value;
    }

    /// <summary>An AnyValue whose insides are still bytes.</summary>
    internal ref struct AnyValue
    {
        /// <summary>Number of the field that is set; 0 when none is.</summary>
        public int Field;

        /// <summary>Bool, int, or the bits of a double.</summary>
        public ulong Number;
        public ReadOnlySpan<byte> Content;

        /// <summary>Where the content begins in the body.</summary>
        public int Offset;
    }

    static SpanKind KindOf(ulong kind) => kind <= 5 ? (SpanKind)kind : SpanKind.Unspecified;

    static void ReadTraceId(ReadOnlySpan<byte> bytes, OtelSpanDraft span)
    {
        if (bytes.Length != 16)
        {
            if (bytes.Length != 0) span.Reason ??= $"the trace id has {bytes.Length} bytes, not 16";
            return;
        }
        span.TraceIdHigh = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        span.TraceIdLow = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
    }

    static void ReadParentId(ReadOnlySpan<byte> bytes, OtelSpanDraft span) => span.ParentId = ReadSpanId(bytes, span, "the parent's id");

    static ulong ReadSpanId(ReadOnlySpan<byte> bytes, OtelSpanDraft span, string what)
    {
        if (bytes.Length == 8) return BinaryPrimitives.ReadUInt64BigEndian(bytes);
        if (bytes.Length != 0) span.Reason ??= $"{what} has {bytes.Length} bytes, not 8";
        return 0;
    }
}
