using Apm.ApmUi.Charts;
using Apm.ApmUi.Pages.Service;
using Apm.ApmUi.Pages.Services;
using Apm.Core.Ledger;
using Apm.Core.Monitors;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Monitors.Search;
using Apm.Query.Filters;
using Apm.Query.Services;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>What the list of services and the page of one show, from plain objects.</summary>
public class ServiceViewTests
{
    static readonly long Now = UrlStates.Now.ToUnixNanos();
    static readonly TimeRange Hour = new(Now - LedgerPage.HourNanos, Now);

    static ServiceSummary Service(string name, string type = "web", string language = "python", double hits = 100, double errors = 0, double? apdex = 1) =>
        new() { Name = name, Type = type, Language = language, HitCount = hits, ErrorCount = errors, HitsPerSecond = hits / 60, P95Nanos = hits > 0 ? 1e6 : null, Apdex = hits > 0 ? apdex : null };

    static readonly ServiceSummary[] Shop =
        [Service("cart", language: "dotnet"), Service("mailer", "worker"), Service("orders", language: "dotnet", errors: 10), Service("search", language: ""), Service("silent", hits: 0)];

    static ServicesView View(string url, IReadOnlyList<LedgerRow>? ledger = null) => ServicesView.Of(UrlStates.Of(url), Shop, false, [], ledger);

    static string Draw(ServicesView view) => string.Join("\n", view.Facets.Facets.Select(facet => $"{facet.Title}: {string.Join(", ", facet.Lines.Select(line => $"{(line.IsChosen ? "*" : "")}{line.Value} {line.Count}"))}"));

    [Fact]
    public void Facets_count_what_the_other_facets_leave()
    {
        Assert.Equal("""
            State: ok 3, failing 1, silent 1
            Type: web 4, worker 1
            Language: .NET 2, Python 2, unknown 1
            """.ReplaceLineEndings("\n"), Draw(View("/services")));

        var dotnet = View("/services?language=.NET");
        Assert.Equal(["orders", "cart"], dotnet.Rows.Select(row => row.Name));
        Assert.Equal(5, dotnet.TotalCount);
        Assert.Equal("""
            State: failing 1, ok 1, silent 0
            Type: web 2, worker 0
            Language: *.NET 2, Python 2, unknown 1
            """.ReplaceLineEndings("\n"), Draw(dotnet));
        Assert.Equal("/services", dotnet.Facets.Facets[2].Lines.Single(line => line.IsChosen).Link);
        Assert.Equal("/services?language=.NET&state=ok", dotnet.Facets.Facets[0].Lines.Single(line => line.Value == "ok").Link);
        Assert.Equal(["search"], View("/services?language=unknown").Rows.Select(row => row.Name));
    }

    [Fact]
    public void A_chosen_value_that_nothing_has_any_more_stays_to_be_let_go()
    {
        var view = View("/services?language=cobol");

        Assert.Empty(view.Rows);
        Assert.Equal(("cobol", 0, true), view.Facets.Facets.Single(facet => facet.Key == "language").Lines.Where(line => line.IsChosen).Select(line => (line.Value, line.Count, line.IsChosen)).Single());
    }

    [Fact]
    public void Kept_is_the_stored_part_of_what_came_in()
    {
        var page = LedgerPage.OfMinute(Now);
        page.Add(new LedgerKey("cart", SpanOutcome.Stored, "all"), new LedgerCount(30, 0));
        page.Add(new LedgerKey("cart", SpanOutcome.SampledOut, "rate"), new LedgerCount(60, 0));
        page.Add(new LedgerKey("cart", SpanOutcome.Dropped, "store_failed"), new LedgerCount(30, 0));

        var view = View("/services?sort=kept", [.. page.Rows(null)]);

        Assert.Equal(("cart", 0.25), (view.Rows[0].Name, view.Rows[0].KeptRatio));
        Assert.Null(view.Rows[1].KeptRatio);
    }

    [Theory]
    [InlineData("", "1 – 100 of 10,000 endpoints", "Method09999", 100)]
    [InlineData("?skip=9900", "9,901 – 10,000 of 10,000 endpoints", "Method00099", 100)]
    [InlineData("?skip=100000", "9,901 – 10,000 of 10,000 endpoints", "Method00099", 100)]
    [InlineData("?skip=-3", "1 – 100 of 10,000 endpoints", "Method09999", 100)]
    [InlineData("?skip=150", "151 – 250 of 10,000 endpoints", "Method09849", 100)]
    [InlineData("?sort=time-turned", "1 – 100 of 10,000 endpoints", "Method00000", 100)]
    [InlineData("?sort=name", "1 – 100 of 10,000 endpoints", "Method00000", 100)]
    [InlineData("?find=method012&skip=0", "100 of 10,000 endpoints with “method012”", "Method01299", 100)]
    [InlineData("?find=nothing", "0 of 10,000 endpoints with “nothing”", null, 0)]
    public void Thousands_of_endpoints_are_paged_and_their_true_number_is_said(string query, string summary, string? first, int rows)
    {
        var endpoints = Enumerable.Range(0, 10_000).Select(i => new EndpointSummary { Name = "rpc", Resource = $"Method{i:00000}", HitCount = 1, TotalNanos = i }).ToList();

        var view = EndpointListView.Of(UrlStates.Of("/services/many" + query), "many", endpoints);

        Assert.Equal((summary, first, rows), (view.Summary, view.Rows is [var row, ..] ? row.Endpoint.Resource : null, view.Rows.Count));
    }

    [Fact]
    public void Every_event_has_a_flag_and_those_close_together_share_one()
    {
        var service = new ServiceInfo
        {
            Name = "web",
            FirstSeenUnixNanos = At(-55),
            Deployments = [new("prod", "1", At(-55), At(-30), ""), new("prod", "2", At(-30), At(-29), "1"), new("prod", "3", At(-29), At(0), "2"), new("test", "9", At(-10), At(0), "8")],
        };
        ProcessInfo[] processes = [Process("a", -50, -6), Process("b", -5, 0)];

        var view = EventStripView.Of(UrlStates.Of($"/services/web?env=prod&from={Hour.FromUnixNanos / 1_000_000}&to={Hour.ToUnixNanos / 1_000_000}"), service, processes);

        Assert.Equal("""
            8.33 first: first seen
            50 deploy: 3 +1
            91.67 restart: restart
            """.ReplaceLineEndings("\n"), string.Join("\n", view.Flags.Select(flag => $"{Math.Round(flag.Left, 2)} {flag.Kind}: {flag.Text}".TrimEnd())));
        Assert.Equal("09:40:00  web 2 deployed to prod, before it 1\n09:41:00  web 3 deployed to prod, before it 2", view.Flags[1].Title);
        Assert.Contains($"deploy={At(-29) / 1_000_000}", view.Flags[1].Link, StringComparison.Ordinal);
        Assert.Contains("tab=instances", view.Flags[2].Link, StringComparison.Ordinal);

        static long At(int minutes) => Now + minutes * LedgerPage.MinuteNanos;
        static ProcessInfo Process(string id, int from, int to) => new() { RuntimeId = id, Service = "web", Env = "prod", Version = "3", Hostname = "h", FirstSeenUnixNanos = At(from), LastSeenUnixNanos = At(to) };
    }

    [Fact]
    public void The_strip_shows_what_the_monitors_of_the_service_changed_to()
    {
        var at = Now / UnixTime.NanosPerSecond - 1800;
        ServiceMonitorChange[] changes = [new(at, 7, "Slow", "*", MonitorState.Ok, MonitorState.Alert, false), new(at + 20, 8, "Many", "host:a", MonitorState.Warn, MonitorState.Ok, true)];

        var view = EventStripView.Of(UrlStates.Of($"/services/web?from={Hour.FromUnixNanos / 1_000_000}&to={Hour.ToUnixNanos / 1_000_000}"), null, [], changes);

        var flag = Assert.Single(view.Flags);
        Assert.Equal(("error", "Alert +1", "09:40:00  Slow: OK to Alert\n09:40:20  Many (host:a): Warn to OK, muted"), (flag.Kind, flag.Text, flag.Title));
        Assert.StartsWith("/monitors/7", flag.Link, StringComparison.Ordinal);
    }

    [Fact]
    public void The_worst_monitor_of_a_service_leads_to_its_page_and_can_be_sorted_by()
    {
        var monitors = new Dictionary<string, ServiceMonitor>
        {
            ["mailer"] = new(3, "Mail", MonitorState.Alert, "*", IsMuted: true, 1),
            ["cart"] = new(4, "Cart", MonitorState.Alert, "env:prod", IsMuted: false, 2),
            ["orders"] = new(5, "Orders", MonitorState.Ok, "*", IsMuted: true, 1),
        };

        var view = ServicesView.Of(UrlStates.Of("/services?sort=monitor"), Shop, false, [], monitors: monitors);

        Assert.Equal(["cart error Alert", "mailer muted Alert, muted", "orders ok OK", "search", "silent"], view.Rows.Select(row => $"{row.Name} {row.Monitor?.Kind} {row.Monitor?.Word}".TrimEnd()));
        Assert.Equal("Cart (env:prod), the worst of 2 monitors of this service", view.Rows[0].Monitor!.Title);
        Assert.StartsWith("/monitors/4", view.Rows[0].Monitor!.Link, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_an_event_the_strip_is_empty() => Assert.Empty(EventStripView.Of(UrlStates.Of("/services/web"), null, []).Flags);

    [Fact]
    public void The_stack_of_callees_sums_to_a_request_and_no_two_colours_are_the_same()
    {
        var callees = Enumerable.Range(1, 8).Select(i => new CalleeTime($"callee{i}", ServiceKind.Application, [10.0 * (9 - i), 0], 10.0 * (9 - i))).ToList();
        var time = new TimeByCallee { StepNanos = LedgerPage.MinuteNanos, StartUnixNanos = [Hour.FromUnixNanos, Hour.FromUnixNanos + LedgerPage.MinuteNanos], RequestCounts = [10, 0], OwnNanos = [640, 0], Callees = callees };

        var chart = CalleeTimeData.Chart("web", Hour, time, _ => "s11", null, []);

        Assert.Equal(["own time", "callee1", "callee2", "callee3", "callee4", "callee5", "callee6", "2 more callees"], chart.Series.Select(series => series.Name));
        Assert.Equal(chart.Series.Count, chart.Series.Select(series => series.Color).Distinct().Count());
        Assert.Equal(100, chart.Series.Sum(series => series.Values[0]!.Value), 6); // (640 + 360) ns over ten requests.
        Assert.All(chart.Series, series => Assert.Null(series.Values[1]));
        Assert.Equal("100 ns a request, 64 % own time, 8 % in callee1", chart.Summary);
    }

    [Fact]
    public void A_cell_of_the_heat_map_leads_to_its_traces()
    {
        var heat = new LatencyHeat { StepNanos = 10_000_000_000, StartUnixNanos = [Hour.FromUnixNanos], BorderNanos = [0, 1.4e6, 2e6], Cells = [new(0, 1, 3, 1)] };

        var data = HeatData.Of(Hour, heat, TraceFilter.Empty.With("service", "web"), filter => $"/traces?q={filter}&from={{from}}&to={{to}}", []);

        Assert.Equal("3 requests from 1.4 ms to 2 ms", data.Summary);
        Assert.Contains("{min}ns", data.Behind, StringComparison.Ordinal);
        Assert.Contains("{max}ns", data.Behind, StringComparison.Ordinal);
        Assert.Equal("No request in this time.", HeatData.Of(Hour, heat with { Cells = [], BorderNanos = [] }, TraceFilter.Empty, filter => "", []).Summary);
    }

    [Theory]
    [InlineData(1, LedgerPage.MinuteNanos)]
    [InlineData(90, LedgerPage.MinuteNanos)]
    [InlineData(91, LedgerPage.HourNanos)]
    public void A_time_is_summed_from_minutes_as_long_as_that_is_bearable(int hours, long width)
    {
        var range = new TimeRange(Now - hours * LedgerPage.HourNanos, Now);

        Assert.Equal(width, LedgerPage.WidthFor(range));
        Assert.Equal(0, IngestData.StepOf(range) % width); // The chart's bars are sums of the same pages.
    }
}
