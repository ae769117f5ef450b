using Apm.Core.Spans;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

public class ClockSkewTests
{
    [Theory]
    //          called  length  kind of both ends   offset ±    (the caller runs from 100 to 200 ms)
    [InlineData(60,     40,     true,               70, 30)] // begins before it was called: middle of the caller is 150
    [InlineData(190,    60,     true,               -70, 20)] // ends long after its caller, which waited for it
    [InlineData(190,    60,     false,              0, 0)] // may have been left to run on
    [InlineData(120,    40,     true,               0, 0)] // fits
    [InlineData(99.5,   40,     true,               0, 0)] // within the resolution of clocks
    [InlineData(120,    300,    true,               0, 0)] // the caller gave up
    [InlineData(60,     300,    true,               40, 0)] // longer than its caller: only its start is tied
    public void An_offset_places_the_called_span_within_its_caller(double startMs, double lengthMs, bool haveKinds, double offsetMs, double uncertaintyMs)
    {
        var offset = Estimate(
            Some.Span(id: 1, startNanos: Ms(100), durationNanos: Ms(100), kind: haveKinds ? SpanKind.Client : SpanKind.Unspecified),
            Some.Span(id: 2, parent: 1, service: "pay", startNanos: Ms(startMs), durationNanos: Ms(lengthMs), kind: haveKinds ? SpanKind.Server : SpanKind.Unspecified)).SingleOrDefault();

        Assert.Equal((Ms(offsetMs), Ms(uncertaintyMs)), (offset?.OffsetNanos ?? 0, offset?.UncertaintyNanos ?? 0));
    }

    [Fact]
    public void Spans_of_one_host_share_its_clock_and_all_its_calls_narrow_the_offset_down()
    {
        var offsets = Estimate(
            Host("a", Some.Span(id: 1, startNanos: 0, durationNanos: Ms(1000))),
            Host("a", Some.Span(id: 2, parent: 1, startNanos: Ms(100), durationNanos: Ms(100))),
            Host("b", Some.Span(id: 3, parent: 2, service: "pay", startNanos: Ms(60), durationNanos: Ms(60))),
            Host("a", Some.Span(id: 4, parent: 1, startNanos: Ms(300), durationNanos: Ms(100))),
            Host("b", Some.Span(id: 5, parent: 4, service: "ship", startNanos: Ms(245), durationNanos: Ms(94))),
            Host("b", Some.Span(id: 6, parent: 5, service: "stock", startNanos: Ms(230), durationNanos: Ms(10))));

        // 3 allows 40 to 80 ms, 5 allows 55 to 61 ms; 6 was called on its own host, so its early start is no matter of clocks.
        Assert.Equal([new ClockOffset("b", Ms(58), Ms(3), 2)], offsets);
    }

    [Fact]
    public void Offsets_add_up_along_the_way_and_the_aligned_tree_has_every_call_within_its_caller()
    {
        var tree = Read(
            Some.Span(id: 1, durationNanos: Ms(100)),
            Some.Span(id: 2, parent: 1, service: "b", startNanos: Ms(-500), durationNanos: Ms(80)),
            Some.Span(id: 3, parent: 2, service: "c", startNanos: Ms(-700), durationNanos: Ms(40)));
        var offsets = ClockSkew.Estimate(tree);

        var aligned = tree.WithClocksAligned(offsets);

        Assert.Equal([("b", Ms(510)), ("c", Ms(730))], offsets.Select(offset => (offset.Host, offset.OffsetNanos)));
        Assert.Equal([0L, Ms(10), Ms(30)], aligned.Nodes.Select(node => node.StartUnixNanos - Some.BaseUnixNanos));
        Assert.Equal((Ms(100), Ms(20), offsets), (aligned.DurationNanos, aligned.Root.SelfNanos, aligned.AlignedClocks));
        Assert.Null(aligned.ClockSkewReason);
        Assert.Empty(tree.AlignedClocks);
    }

    [Fact]
    public void A_span_that_names_no_host_is_on_that_of_its_service_above_it()
    {
        var tree = Read(
            Some.Span(id: 1, durationNanos: Ms(100)),
            Host("b", Some.Span(id: 2, parent: 1, service: "pay", startNanos: Ms(-500), durationNanos: Ms(80))),
            Some.Span(id: 3, parent: 2, service: "pay", startNanos: Ms(-490), durationNanos: Ms(40)),
            Some.Span(id: 4, parent: 3, service: "pay", startNanos: Ms(-480), durationNanos: Ms(20)));

        Assert.Equal(["web", "b", "b", "b"], tree.Nodes.Select(node => node.Host));
        Assert.Equal([0L, Ms(10), Ms(20), Ms(30)], tree.WithClocksAligned(ClockSkew.Estimate(tree)).Nodes.Select(node => node.StartUnixNanos - Some.BaseUnixNanos));
    }

    [Fact]
    public void Calls_that_contradict_each_other_give_their_median()
    {
        var offset = Assert.Single(Estimate(
            Some.Span(id: 1, durationNanos: Ms(1000)),
            Some.Span(id: 2, parent: 1, startNanos: Ms(100), durationNanos: Ms(10)), Some.Span(id: 3, parent: 2, service: "b", startNanos: Ms(50), durationNanos: Ms(10)),
            Some.Span(id: 4, parent: 1, startNanos: Ms(200), durationNanos: Ms(10)), Some.Span(id: 5, parent: 4, service: "b", startNanos: Ms(149), durationNanos: Ms(10)),
            Some.Span(id: 6, parent: 1, startNanos: Ms(300), durationNanos: Ms(10)), Some.Span(id: 7, parent: 6, service: "b", startNanos: Ms(240), durationNanos: Ms(10))));

        Assert.Equal(new ClockOffset("b", Ms(51), 0, 3), offset);
    }

    static Span Host(string host, Span span) => span with { Tags = new Dictionary<string, string> { [TagNames.Hostname] = host } };
    static TraceTree Read(params IEnumerable<Span> spans) => new TraceLookup(new BatchList(Some.Batch(spans))).Read(Some.TraceId())!;
    static IReadOnlyList<ClockOffset> Estimate(params IEnumerable<Span> spans) => ClockSkew.Estimate(Read(spans));
    static long Ms(double count) => (long)(count * Some.Millisecond);
}
