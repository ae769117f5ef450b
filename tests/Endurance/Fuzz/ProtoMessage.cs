using System.Buffers.Binary;
using System.Text;

namespace Apm.Endurance.Fuzz;

/// <summary>Writes protobuf fields one after the other, wrong or right.</summary>
sealed class ProtoMessage
{
    readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public ProtoMessage Varint(int field, ulong value) => Raw((ulong)field << 3).Raw(value);

    public ProtoMessage Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public ProtoMessage Inner(int field, ProtoMessage inner) => Bytes(field, inner.ToArray());

    public ProtoMessage Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Raw((ulong)field << 3 | 2).Raw((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    public ProtoMessage Fixed64(int field, ulong value)
    {
        Raw((ulong)field << 3 | 1);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public static byte[] BigEndian(ulong id)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id);
        return bytes;
    }

    ProtoMessage Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value & 0x7F | 0x80));
        _bytes.Add((byte)value);
        return this;
    }
}
