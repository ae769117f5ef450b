using System.Buffers.Binary;

namespace Apm.Endurance.Fuzz;

/// <summary>Damages bodies: bytes flipped, cut, repeated, spliced from another, lengths and numbers made extreme, brackets nested.</summary>
/// <remarks>All chance comes from the generator that is handed in, so a case can be made again from its seed.</remarks>
public static class BodyMutator
{
    /// <summary>No damaged body is larger: what grows beyond it is cut.</summary>
    public const int MaxBytes = 65_536;

    /// <summary>Bytes that mean something in one of the formats: msgpack heads, JSON signs, protobuf lengths.</summary>
    static ReadOnlySpan<byte> TellingBytes =>
    [
        0x00, 0x01, 0x7f, 0x80, 0x81, 0x90, 0x91, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc4, 0xc6, 0xc9, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd9, 0xda, 0xdb,
        0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xff, (byte)'{', (byte)'}', (byte)'[', (byte)']', (byte)'"', (byte)'\\', (byte)',', (byte)':', (byte)'-', (byte)'e', (byte)'u', 0x0a, 0x12,
    ];

    static ReadOnlySpan<long> ExtremeNumbers => [0, 1, -1, 2, 127, 128, 255, 256, 32_767, 65_535, 65_536, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 53, 2_147_483_640];

    static readonly string[] JsonNumbers = ["-1", "1e999", "-1e-999", "99999999999999999999999999", "0.1", "1e18", "18446744073709551616", "-9223372036854775809", "00", "1.", "null", "true", "\"x\"", "[]", "{}"];

    /// <summary>Damages a body one to four times.</summary>
    /// <param name="body">Not changed.</param>
    /// <param name="other">Another body of the same kind, to splice with.</param>
    public static byte[] Mutate(byte[] body, byte[] other, Random chance)
    {
        var changed = body;
        for (var left = chance.Next(4) switch { 0 => 2, 1 => chance.Next(1, 5), _ => 1 }; left > 0; left--) changed = Once(changed, other, chance);
        return changed.Length <= MaxBytes ? changed : changed[..MaxBytes];
    }

    /// <summary>Bytes without any meaning, now and then with a beginning that gets past the door.</summary>
    public static byte[] RandomBytes(Random chance)
    {
        var body = new byte[chance.Next(300)];
        chance.NextBytes(body);
        if (body.Length > 4 && chance.Next(2) == 0)
            for (var i = chance.Next(1, 4) - 1; i >= 0; i--) body[i] = Telling(chance);
        return body;
    }

    static byte[] Once(byte[] body, byte[] other, Random chance)
    {
        if (body.Length == 0) return RandomBytes(chance);
        var (from, to) = Range(body.Length, chance);
        switch (chance.Next(16))
        {
            case 0 or 13 or 14 or 15: return Changed(body, from, (byte)(body[from] ^ (1 << chance.Next(8))));
            case 1: return Changed(body, from, (byte)chance.Next(256));
            case 2: return Changed(body, from, Telling(chance));
            case 3: return body[..from];
            case 4: return [.. body[..from], .. body[to..]];
            case 5: return Repeated(body, from, to, chance);
            case 6: return [.. body[..from], .. RandomBytes(chance), .. body[from..]];
            case 7: return [.. body[..from], .. other[chance.Next(other.Length + 1)..]];
            case 8: return WithNumber(body, from, chance);
            case 9:
                var (otherFrom, otherTo) = Range(Math.Max(1, other.Length), chance);
                return [.. body[..from], .. other[Math.Min(otherFrom, other.Length)..Math.Min(otherTo, other.Length)], .. body[to..]];
            case 10: return WithVarint(body, from, chance);
            case 11: return WithJsonNumber(body, from, chance);
            default: return Nested(body, from, chance);
        }
    }

    /// <summary>Mostly a short stretch.</summary>
    static (int From, int To) Range(int length, Random chance)
    {
        var from = chance.Next(length);
        var most = chance.Next(3) == 0 ? length - from : Math.Min(32, length - from);
        return (from, from + chance.Next(1, most + 1));
    }

    static byte Telling(Random chance) => TellingBytes[chance.Next(TellingBytes.Length)];

    static byte[] Changed(byte[] body, int at, byte value)
    {
        var changed = (byte[])body.Clone();
        changed[at] = value;
        return changed;
    }

    static byte[] Repeated(byte[] body, int from, int to, Random chance)
    {
        var times = chance.Next(4) == 0 ? chance.Next(2, 2_000) : chance.Next(2, 8);
        times = Math.Max(1, Math.Min(times, (MaxBytes - body.Length) / (to - from)));
        var part = body.AsSpan(from, to - from);
        var repeated = new byte[body.Length + (times * part.Length)];
        body.AsSpan(0, to).CopyTo(repeated);
        for (var i = 0; i < times; i++) part.CopyTo(repeated.AsSpan(to + (i * part.Length)));
        body.AsSpan(to).CopyTo(repeated.AsSpan(to + (times * part.Length)));
        return repeated;
    }

    static byte[] WithNumber(byte[] body, int at, Random chance)
    {
        var number = ExtremeNumbers[chance.Next(ExtremeNumbers.Length)];
        Span<byte> bytes = stackalloc byte[8];
        var isBig = chance.Next(2) == 0;
        if (isBig) BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        else BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        var size = 1 << chance.Next(4);
        var part = isBig ? bytes[^size..] : bytes[..size];
        var changed = (byte[])body.Clone();
        part[..Math.Min(size, body.Length - at)].CopyTo(changed.AsSpan(at));
        return changed;
    }

    static byte[] WithVarint(byte[] body, int at, Random chance)
    {
        var varint = new byte[chance.Next(1, 12)];
        Array.Fill(varint, (byte)0xff);
        if (chance.Next(4) > 0) varint[^1] = (byte)chance.Next(128);
        return [.. body[..at], .. varint, .. body[Math.Min(body.Length, at + chance.Next(3))..]];
    }

    /// <summary>Replaces the number after a place by one that is hard to read.</summary>
    static byte[] WithJsonNumber(byte[] body, int from, Random chance)
    {
        var begin = body.AsSpan(from).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (begin < 0) return Changed(body, from, Telling(chance));
        begin += from;
        var end = begin + 1;
        while (end < body.Length && body[end] is >= (byte)'0' and <= (byte)'9') end++;
        return [.. body[..begin], .. System.Text.Encoding.ASCII.GetBytes(JsonNumbers[chance.Next(JsonNumbers.Length)]), .. body[end..]];
    }

    static byte[] Nested(byte[] body, int at, Random chance)
    {
        var nested = new byte[chance.Next(1, chance.Next(4) == 0 ? 20_000 : 80)];
        Array.Fill(nested, chance.Next(5) switch { 0 => (byte)'[', 1 => (byte)0x91, 2 => (byte)0x81, 3 => (byte)'{', _ => Telling(chance) });
        return [.. body[..at], .. nested, .. body[at..]];
    }
}
