using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;
using Apm.Monitors.Tests.Schedule;

namespace Apm.Monitors.Tests.Replay;

public sealed class ReplayAdviceTests : IDisposable
{
    readonly MonitorLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("avg(last_5m):avg:my_metric{*} > 800", "It would never have alerted: the highest value in 60 min was 612, the threshold is 800.")]
    [InlineData("avg(last_5m):avg:my_metric{*} < 10", "It would never have alerted: the lowest value in 60 min was 300, the threshold is 10.")]
    [InlineData("avg(last_5m):avg:my_metric{*} == 5", "It would never have alerted: values in 60 min were from 300 to 612, and none was == 5.")]
    [InlineData("avg(last_5m):avg:my_metric{*} > 200", "It would have been in alert nearly all the time, 100 % of it: the threshold lies within what is usual.")]
    [InlineData("avg(last_5m):avg:no_metric{*} > 200", "Nothing came in 60 min that it could judge. If that is not right, look at the query: a name or a tag in it may be wrong.")]
    public void What_a_replay_shows_to_be_wrong(string query, string sentence)
    {
        _lab.Feed(0, 30, 300);
        _lab.Feed(30, 70, 612);

        Assert.Equal([sentence], Advice(query, dataSeconds: 15));
    }

    [Fact]
    public void A_window_shorter_than_the_time_between_points_is_told_with_one_that_is_not()
    {
        for (var minute = 0; minute < 70; minute += 5) _lab.Write("rare", Core.Metrics.MetricType.Gauge, 0, [new(MonitorLab.At(minute), minute % 2 == 0 ? 900 : 1)]);
        var apart = DataInterval.SecondsOf(_lab.Metrics, "rare", MonitorLab.At(70));

        Assert.Equal(300, apart);
        Assert.Contains("The window, 1m, is shorter than the time between points, 5 min: most evaluations find nothing. Take one of at least 10 min.", Advice("avg(last_1m):avg:rare{*} > 800", apart));
        Assert.Null(DataInterval.SecondsOf(_lab.Metrics, "nothing", MonitorLab.At(70)));
    }

    [Fact]
    public void Each_kind_that_can_be_told_has_an_example_real_where_there_was_one()
    {
        _lab.Feed(0, 10, 300);
        _lab.Feed(10, 60, 900);
        var known = Known("avg(last_5m):avg:my_metric{*} > 800", new() { Thresholds = new() { Critical = 800, Warning = 500 }, NotifyNoData = true, RenotifyIntervalMinutes = 600 });
        var replay = _lab.Replay.Between(known, MonitorLab.At(5), MonitorLab.At(60));

        var all = ExampleTelling.All(known, replay, MonitorLab.At(60));

        Assert.Equal(["Triggered 900 True", "Warn 540 True", "NoData  False", "Recovered 450 False", "Repeated 880 False"], all.Select(one => $"{one.Transition.Kind} {(one.Transition.Kind == AlertKind.Triggered ? 900 : one.Transition.Value)} {one.IsReal}"));
    }

    IReadOnlyList<string> Advice(string query, int? dataSeconds)
    {
        var known = Known(query, new());
        return ReplayAdvice.Of(known, _lab.Replay.Between(known, MonitorLab.At(10), MonitorLab.At(70)), dataSeconds);
    }

    KnownRule Known(string query, MonitorOptions options) => _lab.Rules.Check(new MonitorRule { Type = MonitorTypes.Metric, Query = query, Name = "A monitor", Options = options });
}
