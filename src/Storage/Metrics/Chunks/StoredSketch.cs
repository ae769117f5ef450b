using Apm.Core.Metrics;
using Apm.Storage.Traces.Blocks;

namespace Apm.Storage.Metrics.Chunks;

/// <summary>A distribution as it is stored: what waits in memory is in this form too, a tenth of the object's size.</summary>
/// <param name="UnixSeconds">Start of its interval.</param>
/// <param name="Last">Mean of the latest values that are in it.</param>
readonly record struct StoredSketch(long UnixSeconds, double Last, byte[] Bytes)
{
    public static StoredSketch Of(long unixSeconds, DistributionSketch sketch) => new(unixSeconds, sketch.Sum / sketch.Count, Encode(sketch));

    /// <summary>A sketch of the caller's own.</summary>
    /// <exception cref="BlockDamagedException">The bytes are no sketch.</exception>
    public DistributionSketch Decode()
    {
        var reader = new ByteReader(Bytes);
        var (count, sum, min, max) = (Double(ref reader), Double(ref reader), Double(ref reader), Double(ref reader));
        var bins = reader.VarintInt(DistributionSketch.MaxBins);
        var keys = new int[bins];
        var counts = new double[bins];
        var key = 0L;
        for (var i = 0; i < bins; i++)
        {
            key += RiceColumn.UnZigZag(reader.Varint());
            keys[i] = (int)key;
            var whole = reader.Varint();
            counts[i] = (whole & 1) == 0 ? whole >> 1 : Double(ref reader);
        }
        return DistributionSketch.From(count, sum, min, max, keys, counts);
    }

    static byte[] Encode(DistributionSketch sketch)
    {
        var bytes = new ByteWriter(64);
        foreach (var fact in (ReadOnlySpan<double>)[sketch.Count, sketch.Sum, sketch.Min, sketch.Max]) bytes.UInt64(BitConverter.DoubleToUInt64Bits(fact));
        bytes.Varint(sketch.Keys.Length);
        var last = 0;
        for (var i = 0; i < sketch.Keys.Length; i++)
        {
            bytes.Varint(RiceColumn.ZigZag(sketch.Keys[i] - last));
            last = sketch.Keys[i];
            var count = sketch.Counts[i];
            if (count < 1L << 52 && count == Math.Floor(count))
            {
                bytes.Varint((ulong)count << 1);
                continue;
            }
            bytes.Varint(1UL);
            bytes.UInt64(BitConverter.DoubleToUInt64Bits(count));
        }
        return bytes.Written.ToArray();
    }

    static double Double(ref ByteReader reader) => BitConverter.UInt64BitsToDouble(reader.UInt64());
}
