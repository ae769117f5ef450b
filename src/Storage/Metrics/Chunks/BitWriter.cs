using System.Buffers.Binary;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>Bits one behind the other, low ones first. <see cref="BitReader"/> is its mirror.</summary>
/// <remarks>One thread. Meant to be kept and cleared.</remarks>
sealed class BitWriter
{
    byte[] _bytes = new byte[4_096];
    int _count;
    ulong _held;
    int _heldBits; // Fewer than 8 between two calls.

    /// <summary>What was written, the last byte filled with zeros. Valid until the next write.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        if (_heldBits > 0) Write(0, 8 - _heldBits);
        return _bytes.AsSpan(0, _count);
    }

    public void Clear() => (_count, _held, _heldBits) = (0, 0, 0);

    /// <param name="value">Nothing is set in it above <paramref name="bits"/>.</param>
    /// <param name="bits">0 to 64.</param>
    public void Write(ulong value, int bits)
    {
        if (bits > 32)
        {
            Write(value & uint.MaxValue, 32);
            Write(value >> 32, bits - 32);
            return;
        }
        if (_bytes.Length - _count < sizeof(ulong)) Array.Resize(ref _bytes, _bytes.Length * 2);
        _held |= value << _heldBits;
        _heldBits += bits;
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_count), _held);
        var whole = _heldBits >> 3;
        _count += whole;
        _held >>= whole * 8;
        _heldBits &= 7;
    }
}
