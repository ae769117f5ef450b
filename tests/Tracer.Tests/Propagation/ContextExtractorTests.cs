using Apm.Tracer.Propagation;

namespace Apm.Tracer.Tests.Propagation;

public sealed class ContextExtractorTests
{
    const string TraceParent = "00-6b04d733000000000000000000000001-00f067aa0ba902b7-01";

    [Fact]
    public void Of_one_trace_in_both_formats_the_parent_of_W3C_leads_and_the_other_is_remembered()
    {
        var context = Extract(Both("1"))!;
        Assert.Equal((0x6b04d73300000000UL, 1UL, 0x00f067aa0ba902b7UL, 2), (context.TraceIdHigh, context.TraceIdLow, context.ParentId, context.Priority));
        Assert.Equal("0000000000000005", context.LastParentId);
        Assert.Equal("foo=1", context.ForeignState);
        Assert.Empty(context.Terminated);
    }

    [Fact]
    public void The_last_span_told_by_tracestate_is_remembered_before_the_other_parent()
    {
        var headers = Both("1");
        headers["tracestate"] = "dd=s:2;p:00000000000000aa";
        Assert.Equal("00000000000000aa", Extract(headers)!.LastParentId);
    }

    [Fact]
    public void Of_two_traces_the_first_leads_and_the_other_becomes_a_link()
    {
        var context = Extract(Both("9"))!;
        Assert.Equal((9UL, 5UL), (context.TraceIdLow, context.ParentId));
        var (other, style, reason) = Assert.Single(context.Terminated);
        Assert.Equal((1UL, "tracecontext", "terminated_context"), (other.TraceIdLow, style, reason));
    }

    [Fact]
    public void The_upper_half_tells_traces_apart_when_both_know_it()
    {
        var headers = Both("1");
        headers["x-datadog-tags"] = "_dd.p.tid=1111111111111111";
        Assert.Single(Extract(headers)!.Terminated);
    }

    [Theory]
    [InlineData("DD_TRACE_PROPAGATION_EXTRACT_FIRST", "true", 9UL, 0)]
    [InlineData("DD_TRACE_PROPAGATION_STYLE", "tracecontext", 1UL, 0)]
    [InlineData("DD_TRACE_PROPAGATION_STYLE_EXTRACT", "tracecontext, datadog", 1UL, 1)]
    [InlineData("DD_TRACE_PROPAGATION_STYLE", "unheard-of", 9UL, 1)]
    [InlineData("DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT", "restart", 0UL, 1)]
    public void Settings_decide_what_is_read(string name, string value, ulong traceId, int links)
    {
        var context = Extract(Both("9"), (name, value))!;
        Assert.Equal((traceId, links), (context.TraceIdLow, context.Terminated.Count));
    }

    [Theory]
    [InlineData("DD_TRACE_PROPAGATION_BEHAVIOR_EXTRACT", "ignore")]
    [InlineData("DD_TRACE_PROPAGATION_STYLE", "none")]
    public void Settings_may_read_nothing(string name, string value) => Assert.Null(Extract(Both("9"), (name, value)));

    [Theory]
    //          sampled  tracestate     priority  traceparent ends  tracestate out
    [InlineData(true, null, "1", "-01", "dd=p:0000000000000003;s:1;t.dm:-0")]
    [InlineData(false, "dd=s:-1,foo=1", "-1", "-00", "dd=p:0000000000000003;s:-1,foo=1")]
    [InlineData(true, "dd=s:2;o:synthetics;t.dm:-4", "2", "-01", "dd=p:0000000000000003;s:2;o:synthetics;t.dm:-4")]
    public void What_goes_out_says_the_same_in_both_formats(bool isSampled, string? state, string priority, string flags, string stateOut)
    {
        var written = new Dictionary<string, string>();
        Assert.Null(ContextInjector.Inject(new PropagationSettings(), 0, 2, 3, isSampled, state, written.Add));
        Assert.Equal(("2", "3", priority), (written["x-datadog-trace-id"], written["x-datadog-parent-id"], written["x-datadog-sampling-priority"]));
        Assert.Equal("00-00000000000000000000000000000002-0000000000000003" + flags, written["traceparent"]);
        Assert.Equal(stateOut, written["tracestate"]);
    }

    static Dictionary<string, string> Both(string datadogTraceId) => new()
    {
        ["x-datadog-trace-id"] = datadogTraceId,
        ["x-datadog-parent-id"] = "5",
        ["x-datadog-sampling-priority"] = "2",
        ["traceparent"] = TraceParent,
        ["tracestate"] = "dd=s:2,foo=1",
    };

    static TraceContext? Extract(Dictionary<string, string> headers, params (string Name, string Value)[] environment) => ContextExtractor.Extract(
        PropagationSettings.FromEnvironment(name => environment.FirstOrDefault(variable => variable.Name == name).Value),
        name => headers.GetValueOrDefault(name));
}
