using System.Text;

namespace Apm.Wire.Protobuf;

/// <summary>Writes the few small messages that we answer with. Fields with the default value are the caller's to leave out.</summary>
internal sealed class ProtoWriter
{
    readonly List<byte> _bytes = [];

    public ProtoWriter Varint(int field, ulong value)
    {
        Raw((ulong)(uint)field << 3);
        Raw(value);
        return this;
    }

    public ProtoWriter Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public ProtoWriter Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Raw((ulong)(uint)field << 3 | 2);
        Raw((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    public ProtoWriter Fixed64(int field, ulong value)
    {
        Raw((ulong)(uint)field << 3 | 1);
        Span<byte> bytes = stackalloc byte[8];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];

    void Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value & 0x7F | 0x80));
        _bytes.Add((byte)value);
    }
}
