using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Apm.TestKit;

/// <summary>Writes msgpack, for tests and benchmarks only. Numbers take their shortest form.</summary>
public sealed class MsgPackWriter
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public MsgPackWriter Nil() => Byte(0xc0);

    public MsgPackWriter Bool(bool value) => Byte(value ? (byte)0xc3 : (byte)0xc2);

    public MsgPackWriter Array(int length) => Head(length, 0x90, 15, 0xdc);

    public MsgPackWriter Map(int length) => Head(length, 0x80, 15, 0xde);

    /// <summary>A map's head with 32 bits whatever its length, as .NET's tracer writes it.</summary>
    public MsgPackWriter Map32(int length) => Byte(0xdf).UInt32((uint)length);

    public MsgPackWriter Text(string text) => TextBytes(Encoding.UTF8.GetBytes(text));

    public MsgPackWriter TextBytes(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length < 32) Byte((byte)(0xa0 | utf8.Length));
        else if (utf8.Length <= byte.MaxValue) Byte(0xd9).Byte((byte)utf8.Length);
        else if (utf8.Length <= ushort.MaxValue) Byte(0xda).UInt16((ushort)utf8.Length);
        else Byte(0xdb).UInt32((uint)utf8.Length);
        return Raw(utf8);
    }

    public MsgPackWriter Bin(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= byte.MaxValue) Byte(0xc4).Byte((byte)bytes.Length);
        else if (bytes.Length <= ushort.MaxValue) Byte(0xc5).UInt16((ushort)bytes.Length);
        else Byte(0xc6).UInt32((uint)bytes.Length);
        return Raw(bytes);
    }

    public MsgPackWriter Unsigned(ulong value) => value switch
    {
        < 0x80 => Byte((byte)value),
        <= byte.MaxValue => Byte(0xcc).Byte((byte)value),
        <= ushort.MaxValue => Byte(0xcd).UInt16((ushort)value),
        <= uint.MaxValue => Byte(0xce).UInt32((uint)value),
        _ => Byte(0xcf).UInt64(value),
    };

    public MsgPackWriter Integer(long value) => value switch
    {
        >= 0 => Unsigned((ulong)value),
        >= -32 => Byte(unchecked((byte)value)),
        >= sbyte.MinValue => Byte(0xd0).Byte(unchecked((byte)value)),
        >= short.MinValue => Byte(0xd1).UInt16(unchecked((ushort)value)),
        >= int.MinValue => Byte(0xd2).UInt32(unchecked((uint)value)),
        _ => Byte(0xd3).UInt64(unchecked((ulong)value)),
    };

    public MsgPackWriter Float64(double value) => Byte(0xcb).UInt64(BitConverter.DoubleToUInt64Bits(value));

    public MsgPackWriter Float32(float value) => Byte(0xca).UInt32(BitConverter.SingleToUInt32Bits(value));

    /// <summary>Bytes as they are, for forms that no writer should produce.</summary>
    public MsgPackWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    MsgPackWriter Head(int length, byte fix, int fixMax, byte code16)
    {
        if (length <= fixMax) return Byte((byte)(fix | length));
        return length <= ushort.MaxValue ? Byte(code16).UInt16((ushort)length) : Byte((byte)(code16 + 1)).UInt32((uint)length);
    }

    MsgPackWriter Byte(byte value) => Raw([value]);

    MsgPackWriter UInt16(ushort value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Raw(bytes);
    }

    MsgPackWriter UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Raw(bytes);
    }

    MsgPackWriter UInt64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return Raw(bytes);
    }
}
