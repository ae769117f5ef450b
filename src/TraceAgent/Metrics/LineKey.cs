using System.Buffers.Binary;
using Apm.Wire.DogStatsD;

namespace Apm.TraceAgent.Metrics;

/// <summary>The bytes of a line that tell its context: what a context is looked up by without making a string.</summary>
readonly ref struct LineKey(ReadOnlySpan<byte> name, ReadOnlySpan<byte> tags, StatsdType type)
{
    public ReadOnlySpan<byte> Name { get; } = name;
    public ReadOnlySpan<byte> Tags { get; } = tags;
    public StatsdType Type { get; } = type;
}

/// <summary>A <see cref="LineKey"/> that is kept.</summary>
sealed class StoredLineKey(LineKey key)
{
    readonly byte[] _bytes = [.. key.Name, .. key.Tags];
    readonly int _nameLength = key.Name.Length;

    public LineKey Key => new(_bytes.AsSpan(0, _nameLength), _bytes.AsSpan(_nameLength), Type);

    public StatsdType Type { get; } = key.Type;

    public int MemoryBytes => _bytes.Length + 120;
}

/// <summary>Compares keys by their bytes. The seed keeps senders from choosing names that fall into one bucket of the table.</summary>
sealed class LineKeyComparer(ulong seed) : IEqualityComparer<StoredLineKey>, IAlternateEqualityComparer<LineKey, StoredLineKey>
{
    public bool Equals(StoredLineKey? left, StoredLineKey? right) => ReferenceEquals(left, right) || left is not null && right is not null && Equals(left.Key, right);

    public int GetHashCode(StoredLineKey key) => GetHashCode(key.Key);

    public bool Equals(LineKey alternate, StoredLineKey other)
    {
        var key = other.Key;
        return alternate.Type == key.Type && alternate.Name.SequenceEqual(key.Name) && alternate.Tags.SequenceEqual(key.Tags);
    }

    public int GetHashCode(LineKey alternate) => unchecked((int)(ByteHash.Of(alternate.Tags, ByteHash.Of(alternate.Name, seed ^ (ulong)alternate.Type)) >> 32));

    public StoredLineKey Create(LineKey alternate) => new(alternate);
}

/// <summary>A quick 64-bit hash with a seed: eight bytes at a time, each folded by a multiplication.</summary>
static class ByteHash
{
    const ulong WordFactor = 0x9E37_79B9_7F4A_7C15, EndFactor = 0xD6E8_FEB8_6659_FD93;

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        var hash = seed ^ EndFactor;
        var length = (ulong)bytes.Length;
        while (bytes.Length >= 8)
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes), WordFactor);
            bytes = bytes[8..];
        }
        Span<byte> tail = stackalloc byte[8];
        tail.Clear();
        bytes.CopyTo(tail);
        hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(tail), WordFactor);
        return Fold(hash ^ length, EndFactor);
    }

    static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }
}
