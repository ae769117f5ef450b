using System.Numerics;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>Doubles that are no short decimals, such as means: what changes from one to the next, without the bits that are the same in a whole group.</summary>
static class BitColumn
{
    const int GroupLength = 128;

    public static void Write(BitWriter into, ReadOnlySpan<double> values)
    {
        var last = 0UL;
        Span<ulong> changes = stackalloc ulong[GroupLength];
        for (var from = 0; from < values.Length; from += GroupLength)
        {
            var group = values[from..Math.Min(values.Length, from + GroupLength)];
            var any = 0UL;
            for (var i = 0; i < group.Length; i++)
            {
                var bits = BitConverter.DoubleToUInt64Bits(group[i]);
                changes[i] = bits ^ last;
                any |= changes[i];
                last = bits;
            }
            var low = any == 0 ? 0 : BitOperations.TrailingZeroCount(any);
            var width = any == 0 ? 0 : 64 - BitOperations.LeadingZeroCount(any) - low;
            into.Write((ulong)low, 6);
            into.Write((ulong)width, 7);
            for (var i = 0; i < group.Length; i++) into.Write(changes[i] >> low, width);
        }
    }

    public static void Read(ref BitReader from, scoped Span<double> values)
    {
        var last = 0UL;
        for (var at = 0; at < values.Length; at += GroupLength)
        {
            var low = (int)from.Read(6);
            var width = Math.Min(64, (int)from.Read(7));
            var end = Math.Min(values.Length, at + GroupLength);
            for (var i = at; i < end; i++)
            {
                last ^= from.Read(width) << low;
                values[i] = BitConverter.UInt64BitsToDouble(last);
            }
        }
    }
}
