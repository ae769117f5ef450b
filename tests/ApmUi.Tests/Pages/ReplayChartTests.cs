using Apm.ApmUi.Pages.Monitors;
using Apm.Core.Monitors;
using Apm.Monitors.Queries;
using Apm.Monitors.Replay;
using Apm.Monitors.Rules;

namespace Apm.ApmUi.Tests.Pages;

public class ReplayChartTests
{
    [Theory]
    [InlineData(MonitorTypes.Query, "percentile(last_5m):p95:trace.flask.request{service:shop} > 0.79", "alert > 790 ms, warning > 590 ms, over at 500 ms")]
    [InlineData(MonitorTypes.Metric, "avg(last_5m):avg:my_metric{*} > 0.79", "alert > 0.79, warning > 0.59, over at 0.5")]
    public void Thresholds_are_told_in_the_unit_of_the_axis(string type, string query, string words)
    {
        var rule = new MonitorRule { Type = type, Query = query, Name = "A monitor", Options = new MonitorOptions { Thresholds = new MonitorThresholds { Critical = 0.79, Warning = 0.59, CriticalRecovery = 0.5 } } };

        var chart = ReplayChart.Of(new KnownRule(rule, MonitorQueryParser.Parse(type, query)), new ReplayResult { FromUnixSeconds = 0, ToUnixSeconds = 3_600 });

        Assert.Equal(words, string.Join(", ", chart.Levels!.Select(level => level.Text)));
    }
}
