using Apm.Core.Ledger;
using System.Net;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Receive;

/// <summary>Spans that no tracer should send, through the agent's own port to the page of their trace: taken or refused with a count, and always drawn.</summary>
public class StrangeSpansTests
{
    static readonly long Now = AgentFixture.DefaultNow.ToUnixTimeMilliseconds() * UnixTime.NanosPerMillisecond;

    /// <summary>A start that <see cref="Some.Span"/> tells from its own base.</summary>
    static long At(long unixNanos) => unixNanos - Some.BaseUnixNanos;

    [Theory]
    [InlineData(0ul, 5ul, "trace_id_zero")]
    [InlineData(7ul, 0ul, "span_id_zero")]
    public async Task Ids_of_zero_drop_their_chunk_and_are_told(ulong trace, ulong id, string reason)
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(id: id, trace: trace)], [Some.Span(id: 9, trace: 9)]]));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal([9ul], agent.StoredSpans().Select(span => span.Id.Value));
        Assert.Equal(1, agent.Pipeline.Ledger.Spans(SpanOutcome.Rejected, reason, "web"));
    }

    [Fact]
    public async Task A_chunk_of_two_traces_is_dropped_and_an_empty_one_harms_nothing()
    {
        await using var agent = await AgentFixture.Start();

        await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(id: 1, trace: 1), Some.Span(id: 2, trace: 2)], [], [Some.Span(id: 3, trace: 3)]]));

        Assert.Equal([3ul], agent.StoredSpans().Select(span => span.Id.Value));
        Assert.Equal(2, agent.Pipeline.Ledger.Spans(SpanOutcome.Rejected, "foreign_span", "web"));
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public async Task A_duration_that_cannot_be_is_zero(long durationNanos)
    {
        await using var agent = await AgentFixture.Start();

        await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(startNanos: At(Now), durationNanos: durationNanos)]]));

        Assert.Equal(0, Assert.Single(agent.StoredSpans()).DurationNanos);
        Assert.Equal(0, Tree(agent, 1).DurationNanos);
        Assert.Equal(1, agent.Parts.Counters.Read("spans_repaired", "invalid_duration"));
    }

    [Theory]
    [InlineData(0L, false)]                              // 1970
    [InlineData(-5_000_000_000L, false)]
    [InlineData(1_764_072_000L, false)]                  // Seconds taken for nanoseconds.
    [InlineData(4_294_967_295_000_000_000L, true)]       // 2106
    [InlineData(long.MaxValue - 2_000_000L, true)]       // 2262
    public async Task A_start_in_another_century_is_stored_counted_once_and_drawn(long startUnixNanos, bool isKept)
    {
        await using var agent = await AgentFixture.Start();

        await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(startNanos: startUnixNanos - Some.BaseUnixNanos), Some.Span(id: 2, parent: 1, startNanos: At(Now))]]));

        var stored = agent.StoredSpans().Single(span => span.Id.Value == 1);
        Assert.Equal(isKept ? startUnixNanos : Now - Some.Millisecond, stored.StartUnixNanos);
        Assert.Equal(1, agent.Statistics().Sum(row => row.Cell.HitCount)); // The child is of the same service.
        Assert.Equal(isKept ? 1 : 0, agent.Parts.Counters.Read("spans_from_the_future", service: "web"));
        Assert.Equal(2, Tree(agent, 1).Nodes.Count);
    }

    [Fact]
    public async Task A_tag_of_ten_megabytes_is_cut_and_counted()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(startNanos: At(Now), tags: [("big", new string('x', 10_000_000))])]]));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(25_003, Assert.Single(agent.StoredSpans()).Tags["big"].Length);
        Assert.Equal(1, agent.Parts.Counters.Read("spans_repaired", "tag_value_truncate"));
    }

    [Fact]
    public async Task A_span_with_a_hundred_thousand_tags_keeps_them_all()
    {
        await using var agent = await AgentFixture.Start();

        var answer = await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(startNanos: At(Now), tags: [.. Enumerable.Range(0, 100_000).Select(i => ($"tag{i}", "v"))])]]));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(100_000, Assert.Single(agent.StoredSpans()).Tags.Count);
        Assert.NotNull(Tree(agent, 1).Root.TagOf("tag99999"));
    }

    [Fact]
    public async Task Circles_of_parents_are_cut_and_each_span_is_drawn_once()
    {
        await using var agent = await AgentFixture.Start();
        Span[] spans =
        [
            Some.Span(id: 1, parent: 3, startNanos: At(Now)), Some.Span(id: 2, parent: 1, startNanos: At(Now) + 1), Some.Span(id: 3, parent: 2, startNanos: At(Now) + 2), // a circle
            Some.Span(id: 4, parent: 4, startNanos: At(Now) + 3), // its own parent
            Some.Span(id: 5, startNanos: At(Now) + 4), // a root
        ];

        var answer = await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([spans]));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var tree = Tree(agent, 1);
        Assert.Equal(new ulong[] { 1, 2, 3, 4, 5 }, tree.Nodes.Where(node => !node.IsGap).Select(node => node.SpanId.Value).Order());
        Assert.Contains(tree.Nodes, node => node.IsCutFromCycle && node.SpanId.Value == 1);
        Assert.True(agent.Statistics().Sum(row => row.Cell.HitCount) >= 1);
    }

    [Fact]
    public async Task One_trace_id_in_two_hours_is_one_trace()
    {
        await using var agent = await AgentFixture.Start();

        await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(id: 1, startNanos: At(Now) - (2 * 3600 * Some.Second))]]));
        await agent.Send("/v0.4/traces", DatadogV04Encoder.Encode([[Some.Span(id: 2, startNanos: At(Now))]]));

        var tree = Tree(agent, 1);
        Assert.Equal(2, tree.SpanCount);
        Assert.InRange(tree.DurationNanos, 2 * 3600 * Some.Second, (2 * 3600 * Some.Second) + Some.Second);
        Assert.Equal(1, agent.Parts.Counters.Read("spans_late", service: "web"));
    }

    static TraceTree Tree(AgentFixture agent, ulong trace) => new TraceLookup(agent.Parts.Traces).Read(new TraceId(0, trace))!;
}
