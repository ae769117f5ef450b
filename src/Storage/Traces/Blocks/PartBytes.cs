using System.Buffers;

namespace Apm.Storage.Traces.Blocks;

/// <summary>The bytes of a part of a block, in memory that is lent: a search goes through hundreds of parts, and the largest would each time be new memory.</summary>
readonly ref struct PartBytes
{
    readonly byte[] _lent;
    readonly int _count;

    public PartBytes(int count) => (_lent, _count) = (ArrayPool<byte>.Shared.Rent(count), count);

    public static PartBytes None => new(0);

    public Span<byte> Bytes => _lent.AsSpan(0, _count);

    /// <summary>Nobody may look at them after this. Once only.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_lent);
}
