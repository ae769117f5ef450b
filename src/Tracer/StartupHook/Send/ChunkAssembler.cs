using System.Buffers;
using System.Runtime.InteropServices;

namespace Apm.StartupHook.Send;

/// <summary>
/// Puts the spans of one trace together until its first span in this process has ended, and builds payloads of such
/// chunks. A trace that lasts longer than <see cref="MaxWait"/>, or memory beyond <see cref="MaxPendingBytes"/>, is sent in pieces:
/// the agent joins chunks by trace id.
/// </summary>
/// <remarks>Not thread-safe: the sender owns it.</remarks>
internal sealed class ChunkAssembler(TimeProvider clock)
{
    /// <summary>Largest sum of bytes that wait for their first span; then everything that waits is sent as it is.</summary>
    public const int MaxPendingBytes = 4 * 1024 * 1024;

    /// <summary>How long a span waits for the first one of its trace.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    readonly Dictionary<(ulong High, ulong Low), PendingChunk> _pending = [];
    readonly List<(ulong High, ulong Low)> _ripe = [];
    int _pendingBytes;

    /// <summary>Takes what came out of the queue; finished chunks go to <paramref name="payloads"/>.</summary>
    public void Add(ReadOnlySpan<byte> records, PayloadBuilder payloads)
    {
        var now = clock.GetTimestamp();
        while (records.Length > 0)
        {
            var header = MemoryMarshal.Read<RecordHeader>(records);
            var span = records.Slice(RecordHeader.Bytes, header.SpanBytes);
            records = records[(RecordHeader.Bytes + header.SpanBytes)..];
            var key = (header.TraceIdHigh, header.TraceIdLow);
            if (header.IsLocalRoot == 0)
            {
                if (!_pending.TryGetValue(key, out var waiting)) _pending[key] = waiting = new PendingChunk(now);
                waiting.Add(span);
                _pendingBytes += span.Length;
                if (_pendingBytes > MaxPendingBytes) FlushAll(payloads);
                continue;
            }
            if (_pending.Count > 0 && _pending.Remove(key, out var others))
            {
                payloads.AddChunk(span, others.Written, others.SpanCount);
                Release(others);
            }
            else
            {
                payloads.AddChunk(span, [], 0);
            }
        }
    }

    /// <summary>Sends chunks that have waited too long.</summary>
    public void FlushOld(PayloadBuilder payloads)
    {
        foreach (var (key, chunk) in _pending)
            if (clock.GetElapsedTime(chunk.Since) >= MaxWait) _ripe.Add(key);
        Flush(payloads);
    }

    /// <summary>Sends everything that waits.</summary>
    public void FlushAll(PayloadBuilder payloads)
    {
        _ripe.AddRange(_pending.Keys);
        Flush(payloads);
    }

    void Flush(PayloadBuilder payloads)
    {
        foreach (var key in _ripe)
        {
            _pending.Remove(key, out var chunk);
            payloads.AddChunk([], chunk!.Written, chunk.SpanCount);
            Release(chunk);
        }
        _ripe.Clear();
    }

    void Release(PendingChunk chunk)
    {
        _pendingBytes -= chunk.Written.Length;
        chunk.Release();
    }

    sealed class PendingChunk(long since)
    {
        byte[] _bytes = ArrayPool<byte>.Shared.Rent(2048);
        int _length;

        public long Since { get; } = since;

        public int SpanCount { get; private set; }

        public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

        public void Add(ReadOnlySpan<byte> span)
        {
            if (span.Length > _bytes.Length - _length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + span.Length, _bytes.Length * 2));
                Written.CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }
            span.CopyTo(_bytes.AsSpan(_length));
            _length += span.Length;
            SpanCount++;
        }

        public void Release()
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
            _length = 0;
        }
    }
}
