using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.Wire.Tests.Datadog;

/// <summary>The table of trace-intake §1.16, row by row.</summary>
public class LenientRulesTests
{
    [Theory]
    [InlineData("a3776562", "web")]
    [InlineData("c403776562", "web")]
    [InlineData("d903776562", "web")]
    [InlineData("da0003776562", "web")]
    [InlineData("db00000003776562", "web")]
    [InlineData("c0", "")]
    [InlineData("a361ff62", "a\uFFFDb")]
    [InlineData("a461e28262", "a\uFFFD\uFFFDb")] // each bad byte, not each bad sequence
    public void Strings(string hex, string expected) => Assert.Equal(expected, Read("service", hex).Service);

    [Theory]
    [InlineData("cf8000000000000001", 0x8000000000000001)]
    [InlineData("d38000000000000001", 0x8000000000000001)]
    [InlineData("ff", ulong.MaxValue)]
    [InlineData("d0ff", ulong.MaxValue)]
    [InlineData("05", 5)]
    [InlineData("ce00000005", 5)]
    [InlineData("d10005", 5)]
    [InlineData("c0", 0)]
    public void Ids(string hex, ulong expected) => Assert.Equal(expected, Read("span_id", hex).Id.Value);

    [Theory]
    [InlineData("d3ffffffffffffffff", -1)]
    [InlineData("cf7fffffffffffffff", long.MaxValue)]
    [InlineData("e0", -32)]
    [InlineData("d2ffffff00", -256)]
    [InlineData("cdffff", 65535)]
    [InlineData("c0", 0)]
    public void Times(string hex, long expected) => Assert.Equal(expected, Read("duration", hex).DurationNanos);

    [Theory]
    [InlineData("01", true)]
    [InlineData("cc01", true)]
    [InlineData("d2ffffffff", true)]
    [InlineData("00", false)]
    [InlineData("c0", false)]
    public void Errors(string hex, bool expected) => Assert.Equal(expected, Read("error", hex).IsError);

    [Theory]
    [InlineData("cb3ff8000000000000", 1.5)]
    [InlineData("ca3fc00000", 1.5)]
    [InlineData("07", 7)]
    [InlineData("f9", -7)]
    [InlineData("cfffffffffffffffff", 18446744073709551615.0)]
    [InlineData("c0", 0)]
    public void Numbers(string hex, double expected) => Assert.Equal(expected, Read("metrics", "81a16d" + hex).Numbers["m"]);

    [Theory]
    [InlineData("meta", "c0")]
    [InlineData("metrics", "c0")]
    [InlineData("meta", "80")]
    [InlineData("meta", "df00000000")]
    [InlineData("span_links", "90")]
    [InlineData("meta_struct", "80")]
    [InlineData("of_the_future", "81a16193c0c2d60102030405")]
    [InlineData("of_the_future", "c70401aabbccdd")]
    public void Containers_that_hold_nothing_for_us(string key, string hex)
    {
        var span = Read(key, hex);
        Assert.Empty(span.Tags);
        Assert.Empty(span.Numbers);
    }

    [Theory]
    [InlineData("service", "05")]
    [InlineData("service", "90")]
    [InlineData("span_id", "cb3ff0000000000000")]
    [InlineData("span_id", "a131")]
    [InlineData("start", "cf8000000000000000")]
    [InlineData("start", "cb3ff0000000000000")]
    [InlineData("duration", "a131")]
    [InlineData("error", "ce80000000")]
    [InlineData("error", "c3")]
    [InlineData("error", "cb3ff0000000000000")]
    [InlineData("meta", "90")]
    [InlineData("meta", "81a16105")]
    [InlineData("metrics", "81a161a131")]
    [InlineData("metrics", "81a161c3")]
    [InlineData("span_links", "c0")]
    [InlineData("span_events", "c0")]
    [InlineData("meta_struct", "c0")]
    [InlineData("span_links", "80")]
    [InlineData("x", "c1")]
    public void Refused(string key, string hex) =>
        Assert.Contains($"key \"{key}\"", Decoding.Problem("v0.4", Body(key, hex)), StringComparison.Ordinal);

    [Fact]
    public void A_span_that_is_neither_map_nor_nil_is_refused() =>
        Assert.Contains("(trace 0, span 0): expected a map", Decoding.Problem("v0.4", [0x91, 0x91, 0x05]), StringComparison.Ordinal);

    [Fact]
    public void The_last_of_two_equal_keys_wins_and_a_second_meta_replaces_the_first()
    {
        var body = new MsgPackWriter().Array(1).Array(1).Map(6)
            .Text("name").Text("first").Text("name").Text("second")
            .Text("meta").Map(2).Text("a").Text("1").Text("b").Text("2")
            .Text("metrics").Map(2).Text("x").Integer(1).Text("x").Integer(2)
            .Text("meta").Map(2).Text("b").Text("3").Text("b").Text("4")
            .Text("metrics").Map(1).Text("y").Integer(5);

        var span = Decoding.Decode("v0.4", body.ToArray()).SpanAt(0);

        Assert.Equal("second", span.Name);
        Assert.Equal(new Dictionary<string, string> { ["b"] = "4" }, span.Tags);
        Assert.Equal(new Dictionary<string, double> { ["y"] = 5 }, span.Numbers);
    }

    [Theory]
    [InlineData("v0.4")]
    [InlineData("v0.5")]
    [InlineData("v0.7")]
    [InlineData("v1.0")]
    public void Bytes_after_the_payload_are_passed_over_and_counted(string route)
    {
        byte[] payload = route switch { "v0.4" => [.. Golden.V04], "v0.5" => [.. Golden.V05], _ => [0x80] }; // An empty map is a payload of the newer two.
        var batch = new SpanBatch();

        Assert.Equal(2, Decoding.Decoders[route]([.. payload, 0xc1, 0xff], batch, new Payload { Protocol = "datadog", ReceivedUnixNanos = 1 }));
        Assert.Equal(payload.Length > 1 ? 1 : 0, batch.SpanCount);
        Assert.Equal(0, Decoding.Decoders[route](payload, new SpanBatch(), new Payload { Protocol = "datadog", ReceivedUnixNanos = 1 }));
    }

    [Fact]
    public void A_table_of_v05_may_hold_nil_and_bin()
    {
        var body = new MsgPackWriter().Array(2).Array(3).Nil().Bin("web"u8).TextBytes([0x61, 0xff]).Array(1).Array(1);
        V05Span(body, service: 1, name: 2, elements: 12);

        var span = Decoding.Decode("v0.5", body.ToArray()).SpanAt(0);

        Assert.Equal(("web", "a\uFFFD", ""), (span.Service, span.Name, span.Resource));
    }

    [Theory]
    [InlineData(0, 3, 12, "(trace 0, span 0, name): string index 3 is beyond the table, which holds 3 strings.")]
    [InlineData(0, -1, 12, "(trace 0, span 0, name): -1 is negative where an integer of 0 or more is expected.")]
    [InlineData(0, 0, 11, "(trace 0, span 0): a span needs exactly 12 elements, this one has 11.")]
    [InlineData(0, null, 12, "(trace 0, span 0, name): expected an integer of 0 or more, found nil")]
    public void Spans_of_v05_that_are_refused(int service, int? name, int elements, string message)
    {
        var body = new MsgPackWriter().Array(2).Array(3).Nil().Text("a").Text("b").Array(1).Array(1);
        V05Span(body, service, name, elements);

        Assert.Contains(message, Decoding.Problem("v0.5", body.ToArray()), StringComparison.Ordinal);
    }

    static void V05Span(MsgPackWriter to, int service, int? name, int elements)
    {
        to.Array(elements).Integer(service);
        if (name is { } index) to.Integer(index);
        else to.Nil();
        to.Integer(0);
        for (var i = 3; i < 9; i++) to.Integer(0);
        to.Map(0).Map(0);
        if (elements == 12) to.Integer(0);
    }

    static Span Read(string key, string hex) => Decoding.Decode("v0.4", Body(key, hex)).SpanAt(0);

    static byte[] Body(string key, string hex) =>
        new MsgPackWriter().Array(1).Array(1).Map(2).Text(key).Raw(Convert.FromHexString(hex)).Text("name").Text("n").ToArray();
}
