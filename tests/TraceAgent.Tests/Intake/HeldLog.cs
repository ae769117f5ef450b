using Apm.Core.Ports;

namespace Apm.TraceAgent.Tests.Intake;

/// <summary>A log whose disk is slow: what is appended becomes durable when the test says so.</summary>
public sealed class HeldLog : IPayloadLog
{
    readonly Lock _lock = new();
    readonly SemaphoreSlim _came = new(0);
    readonly List<(TaskCompletionSource<LogPosition> Done, Action<LogPosition> WhenDurable)> _held = [];
    long _last;
    bool _isOpen;

    public LogPosition Last
    {
        get { lock (_lock) return new(_last); }
    }

    public long ByteCount => 0;

    public Task<LogPosition> Append(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable)
    {
        var done = new TaskCompletionSource<LogPosition>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_isOpen) Complete_NeedsLock(done, whenDurable);
            else _held.Add((done, whenDurable));
        }
        _came.Release();
        return done.Task;
    }

    /// <summary>Completes when that many more appends have come.</summary>
    public async Task Waiting(int count)
    {
        for (; count > 0; count--) Assert.True(await _came.WaitAsync(TimeSpan.FromSeconds(20)), "nothing was appended");
    }

    /// <summary>The disk has written; from now on it does so at once.</summary>
    public void LetGo()
    {
        lock (_lock)
        {
            _isOpen = true;
            foreach (var (done, whenDurable) in _held) Complete_NeedsLock(done, whenDurable);
            _held.Clear();
        }
    }

    public IEnumerable<LogRecord> ReadAfter(LogPosition after) => [];

    public void Release(LogPosition upTo)
    {
    }

    public void Dispose()
    {
    }

    void Complete_NeedsLock(TaskCompletionSource<LogPosition> done, Action<LogPosition> whenDurable)
    {
        var position = new LogPosition(++_last);
        whenDurable(position);
        done.SetResult(position);
    }
}
