namespace Apm.Core.Ports;

/// <summary>Why a slice of traces was dropped.</summary>
public enum EvictionReason
{
    /// <summary>It was older than traces are kept.</summary>
    Age,

    /// <summary>The byte budget had no room for it.</summary>
    Bytes,
}

/// <summary>A slice of traces that retention drops, told just before its file goes: after a crash it may be told again.</summary>
public sealed record EvictedSlice
{
    /// <summary>The slice's name; unique in its store.</summary>
    public required string Name { get; init; }
    public required EvictionReason Reason { get; init; }
    public required long EvictedUnixNanos { get; init; }

    /// <summary>Earliest start of its spans.</summary>
    public required long StartUnixNanosMin { get; init; }

    /// <summary>Latest start of its spans.</summary>
    public required long StartUnixNanosMax { get; init; }
    public required long SpanCount { get; init; }

    /// <summary>
    /// One filter per block over the lower halves of the trace ids (docs/formats/trace-block.md): it says of a trace "not here" or
    /// "maybe", wrongly for about one in a thousand. Together two bytes per trace. A block that cannot be read any more has none.
    /// </summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> TraceFilters { get; init; }
}
