using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>Reads what <see cref="BitWriter"/> wrote. Behind the end there are only zeros, so that damage can give wrong numbers but read nothing else.</summary>
ref struct BitReader(ReadOnlySpan<byte> bytes)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;
    int _at; // In bits.

    /// <param name="bits">0 to 64.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Read(int bits)
    {
        if (bits > 56)
        {
            var low = Read(32);
            return low | (Read(bits - 32) << 32);
        }
        var value = Peek() & ((1UL << bits) - 1);
        _at += bits;
        return value;
    }

    /// <summary>The next bits, at least 57 of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong Peek()
    {
        var at = _at >> 3;
        return (at + sizeof(ulong) <= _bytes.Length ? BinaryPrimitives.ReadUInt64LittleEndian(_bytes[at..]) : NearTheEnd(at)) >> (_at & 7);
    }

    public void Skip(int bits) => _at += bits;

    readonly ulong NearTheEnd(int at)
    {
        var value = 0UL;
        for (var i = 0; at + i < _bytes.Length; i++) value |= (ulong)_bytes[at + i] << (8 * i);
        return value;
    }
}
