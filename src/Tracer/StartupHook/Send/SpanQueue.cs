using System.Runtime.InteropServices;

namespace Apm.StartupHook.Send;

/// <summary>
/// Encoded spans on their way from the app's threads to the sender: one byte buffer, appended to under a short lock
/// and swapped for an empty one by the sender. Never waits for anything else; what does not fit is dropped and counted.
/// </summary>
/// <remarks>Thread-safe. A record is a header and the span's bytes; no object per span.</remarks>
internal sealed class SpanQueue : IDisposable
{
    /// <summary>A burst does not hold its memory for ever: after so many takes in a row that found little, half a minute at the usual interval, it is given up.</summary>
    public const int PatientTakes = 150;

    const int FirstBytes = 64 * 1024;

    readonly object _lock = new();
    readonly int _maxBytes;
    readonly int _wakeBytes;
    readonly DropCounter _drops;
    byte[] _bytes = [];
    byte[] _spare = [];
    int _length;
    int _quietTakes;

    /// <param name="maxBytes">Largest number of bytes that wait; beyond it spans are dropped as <see cref="DropReason.QueueFull"/>.</param>
    /// <param name="drops">Counts them.</param>
    public SpanQueue(int maxBytes, DropCounter drops)
    {
        _maxBytes = maxBytes;
        _wakeBytes = Math.Min(maxBytes / 4, 512 * 1024);
        _drops = drops;
    }

    /// <summary>Set when enough has gathered that the sender should not wait for its time.</summary>
    public AutoResetEvent Wake { get; } = new(false);

    /// <summary>Adds one encoded span.</summary>
    public void Add(ReadOnlySpan<byte> span, ulong traceIdHigh, ulong traceIdLow, bool isLocalRoot)
    {
        var needed = RecordHeader.Bytes + span.Length;
        bool isTimeToWake;
        lock (_lock)
        {
            if (needed > _maxBytes - _length)
            {
                _drops.Add(DropReason.QueueFull, 1);
                return;
            }
            if (needed > _bytes.Length - _length) Grow_NeedsLock(needed);
            var header = new RecordHeader { TraceIdHigh = traceIdHigh, TraceIdLow = traceIdLow, SpanBytes = span.Length, IsLocalRoot = isLocalRoot ? 1 : 0 };
            MemoryMarshal.Write(_bytes.AsSpan(_length), in header);
            span.CopyTo(_bytes.AsSpan(_length + RecordHeader.Bytes));
            isTimeToWake = _length < _wakeBytes && _length + needed >= _wakeBytes;
            _length += needed;
        }
        if (isTimeToWake) Wake.Set();
    }

    /// <summary>Counts spans that never came as far as the queue.</summary>
    public void CountDropped(DropReason reason, long spans) => _drops.Add(reason, spans);

    /// <summary>Takes everything that waits. Only the sender may call; the bytes are valid until its next call.</summary>
    public ReadOnlySpan<byte> Take()
    {
        lock (_lock)
        {
            var taken = _bytes;
            var length = _length;
            _quietTakes = length < FirstBytes ? _quietTakes + 1 : 0;
            _bytes = _quietTakes > PatientTakes && _spare.Length > FirstBytes * 8 ? [] : _spare;
            _spare = taken;
            _length = 0;
            return taken.AsSpan(0, length);
        }
    }

    /// <summary>Memory held, whether in use or not.</summary>
    public int HeldBytes
    {
        get
        {
            lock (_lock) return _bytes.Length + _spare.Length;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Wake.Dispose();

    void Grow_NeedsLock(int needed) =>
        Array.Resize(ref _bytes, (int)Math.Min(_maxBytes, Math.Max((long)_length + needed, Math.Max(FirstBytes, _bytes.Length * 2L))));
}

/// <summary>What stands before each span in the queue.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct RecordHeader
{
    /// <summary>Size of the header in bytes.</summary>
    public const int Bytes = 24;

    /// <summary>Upper half of the trace id.</summary>
    public ulong TraceIdHigh;

    /// <summary>Lower half of the trace id.</summary>
    public ulong TraceIdLow;

    /// <summary>Size of the span that follows.</summary>
    public int SpanBytes;

    /// <summary>1 for the first span of its trace in this process, else 0.</summary>
    public int IsLocalRoot;
}
