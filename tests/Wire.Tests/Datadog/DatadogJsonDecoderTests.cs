using System.Text;
using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.Wire.Tests.Datadog;

/// <summary>The rules of trace-intake §1.17.</summary>
public class DatadogJsonDecoderTests
{
    [Fact]
    public void Names_in_any_case_null_and_unknown_members_and_full_range_ids()
    {
        var span = Read("""
            {"Service":"web","NAME":"flask.request","resource":"GET /","type":null,"trace_id":18446744073709551615,
             "span_id":9223372036854775808,"parent_id":null,"start":1700000000000000000,"duration":1000000,"error":1,
             "meta":{"a":"1","n":null},"metrics":{"m":1,"d":2.5},"extra":{"x":[1,{"y":2}]}}
            """);

        Assert.Equal(("web", "flask.request", "GET /", ""), (span.Service, span.Name, span.Resource, span.Type));
        Assert.Equal((ulong.MaxValue, 1ul << 63, 0ul), (span.TraceId.Low, span.Id.Value, span.ParentId.Value));
        Assert.Equal((1_700_000_000_000_000_000, 1_000_000L, true), (span.StartUnixNanos, span.DurationNanos, span.IsError));
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1", ["n"] = "" }, span.Tags);
        Assert.Equal(new Dictionary<string, double> { ["m"] = 1, ["d"] = 2.5 }, span.Numbers);
    }

    [Fact]
    public void A_repeated_scalar_is_replaced_and_a_repeated_object_is_merged()
    {
        var span = Read("""{"name":"a","name":"b","meta":{"x":"1","y":"1"},"meta":{"y":"2","z":"3"}}""");

        Assert.Equal("b", span.Name);
        Assert.Equal(new Dictionary<string, string> { ["x"] = "1", ["y"] = "2", ["z"] = "3" }, span.Tags);
    }

    [Theory]
    [InlineData("""a\n\t\"\\\/\u00e9""", "a\n\t\"\\/é")]
    [InlineData("""\ud83d\ude00!""", "😀!")]
    [InlineData("""\ud83dx""", "\uFFFDx")]
    [InlineData("""\udc00""", "\uFFFD")]
    [InlineData("""\ud83d\u0041""", "\uFFFDA")]
    public void Escapes(string json, string expected) => Assert.Equal(expected, Read($$"""{"name":"{{json}}"}""").Name);

    [Fact]
    public void Bytes_that_are_no_utf8_are_repaired() =>
        Assert.Equal("a\uFFFDb", Decoding.Decode("v0.3 json", [.. "[[{\"name\":\"a"u8, 0xff, .. "b\"}]]"u8]).SpanAt(0).Name);

    [Fact]
    public void Links_events_and_structs()
    {
        var tags = Read("""
            {"span_links":[{"trace_id":5,"trace_id_high":1,"span_id":6,"attributes":{"k":"v"},"tracestate":"dd=s:1","flags":1},{"trace_id":1,"span_id":2}],
             "span_events":[{"name":"e","time_unix_nano":7,"attributes":{"s":{"type":0,"string_value":"x"},"a":{"type":4,"array_value":{"values":[{"type":2,"int_value":3}]}}}}],
             "meta_struct":{"appsec":"AQID"}}
            """).Tags;

        Assert.Equal(new Dictionary<string, string>
        {
            ["_dd.span_links"] = """[{"trace_id":"00000000000000010000000000000005","span_id":"0000000000000006","attributes":{"k":"v"},"tracestate":"dd=s:1","flags":1},{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002"}]""",
            ["events"] = """[{"name":"e","time_unix_nano":7,"attributes":{"s":"x","a":[3]}}]""",
            ["meta_struct.appsec"] = "AQID",
        }, tags);
    }

    [Fact]
    public void Only_the_first_value_is_read() => Assert.Equal(1, Decode("v0.3 json", "[[{}]] nonsense").SpanCount);

    [Fact]
    public void Null_stands_for_nothing_at_every_level()
    {
        Assert.Equal(0, Decode("v0.3 json", "null").SpanCount);
        Assert.Equal(1, Decode("v0.3 json", "[null,[null,{}]]").SpanCount);
        Assert.Equal(0, Decode("v0.1 json", "null").SpanCount);
    }

    [Fact]
    public void Flat_spans_of_v01_are_grouped_by_trace()
    {
        var batch = Decode("v0.1 json", """[{"trace_id":1,"span_id":1},{"trace_id":2,"span_id":2},null,{"trace_id":1,"span_id":3}]""");

        Assert.Equal([1ul, 3, 2], batch.SpanIds.Take(3));
        Assert.Equal([(0, 2), (2, 1)], batch.Chunks.Select(chunk => (chunk.FirstSpan, chunk.SpanCount)));
    }

    [Theory]
    [InlineData("", "Datadog JSON body, byte 0: not valid JSON, or cut off: ")]
    [InlineData("[[{\"span_id\":1", "key \"span_id\"): not valid JSON, or cut off: ")]
    [InlineData("{}", "byte 0: expected an array of traces, found an object. Send an array of traces here or leave the member out.")]
    [InlineData("[{}]", "byte 1 (trace 0): expected an array of spans, found an object.")]
    [InlineData("[[5]]", "byte 2 (trace 0, span 0): expected a span object, found the number 5.")]
    [InlineData("[[{},{\"span_id\":1.5}]]", "byte 16 (trace 0, span 1, key \"span_id\"): expected an integer from 0 to 2^64 − 1, found the number 1.5.")]
    [InlineData("[[{\"span_id\":-1}]]", "found the number -1.")]
    [InlineData("[[{\"span_id\":18446744073709551616}]]", "found the number 18446744073709551616.")]
    [InlineData("[[{\"start\":\"1\"}]]", "expected a signed 64-bit integer, found a string.")]
    [InlineData("[[{\"start\":9223372036854775808}]]", "expected a signed 64-bit integer")]
    [InlineData("[[{\"error\":true}]]", "expected a signed 32-bit integer, found a bool.")]
    [InlineData("[[{\"name\":5}]]", "expected a string, found the number 5.")]
    [InlineData("[[{\"meta\":[]}]]", "key \"meta\"): expected an object, found an array.")]
    [InlineData("[[{\"meta\":{\"a\":5}}]]", "key \"meta\", in it \"a\"): expected a string, found the number 5.")]
    [InlineData("[[{\"metrics\":{\"a\":\"5\"}}]]", "key \"metrics\", in it \"a\"): expected a number, found a string.")]
    [InlineData("[[{\"metrics\":{\"a\":1e999}}]]", "expected a number")]
    [InlineData("[[{\"meta_struct\":{\"a\":\"?\"}}]]", "expected base64 text")]
    [InlineData("[[{\"span_links\":{}}]]", "key \"span_links\"): expected an array, found an object.")]
    public void What_is_refused(string json, string message) =>
        Assert.Contains(message, Decoding.Problem("v0.3 json", Encoding.UTF8.GetBytes(json)), StringComparison.Ordinal);

    [Fact]
    public void A_flat_body_is_told_with_the_span() =>
        Assert.Contains("(span 1, key \"name\"): expected a string", Decoding.Problem("v0.1 json", "[{},{\"name\":1}]"u8.ToArray()), StringComparison.Ordinal);

    static Span Read(string span) => Decode("v0.3 json", $"[[{span}]]").SpanAt(0);

    static SpanBatch Decode(string route, string json) => Decoding.Decode(route, Encoding.UTF8.GetBytes(json));
}
