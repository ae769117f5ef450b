using Apm.Core.Ports;

namespace Apm.Storage.InMemory;

/// <summary>The payload log's twin in memory, for tests and for trying things out: nothing survives the process.</summary>
public sealed class InMemoryPayloadLog : IPayloadLog
{
    readonly Lock _lock = new();
    readonly List<LogRecord> _records = [];
    long _last;
    long _bytes;
    bool _isClosed;

    public LogPosition Last
    {
        get
        {
            lock (_lock) return new(_last);
        }
    }

    public long ByteCount
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    public Task<LogPosition> Append(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable)
    {
        var bytes = new byte[head.Length + body.Length];
        head.CopyTo(bytes);
        body.CopyTo(bytes.AsMemory(head.Length));
        lock (_lock) // Held while telling, which keeps the order.
        {
            if (_isClosed) return Task.FromException<LogPosition>(new StoreUnavailableException("The payload log is closed; Apm is stopping. Send again in a moment."));
            var position = new LogPosition(++_last);
            _records.Add(new LogRecord(position, bytes));
            _bytes += bytes.Length;
            whenDurable(position);
            return Task.FromResult(position);
        }
    }

    public IEnumerable<LogRecord> ReadAfter(LogPosition after)
    {
        lock (_lock) return [.. _records.Where(record => record.Position > after)];
    }

    public void Release(LogPosition upTo)
    {
        lock (_lock)
        {
            _bytes -= _records.Where(record => record.Position <= upTo).Sum(record => (long)record.Bytes.Length);
            _records.RemoveAll(record => record.Position <= upTo);
        }
    }

    public void Dispose()
    {
        lock (_lock) _isClosed = true;
    }
}
