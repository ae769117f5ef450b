using Apm.Core;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;

namespace Apm.Storage.Traces;

/// <summary>A batch that waits in memory, with what a scan needs to skip it without looking at each span.</summary>
/// <remarks>Immutable; any thread may read.</remarks>
public sealed class HeadBatch : SpanPart
{
    /// <summary>Takes over a batch that nobody changes any more.</summary>
    /// <param name="batch">At least one span.</param>
    /// <param name="position">The log record it came from.</param>
    /// <param name="appendedUnixNanos">When the store got it.</param>
    public HeadBatch(SpanBatch batch, LogPosition position, long appendedUnixNanos)
    {
        Invariant.Holds(batch.SpanCount > 0);
        Batch = batch;
        Position = position;
        AppendedUnixNanos = appendedUnixNanos;
        TextBytes = batch.Strings.ByteCount;
        MemoryBytes = batch.MemoryBytes;
        StartUnixNanosMin = long.MaxValue;
        StartUnixNanosMax = long.MinValue;
        DurationNanosMin = long.MaxValue;
        DurationNanosMax = long.MinValue;
        foreach (var duration in batch.DurationNanos.AsSpan(0, batch.SpanCount))
        {
            DurationNanosMin = Math.Min(DurationNanosMin, duration);
            DurationNanosMax = Math.Max(DurationNanosMax, duration);
        }
        foreach (var start in batch.StartUnixNanos.AsSpan(0, batch.SpanCount))
        {
            StartUnixNanosMin = Math.Min(StartUnixNanosMin, start);
            StartUnixNanosMax = Math.Max(StartUnixNanosMax, start);
        }
    }

    public SpanBatch Batch { get; }
    public LogPosition Position { get; }
    public long AppendedUnixNanos { get; }
    /// <summary>Bytes of its strings.</summary>
    public long TextBytes { get; }

    /// <summary>Memory that its columns and strings take.</summary>
    public long MemoryBytes { get; }

    public override long StartUnixNanosMin { get; }
    public override long StartUnixNanosMax { get; }
    public override long DurationNanosMin { get; }
    public override long DurationNanosMax { get; }
    public override long SpanCount => Batch.SpanCount;

    /// <inheritdoc/>
    public override IReadOnlyList<SpanBatch> Read(CancellationToken cancel) => [Batch];

    /// <summary>False only when no span of the batch can match.</summary>
    public bool MayMatch(SpanScan scan)
    {
        if (!scan.Range.Overlaps(StartUnixNanosMin, StartUnixNanosMax)) return false;
        if (DurationNanosMax < scan.MinDurationNanos || DurationNanosMin > scan.MaxDurationNanos) return false;
        if (scan.ErrorsOnly && !HasErrors()) return false;
        if (scan.RootsOnly && !Batch.ParentIds.AsSpan(0, Batch.SpanCount).Contains(0UL)) return false;
        if (scan.TraceId is { } id && !MayHoldTrace(id)) return false;
        if (scan.TraceLows is { } lows && !HoldsAny(lows)) return false;
        if (scan.Service is { } service && Batch.Strings.Find(service) < 0) return false;
        foreach (var (key, value) in scan.Tags)
            if (Batch.Strings.Find(key) < 0 || Batch.Strings.Find(value) < 0) return false;
        return true;
    }

    bool HoldsAny(IReadOnlySet<ulong> traceLows)
    {
        foreach (var low in Batch.TraceIdLow.AsSpan(0, Batch.SpanCount)) if (traceLows.Contains(low)) return true;
        return false;
    }

    bool MayHoldTrace(TraceId id) => Batch.TraceIdLow.AsSpan(0, Batch.SpanCount).Contains(id.Low);

    bool HasErrors()
    {
        foreach (var flags in Batch.Flags.AsSpan(0, Batch.SpanCount))
            if ((flags & SpanFlags.Error) != 0) return true;
        return false;
    }
}
