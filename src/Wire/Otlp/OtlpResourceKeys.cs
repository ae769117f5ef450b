using Apm.Core.Spans;

namespace Apm.Wire.Otlp;

/// <summary>Which stored tags become attributes of the resource, and which of the span.</summary>
static class OtlpResourceKeys
{
    /// <summary>Written by fields of the span, or by the scope.</summary>
    static readonly string[] Fields =
    [
        TagNames.SpanLinks, TagNames.SpanEvents, TagNames.SpanKind, TagNames.Env, "w3c.tracestate", "otel.status_code", "otel.status_description",
        "otel.scope.name", "otel.scope.version", "otel.library.name", "otel.library.version", "operation.name", "resource.name", "span.type",
    ];

    /// <summary>Whether a tag is written as an attribute of the span.</summary>
    public static bool IsSpanAttribute(string tag) => !ProcessTags.Contains(tag) && !Fields.Contains(tag);

    /// <summary>Attributes of the span's process, <c>service.name</c> first.</summary>
    public static IReadOnlyList<OtlpAttribute> Of(Span span)
    {
        var attributes = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var (tag, value) in span.Tags) if (ProcessTags.Contains(tag)) attributes[ProcessTags.OtelNameOf(tag)] = value;
        foreach (var (tag, value) in span.Numbers) if (ProcessTags.Contains(tag)) attributes[ProcessTags.OtelNameOf(tag)] = OtlpAttribute.Of(tag, value).Value;
        if (span.Env.Length > 0) attributes["deployment.environment.name"] = span.Env;
        attributes.Remove("service.name");
        return [new("service.name", span.Service), .. attributes.Select(pair => new OtlpAttribute(pair.Key, pair.Value))];
    }
}
