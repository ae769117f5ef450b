using System.Buffers.Binary;
using System.Net;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Otlp;
using Apm.Wire.Protobuf;

namespace Apm.Wire.Zipkin;

/// <summary>
/// Decodes the body of Zipkin's <c>POST /api/v2/spans</c> in protobuf (trace-intake §8.2):
/// <code>
/// ListOfSpans { 1: Span* }
///   Span { 1: trace id, 2: parent id, 3: id, 4: kind, 5: name, 6: timestamp, 7: duration, 8: local, 9: remote,
///          10: Annotation*, 11: tags, 12: debug, 13: shared }
///   Endpoint { 1: service name, 2: ipv4, 3: ipv6, 4: port }   Annotation { 1: timestamp, 2: value }
/// </code>
/// What it gives is what <see cref="ZipkinJsonDecoder"/> gives for the same spans.
/// </summary>
public static class ZipkinProtobufDecoder
{
    const string Body = "Zipkin v2 body (protobuf)";
    const string Cure = "Send one whole zipkin.proto3.ListOfSpans, or JSON with Content-Type: application/json.";
    const uint Varint = 0, Fixed64 = 1, Bytes = 2;

    /// <summary>As <see cref="ZipkinJsonDecoder.Decode"/>.</summary>
    /// <exception cref="PayloadException">The bytes are not such a list; the message says where.</exception>
    public static ZipkinDecodeResult Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload template)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(template);
        var path = new OtlpPath(Body, batch.Strings);
        try
        {
            var mapper = new ZipkinSpanMapper(batch, template, path);
            var list = new ProtoReader(body);
            while (list.TryReadTag(out var tag))
            {
                if (tag == (1 << 3 | Bytes)) ReadSpan(list.ReadMessage(), mapper);
                else list.Skip(tag);
            }
            return mapper.Finish();
        }
        catch (DecodeFault fault)
        {
            throw path.Explain(fault, Cure);
        }
    }

    static void ReadSpan(ProtoReader message, ZipkinSpanMapper span)
    {
        span.Begin();
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: ReadTraceId(ref message, span); break;
                case 2 << 3 | Bytes: span.ParentId = ReadId(ref message, "the parent's id"); break;
                case 3 << 3 | Bytes: span.Id = ReadId(ref message, "the id"); break;
                case 4 << 3 | Varint: span.Kind = KindOf(ref message); break;
                case 5 << 3 | Bytes: span.Name = ReadText(ref message, span); break;
                case 6 << 3 | Fixed64: span.TimestampMicros = (long)Math.Min(message.ReadFixed64(), long.MaxValue); break;
                case 7 << 3 | Varint: span.DurationMicros = (long)Math.Min(message.ReadVarint(), long.MaxValue); break;
                case 8 << 3 | Bytes: span.Local = ReadEndpoint(message.ReadMessage(), span); break;
                case 9 << 3 | Bytes: span.Remote = ReadEndpoint(message.ReadMessage(), span); break;
                case 10 << 3 | Bytes: ReadAnnotation(message.ReadMessage(), span); break;
                case 11 << 3 | Bytes: ReadTag(message.ReadMessage(), span); break;
                case 12 << 3 | Varint: span.Debug = message.ReadVarint() != 0; break;
                case 13 << 3 | Varint: span.Shared = message.ReadVarint() != 0; break;
                default: message.Skip(tag); break;
            }
        }
        if ((span.TraceIdHigh | span.TraceIdLow) == 0) throw new DecodeFault(message.Offset, "the span has no trace id");
        if (span.Id == 0) throw new DecodeFault(message.Offset, "the span has no id");
        span.AddSpan(message.Offset);
    }

    static void ReadTraceId(ref ProtoReader message, ZipkinSpanMapper span)
    {
        var from = message.Offset;
        var id = message.ReadBytes();
        if (id.Length is not (8 or 16)) throw new DecodeFault(from, $"the trace id has {id.Length} bytes, not 8 or 16");
        span.TraceIdHigh = id.Length == 16 ? BinaryPrimitives.ReadUInt64BigEndian(id) : 0;
        span.TraceIdLow = BinaryPrimitives.ReadUInt64BigEndian(id[^8..]);
    }

    static ulong ReadId(ref ProtoReader message, string what)
    {
        var from = message.Offset;
        var id = message.ReadBytes();
        if (id.IsEmpty) return 0;
        return id.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(id) : throw new DecodeFault(from, $"{what} has {id.Length} bytes, not 8");
    }

    static SpanKind KindOf(ref ProtoReader message)
    {
        var from = message.Offset;
        return message.ReadVarint() switch
        {
            0 => SpanKind.Unspecified,
            1 => SpanKind.Client,
            2 => SpanKind.Server,
            3 => SpanKind.Producer,
            4 => SpanKind.Consumer,
            var other => throw new DecodeFault(from, $"kind {other} is not one of 0 to 4"),
        };
    }

    static ZipkinEndpoint ReadEndpoint(ProtoReader message, ZipkinSpanMapper span)
    {
        ZipkinEndpoint endpoint = default;
        var hasV4 = false;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: endpoint.Service = ReadText(ref message, span); break;
                case 2 << 3 | Bytes:
                    if (ReadIp(ref message, 4, span) is var v4 and not 0) (endpoint.Ip, hasV4) = (v4, true);
                    break;
                case 3 << 3 | Bytes:
                    if (ReadIp(ref message, 16, span) is var v6 and not 0 && !hasV4) endpoint.Ip = v6;
                    break;
                case 4 << 3 | Varint: endpoint.Port = (int)Math.Min(message.ReadVarint(), ushort.MaxValue); break;
                default: message.Skip(tag); break;
            }
        }
        return endpoint;
    }

    static int ReadIp(ref ProtoReader message, int length, ZipkinSpanMapper span)
    {
        var bytes = message.ReadBytes();
        return bytes.Length == length ? span.Otel.Texts.Strings.Intern(new IPAddress(bytes).ToString()) : 0;
    }

    static void ReadAnnotation(ProtoReader message, ZipkinSpanMapper span)
    {
        ulong timestamp = 0;
        ReadOnlySpan<byte> value = default;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Fixed64: timestamp = message.ReadFixed64(); break;
                case 2 << 3 | Bytes: value = message.ReadBytes(); break;
                default: message.Skip(tag); break;
            }
        }
        span.AddAnnotation((long)Math.Min(timestamp, long.MaxValue), value);
    }

    static void ReadTag(ProtoReader message, ZipkinSpanMapper span)
    {
        ReadOnlySpan<byte> key = default, value = default;
        while (message.TryReadTag(out var tag))
        {
            switch (tag)
            {
                case 1 << 3 | Bytes: key = message.ReadBytes(); break;
                case 2 << 3 | Bytes: value = message.ReadBytes(); break;
                default: message.Skip(tag); break;
            }
        }
        span.AddTag(span.Otel.Keys.Key(key), value);
    }

    static int ReadText(ref ProtoReader message, ZipkinSpanMapper span) => span.Otel.Texts.Strings.InternLenient(message.ReadBytes());
}
