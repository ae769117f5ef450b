using Apm.Core.Ledger;
using System.Text.Json;
using Apm.TestKit;
using Apm.TraceAgent.Filter;
using Apm.TraceAgent.Intake;
using Apm.TraceAgent.Normalize;

namespace Apm.TraceAgent.Tests.Receive;

public class FilterAnswersTests
{
    static readonly FilterSettings Filters = new() { IgnoreResources = ["healthz"], RejectTags = ["internal:yes"] };

    [Fact]
    public async Task Tracers_are_told_the_rules_so_that_those_that_count_themselves_leave_out_the_same()
    {
        await using var agent = await AgentFixture.Start(pipelineSettings: new PipelineSettings { Normalize = new NormalizeSettings { Filters = Filters } });

        using var info = JsonDocument.Parse((await agent.Send("/info", [], method: "GET")).Text);

        Assert.Equal("healthz", info.RootElement.GetProperty("ignore_resources")[0].GetString());
        Assert.Equal("""{"require":[],"reject":["internal:yes"]}""", info.RootElement.GetProperty("filter_tags").GetRawText());
        Assert.False(info.RootElement.TryGetProperty("filter_tags_regex", out _));
    }

    [Fact]
    public async Task What_the_rules_leave_out_is_neither_counted_nor_stored_but_accounted_for()
    {
        await using var agent = await AgentFixture.Start(pipelineSettings: new PipelineSettings { Normalize = new NormalizeSettings { Filters = Filters } });
        var body = DatadogV04Encoder.Encode([
            [Some.Span(id: 1, trace: 1, resource: "GET /healthz")],
            [Some.Span(id: 2, trace: 2, tags: [("internal", "yes")])],
            [Some.Span(id: 3, trace: 3, resource: "GET /")]]);

        var answer = await agent.Send("/v0.4/traces", body);

        Assert.Equal(200, (int)answer.Status);
        Assert.Equal([3ul], agent.StoredSpans().Select(span => span.Id.Value));
        Assert.Equal(["GET /"], agent.Statistics().Select(row => row.Key.Resource).Distinct());
        Assert.Equal(3, agent.Pipeline.Ledger.Sums("web").ReceivedSpanCount);
        Assert.Equal(1, agent.Pipeline.Ledger.Spans(SpanOutcome.Rejected, "ignored_resource", "web"));
        Assert.Equal(1, agent.Pipeline.Ledger.Spans(SpanOutcome.Rejected, "filtered_by_tags", "web"));
    }
}
