using Apm.Tracer.Propagation;

namespace Apm.Tracer.Tests.Propagation;

public sealed class DatadogHeadersTests
{
    [Fact]
    public void A_whole_context_is_read()
    {
        var context = Extract(("x-datadog-trace-id", "18446744073709551615"), ("x-datadog-parent-id", "7"), ("x-datadog-sampling-priority", "-1"),
            ("x-datadog-origin", "rum"), ("x-datadog-tags", "_dd.p.dm=-4,_dd.p.tid=6b04d73300000000,_dd.p.usr.id=baz64==,other=1,_dd.p.upstream_services=x"))!;
        Assert.Equal((0x6b04d73300000000UL, ulong.MaxValue, 7UL, -1, "rum"), (context.TraceIdHigh, context.TraceIdLow, context.ParentId, context.Priority, context.Origin));
        Assert.Equal("_dd.p.dm=-4 _dd.p.usr.id=baz64==", string.Join(' ', context.Tags.Select(tag => $"{tag.Key}={tag.Value}")));
        Assert.Null(context.Error);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("18446744073709551616")]
    [InlineData("4bf92f3577b34da6")]
    [InlineData("")]
    public void A_trace_id_that_is_no_positive_number_of_64_bits_is_no_context(string traceId) => Assert.Null(Extract(("x-datadog-trace-id", traceId)));

    [Theory]
    [InlineData("_dd.p.tid=6B04D73300000000", "malformed_tid 6B04D73300000000", "")]
    [InlineData("_dd.p.tid=0000000000000000,_dd.p.usr.id=a", "malformed_tid 0000000000000000", "_dd.p.usr.id")]
    [InlineData("_dd.p.tid=1234", "malformed_tid 1234", "")]
    [InlineData("_dd.p.dm=4,_dd.p.usr.id=a", "decoding_error", "_dd.p.usr.id")]
    [InlineData("_dd.p.dm=-256", "decoding_error", "")]
    [InlineData("_dd.p.dm=-255", null, "_dd.p.dm")]
    [InlineData("_dd.p.usr.id=", "decoding_error", "")]
    [InlineData("=value", "decoding_error", "")]
    [InlineData("_dd.p.usr.id=a,,", "decoding_error", "")]
    [InlineData("_dd.p.usr.id=ä", "decoding_error", "")]
    [InlineData("_dd.p.usr.id= a ", null, "_dd.p.usr.id")]
    public void Tags_that_cannot_be_believed_are_named(string tags, string? error, string kept)
    {
        var context = Extract(("x-datadog-trace-id", "1"), ("x-datadog-tags", tags))!;
        Assert.Equal(error, context.Error);
        Assert.Equal(kept, string.Join(' ', context.Tags.Select(tag => tag.Key)));
        Assert.Equal(0UL, context.TraceIdHigh);
    }

    [Fact]
    public void Too_long_tags_are_not_taken_and_with_limit_0_nobody_looks()
    {
        var tags = "_dd.p.usr.id=" + new string('a', 500);
        Assert.Equal("extract_max_size", Extract(("x-datadog-trace-id", "1"), ("x-datadog-tags", tags))!.Error);
        Assert.Null(DatadogHeaders.Extract(name => name == "x-datadog-trace-id" ? "1" : tags, maxTagsLength: 0)!.Error);
    }

    [Theory]
    [InlineData("a", 512, null, "_dd.p.usr.id=a,_dd.p.tid=0000000000000001")]
    [InlineData("a", 0, "disabled", null)]
    [InlineData("a", 20, "inject_max_size", null)]
    [InlineData("a,b", 512, "encoding_error", null)]
    public void What_cannot_be_written_is_named(string value, int limit, string? error, string? header)
    {
        var context = new TraceContext { TraceIdHigh = 1, TraceIdLow = 2 };
        context.SetTag("_dd.p.usr.id", value);
        var written = new Dictionary<string, string>();
        Assert.Equal(error, DatadogHeaders.Inject(context, 3, limit, written.Add));
        Assert.Equal(header, written.GetValueOrDefault("x-datadog-tags"));
        Assert.Equal(("2", "3"), (written["x-datadog-trace-id"], written["x-datadog-parent-id"]));
    }

    static TraceContext? Extract(params (string Name, string Value)[] headers) =>
        DatadogHeaders.Extract(name => headers.FirstOrDefault(header => header.Name == name).Value, 512);
}
