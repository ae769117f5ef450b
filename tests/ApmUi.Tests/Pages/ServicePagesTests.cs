using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Ledger;
using Apm.Core.Metrics;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The pages of services over HTTP: numbers of a page agree with each other.</summary>
public partial class ServicePagesTests
{
    static readonly long Now = TimeProvider.System.NowUnixNanos();

    /// <summary>The hour before this one, so that it is over.</summary>
    static readonly long HourStart = UnixTime.Floor(Now, LedgerPage.HourNanos) - LedgerPage.HourNanos;

    static string Window(int fromMinute, int toMinute) =>
        string.Create(CultureInfo.InvariantCulture, $"from={(HourStart + fromMinute * LedgerPage.MinuteNanos) / UnixTime.NanosPerMillisecond}&to={(HourStart + toMinute * LedgerPage.MinuteNanos) / UnixTime.NanosPerMillisecond}");

    static async Task<string> Get(UiHost host, string url)
    {
        using var response = await host.Client.GetAsync(url);
        var text = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        Assert.True(response.IsSuccessStatusCode, $"{url} answered {response.StatusCode}: {text[..Math.Min(600, text.Length)]}");
        return text;
    }

    static async Task<JsonElement> Data(UiHost host, string url) => JsonDocument.Parse(await Get(host, url)).RootElement;

    static IEnumerable<Span> Requests(int count) => Enumerable.Range(0, count).Select(i => Some.Span(
        id: (ulong)i + 1, trace: (ulong)i + 1, service: "many", resource: $"Catalog.Method{i:00000}", name: "rpc.server", type: "rpc", flags: SpanFlags.TopLevel,
        startNanos: HourStart + 20 * LedgerPage.MinuteNanos - Some.BaseUnixNanos + i % 600 * UnixTime.NanosPerSecond, durationNanos: (i % 50 + 1) * Some.Millisecond, isError: i % 10 == 0));

    [Fact]
    public async Task The_ingest_of_a_window_is_the_same_on_the_page_and_in_its_chart_though_the_hour_is_over()
    {
        var minutes = Enumerable.Range(0, 60).Select(minute => LedgerPage.OfMinute(HourStart + minute * LedgerPage.MinuteNanos)).ToList();
        foreach (var page in minutes) page.Add(new LedgerKey("many", SpanOutcome.Stored, "all"), new LedgerCount(7, 0));
        await using var host = await UiHost.Start(ledger: new RolledUpLedger(minutes));
        host.Add([.. Requests(5)]);

        var html = await Get(host, $"/services/many?tab=ingest&{Window(15, 45)}");
        var chart = await Data(host, $"/ui/data/ingest?service=many&{Window(15, 45)}");

        Assert.Equal("210", Received().Match(html).Groups[1].Value);
        Assert.Contains("Ingest<span class=\"count\">210</span>", html, StringComparison.Ordinal);
        Assert.Equal(210, chart.GetProperty("series").EnumerateArray().Sum(series => series.GetProperty("values").EnumerateArray().Sum(value => value.GetDouble())));
    }

    [Fact]
    public async Task Requests_and_errors_are_the_same_in_the_figures_the_charts_the_heat_map_and_the_endpoints()
    {
        await using var host = await UiHost.Start();
        host.Add([.. Requests(50)]);

        var html = await Get(host, $"/services/many?{Window(15, 45)}");
        var endpoints = EndpointHits().Matches(html).Sum(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        var errors = (await Data(host, $"/ui/data/red?service=many&what=errors&{Window(15, 45)}")).GetProperty("series").EnumerateArray().ToList();
        var heat = await Data(host, $"/ui/data/heat?service=many&{Window(15, 45)}");

        Assert.Contains("50 in all", html, StringComparison.Ordinal);
        Assert.Equal(50, endpoints);
        Assert.Equal(50, heat.GetProperty("count").EnumerateArray().Sum(count => count.GetDouble()));
        Assert.Equal(5, heat.GetProperty("errors").EnumerateArray().Sum(count => count.GetDouble()));
        Assert.Equal(5, errors[0].GetProperty("values").EnumerateArray().Sum(value => value.GetDouble()));
        Assert.Equal(("failed", "ratio"), (errors[0].GetProperty("name").GetString(), errors[1].GetProperty("unit").GetString()));
        Assert.Contains("Errors<span class=\"count\">5</span>", html, StringComparison.Ordinal);
    }

    static IEnumerable<Span> Calls(string service, string operation, int count, string env = "prod") => Enumerable.Range(0, count).Select(i => Some.Span(
        id: (ulong)i + 1, trace: (ulong)i + 1, service: service, name: operation, env: env, flags: SpanFlags.TopLevel, startNanos: HourStart + 20 * LedgerPage.MinuteNanos - Some.BaseUnixNanos));

    [Fact]
    public async Task Dashboard_leads_to_the_board_of_the_framework_that_answers_most_of_those_that_have_one()
    {
        await using var host = await UiHost.Start();
        host.Add([.. Calls("both", "flask.request", 3), .. Calls("both", "django.request", 5), .. Calls("both", "cron.job", 9), .. Calls("jobs", "cron.job", 9)]);

        Assert.Matches("href=\"/dashboards/given-django[?][^\"]*service=both[^\"]*\"><[\\s\\S]{0,600}?Dashboard</a>", await Get(host, $"/services/both?{Window(15, 45)}"));
        Assert.DoesNotContain("/dashboards/given-", await Get(host, $"/services/jobs?{Window(15, 45)}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_without_a_monitor_says_in_which_environment()
    {
        await using var host = await UiHost.Start();
        host.Add([.. Calls("shop", "flask.request", 3, "test")]);

        Assert.Contains("No monitor is about shop in test. Make one", await Get(host, $"/services?env=test&{Window(15, 45)}"), StringComparison.Ordinal);
        Assert.Contains("No monitor is about shop. Make one", await Get(host, $"/services?{Window(15, 45)}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_of_ten_thousand_endpoints_shows_a_hundred_and_says_how_many_there_are()
    {
        await using var host = await UiHost.Start();
        host.Add([.. Requests(10_000)]);

        var html = await Get(host, $"/services/many?{Window(15, 45)}&skip=100");

        Assert.Contains("101 – 200 of 10,000 endpoints", html, StringComparison.Ordinal);
        Assert.Equal(100, EndpointHits().Count(html));
        Assert.InRange(html.Length, 1, 250_000);
        Assert.Contains("10 of 10,000 endpoints with “Method0777”", await Get(host, $"/services/many?{Window(15, 45)}&find=Method0777"), StringComparison.Ordinal);
        Assert.Contains("Drop the filter", await Get(host, $"/services/many?{Window(15, 45)}&find=<b>nothing</b>"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hosts_and_metrics_of_a_service_have_tabs()
    {
        await using var host = await UiHost.Start();
        host.Add([.. Requests(5)]);
        host.Catalogue.SawProcess("a", Now, process => process with { Service = "many", Hostname = "Box-1", LastSeenUnixNanos = Now });
        host.Catalogue.SawProcess("b", Now, process => process with { Service = "many", Hostname = "box-2", LastSeenUnixNanos = Now });
        host.Hosts.Saw("Box-1", Now / UnixTime.NanosPerSecond);
        var second = HourStart / UnixTime.NanosPerSecond + 44 * 60;
        await host.Metrics.WriteAsync(
        [
            new SeriesPoints(new SeriesKey("system.cpu.idle", MetricTags.Of(["host:box-1"])), MetricType.Gauge, 15, [new MetricPoint(second, 10)]),
            new SeriesPoints(new SeriesKey("shop.carts", MetricTags.Of(["service:many", "x:y"])), MetricType.Gauge, 10, [new MetricPoint(second, 4)]),
            new SeriesPoints(new SeriesKey("other.carts", MetricTags.Of(["service:other"])), MetricType.Gauge, 10, [new MetricPoint(second, 4)]),
        ]);

        var hosts = await Get(host, $"/services/many?tab=hosts&{Window(15, 45)}");
        Assert.Contains("Hosts<span class=\"count\">2</span>", hosts, StringComparison.Ordinal);
        Assert.Matches("/hosts/Box-1[^>]*><b>Box-1</b>", hosts);
        Assert.Contains("class=\"num warn\">90 %<", hosts, StringComparison.Ordinal);
        Assert.Contains("It sends no metrics of its own\"><b>box-2", hosts, StringComparison.Ordinal);

        var metrics = await Get(host, $"/services/many?tab=metrics&{Window(15, 45)}");
        Assert.Contains("avg:shop.carts{service:many}", metrics, StringComparison.Ordinal);
        Assert.Contains(">trace.rpc.server.hits</a>", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("other.carts", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_band_that_is_none_is_said()
    {
        await using var host = await UiHost.Start();
        host.Add([.. Requests(3)]);

        Assert.Contains("“9-1” is no band of durations (band=): it is two durations, the shorter first, with - between: 20ms-80ms, or 80ms- for all from there on.", await Get(host, $"/services/many/endpoint?resource=Catalog.Method00001&band=9-1&{Window(15, 45)}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Time_by_downstream_tells_the_callees_of_the_service()
    {
        await using var host = await UiHost.Start();
        var start = HourStart + 20 * LedgerPage.MinuteNanos - Some.BaseUnixNanos;
        host.Add([
            Some.Span(id: 1, service: "web", startNanos: start, durationNanos: 100 * Some.Millisecond, flags: SpanFlags.TopLevel),
            Some.Span(id: 2, parent: 1, service: "web", name: "postgres.query", type: "sql", startNanos: start, durationNanos: 60 * Some.Millisecond, kind: SpanKind.Client, tags: [("span.kind", "client"), ("db.name", "orders")])]);

        var chart = await Data(host, $"/ui/data/red?service=web&what=callees&{Window(15, 45)}");

        Assert.Equal("100 ms a request, 40 % own time, 60 % in orders", chart.GetProperty("summary").GetString());
    }

    [GeneratedRegex("<dt>Received</dt><dd title=\"spans\">([\\d,]+)</dd>")]
    private static partial Regex Received();

    [GeneratedRegex("<td class=\"num\" title=\"(\\d+)\">[^<]*/(?:s|min|h)</td>")]
    private static partial Regex EndpointHits();
}
