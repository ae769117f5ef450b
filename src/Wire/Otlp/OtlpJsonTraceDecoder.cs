using System.Globalization;
using System.Text.Json;
using Apm.Core;
using Apm.Core.Spans;
using Apm.Wire.Json;

namespace Apm.Wire.Otlp;

/// <summary>
/// Decodes an ExportTraceServiceRequest in OTLP's JSON (trace-intake §7.4):
/// <code>
/// { resourceSpans: [
///     { resource: { attributes: [ {key, value: {stringValue …}} ] },
///       scopeSpans: [ { scope: {name, version, attributes}, spans: [ {traceId, spanId, …} ] } ] } ] }
/// </code>
/// Ids are hex of either case, 64-bit numbers come as texts or numbers, enums as numbers or names; null is the default, unknown members
/// are passed over. What it gives is what <see cref="OtlpProtobufTraceDecoder"/> gives for the same request.
/// </summary>
public static class OtlpJsonTraceDecoder
{
    const string Body = "OTLP trace request (JSON)";
    const string Cure = "Send one whole ExportTraceServiceRequest in OTLP's JSON; protobuf bodies need Content-Type: application/x-protobuf.";

    /// <summary>Objects and arrays inside each other: what values may have (four for each map) and the way to them.</summary>
    internal const int MaxJsonDepth = 16 + 4 * (OtlpLimits.MaxValueDepth + 1);

    static readonly string[] Kinds =
        ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"];

    static readonly string[] Codes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

    /// <summary>Appends the request's spans to a batch, one payload per resource that has spans, one chunk per trace within it.</summary>
    /// <param name="body">The JSON text in UTF-8, not compressed. May be empty: a request without spans.</param>
    /// <param name="batch">Gets the spans. After an exception it holds a part of them and must be thrown away.</param>
    /// <param name="template">What is known from the request itself; each resource fills in what it knows better.</param>
    /// <exception cref="PayloadException">The bytes are not such a request; the message says where.</exception>
    public static OtlpDecodeResult Decode(ReadOnlySpan<byte> body, SpanBatch batch, Payload template)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(template);
        if (body.IsEmpty) return new OtlpDecodeResult(0, 0, "");
        var path = new OtlpPath(Body, batch.Strings);
        var json = new JsonWalker(body, MaxJsonDepth);
        try
        {
            var mapper = new OtelSpanMapper(batch, template, path);
            if (json.BeginObject())
            {
                while (json.NextMember())
                {
                    if (!json.Is("resourceSpans"u8)) json.Skip();
                    else if (json.BeginArray())
                        while (json.NextObject()) ReadResourceSpans(ref json, mapper);
                }
            }
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

    static void ReadResourceSpans(ref JsonWalker json, OtelSpanMapper mapper)
    {
        mapper.Path.EnterResource();
        var resource = mapper.Resources.Resource;
        resource.Clear();
        var mapped = false;
        var spansAreBefore = false;
        JsonWalker spans = default;
        while (json.NextMember())
        {
            if (json.Is("resource"u8))
            {
                mapper.Keys.BeginList();
                ReadHolder(ref json, resource, mapper);
                mapper.Resources.MapResource();
                mapped = true;
            }
            else if (!json.Is("scopeSpans"u8)) json.Skip();
            else if (mapped) ReadScopes(ref json, mapper);
            else if (spansAreBefore) throw new DecodeFault(json.Offset, "scopeSpans stands twice in one object");
            else
            {
                spansAreBefore = true; // Passed over until the resource is known.
                spans = json;
                json.Skip();
            }
        }
        if (!spansAreBefore) return;
        if (!mapped) mapper.Resources.MapResource();
        ReadScopes(ref spans, mapper);
    }

    static void ReadScopes(ref JsonWalker json, OtelSpanMapper mapper)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject()) ReadScopeSpans(ref json, mapper);
    }

    static void ReadScopeSpans(ref JsonWalker json, OtelSpanMapper mapper)
    {
        mapper.Path.EnterScope();
        mapper.Resources.Scope.Clear();
        int name = 0, version = 0;
        var mapped = false;
        var spansAreBefore = false;
        JsonWalker spans = default;
        while (json.NextMember())
        {
            if (json.Is("scope"u8)) ReadScope(ref json, mapper, ref name, ref version);
            else if (!json.Is("spans"u8)) json.Skip();
            else if (spansAreBefore) throw new DecodeFault(json.Offset, "spans stands twice in one object");
            else
            {
                // Most senders put the scope first; then this is the only time that the spans are passed.
                mapped = name != 0 || version != 0 || mapper.Resources.Scope.Count > 0;
                if (mapped)
                {
                    mapper.Resources.MapScope(name, version);
                    ReadSpans(ref json, mapper);
                    continue;
                }
                spansAreBefore = true;
                spans = json;
                json.Skip();
            }
        }
        if (!spansAreBefore) return;
        mapper.Resources.MapScope(name, version);
        ReadSpans(ref spans, mapper);
    }

    static void ReadScope(ref JsonWalker json, OtelSpanMapper mapper, ref int name, ref int version)
    {
        mapper.Keys.BeginList();
        if (!json.BeginObject()) return;
        while (json.NextMember())
        {
            if (json.Is("name"u8)) name = ReadText(ref json, mapper);
            else if (json.Is("version"u8)) version = ReadText(ref json, mapper);
            else if (json.Is("attributes"u8)) ReadAttributes(ref json, mapper.Resources.Scope, mapper);
            else json.Skip();
        }
    }

    static void ReadSpans(ref JsonWalker json, OtelSpanMapper mapper)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject()) ReadSpan(ref json, mapper);
    }

    static void ReadSpan(ref JsonWalker json, OtelSpanMapper mapper)
    {
        mapper.Path.Span++;
        mapper.Keys.BeginList();
        var span = mapper.Span;
        span.Clear();
        while (json.NextMember())
        {
            if (json.Is("traceId"u8)) ReadTraceId(ref json, span);
            else if (json.Is("spanId"u8)) span.SpanId = ReadSpanId(ref json, span, "the span id");
            else if (json.Is("traceState"u8)) span.TraceState = ReadText(ref json, mapper);
            else if (json.Is("parentSpanId"u8)) span.ParentId = ReadSpanId(ref json, span, "the parent's id");
            else if (json.Is("name"u8)) span.Name = ReadText(ref json, mapper);
            else if (json.Is("kind"u8)) span.Kind = (SpanKind)json.ReadEnum(Kinds);
            else if (json.Is("startTimeUnixNano"u8)) span.Start = json.ReadUInt64();
            else if (json.Is("endTimeUnixNano"u8)) span.End = json.ReadUInt64();
            else if (json.Is("attributes"u8)) ReadAttributes(ref json, span.Attributes, mapper);
            else if (json.Is("droppedAttributesCount"u8)) span.Attributes.AddDropped(json.ReadUInt32());
            else if (json.Is("events"u8)) ReadEvents(ref json, mapper);
            else if (json.Is("droppedEventsCount"u8)) span.Events.AddDropped(json.ReadUInt32());
            else if (json.Is("links"u8)) ReadLinks(ref json, mapper);
            else if (json.Is("droppedLinksCount"u8)) span.Links.AddDropped(json.ReadUInt32());
            else if (json.Is("status"u8)) ReadStatus(ref json, mapper);
            else if (json.Is("flags"u8)) span.Flags = json.ReadUInt32();
            else json.Skip();
        }
        mapper.AddSpan(json.Offset);
    }

    static void ReadEvents(ref JsonWalker json, OtelSpanMapper mapper)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
        {
            var inner = mapper.Span.Inner;
            inner.Clear();
            ulong time = 0;
            var name = 0;
            while (json.NextMember())
            {
                if (json.Is("timeUnixNano"u8)) time = json.ReadUInt64();
                else if (json.Is("name"u8)) name = ReadText(ref json, mapper);
                else if (json.Is("attributes"u8)) ReadAttributes(ref json, inner, mapper);
                else if (json.Is("droppedAttributesCount"u8)) inner.AddDropped(json.ReadUInt32());
                else json.Skip();
            }
            mapper.Span.AddEvent(time, name);
        }
    }

    static void ReadLinks(ref JsonWalker json, OtelSpanMapper mapper)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
        {
            var inner = mapper.Span.Inner;
            inner.Clear();
            ulong traceHigh = 0, traceLow = 0, spanId = 0;
            var traceState = 0;
            uint flags = 0;
            while (json.NextMember())
            {
                // A link to nowhere is shown as such; the span itself is sound.
                if (json.Is("traceId"u8)) TryReadTraceId(json.ReadText(), out traceHigh, out traceLow);
                else if (json.Is("spanId"u8)) TryReadSpanId(json.ReadText(), out spanId);
                else if (json.Is("traceState"u8)) traceState = ReadText(ref json, mapper);
                else if (json.Is("attributes"u8)) ReadAttributes(ref json, inner, mapper);
                else if (json.Is("droppedAttributesCount"u8)) inner.AddDropped(json.ReadUInt32());
                else if (json.Is("flags"u8)) flags = json.ReadUInt32();
                else json.Skip();
            }
            mapper.Span.AddLink(traceHigh, traceLow, spanId, traceState, flags);
        }
    }

    static void ReadStatus(ref JsonWalker json, OtelSpanMapper mapper)
    {
        if (!json.BeginObject()) return;
        while (json.NextMember())
        {
            if (json.Is("message"u8)) mapper.Span.StatusMessage = ReadText(ref json, mapper);
            else if (json.Is("code"u8)) mapper.Span.Status = (OtelStatus)json.ReadEnum(Codes);
            else json.Skip();
        }
    }

    /// <summary>Reads an object of which only the attributes matter: a resource.</summary>
    static void ReadHolder(ref JsonWalker json, OtelAttributes attributes, OtelSpanMapper mapper)
    {
        if (!json.BeginObject()) return;
        while (json.NextMember())
        {
            if (json.Is("attributes"u8)) ReadAttributes(ref json, attributes, mapper);
            else json.Skip();
        }
    }

    static void ReadAttributes(ref JsonWalker json, OtelAttributes attributes, OtelSpanMapper mapper)
    {
        if (!json.BeginArray()) return;
        while (json.NextObject())
        {
            var key = 0;
            var isRead = false;
            var valueIsBefore = false;
            JsonWalker value = default;
            while (json.NextMember())
            {
                if (json.Is("key"u8)) mapper.Path.Attribute = key = mapper.Keys.Key(json.ReadText());
                else if (!json.Is("value"u8) || isRead || valueIsBefore) json.Skip();
                else if (key == 0)
                {
                    valueIsBefore = true;
                    value = json;
                    json.Skip();
                }
                else
                {
                    isRead = true;
                    OtlpJsonAny.Read(ref json, key, attributes, mapper);
                }
            }
            if (valueIsBefore) OtlpJsonAny.Read(ref value, key, attributes, mapper);
            else if (!isRead) attributes.Add(key, mapper.Keys.KnownOf(key), OtelValueKind.Empty, 0);
            mapper.Path.Attribute = 0;
        }
    }

    static int ReadText(ref JsonWalker json, OtelSpanMapper mapper) => mapper.Texts.Strings.InternLenient(json.ReadText());

    static void ReadTraceId(ref JsonWalker json, OtelSpanDraft span)
    {
        var text = json.ReadText();
        if (!TryReadTraceId(text, out span.TraceIdHigh, out span.TraceIdLow) && text.Length > 0)
            span.Reason ??= text.Length == 32 ? "the trace id is not hex" : $"the trace id has {text.Length} characters, not 32 hex digits";
    }

    static ulong ReadSpanId(ref JsonWalker json, OtelSpanDraft span, string what)
    {
        var text = json.ReadText();
        if (!TryReadSpanId(text, out var id) && text.Length > 0)
            span.Reason ??= text.Length == 16 ? $"{what} is not hex" : $"{what} has {text.Length} characters, not 16 hex digits";
        return id;
    }

    static bool TryReadTraceId(ReadOnlySpan<byte> text, out ulong high, out ulong low)
    {
        high = low = 0;
        return text.Length == 32 && TryReadSpanId(text[..16], out high) && TryReadSpanId(text[16..], out low);
    }

    static bool TryReadSpanId(ReadOnlySpan<byte> text, out ulong id)
    {
        id = 0;
        return text.Length == 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);
    }
}
