using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.TestKit;

/// <summary>Batches of a test, given out whole and newest first, as a store may that cannot tell what is in them.</summary>
public sealed class BatchList(params IEnumerable<SpanBatch> batches) : ITraceReader
{
    readonly List<SpanBatch> _batches = [.. batches];

    /// <summary>Called for each batch before it is given out, such as to move a clock.</summary>
    public Action<int> BeforeBatch { get; set; } = _ => { };

    public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel)
    {
        for (var i = _batches.Count - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            BeforeBatch(i);
            yield return _batches[i];
        }
    }

    public TraceStoreFacts Facts() => new(null, null, _batches.Sum(batch => (long)batch.SpanCount), 0, 0);
}
