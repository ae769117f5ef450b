namespace Apm.Storage.Traces.Blocks;

/// <summary>A block as it goes to the file. The bytes are valid until the encoder writes its next block.</summary>
/// <param name="Info">Its catalogue entry.</param>
/// <param name="TraceFilter">Of its trace ids.</param>
/// <param name="Parts">The bytes, one part after the other; together <see cref="BlockInfo.ByteCount"/>.</param>
public sealed record EncodedBlock(BlockInfo Info, BloomFilter TraceFilter, IReadOnlyList<ReadOnlyMemory<byte>> Parts)
{
    /// <summary>The bytes in one array.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Info.ByteCount];
        var at = 0;
        foreach (var part in Parts)
        {
            part.Span.CopyTo(bytes.AsSpan(at));
            at += part.Length;
        }
        return bytes;
    }
}
