using System.Runtime.InteropServices;
using System.Text;

namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Hashes that filters store. Unlike those of a string table they are the same in every process; a payload made to
/// collide costs its sender's own searches some speed, nothing else.
/// </summary>
/// <remarks>Stored (docs/formats/trace-block.md): never change.</remarks>
public static class StableHash
{
    const ulong Factor = 0xD6E8FEB86659FD93;

    /// <summary>Of the lower half of a trace id.</summary>
    public static ulong OfTrace(ulong traceIdLow) => Mix(traceIdLow ^ 0x9E3779B97F4A7C15);

    /// <summary>Of a text: eight bytes at a time, little-endian, the last ones filled with zeros.</summary>
    public static ulong OfText(ReadOnlySpan<byte> utf8)
    {
        unchecked
        {
            var hash = (ulong)utf8.Length * 0x9E3779B97F4A7C15;
            while (utf8.Length >= 8)
            {
                hash = Mix(hash ^ MemoryMarshal.Read<ulong>(utf8));
                utf8 = utf8[8..];
            }
            ulong rest = 0;
            for (var i = utf8.Length - 1; i >= 0; i--) rest = (rest << 8) | utf8[i];
            return Mix(hash ^ rest);
        }
    }

    /// <inheritdoc cref="OfText(ReadOnlySpan{byte})"/>
    public static ulong OfText(string text) => OfText(Encoding.UTF8.GetBytes(text));

    /// <summary>Of a tag, from the hashes of its key and its value.</summary>
    public static ulong OfTag(ulong key, ulong value) => Mix(unchecked((key * 3) + value));

    static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, Factor, out var low);
        var mixed = high ^ low;
        high = Math.BigMul(mixed ^ Factor, 0x9E3779B97F4A7C15, out low); // Twice: the filter uses all 64 bits.
        return high ^ low;
    }
}
