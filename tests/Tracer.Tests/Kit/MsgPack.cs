using System.Buffers.Binary;
using System.Text;

namespace Apm.Tracer.Tests.Kit;

/// <summary>Decodes msgpack into dictionaries, lists, texts and numbers: what the tests compare with.</summary>
static class MsgPack
{
    public static object? Decode(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        var value = Read(bytes, ref at);
        Assert.Equal(bytes.Length, at);
        return value;
    }

    static object? Read(ReadOnlySpan<byte> b, ref int at)
    {
        var code = b[at++];
        switch (code)
        {
            case <= 0x7f: return (long)code;
            case >= 0xe0: return (long)unchecked((sbyte)code);
            case >= 0x80 and <= 0x8f: return Map(b, ref at, code & 0x0f);
            case >= 0x90 and <= 0x9f: return List(b, ref at, code & 0x0f);
            case >= 0xa0 and <= 0xbf: return Text(b, ref at, code & 0x1f);
            case 0xc0: return null;
            case 0xc2: return false;
            case 0xc3: return true;
            case 0xcb: return BinaryPrimitives.ReadDoubleBigEndian(Take(b, ref at, 8));
            case 0xcf: return BinaryPrimitives.ReadUInt64BigEndian(Take(b, ref at, 8));
            case 0xd3: return BinaryPrimitives.ReadInt64BigEndian(Take(b, ref at, 8));
            case 0xd9: return Text(b, ref at, Take(b, ref at, 1)[0]);
            case 0xda: return Text(b, ref at, BinaryPrimitives.ReadUInt16BigEndian(Take(b, ref at, 2)));
            case 0xdc: return List(b, ref at, BinaryPrimitives.ReadUInt16BigEndian(Take(b, ref at, 2)));
            case 0xdd: return List(b, ref at, BinaryPrimitives.ReadInt32BigEndian(Take(b, ref at, 4)));
            case 0xde: return Map(b, ref at, BinaryPrimitives.ReadUInt16BigEndian(Take(b, ref at, 2)));
            default: throw new InvalidDataException($"Code 0x{code:x2} at byte {at - 1} is not one that our encoder writes.");
        }
    }

    static Dictionary<string, object?> Map(ReadOnlySpan<byte> b, ref int at, int count)
    {
        var map = new Dictionary<string, object?>();
        for (; count > 0; count--)
        {
            var key = (string)Read(b, ref at)!;
            map.Add(key, Read(b, ref at)); // A key that stands twice throws.
        }
        return map;
    }

    static List<object?> List(ReadOnlySpan<byte> b, ref int at, int count)
    {
        var list = new List<object?>();
        for (; count > 0; count--) list.Add(Read(b, ref at));
        return list;
    }

    static string Text(ReadOnlySpan<byte> b, ref int at, int length) => new UTF8Encoding(false, true).GetString(Take(b, ref at, length));

    static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> b, ref int at, int length)
    {
        at += length;
        return b.Slice(at - length, length);
    }
}
