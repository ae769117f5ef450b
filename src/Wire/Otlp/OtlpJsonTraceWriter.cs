using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Wire.Json;

namespace Apm.Wire.Otlp;

/// <summary>How ids and enumerations stand in JSON.</summary>
public enum OtlpJsonStyle
{
    /// <summary>As OTLP/JSON says: ids in hex, enumerations as numbers. What Jaeger's v3 API answers.</summary>
    Otlp,

    /// <summary>As protobuf's own JSON: ids in base64, enumerations by name. What Tempo answers.</summary>
    Protobuf,
}

/// <summary>
/// Writes traces as JSON:
/// <code>
/// [ { resource: { attributes }, scopeSpans: [ { scope: { name, version }, spans: [ { traceId, spanId, parentSpanId, name, kind,
///     startTimeUnixNano, endTimeUnixNano, attributes, events, links, status } ] } ] } ]
/// </code>
/// Fields with their default value are left out.
/// </summary>
public static class OtlpJsonTraceWriter
{
    static readonly string[] Kinds = ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"];
    static readonly string[] StatusCodes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

    /// <summary>Writes the array of resources with their spans.</summary>
    public static void WriteResourceSpans(Utf8JsonWriter json, OtlpTrace trace, OtlpJsonStyle style)
    {
        json.WriteStartArray();
        foreach (var resource in trace.Resources)
        {
            json.WriteStartObject();
            json.WriteStartObject("resource");
            WriteAttributes(json, resource.Attributes);
            json.WriteEndObject();
            json.WriteStartArray("scopeSpans");
            foreach (var scope in resource.Scopes) WriteScope(json, scope, style);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteScope(Utf8JsonWriter json, OtlpScopeSpans scope, OtlpJsonStyle style)
    {
        json.WriteStartObject();
        json.WriteStartObject("scope");
        if (scope.Name.Length > 0) json.WriteString("name", scope.Name);
        if (scope.Version.Length > 0) json.WriteString("version", scope.Version);
        json.WriteEndObject();
        json.WriteStartArray("spans");
        foreach (var span in scope.Spans) WriteSpan(json, span, style);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteSpan(Utf8JsonWriter json, Span span, OtlpJsonStyle style)
    {
        json.WriteStartObject();
        WriteId(json, "traceId", span.TraceId, style);
        WriteId(json, "spanId", span.Id, style);
        if (OtlpSpanFields.TraceState(span) is { Length: > 0 } state) json.WriteString("traceState", state);
        if (!span.ParentId.IsNone) WriteId(json, "parentSpanId", span.ParentId, style);
        json.WriteString("name", span.Resource);
        if (style == OtlpJsonStyle.Protobuf) json.WriteString("kind", Kinds[(int)span.Kind]);
        else json.WriteNumber("kind", (int)span.Kind);
        json.WriteString("startTimeUnixNano", Text(OtlpSpanFields.Time(span.StartUnixNanos)));
        json.WriteString("endTimeUnixNano", Text(OtlpSpanFields.End(span)));
        WriteAttributes(json, OtlpSpanFields.Attributes(span));
        WriteEvents(json, SpanEvent.Of(span));
        WriteLinks(json, SpanLink.Of(span), style);
        json.WriteStartObject("status");
        var code = OtlpSpanFields.StatusCode(span);
        if (OtlpSpanFields.StatusMessage(span) is { Length: > 0 } message) json.WriteString("message", message);
        if (code > 0 && style == OtlpJsonStyle.Protobuf) json.WriteString("code", StatusCodes[code]);
        else if (code > 0) json.WriteNumber("code", code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void WriteEvents(Utf8JsonWriter json, IReadOnlyList<SpanEvent> events)
    {
        if (events.Count == 0) return;
        json.WriteStartArray("events");
        foreach (var happening in events)
        {
            json.WriteStartObject();
            json.WriteString("timeUnixNano", Text(OtlpSpanFields.Time(happening.UnixNanos)));
            json.WriteString("name", happening.Name);
            WriteAttributes(json, happening.Attributes.Select(attribute => OtlpSpanFields.Attribute(attribute.Key, attribute.Value)));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteLinks(Utf8JsonWriter json, IReadOnlyList<SpanLink> links, OtlpJsonStyle style)
    {
        if (links.Count == 0) return;
        json.WriteStartArray("links");
        foreach (var link in links)
        {
            json.WriteStartObject();
            WriteId(json, "traceId", link.TraceId, style);
            WriteId(json, "spanId", link.SpanId, style);
            if (link.TraceState.Length > 0) json.WriteString("traceState", link.TraceState);
            WriteAttributes(json, link.Attributes.Select(attribute => OtlpSpanFields.Attribute(attribute.Key, attribute.Value)));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes <c>"attributes": [ { key, value } ]</c> when there are any.</summary>
    static void WriteAttributes(Utf8JsonWriter json, IEnumerable<OtlpAttribute> attributes)
    {
        var hasAny = false;
        foreach (var attribute in attributes)
        {
            if (!hasAny) json.WriteStartArray("attributes");
            hasAny = true;
            json.WriteStartObject();
            json.WriteString("key", attribute.Key);
            json.WritePropertyName("value");
            WriteValue(json, attribute.Value);
            json.WriteEndObject();
        }
        if (hasAny) json.WriteEndArray();
    }

    /// <summary>Writes an AnyValue: <c>{"stringValue":"x"}</c>. Integers are texts, as protobuf's JSON has them.</summary>
    /// <param name="value">As in <see cref="OtlpAttribute.Value"/>.</param>
    public static void WriteValue(Utf8JsonWriter json, object value)
    {
        json.WriteStartObject();
        switch (value)
        {
            case bool truth: json.WriteBoolean("boolValue", truth); break;
            case long whole: json.WriteString("intValue", whole.ToString(CultureInfo.InvariantCulture)); break;
            case double number when double.IsFinite(number): json.WriteNumber("doubleValue", number); break;
            case double number: json.WriteString("doubleValue", double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity"); break;
            default: json.WriteString("stringValue", (string)value); break;
        }
        json.WriteEndObject();
    }

    static void WriteId(Utf8JsonWriter json, string member, TraceId id, OtlpJsonStyle style)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], id.Low);
        WriteId(json, member, bytes, style);
    }

    static void WriteId(Utf8JsonWriter json, string member, SpanId id, OtlpJsonStyle style)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id.Value);
        WriteId(json, member, bytes, style);
    }

    static void WriteId(Utf8JsonWriter json, string member, ReadOnlySpan<byte> bytes, OtlpJsonStyle style)
    {
        if (style == OtlpJsonStyle.Protobuf) json.WriteBase64String(member, bytes);
        else json.WriteString(member, Convert.ToHexStringLower(bytes));
    }

    static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
