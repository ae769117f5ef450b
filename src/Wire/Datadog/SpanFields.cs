namespace Apm.Wire.Datadog;

/// <summary>Keys of a span's map (trace-intake §1.10).</summary>
enum SpanField
{
    Unknown,
    Service,
    Name,
    Resource,
    Type,
    TraceId,
    SpanId,
    ParentId,
    Start,
    Duration,
    Error,
    Meta,
    Metrics,
    MetaStruct,
    SpanLinks,
    SpanEvents,
}

static class SpanFields
{
    /// <summary>The field of a key; <see cref="SpanField.Unknown"/> for keys we do not know, whose values are skipped.</summary>
    public static SpanField Find(ReadOnlySpan<byte> key) =>
        key.SequenceEqual("service"u8) ? SpanField.Service
        : key.SequenceEqual("name"u8) ? SpanField.Name
        : key.SequenceEqual("resource"u8) ? SpanField.Resource
        : key.SequenceEqual("type"u8) ? SpanField.Type
        : key.SequenceEqual("trace_id"u8) ? SpanField.TraceId
        : key.SequenceEqual("span_id"u8) ? SpanField.SpanId
        : key.SequenceEqual("parent_id"u8) ? SpanField.ParentId
        : key.SequenceEqual("start"u8) ? SpanField.Start
        : key.SequenceEqual("duration"u8) ? SpanField.Duration
        : key.SequenceEqual("error"u8) ? SpanField.Error
        : key.SequenceEqual("meta"u8) ? SpanField.Meta
        : key.SequenceEqual("metrics"u8) ? SpanField.Metrics
        : key.SequenceEqual("meta_struct"u8) ? SpanField.MetaStruct
        : key.SequenceEqual("span_links"u8) ? SpanField.SpanLinks
        : key.SequenceEqual("span_events"u8) ? SpanField.SpanEvents
        : SpanField.Unknown;
}
