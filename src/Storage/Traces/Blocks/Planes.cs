namespace Apm.Storage.Traces.Blocks;

/// <summary>
/// Whole numbers of a fixed width, all their lowest bytes first, then all their second bytes, and so on: bytes that
/// resemble each other stand together, which zstd rewards, and any element can be read without those before it.
/// </summary>
public static class Planes
{
    /// <summary>Bytes that hold every value up to <paramref name="max"/>: 1 to 8.</summary>
    public static int WidthFor(ulong max) => max == 0 ? 1 : (64 - System.Numerics.BitOperations.LeadingZeroCount(max) + 7) / 8;

    public static void Write(ByteWriter to, ReadOnlySpan<int> values, int width)
    {
        unchecked
        {
            for (var plane = 0; plane < width; plane++)
            {
                var bytes = to.Free(values.Length)[..values.Length];
                var shift = plane * 8;
                for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(values[i] >> shift);
                to.Advance(bytes.Length);
            }
        }
    }

    public static void Write(ByteWriter to, ReadOnlySpan<ulong> values, int width)
    {
        unchecked
        {
            for (var plane = 0; plane < width; plane++)
            {
                var bytes = to.Free(values.Length)[..values.Length];
                var shift = plane * 8;
                for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(values[i] >> shift);
                to.Advance(bytes.Length);
            }
        }
    }

    /// <summary>Reads elements [first, first + values.Length) of <paramref name="count"/>, each below <paramref name="limit"/>.</summary>
    /// <exception cref="BlockDamagedException">The bytes do not hold so many, or one is out of range.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, int count, int width, int first, Span<int> values, int limit)
    {
        if (width is < 1 or > 4 || bytes.Length < (long)count * width) throw new BlockDamagedException("A column of a block is shorter than its values.");
        var lowest = bytes.Slice(first, values.Length);
        if (width == 1) for (var i = 0; i < values.Length; i++) values[i] = lowest[i];
        else
        {
            var second = bytes.Slice(count + first, values.Length); // In one go: nearly all have one or two.
            for (var i = 0; i < values.Length; i++) values[i] = lowest[i] | (second[i] << 8);
        }
        for (var plane = 2; plane < width; plane++)
        {
            var from = bytes.Slice((plane * count) + first, values.Length);
            for (var i = 0; i < values.Length; i++) values[i] |= from[i] << (plane * 8);
        }
        var largest = 0u;
        foreach (var value in values) largest = Math.Max(largest, unchecked((uint)value));
        if (largest >= (uint)limit) throw new BlockDamagedException($"A column of a block points at {largest} of {limit}.");
    }

    /// <inheritdoc cref="Read(ReadOnlySpan{byte}, int, int, int, Span{int}, int)"/>
    public static void Read(ReadOnlySpan<byte> bytes, int count, int width, int first, Span<ulong> values)
    {
        if (width is < 1 or > 8 || bytes.Length < (long)count * width) throw new BlockDamagedException("A column of a block is shorter than its values.");
        unchecked
        {
            values.Clear();
            for (var plane = 0; plane < width; plane++)
            {
                var from = bytes.Slice((plane * count) + first, values.Length);
                var shift = plane * 8;
                for (var i = 0; i < from.Length; i++) values[i] |= (ulong)from[i] << shift;
            }
        }
    }
}
