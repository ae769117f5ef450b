using System.Buffers.Binary;

namespace Apm.StartupHook.Send;

/// <summary>Builds bodies of <c>/v0.4/traces</c>: an array of chunks, each an array of spans.</summary>
/// <remarks>Not thread-safe: the sender owns it.</remarks>
internal sealed class PayloadBuilder
{
    /// <summary>A payload is closed when it has reached this many bytes. The agent takes at most 25 MiB.</summary>
    public const int TargetBytes = 2 * 1024 * 1024;

    /// <summary>A buffer much larger than so many payloads in a row comes from a burst that is over.</summary>
    const int PatientPayloads = 150;

    const int HeaderBytes = 5;

    readonly Queue<Payload> _finished = [];
    byte[] _spare = [];
    byte[] _bytes = [];
    int _length = HeaderBytes;
    int _chunkCount;
    int _spanCount;
    int _misfits;

    /// <summary>Adds one chunk: its first span, which may be empty, and the others.</summary>
    public void AddChunk(ReadOnlySpan<byte> root, ReadOnlySpan<byte> others, int otherCount)
    {
        var count = otherCount + (root.IsEmpty ? 0 : 1);
        Reserve(HeaderBytes + root.Length + others.Length);
        WriteArray32(_bytes.AsSpan(_length), count);
        _length += HeaderBytes;
        root.CopyTo(_bytes.AsSpan(_length));
        _length += root.Length;
        others.CopyTo(_bytes.AsSpan(_length));
        _length += others.Length;
        _chunkCount++;
        _spanCount += count;
        if (_length >= TargetBytes) Close();
    }

    /// <summary>The next payload to send; false when there is nothing.</summary>
    public bool TryTake(out Payload payload)
    {
        if (_finished.Count == 0) Close();
        return _finished.TryDequeue(out payload!);
    }

    /// <summary>Gives back a payload that is done with; its bytes are used again.</summary>
    /// <remarks>Megabytes allocated anew for each payload would make the app collect its oldest generation all the time.</remarks>
    public void Recycle(Payload payload)
    {
        var isFitting = payload.Body.Length >= payload.Buffer.Length / 8;
        _misfits = isFitting ? 0 : _misfits + 1;
        if (_misfits <= PatientPayloads && payload.Buffer.Length > _spare.Length) _spare = payload.Buffer;
    }

    void Close()
    {
        if (_chunkCount == 0) return;
        WriteArray32(_bytes, _chunkCount);
        _finished.Enqueue(new Payload(_bytes, _length, _chunkCount, _spanCount));
        _bytes = _spare;
        _spare = [];
        _length = HeaderBytes;
        _chunkCount = 0;
        _spanCount = 0;
    }

    void Reserve(int bytes)
    {
        if (_length + bytes > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_length + bytes, Math.Max(16 * 1024, _bytes.Length * 2)));
    }

    static void WriteArray32(Span<byte> to, int count)
    {
        to[0] = 0xdd;
        BinaryPrimitives.WriteInt32BigEndian(to[1..], count);
    }
}

/// <summary>One body for the agent.</summary>
/// <param name="Buffer">Holds the bytes.</param>
/// <param name="LengthBytes">How many of them.</param>
/// <param name="ChunkCount">Chunks in it.</param>
/// <param name="SpanCount">Spans in it.</param>
internal sealed record Payload(byte[] Buffer, int LengthBytes, int ChunkCount, int SpanCount)
{
    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Body => Buffer.AsMemory(0, LengthBytes);
}
