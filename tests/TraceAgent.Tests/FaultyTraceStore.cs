using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.InMemory;

namespace Apm.TraceAgent.Tests;

/// <summary>A store in memory that fails when it is told to.</summary>
sealed class FaultyTraceStore : ITraceStore
{
    readonly InMemoryTraceStore _inner = new();

    /// <summary>Thrown by each append while set.</summary>
    public Exception? OnAppend { get; set; }

    /// <summary>Thrown by each flush while set.</summary>
    public Exception? OnFlush { get; set; }

    public LogPosition StoredUpTo => _inner.StoredUpTo;

    public void Append(SpanBatch batch, LogPosition position)
    {
        if (OnAppend is not null) throw OnAppend;
        _inner.Append(batch, position);
    }

    public void Flush(bool everything)
    {
        if (OnFlush is not null) throw OnFlush;
        _inner.Flush(everything);
    }

    public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel) => _inner.Scan(scan, cancel);

    public TraceStoreFacts Facts() => _inner.Facts();

    public void Dispose() => _inner.Dispose();
}
