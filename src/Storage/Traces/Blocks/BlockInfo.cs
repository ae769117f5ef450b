using Apm.Core.Ports;

namespace Apm.Storage.Traces.Blocks;

/// <summary>What is known of a block without reading its columns: its catalogue entry, which the block itself carries as well.</summary>
public sealed record BlockInfo
{
    public required int SpanCount { get; init; }

    /// <summary>Distinct (128-bit) trace ids.</summary>
    public required int TraceCount { get; init; }
    public required long StartUnixNanosMin { get; init; }

    /// <summary>Included.</summary>
    public required long StartUnixNanosMax { get; init; }
    public required long DurationNanosMin { get; init; }
    public required long DurationNanosMax { get; init; }

    /// <summary>What kinds of spans are inside.</summary>
    public BlockContent Content { get; init; }

    /// <summary>With this block, all up to and including this log position is stored.</summary>
    public required LogPosition CoveredUpTo { get; init; }
    public required long WrittenUnixNanos { get; init; }

    /// <summary>Distinct services; null when they were too many or too long to be named here, so that any may be in it.</summary>
    public required IReadOnlyList<string>? Services { get; init; }

    /// <summary>Bytes from the block's first to behind its last, padding included.</summary>
    public required int ByteCount { get; init; }

    /// <summary>Bytes of prefix and header.</summary>
    public required int HeaderBytes { get; init; }
}

/// <summary>What kinds of spans a block holds. Stored in the block's prefix: never renumber.</summary>
[Flags]
public enum BlockContent
{
    /// <summary>Written before this was noted: anything may be inside.</summary>
    Unknown = 0,

    /// <summary>The other bits say what there is.</summary>
    IsKnown = 1,

    /// <summary>At least one span failed.</summary>
    Errors = 2,

    /// <summary>At least one span has no parent.</summary>
    Roots = 4,
}
