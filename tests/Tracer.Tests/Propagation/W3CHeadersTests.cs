using Apm.Tracer.Propagation;

namespace Apm.Tracer.Tests.Propagation;

public sealed class W3CHeadersTests
{
    const string Ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

    [Theory]
    [InlineData($"00-{Ids}-01", true)]
    [InlineData($"  00-{Ids}-01 ", true)]
    [InlineData($"00-{Ids}-01-more", false)]
    [InlineData($"01-{Ids}-01-more", true)]
    [InlineData($"01-{Ids}-01more", false)]
    [InlineData($"ff-{Ids}-01", false)]
    [InlineData("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false)]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false)]
    [InlineData("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false)]
    [InlineData($"00-{Ids}-0", false)]
    [InlineData($"00-{Ids}-0x", false)]
    [InlineData("", false)]
    public void A_traceparent_is_valid_or_nothing(string text, bool isValid)
    {
        Assert.Equal(isValid, W3CHeaders.TryParse(text, out var high, out var low, out var parent, out var isSampled));
        if (isValid) Assert.Equal((0x4bf92f3577b34da6UL, 0xa3ce929d0e0e4736UL, 0x00f067aa0ba902b7UL, true), (high, low, parent, isSampled));
    }

    [Theory]
    //          flags  tracestate                                              priority  tags
    [InlineData("01", null, 1, "")]
    [InlineData("00", null, 0, "")]
    [InlineData("01", "dd=s:-1;t.dm:-4;t.usr.id:baz64~~,foo=1", 1, "_dd.p.usr.id=baz64== _dd.p.dm=-0")]
    [InlineData("01", "dd=s:0;t.dm:-0", 1, "_dd.p.dm=-0")]
    [InlineData("01", "dd=s:2;t.dm:-4", 2, "_dd.p.dm=-4")]
    [InlineData("00", "dd=s:2;t.dm:-4;t.usr.id:baz64~~;t.url:http://localhost", 0, "_dd.p.usr.id=baz64== _dd.p.url=http://localhost")]
    [InlineData("00", "dd=s:-1", -1, "")]
    [InlineData("00", "dd=s:0", 0, "")]
    [InlineData("01", "dd=o:rum", null, "")]
    [InlineData("01", "dd=s:high;t.dm:-4", 1, "")]
    [InlineData("01", "dd=nonsense", 1, "")]
    public void Flag_and_priority_are_joined(string flags, string? state, int? priority, string tags)
    {
        var context = W3CHeaders.Extract(name => name == "traceparent" ? $"00-{Ids}-{flags}" : state)!;
        Assert.Equal(priority, context.Priority);
        Assert.Equal(tags, string.Join(' ', context.Tags.Select(tag => $"{tag.Key}={tag.Value}")));
    }

    [Theory]
    //          x-datadog-tags                        told in tracestate
    [InlineData("_dd.p.dm=-4,_dd.p.usr.id=baz64==", "dd=p:0000000000000007;s:2;t.dm:-4;t.usr.id:baz64~~")]
    [InlineData("_dd.p.dm=-4,_dd.p.url=http://localhost", "dd=p:0000000000000007;s:2;t.dm:-4;t.url:http://localhost")]
    [InlineData("_dd.p.usr.id=a,_dd.p.dm=-4", "dd=p:0000000000000007;s:2;t.dm:-4;t.usr.id:a")]
    public void Datadog_tags_become_members_of_tracestate_and_come_back(string tags, string state)
    {
        var incoming = DatadogHeaders.Extract(
            name => name switch { "x-datadog-trace-id" => "1", "x-datadog-sampling-priority" => "2", "x-datadog-tags" => tags, _ => null }, 512)!;
        Assert.Equal(state, TraceState.Format(incoming, spanId: 7, isLimited: true));
        Assert.Equal(incoming.Tags.OrderBy(tag => tag.Key), TraceState.Parse(state).Tags.OrderBy(tag => tag.Key));
    }

    [Fact]
    public void An_origin_loses_only_what_the_format_cannot_hold() =>
        Assert.Equal("dd=o:synthetics__~web_z", TraceState.Format(new TraceContext { TraceIdLow = 1, Origin = "synthetics~;=web,z" }, 0, isLimited: true));

    [Theory]
    [InlineData(31, true, 31)]
    [InlineData(32, false, 31)]
    [InlineData(40, true, 31)]
    public void Members_of_others_follow_ours_as_far_as_32_allow(int foreign, bool hasOwn, int kept)
    {
        var members = Enumerable.Range(0, foreign).Select(i => $"k{i}=v");
        var header = string.Join(',', hasOwn ? members.Append("dd=s:1") : members);
        var state = TraceState.Parse(header);
        var written = TraceState.Format(new TraceContext { TraceIdLow = 1, Priority = 1, ForeignState = state.Foreign }, 0, isLimited: true).Split(',');
        Assert.Equal("dd=s:1", written[0]);
        Assert.Equal(kept, written.Length - 1);
        Assert.Equal("k0=v", written[1]);
    }

    [Fact]
    public void Of_several_members_of_ours_the_last_counts_and_a_bad_character_voids_all()
    {
        Assert.Equal(2, TraceState.Parse("dd=s:1,foo=1,dd=s:2").Priority);
        Assert.Null(TraceState.Parse("dd=s:1,foo=ä").Foreign);
        Assert.Null(TraceState.Parse("dd=s:1,foo=ä").Priority);
    }

    [Fact]
    public void A_member_too_long_for_the_header_gives_way_first()
    {
        var state = TraceState.Parse($"a=1,b={new string('x', 200)},c={new string('y', 400)},d=2");
        Assert.Equal("a=1,d=2", state.Foreign);
    }

    [Fact]
    public void Our_member_keeps_to_256_characters_on_the_wire()
    {
        var context = new TraceContext { TraceIdLow = 1, Priority = 1 };
        context.SetTag("_dd.p.dm", "-4");
        context.SetTag("_dd.p.long", new string('x', 250));
        context.SetTag("_dd.p.short", "y");
        Assert.Equal("dd=s:1;t.dm:-4;t.short:y", TraceState.Format(context, 0, isLimited: true));
        Assert.Contains("t.long:", TraceState.Format(context, 0, isLimited: false), StringComparison.Ordinal);
    }
}
