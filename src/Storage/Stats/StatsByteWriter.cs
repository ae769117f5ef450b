using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Apm.Storage.Stats;

/// <summary>Writes the small parts that a stored bucket is made of; <see cref="StatsByteReader"/> is its mirror.</summary>
sealed class StatsByteWriter
{
    readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>Seven bits a byte, low ones first.</summary>
    public void WriteVarint(ulong value)
    {
        var span = _bytes.GetSpan(10);
        var count = 0;
        for (; value >= 0x80; value >>= 7) span[count++] = (byte)(value & 0x7F | 0x80);
        span[count++] = (byte)value;
        _bytes.Advance(count);
    }

    /// <summary>Small negative numbers are as short as positive ones.</summary>
    public void WriteSigned(long value) => WriteVarint(unchecked((ulong)(value << 1 ^ value >> 63)));

    /// <summary>A count: nearly always whole, then a varint of twice itself; else 1 and the eight bytes of a double.</summary>
    public void WriteCount(double value)
    {
        if (value >= 0 && value < 1L << 52 && value == Math.Floor(value))
        {
            WriteVarint((ulong)value << 1);
            return;
        }
        WriteVarint(1);
        BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
    }

    public void WriteText(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        WriteVarint((ulong)length);
        Encoding.UTF8.GetBytes(text, _bytes.GetSpan(length));
        _bytes.Advance(length);
    }

    public void WriteBlob(ReadOnlySpan<byte> blob)
    {
        WriteVarint((ulong)blob.Length);
        _bytes.Write(blob);
    }

    public void WriteRaw(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);

    public void WriteUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
    }

    public void Clear() => _bytes.ResetWrittenCount();
}
