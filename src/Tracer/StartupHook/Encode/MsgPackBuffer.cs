using System.Buffers.Binary;
using System.Text;

namespace Apm.StartupHook.Encode;

/// <summary>
/// A growing buffer that msgpack is written to. Lengths that are known only afterwards get their 16-bit form and are
/// filled in later, which every decoder of the v0.4 layout accepts.
/// </summary>
/// <remarks>Not thread-safe: one thread owns one buffer. Reused, so that a span costs no allocation.</remarks>
internal sealed class MsgPackBuffer
{
    /// <summary>Largest encoded span in bytes; a larger one is dropped and counted.</summary>
    public const int MaxBytes = 512 * 1024;

    /// <summary>Longest text in characters; the rest is cut off. The agent keeps at most 25 000 bytes of a value.</summary>
    public const int MaxTextChars = 20_000;

    const int MaxPieceChars = 5_000;

    byte[] _bytes = new byte[4096];

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>What has been written; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>True when the span outgrew <see cref="MaxBytes"/>: what was written is not whole.</summary>
    public bool IsOverfull { get; private set; }

    /// <summary>Starts again from nothing.</summary>
    public void Reset()
    {
        Length = 0;
        IsOverfull = false;
    }

    /// <summary>Bytes that are msgpack already, such as a key or a block of tags written once.</summary>
    public void Raw(ReadOnlySpan<byte> encoded)
    {
        if (!Reserve(encoded.Length)) return;
        encoded.CopyTo(_bytes.AsSpan(Length));
        Length += encoded.Length;
    }

    /// <summary>The same, for the caller to fill in what is different each time.</summary>
    /// <returns>What was written; empty when it did not fit.</returns>
    public Span<byte> Form(ReadOnlySpan<byte> encoded)
    {
        if (!Reserve(encoded.Length)) return [];
        var written = _bytes.AsSpan(Length, encoded.Length);
        encoded.CopyTo(written);
        Length += encoded.Length;
        return written;
    }

    /// <summary>A map of at most 15 pairs.</summary>
    public void FixMap(int count) => Byte((byte)(0x80 | count));

    /// <summary>An array of at most 65 535 elements.</summary>
    public void Array16(int count)
    {
        if (!Reserve(3)) return;
        _bytes[Length] = 0xdc;
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(Length + 1), (ushort)count);
        Length += 3;
    }

    /// <summary>Begins a map whose count comes with <see cref="EndMap16"/>.</summary>
    public int BeginMap16() => BeginSized(0xde);

    /// <summary>Ends the map begun at <paramref name="mark"/>.</summary>
    public void EndMap16(int mark, int count) => Patch16(mark, count);

    /// <summary>Begins a text that is appended piece by piece and ended with <see cref="EndText"/>.</summary>
    public int BeginText() => BeginSized(0xda);

    /// <summary>Adds to the text that is open.</summary>
    public void AppendText(ReadOnlySpan<char> text)
    {
        text = Cut(text, MaxPieceChars);
        if (!Reserve(text.Length * 3)) return;
        Length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length));
    }

    /// <summary>Adds ASCII bytes to the text that is open.</summary>
    public void AppendAscii(ReadOnlySpan<byte> ascii) => Raw(ascii);

    /// <summary>Ends the text begun at <paramref name="mark"/>.</summary>
    public void EndText(int mark)
    {
        if (IsOverfull) return;
        var bytes = Length - mark - 2;
        if (bytes > ushort.MaxValue)
        {
            // Pieces are bounded one by one, their sum here; a character is not cut in two.
            bytes = ushort.MaxValue;
            while (bytes > 0 && (_bytes[mark + 2 + bytes] & 0xc0) == 0x80) bytes--;
            Length = mark + 2 + bytes;
        }
        Patch16(mark, bytes);
    }

    /// <summary>A text; null is written as the empty text.</summary>
    public void Text(ReadOnlySpan<char> text)
    {
        text = Cut(text, MaxTextChars);
        var most = text.Length * 3;
        if (!Reserve(most + 3)) return;
        var header = most <= 31 ? 1 : most <= byte.MaxValue ? 2 : 3;
        var bytes = Encoding.UTF8.GetBytes(text, _bytes.AsSpan(Length + header));
        switch (header)
        {
            case 1:
                _bytes[Length] = (byte)(0xa0 | bytes);
                break;
            case 2:
                _bytes[Length] = 0xd9;
                _bytes[Length + 1] = (byte)bytes;
                break;
            default:
                _bytes[Length] = 0xda;
                BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(Length + 1), (ushort)bytes);
                break;
        }
        Length += header + bytes;
    }

    /// <summary>An unsigned number.</summary>
    public void UInt64(ulong value)
    {
        if (value < 128)
        {
            Byte((byte)value);
            return;
        }
        if (!Reserve(9)) return;
        _bytes[Length] = 0xcf;
        BinaryPrimitives.WriteUInt64BigEndian(_bytes.AsSpan(Length + 1), value);
        Length += 9;
    }

    /// <summary>A signed number.</summary>
    public void Int64(long value)
    {
        if (value is >= 0 and < 128 or >= -32 and < 0)
        {
            Byte(unchecked((byte)value));
            return;
        }
        if (!Reserve(9)) return;
        _bytes[Length] = 0xd3;
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(Length + 1), value);
        Length += 9;
    }

    /// <summary>A floating-point number.</summary>
    public void Double(double value)
    {
        if (!Reserve(9)) return;
        _bytes[Length] = 0xcb;
        BinaryPrimitives.WriteDoubleBigEndian(_bytes.AsSpan(Length + 1), value);
        Length += 9;
    }

    void Byte(byte value)
    {
        if (!Reserve(1)) return;
        _bytes[Length++] = value;
    }

    int BeginSized(byte code)
    {
        if (!Reserve(3)) return 0;
        _bytes[Length] = code;
        var mark = Length + 1;
        Length += 3;
        return mark;
    }

    void Patch16(int mark, int value)
    {
        if (IsOverfull) return;
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(mark), (ushort)value);
    }

    bool Reserve(int bytes)
    {
        if (IsOverfull) return false;
        if (bytes <= _bytes.Length - Length) return true;
        if (bytes > MaxBytes - Length)
        {
            IsOverfull = true;
            return false;
        }
        Array.Resize(ref _bytes, Math.Min(MaxBytes, Math.Max(Length + bytes, _bytes.Length * 2)));
        return true;
    }

    static ReadOnlySpan<char> Cut(ReadOnlySpan<char> text, int max)
    {
        if (text.Length <= max) return text;
        return text[..(char.IsHighSurrogate(text[max - 1]) ? max - 1 : max)];
    }
}
