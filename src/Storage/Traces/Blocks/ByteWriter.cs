using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Bytes that grow at the end. Numbers are little-endian; varints carry 7 bits per byte, lowest first.</summary>
/// <remarks>One thread. Meant to be kept and cleared.</remarks>
public sealed class ByteWriter(int capacity = 4096)
{
    byte[] _bytes = new byte[capacity];
    int _count;

    public int Count => _count;

    /// <summary>Valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _count);

    /// <summary>Valid until the next write.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _count);

    public void Clear() => _count = 0;

    public void Byte(byte value)
    {
        if (_count == _bytes.Length) Grow(1);
        _bytes[_count++] = value;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Free(bytes.Length));
        Advance(bytes.Length);
    }

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Free(2), value);
        Advance(2);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Free(4), value);
        Advance(4);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Free(8), value);
        Advance(8);
    }

    public void UInt64s(ReadOnlySpan<ulong> values)
    {
        if (BitConverter.IsLittleEndian) Bytes(MemoryMarshal.AsBytes(values));
        else
            foreach (var value in values) UInt64(value);
    }

    public void Int64(long value) => UInt64(unchecked((ulong)value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Varint(ulong value)
    {
        unchecked
        {
            if (_bytes.Length - _count < 10) Grow(10);
            var bytes = _bytes;
            var at = _count;
            while (value >= 0x80)
            {
                bytes[at++] = (byte)(value | 0x80);
                value >>= 7;
            }
            bytes[at++] = (byte)value;
            _count = at;
        }
    }

    /// <summary>A count or an index.</summary>
    public void Varint(int value) => Varint((ulong)value);

    /// <summary>Room for at least so many bytes; they count once <see cref="Advance"/> says so.</summary>
    public Span<byte> Free(int atLeast)
    {
        if (_bytes.Length - _count < atLeast) Grow(atLeast);
        return _bytes.AsSpan(_count);
    }

    public void Advance(int count) => _count += count;

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Grow(int atLeast) => Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + atLeast));
}
