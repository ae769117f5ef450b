using System.Diagnostics;
using System.Text;
using Apm.Core;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Datadog;

namespace Apm.Wire.Tests.Datadog;

/// <summary>Whatever the bytes are, a decoder gives a batch or a PayloadException, in bounded time and memory.</summary>
public class DamagedBodiesTests
{
    /// <summary>Far above what any of these bodies may take, far below what an announced length could make one reserve.</summary>
    const long MaxAllocatedBytes = 64 << 20;

    public static TheoryData<string> Routes => [.. Decoding.Decoders.Keys, "stats", "telemetry", "config"];

    [Theory]
    [MemberData(nameof(Routes))]
    public void Cut_off_at_every_length(string route)
    {
        var body = Whole(route);
        for (var length = 0; length < body.Length; length++) Accepts(route, body[..length]);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public void With_flipped_bytes(string route)
    {
        var random = new Random(20_240_501);
        var whole = Whole(route);
        for (var round = 0; round < 4_000; round++)
        {
            var body = (byte[])whole.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--) body[random.Next(body.Length)] = (byte)random.Next(256);
            Accepts(route, body);
        }
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public void Of_random_bytes(string route)
    {
        var random = new Random(7);
        for (var round = 0; round < 4_000; round++)
        {
            var body = new byte[random.Next(200)];
            random.NextBytes(body);
            if (round % 2 == 0 && body.Length > 4) (body[0], body[1], body[2]) = (0x91, 0x91, 0x8c); // Past the door.
            Accepts(route, body);
        }
    }

    [Theory]
    [InlineData("v0.4", "dd017d7840")]
    [InlineData("v0.4", "91dd017d7840")]
    [InlineData("v0.4", "9191df017d7840")]
    [InlineData("v0.4", "919181a46d657461df017d7840")]
    [InlineData("v0.4", "919181a46d657461dfffffffff")]
    [InlineData("v0.4", "919181a7736572766963" + "65dbffffffff")]
    [InlineData("v0.5", "92dd017d7840")]
    [InlineData("v0.5", "9290dd017d7840")]
    [InlineData("v0.7", "81a66368756e6b73dd017d7840")]
    public void Announced_lengths_reserve_nothing(string route, string hex)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Decoding.Problem(route, Convert.FromHexString(hex));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void A_million_nested_arrays_under_an_unknown_key_are_passed_over()
    {
        var body = new MsgPackWriter().Array(1).Array(1).Map(2).Text("x");
        for (var i = 0; i < 1_000_000; i++) body.Array(1);
        body.Nil().Text("name").Text("n");

        Assert.Equal("n", Decoding.Decode("v0.4", body.ToArray()).SpanAt(0).Name);
    }

    [Fact]
    public void Empty_maps_as_spans_end_at_the_limit()
    {
        var body = new MsgPackWriter().Array(1).Array(DatadogLimits.MaxSpans + 1);
        var maps = new byte[DatadogLimits.MaxSpans + 1];
        Array.Fill(maps, (byte)0x80);

        Assert.EndsWith(": more than 2000000 spans in one request. Send fewer spans per request.", Decoding.Problem("v0.4", body.Raw(maps).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_hundred_thousand_distinct_tags_on_one_span_take_no_quadratic_time()
    {
        const int Tags = 200_000;
        var body = new MsgPackWriter().Array(1).Array(1).Map(1).Text("meta").Map(Tags);
        for (var i = 0; i < Tags; i++) body.Text("k" + i.ToString(System.Globalization.CultureInfo.InvariantCulture)).Text("v");

        var watch = Stopwatch.StartNew();
        var batch = Decoding.Decode("v0.4", body.ToArray());

        Assert.Equal(Tags, batch.Tags.CountOf(0));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}"); // Searched one by one it takes minutes in this build.
    }

    static void Accepts(string route, byte[] body)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            switch (route)
            {
                case "stats": ClientStatsDecoder.Decode(body).ToBuckets(); break;
                case "telemetry": TelemetryDecoder.Decode(body); break;
                case "config": RemoteConfigRequest.Decode(body); break;
                default: CheckBatch(Decoding.Decode(route, body)); break;
            }
        }
        catch (PayloadException problem)
        {
            Assert.Contains("byte ", problem.Message, StringComparison.Ordinal);
        }
        catch (Exception other)
        {
            Assert.Fail($"{route} body {Convert.ToHexString(body)} gave {other}");
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocatedBytes);
    }

    /// <summary>What was read can be used: every index is in the table, keys of a span are distinct, chunks cover all spans.</summary>
    static void CheckBatch(SpanBatch batch)
    {
        var next = 0;
        foreach (var chunk in batch.Chunks)
        {
            Assert.Equal(next, chunk.FirstSpan);
            next += chunk.SpanCount;
        }
        Assert.Equal(batch.SpanCount, next);
        for (var i = 0; i < batch.SpanCount; i++)
        {
            var span = batch.SpanAt(i);
            Assert.Equal(batch.Tags.CountOf(i), span.Tags.Count);
            Assert.Equal(batch.Numbers.CountOf(i), span.Numbers.Count);
        }
    }

    static byte[] Whole(string route)
    {
        Span[] spans = [.. Enumerable.Range(1, 6).Select(i => new Span
        {
            TraceId = new TraceId(0, (ulong)i % 3 + 1),
            Id = new SpanId((ulong)i),
            StartUnixNanos = 1_700_000_000_000_000_000,
            DurationNanos = i,
            Service = "web",
            Name = "n" + i % 2,
            Resource = "GET /",
            Tags = new Dictionary<string, string> { ["a"] = "1", ["b"] = "é", ["c"] = "3" },
            Numbers = new Dictionary<string, double> { ["m"] = i, ["n"] = 0.5 },
        })];
        var json = string.Join(',', spans.Select(span =>
            $$$$$"""{"trace_id":{{{{{span.TraceId.Low}}}}},"span_id":{{{{{span.Id.Value}}}}},"name":"\u00e9{{{{{span.Name}}}}}","meta":{"a":"1"},"metrics":{"m":1.5},"span_links":[{"trace_id":1}],"span_events":[{"name":"e","attributes":{"k":{"type":0,"string_value":"v"}}}]}"""));
        return route switch
        {
            "v0.1 json" => Encoding.UTF8.GetBytes($"[{json}]"),
            "v0.3 json" => Encoding.UTF8.GetBytes($"[[{json}]]"),
            "v0.4" => WithExtras(spans[0], DatadogV04Encoder.Encode([spans[..4], spans[4..]])),
            "v0.5" => DatadogV05Encoder.Encode([spans[..4], spans[4..]]),
            "v0.7" => new MsgPackWriter().Map(3).Text("chunks").Array(1).Map(2).Text("priority").Integer(1)
                .Text("spans").Raw(DatadogV04Encoder.Encode([spans]).AsSpan(1))
                .Text("tags").Map(1).Text("a").Text("b").Text("env").Text("prod").ToArray(),
            "v1.0" => Golden.V1,
            "stats" => Golden.Stats,
            "config" => """{"client":{"client_tracer":{"runtime_id":"r\u00e9","service":"web"}}}"""u8.ToArray(),
            _ => """{"request_type":"message-batch","runtime_id":"r","payload":[{"request_type":"app-started","payload":{"configuration":[{"name":"a\u00e9","value":[1],"origin":"code"}]}}]}"""u8.ToArray(),
        };
    }

    /// <summary>One more trace, whose span carries what the encoder does not write.</summary>
    static byte[] WithExtras(Span span, byte[] body)
    {
        var one = new MsgPackWriter().Array(1).Map(4)
            .Text("name").Text(span.Name)
            .Text("span_links").Array(1).Map(2).Text("trace_id").Unsigned(1).Text("attributes").Map(1).Text("k").Text("v")
            .Text("span_events").Array(1).Map(2).Text("name").Text("e").Text("attributes").Map(1)
                .Text("k").Map(2).Text("type").Integer(0).Text("string_value").Text("v")
            .Text("meta_struct").Map(1).Text("s").Bin([1, 2]);
        return [0x93, .. body[1..], .. one.ToArray()];
    }
}
