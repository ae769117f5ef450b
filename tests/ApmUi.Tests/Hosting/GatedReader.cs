using Apm.Core.Ports;
using Apm.Core.Spans;

namespace Apm.ApmUi.Tests.Hosting;

/// <summary>A store whose spans are read only once a test says so; its facts are told at once.</summary>
sealed class GatedReader(ITraceReader inner) : ITraceReader
{
    volatile TaskCompletionSource _gate = Opened();
    readonly TaskCompletionSource _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody waits for spans.</summary>
    public Task IsAsked => _isAsked.Task;

    /// <summary>Thrown by the next read; null for none.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Does nothing while it is closed.</summary>
    public void Close()
    {
        if (_gate.Task.IsCompleted) _gate = new TaskCompletionSource();
    }

    public void Open() => _gate.TrySetResult();

    public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel)
    {
        Wait(cancel);
        return inner.Scan(scan, cancel);
    }

    public IReadOnlyList<SpanPart> Parts(SpanScan scan)
    {
        Wait(CancellationToken.None);
        return inner.Parts(scan);
    }

    public TraceStoreFacts Facts() => inner.Facts();

    static TaskCompletionSource Opened()
    {
        var gate = new TaskCompletionSource();
        gate.SetResult();
        return gate;
    }

    void Wait(CancellationToken cancel)
    {
        var gate = _gate.Task;
        if (!gate.IsCompleted) _isAsked.TrySetResult();
        gate.Wait(cancel);
        if (Failure is { } failure) throw failure;
    }
}
