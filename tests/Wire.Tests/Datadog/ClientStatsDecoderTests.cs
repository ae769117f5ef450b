using Apm.Core;
using Apm.Core.Stats;
using Apm.TestKit;
using Apm.Wire.Datadog;

namespace Apm.Wire.Tests.Datadog;

public class ClientStatsDecoderTests
{
    [Fact]
    public void The_golden_payload()
    {
        var payload = ClientStatsDecoder.Decode(Golden.Stats);

        Assert.Equal(("h", "prod", "1", "python", "1", "r", 1ul),
            (payload.Hostname, payload.Env, payload.Version, payload.Language, payload.TracerVersion, payload.RuntimeId, payload.Sequence));
        var bucket = Assert.Single(payload.ToBuckets());
        Assert.Equal(1_700_000_000_000_000_000, bucket.StartUnixNanos);
        var (key, cell) = Assert.Single(bucket.Cells);
        Assert.Equal(new StatsKey
        {
            Service = "web",
            Name = "flask.request",
            Resource = "GET /",
            Type = "web",
            Env = "prod",
            Version = "1",
            Hostname = "h",
            Kind = "server",
            HttpStatusCode = 200,
            IsTraceRoot = true,
        }, key);
        Assert.Equal((1.0, 1.0, 0.0, 1_000_000.0), (cell.HitCount, cell.TopLevelHitCount, cell.ErrorCount, cell.DurationNanos));
        Assert.Equal(1, cell.OkNanos.Count);
        Assert.InRange(cell.OkNanos.Quantile(0.5), 980_000, 1_020_000);
        Assert.True(cell.ErrorNanos.IsEmpty);
    }

    /// <summary>The sums come from another decoder, shared/fixtures/decode.py.</summary>
    [Theory]
    [InlineData("012", "b7eebcd3-3964-4a46-993e-7d0cf46dd55d", 4, 7, 2, 1, 37_802_734)]
    [InlineData("015", "72f40152-13c7-4e0b-af62-c89aab57db07", 12, 22, 4, 15, 131_982_422)]
    public void Recorded_from_node(string body, string runtimeId, int groups, double hits, double errors, double topLevelHits, double nanos)
    {
        var payload = ClientStatsDecoder.Decode(Fixtures.Bytes($"node-dd-trace-6-v05-stats/{body}.bin"));

        Assert.Equal(("vm", "acceptance", "1.2.3", "javascript", "6.21.0", runtimeId, "entrypoint.type:script,entrypoint.workdir:acceptance,svc.user:true"),
            (payload.Hostname, payload.Env, payload.Version, payload.Language, payload.TracerVersion, payload.RuntimeId, payload.ProcessTags));
        var bucket = Assert.Single(payload.ToBuckets());
        Assert.Equal(1_795_481_280_000_000_000, bucket.StartUnixNanos);
        var cells = bucket.Cells.Values;
        Assert.Equal((groups, hits, errors, topLevelHits, nanos),
            (cells.Count, cells.Sum(cell => cell.HitCount), cells.Sum(cell => cell.ErrorCount), cells.Sum(cell => cell.TopLevelHitCount), cells.Sum(cell => cell.DurationNanos)));
        Assert.Equal(hits - errors, cells.Sum(cell => cell.OkNanos.Count));
        Assert.Equal(errors, cells.Sum(cell => cell.ErrorNanos.Count));

        // A cell with one hit knows its duration exactly; the sketch must be within its 1 % (and 2 % of the client's own bins).
        foreach (var cell in cells.Where(cell => cell.HitCount == 1))
            Assert.InRange(cell.AllNanos().Quantile(0.5) / cell.DurationNanos, 0.98, 1.02);
    }

    [Fact]
    public void Groups_that_our_key_does_not_tell_apart_are_added_up_and_texts_can_be_repaired()
    {
        var body = new MsgPackWriter().Map(2).Text("Env").Text("Prod")
            .Text("Stats").Array(2);
        foreach (var start in new ulong[] { 1_700_000_003_000_000_000, 1_700_000_009_000_000_000 })
        {
            body.Map(2).Text("Start").Unsigned(start).Text("Stats").Array(1)
                .Map(5).Text("Service").Text("WEB").Text("DBType").Text("x").Text("Hits").Integer(2).Text("PeerTags").Array(2).Text("b:2").Text("a:1").Text("IsTraceRoot").Integer(2);
        }

        var bucket = Assert.Single(ClientStatsDecoder.Decode(body.ToArray()).ToBuckets(key => key with { Service = "web" }));

        var (key, cell) = Assert.Single(bucket.Cells);
        Assert.Equal((1_700_000_000_000_000_000, "web", "Prod", "a:1\0b:2", false, 4.0), (bucket.StartUnixNanos, key.Service, key.Env, key.PeerTags, key.IsTraceRoot, cell.HitCount));
    }

    [Theory]
    [InlineData("Hits", -1L, "-1 is no count of spans or nanoseconds: those lie between 0 and 1000000000000000")]
    [InlineData("Errors", 1_000_000_000_000_001L, "1000000000000001 is no count of spans or nanoseconds: those lie between 0 and 1000000000000000")]
    [InlineData("TopLevelHits", long.MinValue, "-9223372036854775808 is no count of spans or nanoseconds: those lie between 0 and 1000000000000000")]
    [InlineData("Duration", -5L, "-5 is no count of spans or nanoseconds: those lie between 0 and 9223372036854775807")]
    public void A_count_that_cannot_be_is_refused_with_its_place(string field, long count, string why)
    {
        var body = new MsgPackWriter().Map(1).Text("Stats").Array(1).Map(1).Text("Stats").Array(1).Map(1).Text(field).Integer(count);

        var problem = Assert.Throws<PayloadException>(() => ClientStatsDecoder.Decode(body.ToArray())).Message;

        Assert.Equal($"Datadog v0.6 stats body, byte {18 + field.Length} (key \"Stats\", in it \"{field}\"): {why}. Report it to the tracer's authors.", problem);
    }

    [Fact]
    public void A_sketch_that_is_cut_off_is_told_with_its_place()
    {
        var body = new MsgPackWriter().Map(1).Text("Stats").Array(1).Map(1).Text("Stats").Array(1).Map(1).Text("OkSummary").Bin(Golden.Sketch.AsSpan(0, 10));

        var problem = Assert.Throws<PayloadException>(() => ClientStatsDecoder.Decode(body.ToArray())).Message;

        Assert.Equal("Datadog v0.6 stats body, byte 31 (key \"Stats\", in it \"OkSummary\"): in the protobuf sketch, it ends in the middle of a value. The body was damaged on its way.", problem);
    }
}
