using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Apm.Storage.Traces.Blocks;

/// <summary>Reads what <see cref="ByteWriter"/> wrote; runs past no end.</summary>
public ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;
    int _at;

    public readonly int Offset => _at;

    public readonly int Left => _bytes.Length - _at;

    /// <exception cref="BlockDamagedException">Fewer are left; so it is for all of these.</exception>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > Left) throw TooShort();
        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    public byte Byte() => Bytes(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    public ulong[] UInt64s(int count)
    {
        if (count > Left / sizeof(ulong)) throw TooShort(); // Before there is room for them.
        var values = new ulong[count];
        UInt64s(values);
        return values;
    }

    /// <summary>As many as there is room for.</summary>
    public void UInt64s(Span<ulong> values)
    {
        MemoryMarshal.Cast<byte, ulong>(Bytes(values.Length > Left / sizeof(ulong) ? -1 : values.Length * sizeof(ulong))).CopyTo(values);
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(values, values);
    }

    public long Int64() => unchecked((long)UInt64());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Varint()
    {
        // Columns are read by millions of these: up to eight bytes at once where the processor can gather bits.
        if (Bmi2.X64.IsSupported && BitConverter.IsLittleEndian && _bytes.Length - _at >= sizeof(ulong))
        {
            var bytes = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(_bytes), _at));
            var ends = ~bytes & 0x8080_8080_8080_8080;
            if (ends != 0)
            {
                _at += (BitOperations.TrailingZeroCount(ends) >> 3) + 1;
                return Bmi2.X64.ParallelBitExtract(bytes & (ends ^ (ends - 1)), 0x7F7F_7F7F_7F7F_7F7F);
            }
        }
        return VarintSlowly();
    }

    ulong VarintSlowly()
    {
        unchecked
        {
            ulong value = 0;
            for (var shift = 0; shift < 70; shift += 7)
            {
                if ((uint)_at >= (uint)_bytes.Length) throw TooShort();
                var part = _bytes[_at++];
                value |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80) return value;
            }
        }
        throw new BlockDamagedException("A number of a block is longer than 64 bits.");
    }

    /// <summary>Passes over these bytes when they are the next; else over none.</summary>
    public bool Pass(ReadOnlySpan<byte> expected)
    {
        if (!_bytes[_at..].StartsWith(expected)) return false;
        _at += expected.Length;
        return true;
    }

    /// <summary>Passes over so many zeros when they are the next; else over none.</summary>
    public bool PassZeros(int count)
    {
        if (count > Left || _bytes.Slice(_at, count).ContainsAnyExcept((byte)0)) return false;
        _at += count;
        return true;
    }

    /// <summary>A count or an index of at most <paramref name="max"/>.</summary>
    public int VarintInt(int max)
    {
        var value = Varint();
        return value <= (ulong)max ? (int)value : throw new BlockDamagedException($"A block says {value} where at most {max} can be.");
    }

    readonly BlockDamagedException TooShort() => new($"A block ends at byte {_bytes.Length} of a part that should be longer.");
}
