using System.Text.Json;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Json;
using Apm.Wire.Otlp;

namespace Apm.Wire.Zipkin;

/// <summary>
/// Decodes the body of Zipkin's <c>POST /api/v2/spans</c> in JSON (trace-intake §8.2):
/// <code>
/// [ { traceId, id, parentId, kind, name, timestamp, duration, localEndpoint {…}, remoteEndpoint {…},
///     annotations [ {timestamp, value} ], tags {…}, debug, shared } ]
/// </code>
/// Members come in any order; null and unknown ones are passed over. Reads bytes only: no clock, no sockets, no settings.
/// </summary>
public static class ZipkinJsonDecoder
{
    const string Body = "Zipkin v2 body (JSON)";
    const string Cure = "Expected a JSON_V2 encoded list: send [ {\"traceId\": …, \"id\": …, …}, … ] as Zipkin v2 describes it.";
    const int MaxJsonDepth = 32;

    /// <summary>Appends the request's spans to a batch. Spans of one sender share a payload; each trace in it is a chunk.</summary>
    /// <param name="body">The JSON text in UTF-8, not compressed. May be empty: a request without spans.</param>
    /// <param name="batch">Gets the spans. After an exception it holds a part of them and must be thrown away.</param>
    /// <param name="template">What is known from the request itself; <see cref="Payload.ReceivedUnixNanos"/> dates spans without a timestamp.</param>
    /// <exception cref="PayloadException">The bytes are not such a list; the message says where.</exception>
    public static ZipkinDecodeResult Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload template)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(template);
        if (body.IsEmpty) return default;
        var path = new OtlpPath(Body, batch.Strings);
        var json = new JsonWalker(body, MaxJsonDepth);
        try
        {
            var mapper = new ZipkinSpanMapper(batch, template, path);
            if (!json.BeginArray()) throw json.Unexpected("an array");
            while (json.NextObject()) ReadSpan(ref json, mapper);
            json.End();
            return mapper.Finish();
        }
        catch (DecodeFault fault)
        {
            throw path.Explain(fault, Cure);
        }
        catch (JsonException error)
        {
            throw path.Explain(json.Fault(error), Cure);
        }
    }

    static void ReadSpan(ref JsonWalker json, ZipkinSpanMapper span)
    {
        span.Begin();
        while (json.NextMember())
        {
            if (json.Is("traceId"u8)) ReadTraceId(ref json, span);
            else if (json.Is("id"u8)) span.Id = ReadId(ref json, "id");
            else if (json.Is("parentId"u8)) span.ParentId = ReadParentId(ref json);
            else if (json.Is("kind"u8)) span.Kind = ReadKind(ref json);
            else if (json.Is("name"u8)) span.Name = ReadText(ref json, span);
            else if (json.Is("timestamp"u8)) span.TimestampMicros = json.ReadInt64();
            else if (json.Is("duration"u8)) span.DurationMicros = json.ReadInt64();
            else if (json.Is("localEndpoint"u8)) span.Local = ReadEndpoint(ref json, span);
            else if (json.Is("remoteEndpoint"u8)) span.Remote = ReadEndpoint(ref json, span);
            else if (json.Is("annotations"u8)) ReadAnnotations(ref json, span);
            else if (json.Is("tags"u8)) ReadTags(ref json, span);
            else if (json.Is("debug"u8)) span.Debug = json.ReadBool();
            else if (json.Is("shared"u8)) span.Shared = json.ReadBool();
            else if (json.Is("binaryAnnotations"u8)) throw new DecodeFault(json.Offset, "binaryAnnotations belongs to Zipkin v1, this is the path for v2");
            else json.Skip();
        }
        if ((span.TraceIdHigh | span.TraceIdLow) == 0) throw new DecodeFault(json.Offset, "the span has no traceId");
        if (span.Id == 0) throw new DecodeFault(json.Offset, "the span has no id");
        span.AddSpan(json.Offset);
    }

    static void ReadTraceId(ref JsonWalker json, ZipkinSpanMapper span)
    {
        if (!ZipkinTextParts.TryTraceId(json.ReadText(), out span.TraceIdHigh, out span.TraceIdLow))
            throw new DecodeFault(json.Offset, "traceId must be 1 to 32 hex digits, not all zero");
    }

    static ulong ReadId(ref JsonWalker json, string member) => ZipkinTextParts.TryId(json.ReadText(), out var id)
        ? id
        : throw new DecodeFault(json.Offset, $"{member} must be 1 to 16 hex digits, not all zero");

    static ulong ReadParentId(ref JsonWalker json)
    {
        var text = json.ReadText();
        if (text.IsEmpty) return 0;
        return ZipkinTextParts.TryHex(text, out var id) ? id : throw new DecodeFault(json.Offset, "parentId must be 1 to 16 hex digits");
    }

    static SpanKind ReadKind(ref JsonWalker json)
    {
        var text = json.ReadText();
        if (text.IsEmpty) return SpanKind.Unspecified;
        if (text.SequenceEqual("CLIENT"u8)) return SpanKind.Client;
        if (text.SequenceEqual("SERVER"u8)) return SpanKind.Server;
        if (text.SequenceEqual("PRODUCER"u8)) return SpanKind.Producer;
        if (text.SequenceEqual("CONSUMER"u8)) return SpanKind.Consumer;
        throw new DecodeFault(json.Offset, "kind must be CLIENT, SERVER, PRODUCER or CONSUMER, or be left out");
    }

    static ZipkinEndpoint ReadEndpoint(ref JsonWalker json, ZipkinSpanMapper span)
    {
        ZipkinEndpoint endpoint = default;
        if (!json.BeginObject()) return endpoint;
        while (json.NextMember())
        {
            if (json.Is("serviceName"u8)) endpoint.Service = ReadText(ref json, span);
            else if (json.Is("ipv4"u8)) endpoint.Ip = ReadText(ref json, span) is var v4 and not 0 ? v4 : endpoint.Ip;
            else if (json.Is("ipv6"u8)) endpoint.Ip = ReadText(ref json, span) is var v6 && endpoint.Ip == 0 ? v6 : endpoint.Ip;
            else if (json.Is("port"u8)) endpoint.Port = (int)Math.Clamp(json.ReadInt64(), 0, ushort.MaxValue);
            else json.Skip();
        }
        return endpoint;
    }

    static void ReadAnnotations(ref JsonWalker json, ZipkinSpanMapper span)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
        {
            long? timestamp = null;
            var hasValue = false;
            JsonWalker value = default;
            while (json.NextMember())
            {
                if (json.Is("timestamp"u8)) timestamp = json.ReadInt64();
                else if (json.Is("value"u8))
                {
                    hasValue = true;
                    value = json; // Read when the time is known.
                    json.Skip();
                }
                else json.Skip();
            }
            if (timestamp is null || !hasValue) throw new DecodeFault(json.Offset, "an annotation needs timestamp and value");
            span.AddAnnotation(timestamp.Value, value.ReadText());
        }
    }

    static void ReadTags(ref JsonWalker json, ZipkinSpanMapper span)
    {
        if (!json.BeginObject()) return;
        while (json.NextMember())
        {
            var key = span.Otel.Path.Attribute = span.Otel.Keys.Key(json.Name());
            var value = json.ReadText();
            if (json.Token == JsonTokenType.Null) throw new DecodeFault(json.Offset, "a tag's value must be a text, not null");
            span.AddTag(key, value);
        }
        span.Otel.Path.Attribute = 0;
    }

    static int ReadText(ref JsonWalker json, ZipkinSpanMapper span) => span.Otel.Texts.Strings.InternLenient(json.ReadText());
}
