using Apm.Core.Stats;
using Apm.TestKit;
using Apm.Wire.Datadog;
using Google.Protobuf;

namespace Apm.Wire.Tests.Datadog;

public class SketchReaderTests
{
    const double NativeGamma = 1.015625;

    /// <summary>The index check values of trace-intake §3.9.</summary>
    [Theory]
    [InlineData(1, 0, 1338)]
    [InlineData(1_000, 345, 1784)]
    [InlineData(1_000_000, 690, 2229)]
    [InlineData(3_734_131, 756, 2314)]
    [InlineData(10_000_000, 805, 2378)]
    [InlineData(1_000_000_000, 1036, 2675)]
    [InlineData(60_000_000_000, 1240, 2939)]
    public void Bins_of_agent_and_native_clients(double nanos, int agentIndex, int nativeIndex)
    {
        Near(nanos, Read(Sketch(DDSketch.Gamma, 0, 0, agentIndex)), 0.01);
        Near(nanos, Read(Sketch(NativeGamma, 1338.5, 0, nativeIndex)), 0.0175);
        Near(nanos, Read(Sketch(DDSketch.Gamma, 0, 0, agentIndex + 1), lang: "javascript"), 0.01);
    }

    /// <summary>Each interpolation's own forward rule, written as its library counts, and read back.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Bins_of_interpolated_mappings(int interpolation)
    {
        for (var value = 3.0; value < 1e12; value *= 1.37)
        {
            var exponent = Math.Floor(Math.Log2(value));
            var s = (value / Math.Pow(2, exponent)) - 1;
            var log2 = interpolation switch
            {
                0 => Math.Log2(value),
                1 => exponent + s,
                2 => exponent + (((4 * s) - (s * s)) / 3),
                _ => exponent + (s * ((10.0 / 7) + (s * (-0.6 + (s * 6 / 35))))),
            };
            var index = (int)Math.Floor((log2 / Math.Log2(1.01)) + 100);

            Near(value, Read(Sketch(1.01, 100, interpolation, index)), 0.025);
        }
    }

    [Fact]
    public void Sparse_and_contiguous_bins_and_zeros_add_up_and_negative_values_count_as_zero()
    {
        var store = Proto(to =>
        {
            Bytes(to, 1, Proto(bin => { SInt32(bin, 1, 690); Double(bin, 2, 3); }));
            Bytes(to, 1, Proto(bin => SInt32(bin, 1, 691)));
            Bytes(to, 2, Proto(packed => { packed.WriteDouble(1); packed.WriteDouble(0); packed.WriteDouble(2); }));
            SInt32(to, 3, 690);
        });
        var sketch = Read(Proto(to =>
        {
            Bytes(to, 1, Mapping(DDSketch.Gamma, 0, 0));
            Bytes(to, 2, store);
            Bytes(to, 3, Proto(negative => { Bytes(negative, 2, Proto(packed => packed.WriteDouble(5))); SInt32(negative, 3, 7); }));
            Double(to, 4, 7);
            to.WriteTag(9, WireFormat.WireType.Varint);
            to.WriteInt32(1);
        }));

        Assert.Equal((12.0, 18.0), (sketch.ZeroCount, sketch.Count));
        Assert.Equal(16, sketch.CountUpTo(1_010_000));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Absurd_indexes_end_at_the_bounds_of_time(int index)
    {
        var sketch = Read(Sketch(DDSketch.Gamma, 0, 0, index));

        Assert.Equal(1, sketch.Count);
        Assert.InRange(sketch.Quantile(0.5), 0, long.MaxValue * 1.01);
        Assert.InRange(sketch.Bins.Length, 0, DDSketch.MaxBins);
    }

    [Theory]
    [InlineData(1.0, 1.0)]
    [InlineData(double.NaN, 1.0)]
    [InlineData(double.PositiveInfinity, 1.0)]
    [InlineData(1.02, -1.0)]
    [InlineData(1.02, double.NaN)]
    [InlineData(1.02, 1e300)]
    public void Nonsense_is_refused(double gamma, double count) =>
        Assert.Contains("report it to the tracer's authors", Assert.Throws<Apm.Core.PayloadException>(() => Read(Sketch(gamma, 0, 0, 5, count))).Message, StringComparison.Ordinal);

    static void Near(double expected, DDSketch actual, double tolerance) =>
        Assert.InRange(actual.Quantile(0.5) / expected, 1 - tolerance - 0.011, 1 + tolerance + 0.011); // Our own bins add up to 1 %.

    static DDSketch Read(byte[] sketch, string lang = "python")
    {
        var body = new MsgPackWriter().Map(2)
            .Text("Stats").Array(1).Map(1).Text("Stats").Array(1).Map(1).Text("OkSummary").Bin(sketch)
            .Text("Lang").Text(lang);
        return ClientStatsDecoder.Decode(body.ToArray()).Buckets[0].Groups[0].Cell.OkNanos;
    }

    static byte[] Sketch(double gamma, double offset, int interpolation, int index, double count = 1) => Proto(to =>
    {
        Bytes(to, 1, Mapping(gamma, offset, interpolation));
        Bytes(to, 2, Proto(store => { Bytes(store, 2, Proto(packed => packed.WriteDouble(count))); SInt32(store, 3, index); }));
    });

    static byte[] Mapping(double gamma, double offset, int interpolation) => Proto(to =>
    {
        Double(to, 1, gamma);
        Double(to, 2, offset);
        to.WriteTag(3, WireFormat.WireType.Varint);
        to.WriteEnum(interpolation);
    });

    static byte[] Proto(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var to = new CodedOutputStream(bytes, leaveOpen: true)) write(to);
        return bytes.ToArray();
    }

    static void Bytes(CodedOutputStream to, int field, byte[] bytes)
    {
        to.WriteTag(field, WireFormat.WireType.LengthDelimited);
        to.WriteBytes(ByteString.CopyFrom(bytes));
    }

    static void Double(CodedOutputStream to, int field, double value)
    {
        to.WriteTag(field, WireFormat.WireType.Fixed64);
        to.WriteDouble(value);
    }

    static void SInt32(CodedOutputStream to, int field, int value)
    {
        to.WriteTag(field, WireFormat.WireType.Varint);
        to.WriteSInt32(value);
    }
}
