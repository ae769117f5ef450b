using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Rules;
using Apm.Monitors.Tests.Schedule;
using Apm.Query.Functions;

namespace Apm.Monitors.Tests.Rules;

public sealed class MetricCheckTests : IDisposable
{
    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("avg(last_5m):cumsum(avg:m{*}) > 1", "cumsum at column 14 depends on where the window begins, so that each evaluation would give another value. It is for graphs only; leave it out.")]
    [InlineData("avg(last_5m):2 * abs(integral(avg:m{*})) > 1", "integral at column 22 depends on where the window begins, so that each evaluation would give another value. It is for graphs only; leave it out.")]
    [InlineData("avg(last_5m):avg:m{$env} > 1", "\"$env\" at column 20 is a template variable. Those belong to dashboards; in a monitor it would stand for everything. Write tags, such as env:prod.")]
    [InlineData("avg(last_5m):avg:m{a:b AND (NOT env:$env.value)} > 1", "\"env:$env.value\" at column 33 is a template variable. Those belong to dashboards; in a monitor it would stand for everything. Write tags, such as env:prod.")]
    [InlineData("avg(last_5m):avg:m{*}.rollup(avg, 600) > 1", ".rollup(avg, 600) at column 22 makes buckets of 10 min, which are wider than the window of 5 min (last_5m): most evaluations would find none that begins in it. Write at most 300 seconds, or a longer window.")]
    [InlineData("change(avg(last_1h),last_1d):avg:m{*}.rollup(3601) > 1", ".rollup(3601) at column 38 makes buckets of 1 h 1 s, which are wider than the window of 1 h (last_1h): most evaluations would find none that begins in it. Write at most 3600 seconds, or a longer window.")]
    [InlineData("avg(last_5m):rollup(avg:m{*}, 'p95', 1800) > 1", "rollup at column 14 makes buckets of 30 min, which are wider than the window of 5 min (last_5m): most evaluations would find none that begins in it. Write at most 300 seconds, or a longer window.")]
    public void What_only_a_chart_may_ask_is_refused(string query, string sentence)
    {
        var wrong = Assert.Throws<MonitorRuleException>(() => _lab.Rules.Check(Rule(query)));

        Assert.Equal(["The value provided for parameter 'query' is invalid", sentence], wrong.Errors);
    }

    [Theory]
    [InlineData("avg(last_10m):avg:m{*}.rollup(avg, 600) > 1")]
    [InlineData("avg(last_5m):avg:m{*}.rollup(sum) > 1")]
    [InlineData("avg(last_5m):moving_rollup(diff(avg:m{env:prod}), 600, 'avg') > 1")]
    public void What_a_monitor_can_judge_is_not(string query) => Assert.NotNull(_lab.Rules.Check(Rule(query)).Query);

    [Fact]
    public void Every_function_that_the_documents_call_not_in_monitors_is_refused()
    {
        foreach (var function in QueryFunctions.All.Where(function => function.IsOnlyForGraphs))
            Assert.Contains("for graphs only", Assert.Throws<MonitorRuleException>(() => _lab.Rules.Check(Rule($"avg(last_1h):{function.Example} > 1"))).Message, StringComparison.Ordinal);
    }

    static MonitorRule Rule(string query) => new() { Type = MonitorTypes.Metric, Query = query, Name = "A monitor" };
}
