using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.Storage.Traces;

/// <summary>A block that may hold what a scan asks for, not yet read.</summary>
sealed class BlockPart(BlockSource source, StoredBlock block, SpanScan scan) : SpanPart
{
    public override long StartUnixNanosMin => block.Info.StartUnixNanosMin;
    public override long StartUnixNanosMax => block.Info.StartUnixNanosMax;
    public override long DurationNanosMin => BlockSource.DurationsOf(block, scan.Service).MinNanos;
    public override long DurationNanosMax => BlockSource.DurationsOf(block, scan.Service).MaxNanos;
    public override long SpanCount => block.Info.SpanCount;

    public override IReadOnlyList<SpanBatch> Read(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return source.Read(block, scan);
    }

    public override IReadOnlyList<SpanBatch> Read(DurationBounds wanted, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (wanted == DurationBounds.Any) return source.Read(block, scan);
        var narrowed = scan with { MinDurationNanos = Math.Max(scan.MinDurationNanos, wanted.MinNanos), MaxDurationNanos = Math.Min(scan.MaxDurationNanos, wanted.MaxNanos) };
        return block.MayMatch(narrowed) ? source.Read(block, narrowed) : [];
    }
}
