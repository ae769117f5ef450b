namespace Apm.Wire.Datadog;

/// <summary>What a body may hold at most. Beyond it the whole body is refused with a <see cref="Apm.Core.PayloadException"/>.</summary>
public static class DatadogLimits
{
    /// <summary>
    /// Most spans of one body. A real v0.4 span takes over 60 bytes, so the largest accepted body cannot hold half as many;
    /// only bodies made of empty maps reach it, which would take a hundred times their size in memory.
    /// </summary>
    public const int MaxSpans = 2_000_000;

    /// <summary>How deep attribute values of span events and of v1.0 may nest.</summary>
    public const int MaxAttributeDepth = 16;

    /// <summary>How deep JSON bodies may nest; a span with links needs seven levels.</summary>
    public const int MaxJsonDepth = 64;

    /// <summary>Most groups of one bucket of client statistics; the most generous tracer stops at 7000.</summary>
    public const int MaxStatsGroups = 100_000;

    /// <summary>Most spans that one count of client statistics may tell; more is no count of spans, and would spoil every sum that holds it.</summary>
    public const long MaxStatsCount = 1_000_000_000_000_000;

    /// <summary>
    /// Most bytes of v1.0 strings that one body may have copied into JSON texts (links, events, nested attributes). A reference
    /// takes two bytes and may stand for megabytes.
    /// </summary>
    public const int MaxSpelledOutBytes = 64 << 20;
}
