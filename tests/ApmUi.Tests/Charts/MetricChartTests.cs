using Apm.ApmUi.Charts;
using Apm.Core.Time;
using Apm.Query.Evaluate;
using Apm.Query.Frames;

namespace Apm.ApmUi.Tests.Charts;

/// <summary>Answers of queries as charts.</summary>
public class MetricChartTests
{
    [Theory]
    [InlineData("second", 1.0, 0.0)]
    [InlineData("second", -1.0, -5e9)]
    [InlineData("connection", 1.0, 0.0)]
    [InlineData("degree celsius", 1.0, -5.0)]
    [InlineData("", 1.0, -5.0)]
    public void Of_an_amount_nothing_below_zero_is_expected(string unit, double value, double lower)
    {
        MetricSeries Series(double at, string? bound) => new() { Metric = "m", Expression = "m", Scope = "*", TagSet = [], Grid = new TimeGrid(0, 60, 2), Values = [at, at], QueryIndex = 0, Unit = unit, Bound = bound };
        var chart = MetricChart.Of(new TimeRange(0, 120 * UnixTime.NanosPerSecond), new QueryAnswer([Series(value, null), Series(-5, "lower"), Series(5, "upper")], ""));

        Assert.Equal([lower, lower], chart.Series.Single().Lower!.Select(bound => bound!.Value));
    }
}
