using System.Buffers.Binary;
using System.Text;

namespace Apm.TestKit;

/// <summary>Writes protobuf messages field by field, as a client would.</summary>
public sealed class ProtoWriter
{
    readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public ProtoWriter Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public ProtoWriter Inner(int field, ProtoWriter inner) => Bytes(field, inner.ToArray());

    public ProtoWriter Bytes(int field, byte[] bytes)
    {
        Raw((ulong)field << 3 | 2);
        Raw((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    public ProtoWriter Varint(int field, ulong value)
    {
        Raw((ulong)field << 3);
        Raw(value);
        return this;
    }

    public ProtoWriter Fixed64(int field, ulong value)
    {
        Raw((ulong)field << 3 | 1);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public ProtoWriter Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Signed numbers as protobuf's sint32 has them.</summary>
    public static ulong Zigzag(int value) => unchecked((uint)((value << 1) ^ (value >> 31)));

    /// <summary>Numbers as packed varints.</summary>
    public static byte[] Packed(IEnumerable<ulong> values)
    {
        var packed = new ProtoWriter();
        foreach (var value in values) packed.Raw(value);
        return packed.ToArray();
    }

    void Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value & 0x7F | 0x80));
        _bytes.Add((byte)value);
    }
}
