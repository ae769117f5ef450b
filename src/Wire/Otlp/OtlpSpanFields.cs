using System.Text.Json;
using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>What OTLP wants to know of a stored span, the same for both encodings.</summary>
static class OtlpSpanFields
{
    /// <summary>Attributes of the span, by key.</summary>
    public static IEnumerable<OtlpAttribute> Attributes(Span span)
    {
        yield return new("operation.name", span.Name);
        yield return new("resource.name", span.Resource);
        if (span.Type.Length > 0) yield return new("span.type", span.Type);
        foreach (var (key, value) in span.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal)) if (OtlpResourceKeys.IsSpanAttribute(key)) yield return new(key, value);
        foreach (var (key, value) in span.Numbers.OrderBy(number => number.Key, StringComparer.Ordinal)) if (OtlpResourceKeys.IsSpanAttribute(key)) yield return OtlpAttribute.Of(key, value);
    }

    /// <summary>0 unset, 1 ok, 2 error.</summary>
    public static int StatusCode(Span span) => span.IsError ? 2 : span.Tags.GetValueOrDefault("otel.status_code") == "Ok" ? 1 : 0;

    /// <summary>Why it failed; "" when it did not say.</summary>
    public static string StatusMessage(Span span) =>
        !span.IsError ? "" : span.Tags.GetValueOrDefault("otel.status_description") ?? span.Tags.GetValueOrDefault(TagNames.ErrorMessage) ?? span.Tags.GetValueOrDefault(TagNames.ErrorMsg) ?? "";

    public static string TraceState(Span span) => span.Tags.GetValueOrDefault("w3c.tracestate") ?? "";

    /// <summary>A JSON value of an event or link as an attribute; lists and objects as their text.</summary>
    public static OtlpAttribute Attribute(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => new(key, value.GetString()!),
        JsonValueKind.True or JsonValueKind.False => new(key, value.GetBoolean()),
        JsonValueKind.Number when value.TryGetInt64(out var whole) => new(key, whole),
        JsonValueKind.Number => new(key, value.GetDouble()),
        _ => new(key, value.GetRawText()),
    };

    /// <summary>Never negative, as OTLP's times cannot be.</summary>
    public static ulong Time(long unixNanos) => (ulong)Math.Max(0, unixNanos);

    /// <summary>Saturates instead of overflowing.</summary>
    public static ulong End(Span span) => Time(span.DurationNanos > long.MaxValue - Math.Max(0, span.StartUnixNanos) ? long.MaxValue : span.StartUnixNanos + span.DurationNanos);
}
