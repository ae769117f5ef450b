using Apm.Core.Metrics;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>Unpacks what <see cref="ChunkWriter"/> wrote.</summary>
/// <remarks>One thread; meant to be kept.</remarks>
sealed class ChunkReader
{
    readonly int[] _seconds = new int[ChunkWriter.ChunkPoints];
    readonly double[] _values = new double[ChunkWriter.ChunkPoints * 4];
    readonly long[] _whole = new long[ChunkWriter.ChunkPoints * 2];
    readonly ulong[] _column = new ulong[ChunkWriter.ChunkPoints];

    /// <summary>Adds what the chunks of a series have in a window to the lists of its kind. Whole chunks are added that reach into it.</summary>
    /// <param name="chunks">All that a series has in one block.</param>
    /// <exception cref="BlockDamagedException">The bytes are no chunks.</exception>
    public void Read(ReadOnlySpan<byte> chunks, long dayUnixSeconds, long fromUnixSeconds, long toUnixSeconds, PointList points, List<RollupPoint> rollups, List<StoredSketch> sketches)
    {
        var reader = new ByteReader(chunks);
        while (reader.Left > 0)
        {
            var kind = (ChunkKind)reader.Byte();
            var count = reader.VarintInt(ChunkWriter.ChunkPoints);
            var first = dayUnixSeconds + reader.VarintInt(MetricDay.Seconds);
            var last = first + reader.VarintInt(MetricDay.Seconds);
            var body = reader.Bytes(reader.VarintInt(reader.Left));
            if (count == 0 || last < fromUnixSeconds || first >= toUnixSeconds) continue;
            if (kind == ChunkKind.Points) ReadPoints(body, dayUnixSeconds, points.Append(count));
            else if (kind == ChunkKind.Rollups) ReadRollups(body, dayUnixSeconds, count, rollups);
            else if (kind == ChunkKind.Sketches) ReadSketches(body, dayUnixSeconds, count, sketches);
            else throw new BlockDamagedException($"A chunk is of the unknown kind {(int)kind}.");
        }
    }

    void ReadPoints(ReadOnlySpan<byte> body, long day, Span<MetricPoint> into)
    {
        var reader = new BitReader(body);
        var seconds = _seconds.AsSpan(0, into.Length);
        TimeColumn.Read(ref reader, seconds);
        var digits = (int)reader.Read(ChunkWriter.DigitBits);
        if (digits == ChunkWriter.NoDecimals)
        {
            var values = _values.AsSpan(0, into.Length);
            BitColumn.Read(ref reader, values);
            for (var i = 0; i < into.Length; i++) into[i] = new MetricPoint(day + seconds[i], values[i]);
            return;
        }
        unchecked
        {
            // As ReadDifferences and ToValues do, in one go: most of what is ever read comes through here.
            var scale = new DecimalScale(digits, (int)reader.Read(ChunkWriter.ShiftBits));
            var power = scale.Power;
            var whole = RiceColumn.UnZigZag(reader.Read(64));
            var column = _column.AsSpan(0, into.Length);
            column[0] = 0;
            RiceColumn.Read(ref reader, column[1..]);
            for (var i = 0; i < into.Length; i++)
            {
                whole += RiceColumn.UnZigZag(column[i]);
                into[i] = new MetricPoint(day + seconds[i], (whole << scale.Shift) / power);
            }
        }
    }

    void ReadDifferences(ref BitReader reader, Span<long> whole)
    {
        unchecked
        {
            whole[0] = RiceColumn.UnZigZag(reader.Read(64));
            var column = _column.AsSpan(0, whole.Length - 1);
            RiceColumn.Read(ref reader, column);
            for (var i = 0; i < column.Length; i++) whole[i + 1] = whole[i] + RiceColumn.UnZigZag(column[i]);
        }
    }

    static void ToValues(ReadOnlySpan<long> whole, DecimalScale scale, Span<double> values)
    {
        unchecked
        {
            if (scale.Digits == 0)
            {
                for (var i = 0; i < values.Length; i++) values[i] = whole[i] << scale.Shift;
                return;
            }
            var power = scale.Power;
            for (var i = 0; i < values.Length; i++) values[i] = (whole[i] << scale.Shift) / power;
        }
    }

    void ReadRollups(ReadOnlySpan<byte> body, long day, int count, List<RollupPoint> into)
    {
        var reader = new BitReader(body);
        TimeColumn.Read(ref reader, _seconds.AsSpan(0, count));
        var column = _column.AsSpan(0, count);
        RiceColumn.Read(ref reader, column);
        var counts = _whole.AsSpan(count, count);
        var lastCount = 0L;
        for (var i = 0; i < count; i++) counts[i] = lastCount = unchecked(lastCount + RiceColumn.UnZigZag(column[i]));
        var all = _values.AsSpan(0, 4 * count);
        ReadColumns(ref reader, all, counts);
        for (var i = 0; i < count; i++)
            into.Add(new RollupPoint(day + _seconds[i], counts[i], all[3 * count + i], all[i], all[count + i], all[2 * count + i]));
    }

    void ReadColumns(ref BitReader reader, Span<double> all, ReadOnlySpan<long> counts)
    {
        var count = counts.Length;
        var digits = (int)reader.Read(ChunkWriter.DigitBits);
        if (digits == ChunkWriter.NoDecimals)
        {
            for (var i = 0; i < 4; i++) BitColumn.Read(ref reader, all.Slice(i * count, count));
            return;
        }
        unchecked
        {
            var scale = new DecimalScale(digits, (int)reader.Read(ChunkWriter.ShiftBits));
            var power = scale.Power;
            var mins = _whole.AsSpan(0, count);
            ReadDifferences(ref reader, mins);
            ToValues(mins, scale, all[..count]);
            var column = _column.AsSpan(0, count);
            RiceColumn.Read(ref reader, column);
            Span<long> maxs = stackalloc long[count];
            for (var i = 0; i < count; i++)
            {
                maxs[i] = mins[i] + (long)column[i];
                all[count + i] = (maxs[i] << scale.Shift) / power;
            }
            RiceColumn.Read(ref reader, column);
            for (var i = 0; i < count; i++) all[2 * count + i] = ((mins[i] + (long)column[i]) << scale.Shift) / power;
            RiceColumn.Read(ref reader, column);
            for (var i = 0; i < count; i++)
                all[3 * count + i] = ((ChunkWriter.SumGuess(counts[i], mins[i], maxs[i]) + RiceColumn.UnZigZag(column[i])) << scale.Shift) / power;
        }
    }

    static void ReadSketches(ReadOnlySpan<byte> body, long day, int count, List<StoredSketch> into)
    {
        var reader = new ByteReader(body);
        var seconds = day;
        for (var i = 0; i < count; i++)
        {
            seconds += reader.VarintInt(MetricDay.Seconds);
            var last = BitConverter.UInt64BitsToDouble(reader.UInt64());
            into.Add(new StoredSketch(seconds, last, reader.Bytes(reader.VarintInt(reader.Left)).ToArray()));
        }
    }
}
