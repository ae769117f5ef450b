using Apm.Query.Metrics;

namespace Apm.Query.Tests.Evaluate;

public class MetricUnitsTests
{
    [Theory]
    [InlineData("system.cpu.user", "percent", "")]
    [InlineData("system.cpu.num_cores", "", "")]
    [InlineData("system.mem.used", "mebibyte", "")]
    [InlineData("system.mem.pct_usable", "fraction", "")]
    [InlineData("system.disk.used", "kibibyte", "")]
    [InlineData("system.disk.in_use", "fraction", "")]
    [InlineData("system.io.rkb_s", "kibibyte", "second")]
    [InlineData("system.net.bytes_rcvd", "byte", "second")]
    [InlineData("system.uptime", "second", "")]
    [InlineData("system.load.1", "", "")]
    [InlineData("trace.flask.request", "second", "")]
    [InlineData("mysql.net.connections", "connection", "second")]
    [InlineData("mysql.performance.com_select", "query", "second")]
    [InlineData("mysql.innodb.buffer_pool_used", "byte", "")]
    [InlineData("mysql.replication.seconds_behind_master", "second", "")]
    [InlineData("mysql.performance.open_files", "", "")]
    [InlineData("system.processes.mem.rss", "byte", "")]
    [InlineData("network.http.response_time", "second", "")]
    [InlineData("my_metric", "", "")]
    public void What_comes_without_a_unit_has_the_one_that_its_sender_means(string metric, string unit, string per) =>
        Assert.Equal(new MetricUnit(unit, per), new TraceMetricUnits().UnitOf(metric));

    [Fact]
    public void What_somebody_described_comes_first() => Assert.Equal("minute", new TraceMetricUnits(new Minutes()).UnitOf("system.uptime").Unit);

    sealed class Minutes : IMetricUnits
    {
        public MetricUnit UnitOf(string metric) => new("minute", "");
    }
}
