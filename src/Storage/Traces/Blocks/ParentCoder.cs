using System.Runtime.InteropServices;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Writes parents as distances within the trace: 0 for a root, 1 for a parent that is elsewhere (its id follows apart),
/// else 2 + zigzag(own place − parent's place).
/// </summary>
/// <remarks>One thread; used again for each block.</remarks>
sealed class ParentCoder
{
    const int SmallTrace = 64;
    const ulong Root = 0, Elsewhere = 1, FirstDistance = 2;

    readonly ByteWriter _codes = new();
    readonly ByteWriter _outside = new();
    readonly Dictionary<ulong, int> _places = [];

    public ReadOnlySpan<byte> Codes => _codes.Written;

    public ReadOnlySpan<byte> Outside => _outside.Written;

    public void Write(ReadOnlySpan<ulong> ids, ReadOnlySpan<ulong> parents, ReadOnlySpan<int> traceBegins)
    {
        _codes.Clear();
        _outside.Clear();
        for (var trace = 0; trace + 1 < traceBegins.Length; trace++)
        {
            var begin = traceBegins[trace];
            var length = traceBegins[trace + 1] - begin;
            WriteTrace(ids.Slice(begin, length), parents.Slice(begin, length));
        }
    }

    void WriteTrace(ReadOnlySpan<ulong> ids, ReadOnlySpan<ulong> parents)
    {
        var isLarge = ids.Length > SmallTrace;
        if (isLarge)
        {
            _places.Clear();
            for (var i = 0; i < ids.Length; i++) _places.TryAdd(ids[i], i);
        }
        for (var i = 0; i < parents.Length; i++)
        {
            var parent = parents[i];
            if (parent == 0)
            {
                _codes.Varint(Root);
                continue;
            }
            var place = !isLarge ? ids.IndexOf(parent) : _places.TryGetValue(parent, out var found) ? found : -1;
            if (place >= 0)
            {
                _codes.Varint(FirstDistance + ZigZag(i - place));
                continue;
            }
            _codes.Varint(Elsewhere);
            _outside.UInt64(parent);
        }
    }

    /// <summary>Reads the parents of the first spans, as many as there is room for.</summary>
    /// <param name="ids">Ids of all spans of the block.</param>
    public static void Read(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> outside, ReadOnlySpan<ulong> ids, Span<ulong> parents)
    {
        var reader = new ByteReader(codes);
        var outsideIds = MemoryMarshal.Cast<byte, ulong>(outside);
        var nextOutside = 0;
        for (var i = 0; i < parents.Length; i++)
        {
            var code = reader.Varint();
            if (code == Root)
            {
                parents[i] = 0;
                continue;
            }
            if (code == Elsewhere)
            {
                if (nextOutside >= outsideIds.Length) throw new BlockDamagedException("A block has fewer parents than its spans name.");
                parents[i] = outsideIds[nextOutside++];
                continue;
            }
            var place = i - UnZigZag(code - FirstDistance);
            if (place < 0 || place >= ids.Length) throw new BlockDamagedException($"A span of a block names place {place} of {ids.Length} as its parent.");
            parents[i] = ids[(int)place];
        }
    }

    static ulong ZigZag(int value) => unchecked((uint)((value << 1) ^ (value >> 31)));

    static long UnZigZag(ulong value) => unchecked((int)((uint)value >> 1) ^ -(int)(value & 1));
}
