using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.Traces;

namespace Apm.Storage.InMemory;

/// <summary>
/// Keeps traces in memory only: for tests and trials. The same contract as the store on disk, nothing survives the process.
/// </summary>
/// <remarks>One thread appends and flushes; any thread reads, without locks.</remarks>
/// <param name="clock">Says when a batch came.</param>
/// <param name="counters">Counts what the limit drops; null when nobody looks.</param>
/// <param name="maxSpans">
/// Most spans kept; the oldest batches go first and are counted in <c>spans_expired{memory}</c>.
/// </param>
public sealed class InMemoryTraceStore(TimeProvider? clock = null, Counters? counters = null, long maxSpans = InMemoryTraceStore.DefaultMaxSpans) : ITraceStore
{
    /// <summary>Most spans kept unless told otherwise: about 300 MB of typical web spans.</summary>
    public const long DefaultMaxSpans = 1_000_000;

    readonly TimeProvider _clock = clock ?? TimeProvider.System;
    volatile HeadList _batches = HeadList.Empty;
    LogPosition _appended;
    bool _disposed;

    /// <inheritdoc/>
    public LogPosition StoredUpTo { get; private set; }

    /// <inheritdoc/>
    public void Append(SpanBatch batch, LogPosition position)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _appended = position;
        if (batch.SpanCount == 0) return;
        var batches = _batches.With(new HeadBatch(batch, position, _clock.NowUnixNanos()));
        var gone = 0;
        var left = batches.SpanCount;
        while (left > maxSpans && gone < batches.Count - 1) left -= batches[gone++].Batch.SpanCount;
        counters?.Add("spans_expired", "memory", batches.SpanCount - left);
        _batches = batches.WithoutOldest(gone);
    }

    /// <summary>There is no disk: all that was appended counts as stored.</summary>
    public void Flush(bool everything) => StoredUpTo = _appended;

    /// <inheritdoc/>
    public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel) => Scan(_batches, scan, cancel);

    static IEnumerable<SpanBatch> Scan(HeadList batches, SpanScan scan, CancellationToken cancel)
    {
        for (var i = batches.Count - 1; i >= 0; i--)
        {
            cancel.ThrowIfCancellationRequested();
            if (batches[i].MayMatch(scan)) yield return batches[i].Batch;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SpanPart> Parts(SpanScan scan)
    {
        var batches = _batches;
        return [.. Enumerable.Range(0, batches.Count).Select(i => batches[i]).Where(batch => batch.MayMatch(scan)).OrderByDescending(batch => batch.StartUnixNanosMax)];
    }

    /// <inheritdoc/>
    public TraceStoreFacts Facts()
    {
        var batches = _batches;
        if (batches.Count == 0) return new TraceStoreFacts(null, null, 0, 0, 0);
        var oldest = long.MaxValue;
        var newest = long.MinValue;
        for (var i = 0; i < batches.Count; i++)
        {
            oldest = Math.Min(oldest, batches[i].StartUnixNanosMin);
            newest = Math.Max(newest, batches[i].StartUnixNanosMax);
        }
        return new TraceStoreFacts(oldest, newest, batches.SpanCount, 0, 0);
    }

    /// <summary>Forgets everything.</summary>
    public void Dispose()
    {
        _disposed = true;
        _batches = HeadList.Empty;
    }
}
