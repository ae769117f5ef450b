using Apm.Core.Counting;
using Apm.Core.Ports;
using Apm.Storage.Files;

namespace Apm.Storage.Log;

/// <summary>
/// The payload log on segment files. One thread writes; whoever waits when it comes round is written and flushed together,
/// so one flush serves many senders and a lone sender waits for one flush only.
/// </summary>
/// <remarks>
/// A segment is named by the number of its first record, and the newest one is never deleted, so numbers go on after a restart.
/// When writing fails, the records of that group are refused and the next ones go to a new segment of the same first
/// number as the refused ones, which thereby never were.
/// </remarks>
public sealed class FilePayloadLog : IPayloadLog
{
    readonly object _gate = new();
    readonly LogSegments _segments;
    readonly PayloadLogSettings _settings;
    readonly Counters _counters;
    readonly Thread _committer;
    readonly byte[] _headers;
    readonly List<ReadOnlyMemory<byte>> _parts = [];
    readonly List<PendingAppend> _group = [];

    readonly Queue<PendingAppend> _waiting = new();
    long _waitingBytes;
    bool _isClosing;
    long _lastNumber;

    /// <summary>Opens the log of a folder, making it when it is empty. A torn tail is cut off.</summary>
    /// <param name="folder">Holds nothing but the log.</param>
    /// <exception cref="StoreUnavailableException">The folder cannot be read or written.</exception>
    public FilePayloadLog(string folder, PayloadLogSettings settings, StoreFiles files, Counters counters)
    {
        if (settings.MaxBytes < (long)settings.SegmentBytes + settings.MaxRecordBytes)
            throw new ArgumentException("The log's MaxBytes must have room for a segment and the largest record, or a full log could never be emptied.", nameof(settings));
        _settings = settings;
        _counters = counters;
        _headers = new byte[MaxGroupRecords * LogSegment.RecordHeaderBytes];
        try
        {
            _segments = new LogSegments(folder, settings, files, counters);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new StoreUnavailableException($"The payload log in {folder} cannot be opened: {failure.Message}", failure);
        }
        _lastNumber = Math.Max(_segments.LastNumber, settings.NumbersAfter.Number);
        _committer = new Thread(CommitUntilClosed) { IsBackground = true, Name = "payload log" };
        _committer.Start();
    }

    /// <summary>Most records flushed together.</summary>
    const int MaxGroupRecords = 1_024;

    public LogPosition Last => new(Interlocked.Read(ref _lastNumber));

    public long ByteCount => _segments.ByteCount;

    public long MaxByteCount => _settings.MaxBytes;

    public Task<LogPosition> Append(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, Action<LogPosition> whenDurable)
    {
        var length = (long)head.Length + body.Length;
        if (length > _settings.MaxRecordBytes)
            throw new ArgumentException($"A payload of {length} bytes is larger than the log takes ({_settings.MaxRecordBytes} bytes). Send smaller payloads.", nameof(body));
        // Here, on the sender's own thread, the checksum costs the committer nothing.
        var pending = new PendingAppend(head, body, Checksum.Then(Checksum.Of(head.Span), body.Span), whenDurable);
        lock (_gate)
        {
            if (_isClosing) return Refused("closed", "The payload log is closed; Apm is stopping. Send again in a moment.");
            if (_waitingBytes + pending.Bytes > _settings.MaxQueuedBytes && _waiting.Count > 0)
                return Refused("queue_full", $"More than {_settings.MaxQueuedBytes} bytes wait for the disk, which is too slow for what comes. Send again later.");
            _waiting.Enqueue(pending);
            _waitingBytes += pending.Bytes;
            Monitor.Pulse(_gate);
        }
        return pending.Done.Task;
    }

    public IEnumerable<LogRecord> ReadAfter(LogPosition after)
    {
        foreach (var content in _segments.ReadAfter(after.Number, Last.Number))
        {
            foreach (var record in content.Records)
            {
                if (record.Number > after.Number) yield return new LogRecord(new LogPosition(record.Number), content.Bytes.Slice(record.Offset, record.Length));
            }
        }
    }

    public void Release(LogPosition upTo)
    {
        try
        {
            _segments.DeleteUpTo(upTo.Number);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _counters.Add("log_failures", "release"); // The next release tries again.
        }
    }

    /// <summary>Writes what waits, then closes. Later appends are refused.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosing) return;
            _isClosing = true;
            Monitor.PulseAll(_gate);
        }
        _committer.Join();
        _segments.Dispose();
    }

    Task<LogPosition> Refused(string reason, string message)
    {
        _counters.Add("log_appends_refused", reason);
        return Task.FromException<LogPosition>(new StoreUnavailableException(message));
    }

    void CommitUntilClosed()
    {
        while (TakeGroup()) Commit();
    }

    /// <summary>Waits for work and takes as much of it as goes into one flush of one segment.</summary>
    /// <returns>False when the log is closed and nothing waits.</returns>
    bool TakeGroup()
    {
        _group.Clear();
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_isClosing) return false;
                Monitor.Wait(_gate);
            }
            var bytes = 0L;
            var room = _segments.RoomInCurrent;
            if (_waiting.Peek().Bytes > room) room = long.MaxValue; // It begins a new segment.
            while (_waiting.TryPeek(out var next) && _group.Count < MaxGroupRecords)
            {
                if (_group.Count > 0 && (bytes + next.Bytes > _settings.MaxGroupBytes || bytes + next.Bytes > room)) break;
                bytes += next.Bytes;
                _group.Add(_waiting.Dequeue());
            }
            _waitingBytes -= bytes;
        }
        return true;
    }

    void Commit()
    {
        var first = _lastNumber + 1;
        try
        {
            var bytes = Arrange(first);
            if (_segments.ByteCount + bytes > _settings.MaxBytes)
            {
                _counters.Add("log_appends_refused", "log_full", _group.Count);
                Fail(new StoreUnavailableException(
                    $"The payload log holds its most, {_settings.MaxBytes} bytes, because payloads are not stored as fast as they come. " +
                    "Send again later; if this lasts, check that the data folder's disk is healthy, or raise the log's limit."));
                return;
            }
            _segments.Append(first, _parts, bytes);
        }
        catch (Exception failure)
        {
            _counters.Add("log_appends_refused", "disk", _group.Count);
            Fail(new StoreUnavailableException(
                $"The payload could not be written to the log: {failure.Message} Nothing of it was kept; send it again. " +
                "If this lasts, free disk space or check the data folder.", failure));
            return;
        }
        finally
        {
            _parts.Clear();
        }
        Interlocked.Exchange(ref _lastNumber, first + _group.Count - 1);
        Tell(first);
    }

    /// <summary>Lays the group out as it goes to disk.</summary>
    long Arrange(long first)
    {
        var bytes = 0L;
        for (var i = 0; i < _group.Count; i++)
        {
            var pending = _group[i];
            var header = _headers.AsMemory(i * LogSegment.RecordHeaderBytes, LogSegment.RecordHeaderBytes);
            LogSegment.WriteRecordHeader(header.Span, pending.Head.Length + pending.Body.Length, pending.Checksum, first + i);
            _parts.Add(header);
            if (!pending.Head.IsEmpty) _parts.Add(pending.Head);
            if (!pending.Body.IsEmpty) _parts.Add(pending.Body);
            bytes += pending.Bytes;
        }
        return bytes;
    }

    void Tell(long first)
    {
        for (var i = 0; i < _group.Count; i++)
        {
            try
            {
                _group[i].WhenDurable(new LogPosition(first + i));
            }
            catch (Exception failure)
            {
                // A fault of ours; the record is on disk all the same, and the others must not suffer.
                _counters.Add("log_failures", "callback");
                _settings.OnMessage($"A listener of the payload log failed, which must not happen: {failure}");
            }
        }
        for (var i = 0; i < _group.Count; i++) _group[i].Done.SetResult(new LogPosition(first + i));
    }

    void Fail(StoreUnavailableException failure)
    {
        foreach (var pending in _group) pending.Done.SetException(failure);
    }

    sealed class PendingAppend(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, uint checksum, Action<LogPosition> whenDurable)
    {
        public ReadOnlyMemory<byte> Head { get; } = head;
        public ReadOnlyMemory<byte> Body { get; } = body;
        public uint Checksum { get; } = checksum;
        public Action<LogPosition> WhenDurable { get; } = whenDurable;
        public long Bytes { get; } = LogSegment.RecordHeaderBytes + (long)head.Length + body.Length;

        // Not on the committer's thread: it has the next group to write.
        public TaskCompletionSource<LogPosition> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
