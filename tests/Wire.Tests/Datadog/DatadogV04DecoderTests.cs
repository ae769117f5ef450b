using Apm.TestKit;

namespace Apm.Wire.Tests.Datadog;

public class DatadogV04DecoderTests
{
    const string OneSpan = """
        chunk of 1 from 0
        earliest 1700000000000000000
        trace 0000000000000001
          web  flask.request  GET /  [web]  1 ms
              span 0000000000000002 +0 ns
              http.status_code = 200
              _sampling_priority_v1 := 1
        """;

    [Fact]
    public void The_golden_payload() =>
        Assert.Equal("payload datadog v0.4\n" + OneSpan, TraceText.DrawFull(Decoding.Decode("v0.4", Golden.V04)));

    [Fact]
    public void The_golden_payload_of_v05() =>
        Assert.Equal("payload datadog v0.5\n" + OneSpan, TraceText.DrawFull(Decoding.Decode("v0.5", Golden.V05)));

    [Fact]
    public void Empty_traces_and_nil_spans_leave_nothing()
    {
        var body = new MsgPackWriter().Array(3)
            .Array(0)
            .Array(2).Nil().Nil()
            .Array(2).Nil().Map(1).Text("span_id").Unsigned(7);

        var batch = Decoding.Decode("v0.4", body.ToArray());

        Assert.Equal(7ul, batch.SpanIds[0]);
        Assert.Equal(1, batch.SpanCount);
        Assert.Single(batch.Chunks);
    }

    [Fact]
    public void Two_bodies_may_fill_one_batch()
    {
        var batch = Decoding.Decode("v0.4", Golden.V04);
        Decoding.Decoders["v0.5"](Golden.V05, batch, new() { Protocol = "datadog v0.5", ReceivedUnixNanos = 2 });

        Assert.Equal([0, 1], batch.Chunks.Select(chunk => chunk.FirstSpan));
        Assert.Equal([0, 1], batch.Chunks.Select(chunk => chunk.Payload));
        Assert.Equal(batch.SpanAt(0).Tags, batch.SpanAt(1).Tags);
    }

    [Fact]
    public void More_tags_than_are_guessed_and_repeated_keys_among_known_ones()
    {
        // Three spans of one name with growing, equal and shuffled keys: the last value of a key must always win.
        var body = new MsgPackWriter().Array(1).Array(4);
        WriteTags(body, Enumerable.Range(0, 600).Select(i => ($"k{i}", $"v{i}")));
        WriteTags(body, Enumerable.Range(0, 600).Select(i => ($"k{i}", $"w{i}")));
        WriteTags(body, [("k0", "a"), ("k1", "b"), ("k0", "c"), ("k3", "d"), ("k3", "e")]);
        WriteTags(body, [("k0", "a"), ("k1", "b"), ("k2", "c"), ("k1", "d"), ("k0", "e")]);

        var batch = Decoding.Decode("v0.4", body.ToArray());

        Assert.Equal(600, batch.SpanAt(0).Tags.Count);
        Assert.Equal("w599", batch.TagOf(1, "k599"));
        Assert.Equal(new Dictionary<string, string> { ["k0"] = "c", ["k1"] = "b", ["k3"] = "e" }, batch.SpanAt(2).Tags);
        Assert.Equal(new Dictionary<string, string> { ["k0"] = "e", ["k1"] = "d", ["k2"] = "c" }, batch.SpanAt(3).Tags);
        Assert.Equal(3, batch.Tags.CountOf(3));

        static void WriteTags(MsgPackWriter to, IEnumerable<(string Key, string Value)> tags)
        {
            var all = tags.ToList();
            to.Map(2).Text("name").Text("n").Text("meta").Map(all.Count);
            foreach (var (key, value) in all) to.Text(key).Text(value);
        }
    }

    [Fact]
    public void Repeated_keys_of_v05_among_known_ones()
    {
        // [1 2 3] is known to be distinct; [4 1 4] takes its place and is not.
        var body = new MsgPackWriter().Array(2).Array(5).Text("").Text("a").Text("b").Text("c").Text("d").Array(1).Array(5);
        foreach (var keys in new ulong[][] { [1, 2, 3], [4, 1, 4], [4, 1, 4], [2, 2], [2, 1, 2] })
        {
            body.Array(12);
            for (var i = 0; i < 9; i++) body.Integer(0);
            body.Map(keys.Length);
            foreach (var key in keys) body.Unsigned(key).Unsigned(1);
            body.Map(keys.Length);
            for (var i = 0; i < keys.Length; i++) body.Unsigned(keys[i]).Integer(i);
            body.Integer(0);
        }

        var batch = Decoding.Decode("v0.5", body.ToArray());

        Assert.Equal([3, 2, 2, 1, 2], Enumerable.Range(0, 5).Select(batch.Tags.CountOf));
        Assert.Equal([3, 2, 2, 1, 2], Enumerable.Range(0, 5).Select(batch.Numbers.CountOf));
        Assert.Equal(new Dictionary<string, double> { ["d"] = 2, ["a"] = 1 }, batch.SpanAt(1).Numbers);
    }

    [Fact]
    public void Links_events_and_structs_become_tags_even_when_meta_comes_after_them()
    {
        var body = new MsgPackWriter().Array(1).Array(1).Map(5)
            .Text("span_links").Array(2)
                .Map(6).Text("trace_id").Unsigned(0xabc).Text("trace_id_high").Unsigned(1).Text("span_id").Unsigned(2)
                    .Text("attributes").Map(1).Text("link.name").Text("a\"b").Text("tracestate").Text("dd=s:1").Text("flags").Unsigned(0x80000001)
                .Map(2).Text("trace_id").Unsigned(5).Text("span_id").Unsigned(6)
            .Text("span_events").Array(1)
                .Map(3).Text("time_unix_nano").Unsigned(1_700_000_000_000_000_000).Text("name").Text("retry").Text("attributes").Map(6)
                    .Text("s").Map(2).Text("type").Integer(0).Text("string_value").Text("é")
                    .Text("b").Map(2).Text("bool_value").Bool(true).Text("type").Integer(1)
                    .Text("i").Map(2).Text("type").Integer(2).Text("int_value").Integer(-3)
                    .Text("d").Map(2).Text("type").Integer(3).Text("double_value").Float64(1.5)
                    .Text("a").Map(2).Text("type").Integer(4).Text("array_value").Map(1).Text("values").Array(2)
                        .Map(2).Text("type").Integer(2).Text("int_value").Integer(1)
                        .Map(2).Text("type").Integer(0).Text("string_value").Text("x")
                    .Text("?").Map(1).Text("type").Integer(9)
            .Text("meta_struct").Map(1).Text("appsec").Bin([1, 2, 3])
            .Text("meta").Map(1).Text("a").Text("1")
            .Text("name").Text("late");

        var tags = Decoding.Decode("v0.4", body.ToArray()).SpanAt(0).Tags;

        Assert.Equal(new Dictionary<string, string>
        {
            ["a"] = "1",
            ["_dd.span_links"] = """[{"trace_id":"00000000000000010000000000000abc","span_id":"0000000000000002","attributes":{"link.name":"a\"b"},"tracestate":"dd=s:1","flags":2147483649},{"trace_id":"00000000000000000000000000000005","span_id":"0000000000000006"}]""",
            ["events"] = """[{"name":"retry","time_unix_nano":1700000000000000000,"attributes":{"s":"é","b":true,"i":-3,"d":1.5,"a":[1,"x"],"?":null}}]""",
            ["meta_struct.appsec"] = "AQID",
        }, tags);
    }

    [Theory]
    [InlineData("9191", "Datadog v0.4 body, byte 1 (trace 0): 1 elements are announced, but only 0 bytes follow. The body was cut off or damaged on its way; check proxies between the tracer and here.")]
    [InlineData("", "Datadog v0.4 body, byte 0: the body ends in the middle of a value. It was cut off on its way; check the Content-Length and proxies between the tracer and here.")]
    [InlineData("dd7fffffff", "Datadog v0.4 body, byte 0: 2147483647 elements are announced, the limit is 25000000. Send fewer spans per request.")]
    [InlineData("9281c08080", "Datadog v0.4 body, byte 1 (trace 0): expected an array, found a map (0x81). Send an array here or leave the key out; a body of another protocol version sent to this address looks like this, too.")]
    public void Damage_is_told_with_its_place(string hex, string message) =>
        Assert.Equal(message, Decoding.Problem("v0.4", Convert.FromHexString(hex)));

    [Fact]
    public void A_wrong_tag_is_told_with_trace_span_and_keys()
    {
        var body = new MsgPackWriter().Array(2)
            .Array(1).Map(0)
            .Array(2).Map(0).Map(2).Text("name").Text("n").Text("meta").Map(2).Text("a").Text("1").Text("retries").Integer(5);

        Assert.Equal(
            "Datadog v0.4 body, byte 31 (trace 1, span 1, key \"meta\", in it \"retries\"): expected a string, found an integer (0x05). " +
            "Send a string here or leave the key out; a body of another protocol version sent to this address looks like this, too.",
            Decoding.Problem("v0.4", body.ToArray()));
    }

    [Fact]
    public void A_wrong_link_is_told_with_its_key()
    {
        var body = new MsgPackWriter().Array(1).Array(1).Map(2)
            .Text("span_links").Array(1).Map(1).Text("span_id").Text("x")
            .Text("name").Text("n");

        Assert.StartsWith("Datadog v0.4 body, byte 24 (trace 0, span 0, key \"span_links\"): expected an integer, found a string", Decoding.Problem("v0.4", body.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Deeply_nested_event_values_are_refused()
    {
        var body = new MsgPackWriter().Array(1).Array(1).Map(1).Text("span_events").Array(1).Map(1).Text("attributes").Map(1).Text("a");
        for (var i = 0; i < 20; i++) body.Map(2).Text("type").Integer(4).Text("array_value").Map(1).Text("values").Array(1);
        body.Nil();

        Assert.Contains("attributes nest deeper than 16 levels", Decoding.Problem("v0.4", body.ToArray()), StringComparison.Ordinal);
    }
}
