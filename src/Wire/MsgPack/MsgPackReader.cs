using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Apm.Wire.MsgPack;

/// <summary>
/// Reads msgpack values one after the other out of a body, with the leniency that Datadog's tracers need (trace-intake §1.16):
/// <code>
/// string   str, bin, nil           nil is ""
/// id       uint, int, nil          a negative int keeps its bits
/// integer  uint, int, nil
/// number   float64, float32, uint, int, nil
/// map      map, nil
/// </code>
/// Allocates nothing and copies nothing. Declared lengths are checked against the bytes that are left before anyone
/// reserves memory for them.
/// </summary>
/// <remarks>Every Read method throws <see cref="MsgPackException"/> when the next value is something else or is cut off.</remarks>
public ref struct MsgPackReader(ReadOnlySpan<byte> body)
{
    /// <summary>Most elements of one array or map; more is refused, whatever the body's length (trace-intake §1.11).</summary>
    public const int MaxElements = 25_000_000;

    readonly ReadOnlySpan<byte> _body = body;
    int _at;

    /// <summary>Where the next value begins, counted from the body's start.</summary>
    public readonly int Offset => _at;

    /// <summary>Bytes not yet read.</summary>
    public readonly int BytesLeft => _body.Length - _at;

    /// <summary>A second reader on the same body that continues at an offset read before.</summary>
    public readonly MsgPackReader From(int offset) => new(_body) { _at = offset };

    /// <summary>First byte of the next value, which tells its type.</summary>
    public readonly byte PeekCode() => _at < _body.Length ? _body[_at] : throw EndsEarly();

    /// <summary>Reads the next value when it is nil.</summary>
    public bool TryReadNil()
    {
        if (PeekCode() != MsgPackCode.Nil) return false;
        _at++;
        return true;
    }

    /// <summary>
    /// Passes over the next bytes when they are those that stand at an earlier place: the same value in the same form.
    /// Comparing is much cheaper than reading and hashing again.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TrySkipSame(int offset, int length)
    {
        if ((uint)length > (uint)BytesLeft) return false;
        if (!_body.Slice(_at, length).SequenceEqual(_body.Slice(offset, length))) return false;
        _at += length;
        return true;
    }

    /// <summary>Number of elements of the array that begins here.</summary>
    public int ReadArrayLength()
    {
        var start = _at;
        var code = NextByte();
        if ((code & 0xf0) == MsgPackCode.FixArray) return CheckLength(start, (uint)code & 0x0f, 1);
        return code switch
        {
            MsgPackCode.Array16 => CheckLength(start, NextUInt16(), 1),
            MsgPackCode.Array32 => CheckLength(start, NextUInt32(), 1),
            _ => throw Expected("an array", start, code),
        };
    }

    /// <summary>Number of key/value pairs of the map that begins here; 0 for nil.</summary>
    public int ReadMapLength()
    {
        var start = _at;
        var code = NextByte();
        if ((code & 0xf0) == MsgPackCode.FixMap) return CheckLength(start, (uint)code & 0x0f, 2);
        return code switch
        {
            MsgPackCode.Map16 => CheckLength(start, NextUInt16(), 2),
            MsgPackCode.Map32 => CheckLength(start, NextUInt32(), 2),
            MsgPackCode.Nil => 0,
            _ => throw Expected("a map", start, code),
        };
    }

    /// <summary>The bytes of a str or bin, not checked to be UTF-8; empty for nil.</summary>
    public ReadOnlySpan<byte> ReadString()
    {
        var start = _at;
        var code = NextByte();
        if ((code & 0xe0) == MsgPackCode.FixStr) return Take(code & 0x1fu);
        return code switch
        {
            MsgPackCode.Str8 or MsgPackCode.Bin8 => Take(NextByte()),
            MsgPackCode.Str16 or MsgPackCode.Bin16 => Take(NextUInt16()),
            MsgPackCode.Str32 or MsgPackCode.Bin32 => Take(NextUInt32()),
            MsgPackCode.Nil => default,
            _ => throw Expected("a string", start, code),
        };
    }

    /// <summary>A 64-bit id; 0 for nil. Old JVM clients send ids above 2^63 as negative integers.</summary>
    public ulong ReadId()
    {
        var start = _at;
        var code = NextByte();
        if (code == MsgPackCode.UInt64) return NextUInt64();
        return ReadInteger(start, code, "an integer", out _);
    }

    /// <summary>A signed integer; 0 for nil.</summary>
    public long ReadInt64()
    {
        var start = _at;
        var bits = ReadInteger(start, NextByte(), "an integer", out var negative);
        if (!negative && bits > long.MaxValue)
            throw new MsgPackException(start, $"{bits} does not fit a signed 64-bit integer. Times and durations are nanoseconds; check the unit.");
        return unchecked((long)bits);
    }

    /// <summary>A signed 32-bit integer; 0 for nil.</summary>
    public int ReadInt32()
    {
        var start = _at;
        var value = ReadInt64();
        if (value is < int.MinValue or > int.MaxValue)
            throw new MsgPackException(start, $"{value} does not fit a signed 32-bit integer. Send a small number, such as 0 or 1.");
        return (int)value;
    }

    /// <summary>An integer of 0 or more; nil is refused.</summary>
    public ulong ReadUnsigned()
    {
        var start = _at;
        var code = NextByte();
        if (code == MsgPackCode.Nil) throw Expected("an integer of 0 or more", start, code);
        var bits = ReadInteger(start, code, "an integer of 0 or more", out var negative);
        if (negative) throw new MsgPackException(start, $"{unchecked((long)bits)} is negative where an integer of 0 or more is expected. Send an unsigned integer.");
        return bits;
    }

    /// <summary>A number; 0 for nil. float32 is accepted as well, though no known client sends it.</summary>
    public double ReadDouble()
    {
        var start = _at;
        var code = NextByte();
        if (code == MsgPackCode.Float64) return BitConverter.UInt64BitsToDouble(NextUInt64());
        if (code == MsgPackCode.Float32) return BitConverter.UInt32BitsToSingle(NextUInt32());
        var bits = ReadInteger(start, code, "a number", out var negative);
        return negative ? unchecked((long)bits) : bits;
    }

    /// <summary>true or false; false for nil.</summary>
    public bool ReadBool()
    {
        var start = _at;
        var code = NextByte();
        return code switch
        {
            MsgPackCode.True => true,
            MsgPackCode.False or MsgPackCode.Nil => false,
            _ => throw Expected("true or false", start, code),
        };
    }

    /// <summary>
    /// Passes over one value with all that is in it. It counts instead of recursing, so nesting costs no stack and needs no limit.
    /// </summary>
    public void Skip()
    {
        for (var left = 1L; left > 0; left--) left += SkipHead();
    }

    /// <summary>Passes over the head of a value, with its content unless that is an array's or a map's.</summary>
    /// <returns>How many values inside it follow.</returns>
    public long SkipHead()
    {
        var start = _at;
        var code = NextByte();
        switch (code)
        {
            case < 0x80 or >= 0xe0: return 0; // fixint
            case <= 0x8f: return CheckLength(start, code & 0x0fu, 2) * 2L;
            case <= 0x9f: return CheckLength(start, code & 0x0fu, 1);
            case <= 0xbf: Take(code & 0x1fu); return 0;
            case MsgPackCode.Nil or MsgPackCode.False or MsgPackCode.True: return 0;
            case MsgPackCode.Str8 or MsgPackCode.Bin8: Take(NextByte()); return 0;
            case MsgPackCode.Str16 or MsgPackCode.Bin16: Take(NextUInt16()); return 0;
            case MsgPackCode.Str32 or MsgPackCode.Bin32: Take(NextUInt32()); return 0;
            case MsgPackCode.UInt8 or MsgPackCode.Int8: Take(1); return 0;
            case MsgPackCode.UInt16 or MsgPackCode.Int16: Take(2); return 0;
            case MsgPackCode.UInt32 or MsgPackCode.Int32 or MsgPackCode.Float32: Take(4); return 0;
            case MsgPackCode.UInt64 or MsgPackCode.Int64 or MsgPackCode.Float64: Take(8); return 0;
            case MsgPackCode.Array16: return CheckLength(start, NextUInt16(), 1);
            case MsgPackCode.Array32: return CheckLength(start, NextUInt32(), 1);
            case MsgPackCode.Map16: return CheckLength(start, NextUInt16(), 2) * 2L;
            case MsgPackCode.Map32: return CheckLength(start, NextUInt32(), 2) * 2L;
            case >= MsgPackCode.FixExt1 and <= MsgPackCode.FixExt16: Take(1 + (1u << (code - MsgPackCode.FixExt1))); return 0;
            case MsgPackCode.Ext8: Take(NextByte()); Take(1); return 0;
            case MsgPackCode.Ext16: Take(NextUInt16()); Take(1); return 0;
            case MsgPackCode.Ext32: Take(NextUInt32()); Take(1); return 0;
            default: throw Expected("a value", start, code); // 0xc1 is never used
        }
    }

    /// <summary>What to throw when the value at an offset is not what the format says.</summary>
    public static MsgPackException Expected(string what, int offset, byte code) => new(offset,
        $"expected {what}, found {MsgPackCode.NameOf(code)} (0x{code:x2}). Send {what} here or leave the key out; " +
        "a body of another protocol version sent to this address looks like this, too.");

    ulong ReadInteger(int start, byte code, string what, out bool negative)
    {
        negative = false;
        if (code < 0x80) return code;
        long signed;
        switch (code)
        {
            case MsgPackCode.UInt8: return NextByte();
            case MsgPackCode.UInt16: return NextUInt16();
            case MsgPackCode.UInt32: return NextUInt32();
            case MsgPackCode.UInt64: return NextUInt64();
            case MsgPackCode.Nil: return 0;
            case MsgPackCode.Int8: signed = unchecked((sbyte)NextByte()); break;
            case MsgPackCode.Int16: signed = unchecked((short)NextUInt16()); break;
            case MsgPackCode.Int32: signed = unchecked((int)NextUInt32()); break;
            case MsgPackCode.Int64: signed = unchecked((long)NextUInt64()); break;
            case >= 0xe0: signed = unchecked((sbyte)code); break;
            default: throw Expected(what, start, code);
        }
        negative = signed < 0;
        return unchecked((ulong)signed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    byte NextByte()
    {
        var at = _at;
        if ((uint)at >= (uint)_body.Length) ThrowEndsEarly();
        _at = at + 1;
        return _body[at];
    }

    uint NextUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    uint NextUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    ulong NextUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    ReadOnlySpan<byte> Take(uint length)
    {
        var at = _at;
        if (length > (uint)(_body.Length - at)) ThrowEndsEarly();
        _at = at + (int)length;
        return _body.Slice(at, (int)length);
    }

    readonly int CheckLength(int start, uint elements, int bytesPerElement)
    {
        if (elements > MaxElements)
            throw new MsgPackException(start, $"{elements} elements are announced, the limit is {MaxElements}. Send fewer spans per request.");
        if (elements * (ulong)bytesPerElement > (ulong)BytesLeft)
            throw new MsgPackException(start,
                $"{elements} elements are announced, but only {BytesLeft} bytes follow. " +
                "The body was cut off or damaged on its way; check proxies between the tracer and here.");
        return (int)elements;
    }

    readonly MsgPackException EndsEarly() => new(_body.Length,
        "the body ends in the middle of a value. It was cut off on its way; check the Content-Length and proxies between the tracer and here.");

    [DoesNotReturn]
    readonly void ThrowEndsEarly() => throw EndsEarly();
}
