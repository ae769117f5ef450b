using Apm.Core.Ids;

namespace Apm.Core.Spans;

/// <summary>One span as an object, for readers: pages, APIs, tests. The way in uses <see cref="SpanBatch"/>.</summary>
public sealed record Span
{
    public required TraceId TraceId { get; init; }
    public required SpanId Id { get; init; }

    /// <summary><see cref="SpanId.None"/> for a root.</summary>
    public SpanId ParentId { get; init; }
    public required long StartUnixNanos { get; init; }

    /// <summary>Never negative.</summary>
    public required long DurationNanos { get; init; }
    public required string Service { get; init; }

    /// <summary>Operation name, such as <c>flask.request</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Endpoint, statement …; never "" once normalised.</summary>
    public required string Resource { get; init; }

    /// <summary><c>web</c>, <c>sql</c> …; "" when unknown.</summary>
    public string Type { get; init; } = "";
    public string Env { get; init; } = "";
    public SpanKind Kind { get; init; }
    public SpanFlags Flags { get; init; }

    /// <summary>Text tags. Links stand as JSON in <c>_dd.span_links</c>, events as JSON in <c>events</c> (trace-intake §1.15).</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = EmptyTags;

    /// <summary>Numeric tags.</summary>
    public IReadOnlyDictionary<string, double> Numbers { get; init; } = EmptyNumbers;

    public bool IsError => (Flags & SpanFlags.Error) != 0;
    public bool IsTopLevel => (Flags & SpanFlags.TopLevel) != 0;

    /// <summary>End, Unix nanoseconds; saturates instead of overflowing.</summary>
    public long EndUnixNanos => DurationNanos > 0 && StartUnixNanos > long.MaxValue - DurationNanos ? long.MaxValue : StartUnixNanos + DurationNanos;

    /// <summary>A tag as text, numeric ones included; null when there is none.</summary>
    public string? Tag(string key) =>
        Tags.TryGetValue(key, out var text) ? text
        : Numbers.TryGetValue(key, out var number) ? number.ToString("R", System.Globalization.CultureInfo.InvariantCulture)
        : null;

    static readonly Dictionary<string, string> EmptyTags = [];
    static readonly Dictionary<string, double> EmptyNumbers = [];
}
