using Apm.Core.Metrics;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>
/// Encodes what one series has in one day, as docs/formats/metrics.md says: chunks one behind the other, each with its kind, its length and the
/// time it covers before what is packed, so that a reader passes over what it does not need.
/// </summary>
/// <remarks>One thread; meant to be kept and cleared.</remarks>
sealed class ChunkWriter
{
    /// <summary>Most points of a chunk: a reader of some hours needs not unpack a whole day.</summary>
    public const int ChunkPoints = 512;

    readonly ByteWriter _bytes = new();
    readonly BitWriter _bits = new();
    readonly int[] _seconds = new int[ChunkPoints];
    readonly double[] _values = new double[ChunkPoints * 4];
    readonly long[] _whole = new long[ChunkPoints * 4];
    readonly ulong[] _column = new ulong[ChunkPoints];

    public ReadOnlySpan<byte> Written => _bytes.Written;

    public void Clear() => _bytes.Clear();

    /// <param name="points">Strictly ascending.</param>
    public void Points(long dayUnixSeconds, ReadOnlySpan<MetricPoint> points)
    {
        for (; points.Length > 0; points = points[Math.Min(points.Length, ChunkPoints)..])
        {
            var count = Math.Min(points.Length, ChunkPoints);
            for (var i = 0; i < count; i++) (_seconds[i], _values[i]) = ((int)(points[i].UnixSeconds - dayUnixSeconds), points[i].Value);
            _bits.Clear();
            TimeColumn.Write(_bits, _seconds.AsSpan(0, count));
            WriteValues(_values.AsSpan(0, count), _whole.AsSpan(0, count));
            Close(ChunkKind.Points, count, _bits.Finish());
        }
    }

    void WriteValues(Span<double> values, Span<long> whole)
    {
        if (DecimalScale.DigitsOf(values) is not { } digits || !DecimalScale.TryToWhole(values, digits, whole))
        {
            _bits.Write(NoDecimals, DigitBits);
            BitColumn.Write(_bits, values);
            return;
        }
        var shift = WriteScale(digits, whole);
        WriteDifferences(whole, shift);
    }

    /// <summary>In the place of a number of decimals: the bits of doubles follow.</summary>
    public const int NoDecimals = 15;

    public const int DigitBits = 4;
    public const int ShiftBits = 5;

    int WriteScale(int digits, ReadOnlySpan<long> whole)
    {
        var shift = DecimalScale.ShiftOf(whole);
        _bits.Write((ulong)digits, DigitBits);
        _bits.Write((ulong)shift, ShiftBits);
        return shift;
    }

    void WriteDifferences(ReadOnlySpan<long> whole, int shift)
    {
        _bits.Write(RiceColumn.ZigZag(whole[0] >> shift), 64);
        for (var i = 1; i < whole.Length; i++) _column[i] = RiceColumn.ZigZag((whole[i] - whole[i - 1]) >> shift);
        RiceColumn.Write(_bits, _column.AsSpan(1, whole.Length - 1));
    }

    /// <param name="points">Strictly ascending.</param>
    public void Rollups(long dayUnixSeconds, ReadOnlySpan<RollupPoint> points)
    {
        for (; points.Length > 0; points = points[Math.Min(points.Length, ChunkPoints)..])
        {
            var chunk = points[..Math.Min(points.Length, ChunkPoints)];
            for (var i = 0; i < chunk.Length; i++) _seconds[i] = (int)(chunk[i].UnixSeconds - dayUnixSeconds);
            _bits.Clear();
            TimeColumn.Write(_bits, _seconds.AsSpan(0, chunk.Length));
            var lastCount = 0L;
            for (var i = 0; i < chunk.Length; i++)
            {
                _column[i] = RiceColumn.ZigZag(chunk[i].Count - lastCount);
                lastCount = chunk[i].Count;
            }
            RiceColumn.Write(_bits, _column.AsSpan(0, chunk.Length));
            WriteColumns(chunk);
            Close(ChunkKind.Rollups, chunk.Length, _bits.Finish());
        }
    }

    void WriteColumns(ReadOnlySpan<RollupPoint> chunk)
    {
        var count = chunk.Length;
        for (var i = 0; i < count; i++) (_values[i], _values[count + i], _values[2 * count + i], _values[3 * count + i]) = (chunk[i].Min, chunk[i].Max, chunk[i].Last, chunk[i].Sum);
        var all = _values.AsSpan(0, 4 * count);
        var whole = _whole.AsSpan(0, 4 * count);
        if (DigitsOf(chunk, all, whole) is not { } digits)
        {
            _bits.Write(NoDecimals, DigitBits);
            foreach (ref var value in all) value = ToSingle(value);
            for (var column = 0; column < 4; column++) BitColumn.Write(_bits, all.Slice(column * count, count));
            return;
        }
        var shift = WriteScale(digits, whole);
        WriteDifferences(whole[..count], shift);
        for (var i = 0; i < count; i++) _column[i] = (ulong)((whole[count + i] - whole[i]) >> shift);
        RiceColumn.Write(_bits, _column.AsSpan(0, count));
        for (var i = 0; i < count; i++) _column[i] = (ulong)((whole[2 * count + i] - whole[i]) >> shift);
        RiceColumn.Write(_bits, _column.AsSpan(0, count));
        for (var i = 0; i < count; i++)
            _column[i] = RiceColumn.ZigZag(unchecked((whole[3 * count + i] >> shift) - SumGuess(chunk[i].Count, whole[i] >> shift, whole[count + i] >> shift)));
        RiceColumn.Write(_bits, _column.AsSpan(0, count));
    }

    /// <summary>About what the sum is: the count times the middle.</summary>
    public static long SumGuess(long count, long min, long max) => unchecked(count * (min + max) / 2);

    /// <summary>Decimals with which all columns are whole; null when there are none.</summary>
    static int? DigitsOf(ReadOnlySpan<RollupPoint> chunk, ReadOnlySpan<double> all, Span<long> whole)
    {
        // The points between may have had more decimals than the least, the greatest and the last; then the sum has them.
        for (var digits = DecimalScale.DigitsOf(all[..(3 * chunk.Length)]); digits <= DecimalScale.MaxDigits; digits++)
        {
            if (!DecimalScale.TryToWhole(all, digits.Value, whole)) return null;
            if (SumsAreWhole(chunk, whole[(3 * chunk.Length)..], digits.Value)) return digits;
        }
        return null;
    }

    /// <summary>A sum of decimals has as few of them; what a sum of doubles has more is the noise of adding.</summary>
    static bool SumsAreWhole(ReadOnlySpan<RollupPoint> chunk, ReadOnlySpan<long> sums, int digits)
    {
        var power = new DecimalScale(digits, 0).Power;
        for (var i = 0; i < chunk.Length; i++)
        {
            var noise = 1e-12 * chunk[i].Count * Math.Max(Math.Abs(chunk[i].Min), Math.Abs(chunk[i].Max));
            if (Math.Abs(sums[i] / power - chunk[i].Sum) > noise) return false;
        }
        return true;
    }

    /// <summary>Rounded to 24 bits, of which a chart shows ten; the other 29 would be half the file. The exponent stays, so that nothing becomes 0 or infinite.</summary>
    static double ToSingle(double value)
    {
        var bits = BitConverter.DoubleToUInt64Bits(value);
        var rounded = BitConverter.UInt64BitsToDouble(unchecked(bits + (1UL << 28)) & ~((1UL << 29) - 1));
        return double.IsFinite(rounded) ? rounded : value;
    }

    /// <param name="points">Ascending.</param>
    public void Sketches(long dayUnixSeconds, ReadOnlySpan<StoredSketch> points)
    {
        for (; points.Length > 0; points = points[Math.Min(points.Length, ChunkPoints)..])
        {
            var chunk = points[..Math.Min(points.Length, ChunkPoints)];
            var body = new ByteWriter();
            var last = dayUnixSeconds;
            foreach (var point in chunk)
            {
                body.Varint((ulong)(point.UnixSeconds - last));
                last = point.UnixSeconds;
                body.UInt64(BitConverter.DoubleToUInt64Bits(point.Last));
                body.Varint(point.Bytes.Length);
                body.Bytes(point.Bytes);
            }
            (_seconds[0], _seconds[chunk.Length - 1]) = ((int)(chunk[0].UnixSeconds - dayUnixSeconds), (int)(chunk[^1].UnixSeconds - dayUnixSeconds));
            Close(ChunkKind.Sketches, chunk.Length, body.Written);
        }
    }

    void Close(ChunkKind kind, int count, ReadOnlySpan<byte> body)
    {
        _bytes.Byte((byte)kind);
        _bytes.Varint(count);
        _bytes.Varint(_seconds[0]);
        _bytes.Varint(_seconds[count - 1] - _seconds[0]);
        _bytes.Varint(body.Length);
        _bytes.Bytes(body);
    }
}
