using Apm.TestKit;

namespace Apm.Wire.Tests.Datadog;

public class DatadogV1DecoderTests
{
    static readonly byte[] TraceId = [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 8];

    [Fact]
    public void The_golden_payload() => Assert.Equal("""
        payload datadog v1.0, python, 3.12, c1
        chunk of 1 from 0, priority 1
        earliest 1700000000000000000
        trace 0000000000000001
          web  flask.request  GET /  [web]  1 ms
              span 0000000000000002 +0 ns
              http.status_code = 200
              span.kind = server
        """, TraceText.DrawFull(Decoding.Decode("v1.0", Golden.V1)));

    [Fact]
    public void Every_kind_of_field_and_attribute()
    {
        var body = new MsgPackWriter().Map(7)
            .Unsigned(1).Array(2).Text("").Text("prod")                       // strings 0, 1
            .Unsigned(7).Unsigned(1)
            .Unsigned(11).Array(1).Map(8)
                .Unsigned(99).Array(2).Text("unknown").Map(1).Unsigned(1).Nil() // string 2, inside a value that is skipped
                .Unsigned(1).Integer(-1)
                .Unsigned(2).Text("rum")                                        // 3
                .Unsigned(3).Array(3).Text("team").Unsigned(1).Text("shop")     // 4, 5
                .Unsigned(5).Bool(true)
                .Unsigned(6).Bin(TraceId)
                .Unsigned(7).Unsigned(4)
                .Unsigned(4).Array(2)
                    .Map(9)
                        .Unsigned(1).Unsigned(5)
                        .Unsigned(4).Unsigned(1)
                        .Unsigned(8).Bool(true)
                        .Unsigned(13).Unsigned(1)
                        .Unsigned(14).Text("7")                                 // 6
                        .Unsigned(15).Text("flask")                             // 7
                        .Unsigned(9).Array(21)
                            .Text("s").Unsigned(1).Unsigned(7)                  // 8
                            .Text("b").Unsigned(2).Bool(false)
                            .Text("d").Unsigned(3).Float64(1.5)
                            .Text("i").Unsigned(4).Integer(-3)
                            .Text("x").Unsigned(5).Bin([1, 2, 3])
                            .Text("a").Unsigned(6).Array(4).Unsigned(4).Integer(1).Unsigned(1).Text("two")
                            .Text("l").Unsigned(7).Array(3).Text("in").Unsigned(2).Bool(true)
                        .Unsigned(11).Array(1).Map(5).Unsigned(1).Bin(TraceId).Unsigned(2).Unsigned(255)
                            .Unsigned(3).Array(6).Text("k").Unsigned(4).Integer(5).Unsigned(8).Unsigned(1).Unsigned(7)
                            .Unsigned(4).Text("dd=s:1").Unsigned(5).Unsigned(1)
                        .Unsigned(12).Array(1).Map(3).Unsigned(1).Unsigned(77).Unsigned(2).Text("retry").Unsigned(3).Array(3).Text("n").Unsigned(4).Integer(2)
                    .Map(2).Unsigned(4).Unsigned(2).Unsigned(5).Unsigned(1)
            .Unsigned(10).Array(6).Unsigned(4).Unsigned(1).Text("not this").Text("apm").Unsigned(3).Float64(2)
            .Unsigned(8).Text("h1").Unsigned(9).Text("v9").Unsigned(6).Text("r1");

        Assert.Equal("""
            payload datadog v1.0, prod, h1, v9, r1
            chunk of 2 from 0, priority -1, origin rum, dropped by the tracer
            earliest 0
            trace 00000000000000090000000000000008
              shop      0 ms  error
                  span 0000000000000001 +0 ns
                  _dd.hostname = h1
                  _dd.p.dm = -4
                  _dd.span_links = [{"trace_id":"00000000000000090000000000000008","span_id":"00000000000000ff","attributes":{"k":"5","s":"flask"},"tracestate":"dd=s:1","flags":1}]
                  a = [1,"two"]
                  b = false
                  component = flask
                  env = prod
                  events = [{"time_unix_nano":77,"name":"retry","attributes":{"n":2}}]
                  l = {"in":true}
                  meta_struct.x = AQID
                  runtime-id = r1
                  s = flask
                  span.kind = internal
                  team = shop
                  version = 7
                  apm := 2
                  d := 1.5
                  i := -3
                      0 ms
                    span 0000000000000002 +0 ns
                    _dd.hostname = h1
                    runtime-id = r1
                    span.kind = internal
            """, TraceText.DrawFull(Decoding.Decode("v1.0", body.ToArray())));
    }

    [Theory]
    [InlineData("81" + "03" + "05", "Datadog v1.0 body, byte 2 (key 3): string 5 is referred to, but only 1 strings came before.")]
    [InlineData("81" + "0b" + "91" + "81" + "06" + "c40101", "Datadog v1.0 body, byte 5 (trace 0, key 6): a trace id of 1 bytes. Send 16 bytes, the highest first.")]
    [InlineData("81" + "0a" + "92" + "a16101", "an array of 2 elements where groups of 3 are expected.")]
    [InlineData("81" + "0a" + "93" + "a16109c0", "attribute type 9 is not known.")]
    [InlineData("81" + "a16101", "byte 1 (key \"a\"): expected an integer of 0 or more, found a string (0xa1).")]
    public void What_is_refused(string hex, string message) =>
        Assert.Contains(message, Decoding.Problem("v1.0", Convert.FromHexString(hex)), StringComparison.Ordinal);

    [Fact]
    public void Deeply_nested_attributes_are_refused()
    {
        var body = new MsgPackWriter().Map(1).Unsigned(10).Array(3).Text("a");
        for (var i = 0; i < 10_000; i++) body.Unsigned(6).Array(2);
        body.Unsigned(2).Bool(true);

        Assert.Contains("attributes nest deeper than 16 levels", Decoding.Problem("v1.0", body.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Long_strings_that_are_referred_to_again_and_again_are_refused()
    {
        const int References = 100_000;
        var body = new MsgPackWriter().Map(1).Unsigned(10).Array(6)
            .Text("long").Unsigned(1).Text(new string('x', 10_000))
            .Text("all").Unsigned(6).Array(2 * References);
        for (var i = 0; i < References; i++) body.Unsigned(1).Unsigned(2);

        Assert.Contains("references to strings spell out more than 67108864 bytes", Decoding.Problem("v1.0", body.ToArray()), StringComparison.Ordinal);
    }
}
