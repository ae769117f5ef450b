using Apm.Core.Spans;

namespace Apm.Core.Ports;

/// <summary>
/// Stored spans that are read together: a block on disk, or a batch in memory. What it says of them lets a reader
/// that wants the newest or the slowest stop early.
/// </summary>
/// <remarks>Thread-safe; parts of one list may be read at the same time.</remarks>
public abstract class SpanPart
{
    /// <summary>No span starts earlier.</summary>
    public abstract long StartUnixNanosMin { get; }

    /// <summary>No span starts later.</summary>
    public abstract long StartUnixNanosMax { get; }

    /// <summary>No span lasts shorter, as far as the store knows.</summary>
    public virtual long DurationNanosMin => long.MinValue;

    /// <summary>No span lasts longer.</summary>
    public abstract long DurationNanosMax { get; }

    /// <summary>Spans in it, matching or not; 0 when the store does not know.</summary>
    public abstract long SpanCount { get; }

    /// <summary>The batches that may hold what the scan asked for; none when it was dropped or found damaged meanwhile.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public abstract IReadOnlyList<SpanBatch> Read(CancellationToken cancel);

    /// <summary>The same, for a reader that wants only spans of certain durations by now: a store may leave out batches without one.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be read. Safe to retry.</exception>
    public virtual IReadOnlyList<SpanBatch> Read(DurationBounds wanted, CancellationToken cancel) => Read(cancel);
}

/// <summary>Durations from one to another, both included.</summary>
public readonly record struct DurationBounds(long MinNanos, long MaxNanos)
{
    public static DurationBounds Any { get; } = new(long.MinValue, long.MaxValue);

    public bool Hold(long nanos) => nanos >= MinNanos && nanos <= MaxNanos;
}

/// <summary>All that a scan gives, for stores that know no parts.</summary>
sealed class WholeScanPart(ITraceReader reader, SpanScan scan) : SpanPart
{
    public override long StartUnixNanosMin => long.MinValue;
    public override long StartUnixNanosMax => long.MaxValue;
    public override long DurationNanosMax => long.MaxValue;
    public override long SpanCount => 0;

    public override IReadOnlyList<SpanBatch> Read(CancellationToken cancel) => [.. reader.Scan(scan, cancel)];
}
