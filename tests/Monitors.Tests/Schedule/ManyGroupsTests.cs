using System.Globalization;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Queries;
using Apm.Query.Spans;
using Apm.TestKit;

namespace Apm.Monitors.Tests.Schedule;

public sealed class ManyGroupsTests : IDisposable
{
    const string ByResource = "trace-analytics(\"service:web\").rollup(\"count\").by(\"resource_name\").last(\"5m\") > 1";

    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    /// <summary>So many spans of each of some resources, in the middle of a minute.</summary>
    void Spans(double minute, int first, int count, int each) => _lab.Traces.Append(
        Some.Batch(Enumerable.Range(first, count).SelectMany(resource => Enumerable.Range(0, each).Select(i => Some.Span(
            (ulong)i + 1, trace: (ulong)(resource * 10 + i + 1), resource: "r" + resource.ToString(CultureInfo.InvariantCulture), startNanos: MonitorLab.At(minute) * UnixTime.NanosPerSecond - Some.BaseUnixNanos)))),
        new LogPosition(1));

    [Fact]
    public void All_groups_of_spans_are_judged_not_only_the_largest_thousand()
    {
        var rule = _lab.Add(MonitorTypes.Spans, ByResource);
        Spans(0.5, 0, 1_200, 2);
        Spans(0.5, 5_000, 1, 1);
        _lab.Evaluate(1, 1);

        Assert.Equal(1_200, _lab.States.Find(rule.Id)!.Groups.Count(group => group.State == MonitorState.Alert));
        Assert.Equal((MonitorState.Ok, 1.0), (_lab.State(rule.Id, "resource_name:r5000").State, _lab.State(rule.Id, "resource_name:r5000").Value));
        Assert.Equal(0, _lab.Counters.Read("monitor_groups_over_limit"));
    }

    [Fact]
    public void Groups_beyond_the_limit_are_counted_and_the_known_ones_among_them_keep_their_state()
    {
        var rule = _lab.Add(MonitorTypes.Spans, ByResource);
        Spans(0.5, 0, 1, 2);
        _lab.Evaluate(1, 1);
        Spans(6.5, 1, SpanAggregation.MaxGroups + 7, 1);
        _lab.Evaluate(7, 7);

        Assert.Equal(MonitorState.Alert, _lab.State(rule.Id, "resource_name:r0").State); // In the window there is nothing of it, or it is one of the seven.
        Assert.Equal(SpanAggregation.MaxGroups, _lab.States.Find(rule.Id)!.Groups.Count);
        Assert.Equal(7 + 1, _lab.Counters.Read("monitor_groups_over_limit")); // One more for want of a place beside r0.
        Assert.Equal(0, _lab.Counters.Read("monitor_evaluations_skipped"));
    }
}
