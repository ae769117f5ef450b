using System.Text;
using Apm.Core;
using Apm.TestKit;
using Apm.Wire.DatadogMetrics;

namespace Apm.Wire.Tests.DatadogMetrics;

public class SeriesDecodersTests
{
    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    [Theory]
    [InlineData("""{"series":[{"metric":"my_metric","points":[[1700000000,512]],"type":"gauge","host":"box-1","tags":["team:a"]}]}""", "my_metric Gauge {team:a,host:box-1} 1700000000=512")]
    [InlineData("""{"series":[{"metric":"m","points":[[1700000000.9,"1.5"],[1700000010,null],[1700000020,-2e3]]}]}""", "m Gauge {} 1700000000=1.5 1700000020=-2000")]
    [InlineData("""{"series":[{"metric":"m","points":[[1,2]],"type":"rate","interval":10,"device":"sda1","source_type_name":"System","x":{"y":[1]}}]}""", "m Rate 10s {device:sda1} 1=2")]
    [InlineData("""{"series":[{"type":"count","tags":["a",1,true,null],"points":[[1,2]],"metric":"late.name","host":null,"interval":null}]}""", "late.name Count {a,1,true} 1=2")]
    [InlineData("""{"series":[{"metric":"m","points":[]}]}""", "dropped 1: series 0 (m): it has no \"points\"")]
    [InlineData("""{"series":[]}""", "")]
    [InlineData("\uFEFF{\"series\":[{\"metric\":\"m\\u00e9\",\"points\":[[1,2]]}]}", "mé Gauge {} 1=2")]
    public void Series_v1(string body, string picture) => Assert.Equal(picture, SeriesPicture.Draw(SeriesV1Decoder.Decode(Utf8(body))));

    [Theory]
    [InlineData("""{"points":[[1,2]]}""", "series 1: it has no \"metric\"")]
    [InlineData("""{"metric":"m"}""", "series 1 (m): it has no \"points\"")]
    [InlineData("""{"metric":"m","points":5}""", "series 1 (m): a list of points such as [[1700000000, 5]] is expected, not a number")]
    [InlineData("""{"metric":"m","points":[5]}""", "series 1 (m): a point such as [1700000000, 5] is expected, not a number")]
    [InlineData("""{"metric":"m","points":[[null,5]]}""", "series 1 (m): a time in Unix seconds is expected, not null")]
    [InlineData("""{"metric":"m","points":[["yesterday",5]]}""", "series 1 (m): a time in Unix seconds is expected")]
    [InlineData("""{"metric":"m","points":[[1,[2]]]}""", "series 1 (m): a number as the point's value is expected, not an array")]
    [InlineData("""{"metric":"m","points":[[1,2,3]]}""", "series 1 (m): the end of the point behind time and value is expected, not a number")]
    [InlineData("""{"metric":"m","points":[[1,2]],"type":"histogram"}""", "series 1 (m): the type \"histogram\" is not known; there are gauge, count and rate")]
    [InlineData("""{"metric":"m","points":[[1,2]],"tags":"env:dev"}""", "series 1 (m): an array is expected, not a text")]
    [InlineData("""{"metric":"m","points":[[1,2]],"tags":[{"env":"dev"}]}""", "series 1 (m): a tag such as \"env:dev\" is expected, not an object")]
    [InlineData("""{"metric":{"deep":[[[{}]]]},"points":[[1,2]]}""", "series 1: a text is expected, not an object")]
    [InlineData("7", "series 1: an object is expected, not a number")]
    [InlineData("""[{"metric":"m"}]""", "series 1: an object is expected, not an array")]
    public void A_series_that_is_wrong_in_itself_is_dropped_and_its_neighbours_are_kept(string wrong, string reason)
    {
        var sound = """{"metric":"sound","points":[[1,2]]}""";

        var submitted = SeriesV1Decoder.Decode(Utf8($$"""{"series":[{{sound}},{{wrong}},{{sound}}]}"""));

        Assert.Equal($"sound Gauge {{}} 1=2\nsound Gauge {{}} 1=2\ndropped 1: {reason}", SeriesPicture.Draw(submitted));
    }

    [Theory]
    [InlineData("", "byte 0: this is not JSON: The input does not contain any JSON tokens. Expected the input to start with a valid JSON token, when isFinalBlock is true")]
    [InlineData("[]", "byte 0: an object with \"series\" is expected, not an array")]
    [InlineData("{}", "byte 1: there is no \"series\"")]
    [InlineData("""{"series":{}}""", "byte 10: a list of series is expected, not an object")]
    [InlineData("""{"series":[{"metric":"m","points":[[1,NaN]]}]}""", "byte 38 (series 0): this is not JSON: 'N' is an invalid start of a value")]
    [InlineData("""{"series":[]} {}""", "byte 14: this is not JSON: '{' is invalid after a single JSON value. Expected end of data")]
    public void A_body_that_is_no_such_JSON_is_refused_with_its_place(string body, string problem)
    {
        var refusal = Assert.Throws<PayloadException>(() => SeriesV1Decoder.Decode(Utf8(body)));

        Assert.Equal($"Unable to parse payload: series v1 body, {problem}. Send {{\"series\":[{{\"metric\":\"my_metric\",\"points\":[[1700000000,5]]}}]}}, with Content-Encoding when it is compressed.", refusal.Message);
    }

    [Fact]
    public void A_small_body_cannot_become_a_large_one()
    {
        var series = string.Join(',', Enumerable.Repeat("""{"metric":"a","points":[[1,1]]}""", SubmissionLimits.MaxSeries + 1));
        var points = string.Join(',', Enumerable.Repeat("[1,1]", SubmissionLimits.MaxPoints + 1));
        var tags = string.Join(',', Enumerable.Repeat("\"a\"", SubmissionLimits.MaxTags + 1));

        Assert.Equal("Unable to parse payload: series v1 body: there are more than 100000 series. Send them in several requests.",
            Assert.Throws<PayloadException>(() => SeriesV1Decoder.Decode(Utf8($$"""{"series":[{{series}}]}"""))).Message);
        Assert.Equal("Unable to parse payload: series v1 body: there are more than 1000000 points. Send them in several requests.",
            Assert.Throws<PayloadException>(() => SeriesV1Decoder.Decode(Utf8($$"""{"series":[{"metric":"a","points":[{{points}}]}]}"""))).Message);
        Assert.Equal("Unable to parse payload: series v1 body: there are more than 1000000 tags. Send them in several requests.",
            Assert.Throws<PayloadException>(() => SeriesV1Decoder.Decode(Utf8($$"""{"series":[{"metric":"a","tags":[{{tags}}]}]}"""))).Message);
    }

    [Theory]
    [InlineData("""{"series":[{"metric":"m","type":1,"interval":10,"points":[{"timestamp":1700000000,"value":1.5}],"resources":[{"name":"box-1","type":"host"},{"name":"sda","type":"device"},{"name":"x","type":"other"}],"tags":["a:b"],"unit":"byte","metadata":{"origin":{}}}]}""",
        "m Count 10s in byte {a:b,host:box-1,device:sda} 1700000000=1.5")]
    [InlineData("""{"series":[{"metric":"m","points":[{"timestamp":"1700000000","value":2}]},{"metric":"r","type":2,"points":[{"value":3,"timestamp":5}]},{"metric":"g","type":3,"points":[{"value":null,"timestamp":5},{"value":3,"timestamp":6}]}]}""",
        "m Gauge {} 1700000000=2\nr Rate {} 5=3\ng Gauge {} 6=3")]
    [InlineData("""{"series":[{"metric":"m","type":4,"points":[{"timestamp":1,"value":2}]},{"metric":"n","points":[{"value":2}]},{"metric":"o","points":[[1,2]]}]}""",
        "dropped 3: series 0 (m): the type 4 is not known; there are 0 (unspecified), 1 (count), 2 (rate) and 3 (gauge)")]
    [InlineData("""{"series":[{"metric":"n","points":[{"value":2}]}]}""", "dropped 1: series 0 (n): a point has no \"timestamp\"")]
    [InlineData("""{"series":[{"metric":"o","points":[[1,2]]}]}""", "dropped 1: series 0 (o): a point such as {\"timestamp\":1700000000,\"value\":5} is expected, not an array")]
    public void Series_v2_as_JSON(string body, string picture) => Assert.Equal(picture, SeriesPicture.Draw(SeriesV2JsonDecoder.Decode(Utf8(body))));

    [Theory]
    [InlineData("""{"series":[{"metric":"req.latency","points":[[1700000000,[1.2,3.4,5.6]]],"host":"box-1","tags":["env:dev"],"type":"distribution"}]}""",
        "req.latency Distribution {env:dev,host:box-1} 1700000000=(3 values, sum 10.2, 1.2 to 5.6, p50 3.4)")]
    [InlineData("""{"series":[{"metric":"m","points":[[1,[]],[2,["4",null]]]}]}""", "m Distribution {} 2=(1 values, sum 4, 4 to 4, p50 4)")]
    [InlineData("""{"series":[{"metric":"m","points":[[1,5]]}]}""", "dropped 1: series 0 (m): a list of values such as [1.2, 3.4] is expected, not a number")]
    [InlineData("""{"series":[{"metric":"m","points":[[1,["x"]]]}]}""", "dropped 1: series 0 (m): a number as a value is expected")]
    [InlineData("""{"series":[{"metric":"m"}]}""", "dropped 1: series 0 (m): it has no \"points\" with values")]
    public void Distribution_points(string body, string picture) => Assert.Equal(picture, SeriesPicture.Draw(DistributionPointsDecoder.Decode(Utf8(body))));

    [Fact]
    public void Series_v2_as_protobuf_in_any_order_of_fields()
    {
        var point = new ProtoWriter().Fixed64(1, BitConverter.DoubleToUInt64Bits(1.5)).Varint(2, 1_700_000_000).ToArray();
        var host = new ProtoWriter().Text(1, "host").Text(2, "box-1").ToArray();
        var whole = new ProtoWriter().Varint(8, 10).Varint(5, 1).Bytes(4, point).Text(3, "a:b").Text(2, "m").Bytes(1, host).Text(6, "byte").Text(7, "System").Bytes(9, [0x08, 0x01]).ToArray();
        var nameless = new ProtoWriter().Bytes(4, point).ToArray();
        var odd = new ProtoWriter().Text(2, "odd").Bytes(4, point).Varint(5, 9).ToArray();
        var body = new ProtoWriter().Bytes(1, whole).Bytes(1, nameless).Bytes(1, odd).Bytes(1, whole).Varint(15, 1).ToArray();

        Assert.Equal("m Count 10s in byte {a:b,host:box-1} 1700000000=1.5\nm Count 10s in byte {a:b,host:box-1} 1700000000=1.5\ndropped 2: series 1: it has no \"metric\"", SeriesPicture.Draw(SeriesV2ProtobufDecoder.Decode(body)));
        Assert.Equal("dropped 1: series 0 (odd): the type 9 is not known; there are 0 (unspecified), 1 (count), 2 (rate) and 3 (gauge)", SeriesPicture.Draw(SeriesV2ProtobufDecoder.Decode(new ProtoWriter().Bytes(1, odd).ToArray())));
    }

    [Fact]
    public void Broken_protobuf_is_refused_with_its_place()
    {
        var refusal = Assert.Throws<PayloadException>(() => SeriesV2ProtobufDecoder.Decode([0x0A, 0x05, 0x12, 0x09, 0x61, 0x62, 0x63]));

        Assert.Equal("Unable to parse payload: series v2 body (protobuf), byte 3 (series 0): a length of 9 bytes is declared, but only 3 remain. Send one whole MetricPayload; JSON needs Content-Type: application/json.", refusal.Message);
    }

    static byte[] Dogsketch(ulong count, double min, double max, double sum, int[] keys, uint[] counts, bool packed, long time = 1_700_000_000)
    {
        var sketch = new ProtoWriter().Varint(1, (ulong)time).Varint(2, count).Fixed64(3, Bits(min)).Fixed64(4, Bits(max)).Fixed64(6, Bits(sum));
        if (packed)
        {
            sketch.Bytes(7, ProtoWriter.Packed(keys.Select(ProtoWriter.Zigzag))).Bytes(8, ProtoWriter.Packed(counts.Select(n => (ulong)n)));
        }
        else
        {
            foreach (var key in keys) sketch.Varint(7, ProtoWriter.Zigzag(key));
            foreach (var n in counts) sketch.Varint(8, n);
        }
        return sketch.ToArray();

        static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(value);
    }

    static byte[] Sketches(params byte[][] sketches)
    {
        var series = new ProtoWriter().Text(1, "lat").Text(2, "box-1").Text(4, "env:dev");
        foreach (var sketch in sketches) series.Bytes(7, sketch);
        return new ProtoWriter().Bytes(1, series.ToArray()).Bytes(2, [0x0A, 0x01, 0x37]).ToArray();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_sketches_of_an_agent(bool packed)
    {
        var body = Sketches(Dogsketch(4, -1, 10, 12, [-1338, 1338, 1383, 1487], [1, 1, 1, 1], packed));

        Assert.Equal("lat Distribution 10s {env:dev,host:box-1} 1700000000=(4 values, sum 12, -1 to 10, p50 2.01)", SeriesPicture.Draw(SketchPayloadDecoder.Decode(body)));
    }

    [Fact]
    public void A_sketch_that_contradicts_itself_is_dropped()
    {
        Assert.Equal("the sketch at 1700000000 says that it has 5 values, but its bins hold 1", Reason(Dogsketch(5, 1, 1, 1, [1338], [1], true)));
        Assert.Equal("the sketch at 1700000000 has 2 bin keys and 1 bin counts", Reason(Dogsketch(1, 1, 1, 1, [1338, 1339], [1], true)));
        Assert.Equal("the sketch at 1700000000 has a bin key beyond ±32767", Reason(Dogsketch(1, 1, 1, 1, [32_768], [1], true)));
        Assert.Equal("the sketch at 1700000000 has more than 8192 bins", Reason(Dogsketch(9_000, 1, 1, 1, new int[9_000], [.. Enumerable.Repeat(1u, 9_000)], true)));
        Assert.Equal("the sketch at 1700000000 has a least, greatest or sum that cannot be", Reason(Dogsketch(1, double.NaN, 1, 1, [1338], [1], true)));
        Assert.Equal("the sketch at 1700000000 has a least, greatest or sum that cannot be", Reason(Dogsketch(1, 2, 1, 1, [1338], [1], true)));
        Assert.Equal("it has no \"points\" with values", SeriesPicture.Draw(SketchPayloadDecoder.Decode(Sketches())).Split(": ", 3)[2]);

        static string Reason(byte[] sketch) => SeriesPicture.Draw(SketchPayloadDecoder.Decode(Sketches(sketch))).Split(": ", 3)[2];
    }

    [Fact]
    public void Distributions_of_the_old_form_are_dropped_in_words()
    {
        var series = new ProtoWriter().Text(1, "lat").Bytes(3, [0x08, 0x01]).ToArray();

        Assert.Equal("dropped 1: series 0 (lat): it has distributions of the old form (field 3), which is not read; agents since 6.0 send dogsketches (field 7)",
            SeriesPicture.Draw(SketchPayloadDecoder.Decode(new ProtoWriter().Bytes(1, series).ToArray())));
    }
}
