using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Apm.Wire.Protobuf;

/// <summary>
/// Walks the fields of one protobuf message without copying:
/// <code>
/// message = ( tag value )*
/// tag     = varint of (field number &lt;&lt; 3 | wire type)
/// value   = varint (0) | 8 bytes (1) | length, bytes (2) | 4 bytes (5)
/// </code>
/// A tag that the caller does not know, or knows with another wire type, is skipped, as protobuf asks.
/// Declared lengths are checked against what is left before anything is done with them.
/// </summary>
internal ref struct ProtoReader
{
    readonly ReadOnlySpan<byte> _bytes;
    readonly int _start;
    int _at;

    /// <param name="bytes">The message.</param>
    /// <param name="start">Where the message begins in the body, for error messages.</param>
    public ProtoReader(ReadOnlySpan<byte> bytes, int start = 0)
    {
        _bytes = bytes;
        _start = start;
    }

    /// <summary>Position in the body, not in the message.</summary>
    public readonly int Offset => _start + _at;

    /// <summary>Whether the message is read to its end; of packed numbers, whether there is no further.</summary>
    public readonly bool AtEnd => _at >= _bytes.Length;

    /// <summary>Reads the next tag; false at the end of the message.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReadTag(out uint tag)
    {
        if (_at >= _bytes.Length)
        {
            tag = 0;
            return false;
        }
        var first = _bytes[_at];
        if (first is >= 8 and < 0x80)
        {
            _at++;
            tag = first;
            return true;
        }
        tag = ReadLongTag();
        return true;
    }

    uint ReadLongTag()
    {
        var at = Offset;
        var tag = ReadVarint();
        if (tag > uint.MaxValue || tag >> 3 == 0) throw new DecodeFault(at, $"{tag} is not a field tag");
        return (uint)tag;
    }

    /// <summary>Reads a varint of up to 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarint()
    {
        if (_at < _bytes.Length && _bytes[_at] < 0x80) return _bytes[_at++];
        return ReadLongVarint();
    }

    ulong ReadLongVarint()
    {
        ulong value = 0;
        var from = Offset;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_at >= _bytes.Length) throw new DecodeFault(from, "a number is cut off");
            var next = _bytes[_at++];
            value |= unchecked((ulong)(next & 0x7F) << shift);
            if (next < 0x80) return value;
        }
        throw new DecodeFault(from, "a number has more than ten bytes");
    }

    /// <summary>Reads a varint as a 32-bit unsigned number; larger ones keep their lower half, as protobuf asks.</summary>
    public uint ReadUInt32() => unchecked((uint)ReadVarint());

    public ulong ReadFixed64()
    {
        if (_bytes.Length - _at < 8) throw new DecodeFault(Offset, "a 64-bit value is cut off");
        var value = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[_at..]);
        _at += 8;
        return value;
    }

    public uint ReadFixed32()
    {
        if (_bytes.Length - _at < 4) throw new DecodeFault(Offset, "a 32-bit value is cut off");
        var value = BinaryPrimitives.ReadUInt32LittleEndian(_bytes[_at..]);
        _at += 4;
        return value;
    }

    /// <summary>Reads a length and gives the bytes behind it, a window into the body.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var from = Offset;
        var length = ReadVarint();
        var left = _bytes.Length - _at;
        if (length > (ulong)left) throw new DecodeFault(from, $"a length of {length} bytes is declared, but only {left} remain");
        var bytes = _bytes.Slice(_at, (int)length);
        _at += (int)length;
        return bytes;
    }

    /// <summary>Reads a length and gives a reader for the message behind it.</summary>
    public ProtoReader ReadMessage()
    {
        var bytes = ReadBytes();
        return new ProtoReader(bytes, Offset - bytes.Length);
    }

    /// <summary>Passes over the value that belongs to a tag.</summary>
    public void Skip(uint tag)
    {
        switch (tag & 7)
        {
            case 0: ReadVarint(); break;
            case 1: ReadFixed64(); break;
            case 2: ReadBytes(); break;
            case 5: ReadFixed32(); break;
            default: throw new DecodeFault(Offset, $"field {tag >> 3} has wire type {tag & 7}, which this protocol does not use");
        }
    }
}
