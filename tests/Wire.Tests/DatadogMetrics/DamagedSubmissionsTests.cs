using System.Text;
using Apm.Core;
using Apm.TestKit;
using Apm.Wire.DatadogMetrics;

namespace Apm.Wire.Tests.DatadogMetrics;

/// <summary>Whatever the bytes, a decoder gives what it could use or a <see cref="PayloadException"/> that names the body.</summary>
public class DamagedSubmissionsTests
{
    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    static byte[] Protobuf(bool isSketch)
    {
        var point = new ProtoWriter().Fixed64(1, BitConverter.DoubleToUInt64Bits(1.5)).Varint(2, 1_700_000_000).ToArray();
        var sketch = new ProtoWriter().Varint(1, 1_700_000_000).Varint(2, 3).Fixed64(3, 0).Fixed64(4, BitConverter.DoubleToUInt64Bits(9)).Bytes(7, [0xF4, 0x14, 0xD0, 0x15, 0x00]).Bytes(8, [1, 1, 1]).ToArray();
        var series = isSketch
            ? new ProtoWriter().Text(1, "latency").Text(2, "box-1").Text(4, "env:dev").Bytes(7, sketch).Bytes(7, sketch)
            : new ProtoWriter().Bytes(1, new ProtoWriter().Text(1, "host").Text(2, "box-1").ToArray()).Text(2, "my_metric").Text(3, "env:dev").Bytes(4, point).Bytes(4, point).Varint(5, 1).Text(6, "byte").Varint(8, 10);
        return new ProtoWriter().Bytes(1, series.ToArray()).Bytes(1, series.ToArray()).ToArray();
    }

    static readonly (string Name, Action<byte[]> Decode, byte[] Sound)[] Decoders =
    [
        ("series v1 body", body => SeriesV1Decoder.Decode(body), Utf8("""{"series":[{"metric":"my_metric","points":[[1700000000,512.5],[1700000010,null]],"type":"rate","interval":10,"host":"box-\u00e4","tags":["team:a","\ud83d\ude00"]},{"metric":"b","points":[[1,"2"]]}]}""")),
        ("series v2 body (JSON)", body => SeriesV2JsonDecoder.Decode(body), Utf8("""{"series":[{"metric":"m","type":1,"interval":10,"points":[{"timestamp":1700000000,"value":1.5}],"resources":[{"name":"box-1","type":"host"}],"tags":["a:b"],"unit":"byte","metadata":{"origin":{}}}]}""")),
        ("series v2 body (protobuf)", body => SeriesV2ProtobufDecoder.Decode(body), Protobuf(isSketch: false)),
        ("sketches body", body => SketchPayloadDecoder.Decode(body), Protobuf(isSketch: true)),
        ("distribution_points body", body => DistributionPointsDecoder.Decode(body), Utf8("""{"series":[{"metric":"req.latency","points":[[1700000000,[1.2,3.4,"5.6"]]],"host":"box-1","tags":["env:dev"],"type":"distribution"}]}""")),
        ("check_run body", body => CheckRunDecoder.Decode(body, 5), Utf8("""[{"check":"mysql.can_connect","host_name":"db","status":2,"tags":["port:3306"],"message":"refus\u00e9","timestamp":1699999990}]""")),
        ("event body", body => EventDecoder.Decode(body, 5), Utf8("""{"title":"Deploy","text":"%%% \n**v2** \n%%%","date_happened":1699999000,"priority":"low","host":"b","tags":["env:dev"],"alert_type":"success","aggregation_key":"\ud83d\ude00"}""")),
        ("intake body", body => IntakeDecoder.Decode(body, 5), Utf8("""{"internalHostname":"old","agentVersion":"5","systemStats":{"cpuCores":4,"nixV":["a","b"]},"host-tags":{"system":["a:b"]},"metrics":[["m",1700000000,0.5,{"type":"gauge","tags":["a:b"]}]],"events":{"System":[{"msg_title":"up","timestamp":1}]},"service_checks":[{"check":"n","status":0}],"agent_checks":[["x",1]]}""")),
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Decoders.Length)];

    [Theory, MemberData(nameof(All))]
    public void Cut_off_at_any_length(int decoder)
    {
        var (name, decode, sound) = Decoders[decoder];
        decode(sound);
        var refused = 0;
        for (var length = 0; length < sound.Length; length++) refused += Try(name, decode, sound[..length]);
        Assert.True(refused > sound.Length / 2, $"{name}: {refused} of {sound.Length} cut bodies were refused");
    }

    [Theory, MemberData(nameof(All))]
    public void With_bytes_changed_moved_and_repeated(int decoder)
    {
        var (name, decode, sound) = Decoders[decoder];
        var chance = new Random(20_265 + decoder);
        for (var round = 0; round < 4_000; round++)
        {
            var body = sound.ToList();
            for (var left = chance.Next(1, 6); left > 0; left--)
            {
                var at = chance.Next(body.Count);
                switch (chance.Next(4))
                {
                    case 0: body.RemoveAt(at); break;
                    case 1: body.InsertRange(at, body.GetRange(at, Math.Min(body.Count - at, chance.Next(1, 30)))); break;
                    default: body[at] = (byte)chance.Next(256); break;
                }
            }
            Try(name, decode, [.. body]);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Of_random_bytes(int decoder)
    {
        var (name, decode, _) = Decoders[decoder];
        var chance = new Random(20_266 + decoder);
        for (var round = 0; round < 2_000; round++)
        {
            var body = new byte[chance.Next(200)];
            chance.NextBytes(body);
            Try(name, decode, body);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Nested_without_end(int decoder)
    {
        var (name, decode, _) = Decoders[decoder];
        foreach (var open in new[] { "[", "{\"series\":[", "{\"a\":" }) Assert.Equal(1, Try(name, decode, Utf8(string.Concat(Enumerable.Repeat(open, 50_000)))));
    }

    static int Try(string name, Action<byte[]> decode, byte[] body)
    {
        try
        {
            decode(body);
            return 0;
        }
        catch (PayloadException refusal)
        {
            Assert.StartsWith($"Unable to parse payload: {name}", refusal.Message, StringComparison.Ordinal);
            return 1;
        }
    }
}
