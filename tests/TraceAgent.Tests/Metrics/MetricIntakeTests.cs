using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.TraceAgent.Metrics;

namespace Apm.TraceAgent.Tests.Metrics;

/// <summary>The one intake: names, tags, times (metrics-monitors §3.4, §3.6).</summary>
public class MetricIntakeTests
{
    const long Now = StatsdRig.Start;

    [Fact]
    public async Task Names_and_tags_are_normalised()
    {
        var rig = new StatsdRig();

        var result = await rig.Intake.TakeAsync([Series("my metric/é", ["name:logan", "Applying_For:X", "env: prod", "!", "host:Box-1"], (Now, 1))]);

        Assert.Equal(new MetricWriteResult(1, 0), result);
        Assert.Equal($"my_metric__{{applying_for:x,env:_prod,host:box-1,name:logan}} Gauge/0 {Now}=1", rig.Store.TakeDrawn());
        Assert.Equal(1, rig.Counters.Read("metric_tags_dropped", "unusable"));
    }

    [Fact]
    public async Task Points_out_of_time_are_dropped_counted_and_told()
    {
        var rig = new StatsdRig();

        var result = await rig.Intake.TakeAsync([Series("a", [], (0, 1), (Now - 3_601, 2), (Now - 3_600, 3), (Now, 4), (Now + 600, 5), (Now + 601, 6), (Now * 1_000, 7), (Now, double.NaN), (Now, double.PositiveInfinity), (long.MinValue / 2, 8))]);

        Assert.Equal(new MetricWriteResult(3, 7), result);
        Assert.Equal($"a{{}} Gauge/0 {Now - 3_600}=3 {Now}=4 {Now + 600}=5", rig.Store.TakeDrawn());
        Assert.Equal((3, 2, 2), (rig.Counters.Read("metric_points_dropped", "too_old"), rig.Counters.Read("metric_points_dropped", "too_new"), rig.Counters.Read("metric_points_dropped", "not_finite")));
        Assert.Equal(10, rig.Counters.Read("metric_points_received"));
        var sentences = rig.Problems.ReadAll().Select(problem => $"{problem.Where}: {problem.Sentence}").ToList();
        Assert.Contains("metrics: Metric \"a\": a point 3601 s ago is dropped, more than 60 min. Send points sooner, or set metrics.keep_old_points to take history in.", sentences);
        Assert.Contains("metrics: Metric \"a\": a point 601 s ahead of now is dropped, more than 10 min. Times are Unix seconds; check the sender's clock and whether it sends milliseconds.", sentences);
    }

    [Fact]
    public async Task History_is_taken_when_it_is_asked_for()
    {
        var rig = new StatsdRig(intake: new MetricIntakeSettings { KeepOldPoints = true });

        Assert.Equal(new MetricWriteResult(1, 1), await rig.Intake.TakeAsync([Series("a", [], (Now - 86_400 * 30, 2), (Now + 700, 3))]));
        Assert.Equal($"a{{}} Gauge/0 {Now - 86_400 * 30}=2", rig.Store.TakeDrawn());
    }

    [Fact]
    public async Task A_series_without_a_name_is_dropped_and_told()
    {
        var rig = new StatsdRig();

        var result = await rig.Intake.TakeAsync([Series("", [], (Now, 1)), Series("_x\n", [], (Now, 1), (Now + 1, 1)), Series("ok", [], (Now, 1))]);

        Assert.Equal(new MetricWriteResult(1, 3), result);
        Assert.Equal(3, rig.Counters.Read("metric_points_dropped", "bad_name"));
        Assert.Contains(rig.Problems.ReadAll(), problem => problem.Sentence == "Metric \"_x\\x0A\": a name begins with a letter from A to Z, so its 2 points are dropped. Rename it, for example to \"m.x\\x0A\".");
    }

    [Fact]
    public async Task Further_tags_are_left_out_but_the_host_stays()
    {
        var rig = new StatsdRig(intake: new MetricIntakeSettings { MaxTags = 2 });

        await rig.Intake.TakeAsync([Series("a", ["x:1", "x:2", "x:3", "x:4", "host:box"], (Now, 1))]);

        Assert.Equal($"a{{host:box,x:1,x:2}} Gauge/0 {Now}=1", rig.Store.TakeDrawn());
        Assert.Equal(2, rig.Counters.Read("metric_tags_dropped", "too_many"));
    }

    [Fact]
    public async Task Nothing_is_counted_as_dropped_while_the_store_cannot_take_it()
    {
        var rig = new StatsdRig();
        rig.Store.Trouble = "The disk is full.";

        await Assert.ThrowsAsync<StoreUnavailableException>(() => rig.Intake.TakeAsync([Series("a", [], (Now, 1), (0, 1))]));

        Assert.Equal((0, 0), (rig.Counters.Read("metric_points_dropped"), rig.Counters.Read("metric_points_received")));
    }

    [Fact]
    public async Task Nothing_is_taken_while_the_disk_is_nearly_full()
    {
        var rig = new StatsdRig();
        var intake = new MetricIntake(new MetricSinks(rig.Store, happened => happened, _ => { }), new MetricIntakeSettings(), rig.Counters, rig.Problems, rig.Clock, new FullDisk());

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => intake.TakeAsync([Series("a", [], (Now, 1))]));

        Assert.Equal(("The disk is nearly full.", 0L), (refused.Message, rig.Counters.Read("metric_points_received")));
        Assert.Equal("", rig.Store.TakeDrawn());
    }

    sealed class FullDisk : IDiskGuard
    {
        public StoreUnavailableException? WhyClosed(long bytes) => new("The disk is nearly full.");
    }

    static IncomingSeries Series(string name, string[] tags, params (long Time, double Value)[] points) =>
        new(name, tags, MetricType.Gauge, 0, [.. points.Select(point => new MetricPoint(point.Time, point.Value))]);
}
