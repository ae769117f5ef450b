using System.Buffers.Binary;
using System.Text;

namespace Apm.Storage.Stats;

/// <summary>Reads what <see cref="StatsByteWriter"/> wrote.</summary>
/// <remarks>Every method throws <see cref="InvalidDataException"/> where the bytes are no such thing.</remarks>
ref struct StatsByteReader(ReadOnlySpan<byte> bytes)
{
    readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Offset { get; private set; }

    public readonly bool AtEnd => Offset == _bytes.Length;

    public ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (Offset >= _bytes.Length) throw Broken();
            var part = _bytes[Offset++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
        throw Broken();
    }

    public long ReadSigned()
    {
        var value = ReadVarint();
        return unchecked((long)(value >> 1) ^ -(long)(value & 1));
    }

    public double ReadCount()
    {
        var value = ReadVarint();
        return (value & 1) == 0 ? value >> 1 : BinaryPrimitives.ReadDoubleLittleEndian(ReadRaw(8));
    }

    /// <param name="leastBytesEach">What one of them takes at least: a larger number than fits is not believed.</param>
    public int ReadNumberOf(int leastBytesEach)
    {
        var number = ReadVarint();
        if (number > (ulong)((_bytes.Length - Offset) / leastBytesEach)) throw Broken();
        return (int)number;
    }

    public string ReadText() => Encoding.UTF8.GetString(ReadBlob());

    public ReadOnlySpan<byte> ReadBlob() => ReadRaw(ReadNumberOf(leastBytesEach: 1));

    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if (count > _bytes.Length - Offset) throw Broken();
        var blob = _bytes.Slice(Offset, count);
        Offset += count;
        return blob;
    }

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadRaw(4));

    public readonly InvalidDataException Broken() => new($"The stored statistics are damaged at byte {Offset} of {_bytes.Length}.");
}
