namespace Apm.Wire.Otlp;

/// <summary>What one OTLP or Zipkin request may hold beyond its size in bytes, so that a small body cannot become a large batch.</summary>
public static class OtlpLimits
{
    /// <summary>Arrays and maps inside an attribute's value; a deeper one makes the request bad (400).</summary>
    public const int MaxValueDepth = 32;

    /// <summary>
    /// Attributes of one span, event, link, scope or resource. Further ones are dropped and counted in the span's number
    /// <c>otel.dropped_attributes_count</c> (an event's or link's: in its <c>dropped_attributes_count</c>).
    /// </summary>
    public const int MaxAttributes = 512;

    /// <summary>
    /// Tags of all spans of a request together, the copies of resource attributes included; more makes the request bad (400).
    /// It is what a 25 MiB body with usual resources stays far below.
    /// </summary>
    public const int MaxTagsPerRequest = 16_000_000;

    /// <summary>
    /// Bytes of a span's <c>events</c>, and of its <c>_dd.span_links</c>: tag values are cut there (trace-intake §2.4), and cut JSON could
    /// not be read. What does not fit is left out whole and counted in <c>otel.dropped_events_count</c> or <c>otel.dropped_links_count</c>.
    /// </summary>
    public const int MaxJsonTagBytes = 25_000;

    /// <summary>Bytes of one text inside an event or link; a longer one is cut and ends in <c>...</c>, so that a long stack does not cost the event.</summary>
    public const int MaxEventTextBytes = 8_000;

    /// <summary>Data points of one metrics request; more makes the request bad (400).</summary>
    public const int MaxDataPoints = 200_000;

    /// <summary>Buckets of one histogram either way, and quantiles of one summary; a point with more buckets is rejected.</summary>
    public const int MaxBuckets = 4_096;
}
