using System.Net;
using System.Text.Json;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Metrics;
using Apm.Core.Time;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The Metrics screen over HTTP.</summary>
public sealed class MetricsPageTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long NowSeconds => TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;

    async Task Keep(string metric, MetricType type, double value, params string[] tags) => await _host.Metrics.WriteAsync(
        [new SeriesPoints(new SeriesKey(metric, MetricTags.Of(tags)), type, 10, [.. Enumerable.Range(1, 30).Select(i => new MetricPoint(NowSeconds / 10 * 10 - i * 10, value))])]);

    async Task<string> Page(string url) => WebUtility.UrlDecode(WebUtility.HtmlDecode(await _host.Client.GetStringAsync(url)));

    [Fact]
    public async Task Nothing_has_come_yet_says_how_something_comes()
    {
        var page = await Page("/metrics");
        Assert.Contains("No metric has come yet.", page, StringComparison.Ordinal);
        Assert.Contains("/dev/udp/127.0.0.1/8125", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_metric_is_found_by_parts_of_its_name_and_plotted_with_its_tags()
    {
        await Keep("mysql.net.connections", MetricType.Rate, 5, "host:box-1", "role:primary");
        await Keep("mysql.net.connections", MetricType.Rate, 7, "host:box-2");
        await Keep("my_metric", MetricType.Gauge, 512, "host:box-1");

        var found = await Page("/metrics?find=CONN+my");
        Assert.Contains("q=sum:mysql.net.connections{*}", found, StringComparison.Ordinal);
        Assert.DoesNotContain("q=avg:my_metric", found, StringComparison.Ordinal);
        Assert.Contains("None of 2 metrics has “redis” in its name.", await Page("/metrics?find=redis"), StringComparison.Ordinal);

        var plotted = await Page("/metrics?q=sum:mysql.net.connections%7B*%7D");
        Assert.Contains("2 series, a point each 10 s", plotted, StringComparison.Ordinal);
        Assert.Contains("q=sum:mysql.net.connections{role:primary}", plotted, StringComparison.Ordinal); // Narrowed to a value.
        Assert.Contains("q=sum:mysql.net.connections{*} by {host}", plotted, StringComparison.Ordinal);
        Assert.Contains("q=anomalies(sum:mysql.net.connections{*}, ", plotted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_plot_has_a_line_per_group_and_tells_the_unit()
    {
        await Keep("m", MetricType.Gauge, 5, "host:a");
        await Keep("m", MetricType.Gauge, 7, "host:b");

        using var chart = JsonDocument.Parse(await _host.Client.GetStringAsync("/ui/data/metric?from=now-5m&q=" + Uri.EscapeDataString("avg:m{*} by {host}")));
        var series = chart.RootElement.GetProperty("series").EnumerateArray().ToList();
        Assert.Equal(["host:a", "host:b"], series.Select(one => one.GetProperty("name").GetString()));
        Assert.Equal([5, 7], series.Select(one => one.GetProperty("values").EnumerateArray().Last(value => value.ValueKind == JsonValueKind.Number).GetDouble()));
        Assert.Equal("number", chart.RootElement.GetProperty("unit").GetString());
        Assert.Equal(chart.RootElement.GetProperty("times").GetArrayLength(), series[0].GetProperty("values").GetArrayLength());
        Assert.StartsWith("2 series.", chart.RootElement.GetProperty("summary").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_cannot_be_read_is_marked_where_it_is_wrong()
    {
        var page = await Page("/metrics?q=avg:m%7Bhost:a");
        Assert.Contains("id=\"bad-query\"", page, StringComparison.Ordinal);
        Assert.Contains("The \"{\" at column 6 is not closed.", page, StringComparison.Ordinal);

        var refused = await _host.Client.GetAsync("/ui/data/metric?q=avgg:m%7B*%7D");
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("Did you mean \"avg\"?", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("Say which query: ?q=avg:my_metric{*}", await (await _host.Client.GetAsync("/ui/data/metric")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Of_more_metrics_than_are_listed_the_page_says_how_many_there_are()
    {
        for (var i = 0; i < 210; i++) await Keep($"metric.{i:000}", MetricType.Gauge, i);
        Assert.Contains("200 of 210 metrics; type to find the others.", await Page("/metrics"), StringComparison.Ordinal);
    }
}
