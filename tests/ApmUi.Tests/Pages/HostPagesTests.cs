using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Checks;
using Apm.Core.Diagnosis;
using Apm.Core.Hosts;
using Apm.Core.Metrics;
using Apm.Core.Time;
using Apm.TestKit;
using ListeningPort = Apm.Core.Checks.ListeningPort;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Hosts over HTTP.</summary>
public sealed class HostPagesTests : IAsyncLifetime
{
    readonly Agent _agent = new();
    readonly Clocks _clocks = new();
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start(checks: _agent, doctor: _clocks);
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long NowSeconds => TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;

    async Task<string> Page(string url) => WebUtility.UrlDecode(WebUtility.HtmlDecode(await _host.Client.GetStringAsync(url)));

    async Task Keep(string metric, double value, string host) => await _host.Metrics.WriteAsync(
        [new SeriesPoints(new SeriesKey(metric, MetricTags.Of([$"host:{host}"])), MetricType.Gauge, 10, [new MetricPoint(NowSeconds / 10 * 10 - 20, value)])]);

    [Fact]
    public async Task Without_a_host_the_page_says_how_one_comes() => Assert.Contains("No host has sent anything yet.", await Page("/hosts"), StringComparison.Ordinal);

    [Fact]
    public async Task Hosts_are_listed_with_their_latest_numbers_and_found_by_their_tags()
    {
        _host.Hosts.Saw("Box-1", NowSeconds, "mysql");
        _host.Hosts.Saw("box-2", NowSeconds - 3600);
        _host.Hosts.SetTags("Box-1", HostCatalogue.AgentSource, ["name:logan", "applying_for:solutions_engineer"]);
        await Keep("system.cpu.idle", 25, "box-1");
        await Keep("system.mem.pct_usable", 0.1, "box-1");
        await Keep("system.load.1", 1.5, "box-1");

        var page = await Page("/hosts");
        Assert.Contains("2 hosts, 1 up", page, StringComparison.Ordinal);
        Assert.Contains(">75 %<", page, StringComparison.Ordinal);
        Assert.Contains("class=\"num warn\">90 %<", page, StringComparison.Ordinal);
        Assert.Contains(">1.5<", page, StringComparison.Ordinal);
        Assert.Contains("silent, 1 h ago", page, StringComparison.Ordinal);
        Assert.Contains("/hosts/Box-1", page, StringComparison.Ordinal);

        var found = await Page("/hosts?q=logan");
        Assert.Contains("Box-1", found, StringComparison.Ordinal);
        Assert.DoesNotContain("box-2", found, StringComparison.Ordinal);
        Assert.Contains("No host has “redis” in its name, tags, apps or services.", await Page("/hosts?q=redis"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_has_its_tags_by_source_its_checks_and_what_is_wrong_with_their_files()
    {
        _host.Hosts.Saw("box-1", NowSeconds);
        _host.Hosts.SetTags("box-1", HostCatalogue.AgentSource, ["name:logan"]);
        _host.Hosts.SetTags("box-1", HostCatalogue.UserSource, ["role:db"]);
        _host.ServiceChecks.Add(new ServiceCheckRun("mysql.can_connect", CheckStatus.Critical, NowSeconds, "box-1", ["server:localhost"], "nobody answers"));

        var page = await Page("/hosts/box-1");
        Assert.Matches("Tags of the agent's file</dt>\\s*<dd><span class=\"chips\"><span class=\"tag mono\">name:logan", page);
        Assert.Matches("Tags by users</dt>\\s*<dd><span class=\"chips\"><span class=\"tag mono\">role:db", page);
        Assert.Contains("conf.d/my_metric.yaml:3:5", page, StringComparison.Ordinal);
        Assert.Contains("Three list items are three instances.", page, StringComparison.Ordinal);
        Assert.Contains("  - min_collection_interval: 45", page, StringComparison.Ordinal);
        Assert.Contains("my_metric.py: no such module", page, StringComparison.Ordinal);
        Assert.Contains("nobody answers", page, StringComparison.Ordinal);
        Assert.Contains("q=avg:system.load.1{host:box-1}, avg:system.load.5{host:box-1}", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_checks_of_this_process_are_not_those_of_another_host()
    {
        _host.Hosts.Saw("box-2", NowSeconds);
        Assert.DoesNotContain("my_metric", await Page("/hosts/box-2"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_host_is_not_found_and_the_known_ones_are_named()
    {
        _host.Hosts.Saw("box-1", NowSeconds);
        var answer = await _host.Client.GetAsync("/hosts/box-9");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("Known are box-1.", WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_host_of_this_process_tells_on_which_ports_something_listens()
    {
        _host.Hosts.Saw("box-1", NowSeconds);
        var page = await Page("/hosts/box-1");

        Assert.Matches("3306\\s*<small[^>]*>tcp, this machine only", page);
        Assert.Matches("8125\\s*<small[^>]*>udp, open to others", page);
    }

    void SawProcess(string id, string service, string host, long agoSeconds = 0) =>
        _host.Catalogue.SawProcess(id, (NowSeconds - agoSeconds) * UnixTime.NanosPerSecond, process => process with { Service = service, Hostname = host, LastSeenUnixNanos = (NowSeconds - agoSeconds) * UnixTime.NanosPerSecond });

    [Fact]
    public async Task A_host_of_which_only_traced_processes_are_known_is_listed_and_has_a_page()
    {
        _host.Hosts.Saw("Box-1", NowSeconds - 3600, "mysql");
        SawProcess("a", "web", "box-1");
        SawProcess("b", "web", "box-2", 30);
        SawProcess("c", "old", "box-3", 2 * 86_400);

        var page = await Page("/hosts");
        Assert.Contains("2 hosts, 2 up", page, StringComparison.Ordinal); // A process is a sign of life of its host; one of the day before yesterday is none.
        Assert.Matches("It sends no metrics of its own\">traces</td>", page);
        Assert.Contains("box-2", await Page("/hosts?q=web"), StringComparison.Ordinal);

        var host = await Page("/hosts/BOX-2");
        Assert.Contains("This host sends no metrics of its own.", host, StringComparison.Ordinal);
        Assert.Matches("<section class=\"card\" aria-label=\"Traced processes\">[\\s\\S]*/services/web", host);
        Assert.DoesNotContain("This host sends no metrics", await Page("/hosts/Box-1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_and_clocks_under_another_name_of_a_host_are_its_own()
    {
        _host.Hosts.Saw(new HostReport("box-1", ["node7.example"], new Dictionary<string, IReadOnlyList<string>>(), [], null), NowSeconds - 3600);
        SawProcess("a", "web", "node7.example");
        SawProcess("b", "cart", "Box-1");
        _clocks.Hosts["NODE7.example"] = new HostClock(5 * 3600 * UnixTime.NanosPerSecond, NowSeconds * UnixTime.NanosPerSecond);

        var page = await Page("/hosts");
        Assert.Contains("1 host, 1 up", page, StringComparison.Ordinal);
        Assert.Matches("/services/cart\"[\\s\\S]{0,100}/services/web\"", page);
        Assert.Contains("5 h ahead", page, StringComparison.Ordinal);

        foreach (var name in new[] { "box-1", "node7.example" })
        {
            var host = await Page("/hosts/" + name);
            Assert.Matches("aria-label=\"Traced processes\"[\\s\\S]*/services/web[\\s\\S]*/services/cart|aria-label=\"Traced processes\"[\\s\\S]*/services/cart[\\s\\S]*/services/web", host);
            Assert.Contains("5 h ahead", host, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Whether_a_host_has_charts_is_no_question_of_what_its_app_is_called()
    {
        _host.Hosts.Saw("box-1", NowSeconds, "traces");
        _host.Hosts.SetTags("box-2", HostCatalogue.UserSource, ["role:db"]);

        Assert.Contains("avg:system.load.1{host:box-1}", await Page("/hosts/box-1"), StringComparison.Ordinal);
        var tagged = await Page("/hosts/box-2");
        Assert.Contains("This host sends no metrics of its own. It is known by what somebody decided of it, such as its tags.", Regex.Replace(tagged, "(<[^>]*>|\\s)+", " "), StringComparison.Ordinal);
        Assert.DoesNotContain("avg:system.load.1", tagged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_span_leads_to_its_host_only_when_that_has_a_page()
    {
        _host.Add([Some.Span(id: 1, trace: 7, tags: [("host.name", "node7.example")])]);
        Assert.DoesNotContain("href=\"/hosts/", Regex.Match(await Page("/traces/7?span=0"), "<aside[\\s\\S]*").Value, StringComparison.Ordinal);

        _host.Hosts.Saw(new HostReport("box-1", ["node7.example"], new Dictionary<string, IReadOnlyList<string>>(), [], null), NowSeconds);
        Assert.Matches("href=\"/hosts/node7.example[\"?]", await Page("/traces/7?span=0"));
    }

    [Fact]
    public async Task A_host_that_is_listed_no_more_keeps_its_page()
    {
        SawProcess("a", "old", "box-3", 2 * 86_400);

        Assert.DoesNotContain("box-3", await Page("/hosts"), StringComparison.Ordinal);
        Assert.Contains("/services/old", await Page("/hosts/box-3"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_is_off_is_told_in_the_list_and_on_the_page_of_its_host()
    {
        var second = UnixTime.NanosPerSecond;
        SawProcess("a", "web", "Off");
        SawProcess("b", "web", "fine");
        SawProcess("c", "web", "unheard");
        _clocks.Hosts["off"] = new HostClock(5 * 3600 * second, NowSeconds * second);
        _clocks.Hosts["fine"] = new HostClock(-second / 10, NowSeconds * second);

        var page = await Page("/hosts");
        Assert.Matches("title=\"Its newest span began 5 h after it was received, now\"><span class=\"state warn\"[\\s\\S]{0,300}5 h ahead", page);
        Assert.Contains(">agrees</td>", page, StringComparison.Ordinal);
        Assert.Contains("title=\"No traced process of this host has sent spans since Apm started\">–</td>", page, StringComparison.Ordinal);
        Assert.Matches("Its newest span began 5 h after it was received, now\">clock <span class=\"state warn\"", await Page("/hosts/Off"));
        Assert.Matches("clock\\s+agrees", await Page("/hosts/fine"));
    }

    [Fact]
    public async Task The_map_colours_hosts_by_what_was_chosen()
    {
        _host.Hosts.Saw("busy", NowSeconds);
        _host.Hosts.Saw("calm", NowSeconds);
        _host.Hosts.Saw("gone", NowSeconds - 3600);
        await Keep("system.cpu.idle", 3, "busy");
        await Keep("system.cpu.idle", 90, "calm");
        await Keep("system.mem.pct_usable", 0.3, "busy");

        var byCpu = await Page("/hosts?view=map");
        Assert.Matches("<li class=\"l4\" style=\"--i:1\"><a href=\"/hosts/busy[^>]*title=\"busy: up; CPU 97 %\"><b>busy</b><span>97 %</span>", byCpu);
        Assert.Matches("<li class=\"l0\" style=\"--i:2\"><a href=\"/hosts/calm", byCpu);
        Assert.Matches("<li style=\"--i:0\"><a href=\"/hosts/gone[^>]*><b>gone</b><span>silent</span>", byCpu);
        Assert.True(byCpu.IndexOf("<b>gone", StringComparison.Ordinal) < byCpu.IndexOf("<b>busy", StringComparison.Ordinal));

        var byMemory = await Page("/hosts?view=map&by=memory");
        Assert.Matches("<li class=\"l2\" style=\"--i:1\"><a href=\"/hosts/busy", byMemory);
        Assert.Matches("title=\"calm: up; Memory not told\"", byMemory);
    }

    sealed class Clocks : IDoctor
    {
        public Dictionary<string, HostClock> Hosts { get; } = [];

        public IReadOnlyDictionary<string, HostClock> ClocksOfHosts() => Hosts;
        public IReadOnlyList<Arrival> Arrivals() => [];
        public DoctorReport Report() => throw new InvalidOperationException("No page of hosts asks for it.");
        public Judgement Judge(ScreenFacts screen) => throw new InvalidOperationException("No page of hosts asks for it.");
        public Task<TestTrace> SendTestTrace(CancellationToken cancel) => throw new InvalidOperationException("No page of hosts asks for it.");
        public TestTrace? TestOf(string traceId) => null;
        public Task<RouteCall> Call(string runtimeId, string path, CancellationToken cancel) => throw new InvalidOperationException("No page of hosts asks for it.");
    }

    sealed class Agent : IAgentChecks
    {
        public IReadOnlyList<ListeningPort> Ports() => [new(3306, "tcp", false), new(8125, "udp", true)];

        public string Host => "box-1";

        public string Folder => "conf.d";

        public IReadOnlyList<CheckState> Checks() =>
            [new CheckState { Id = "my_metric:1", Check = "my_metric", Source = "conf.d/my_metric.yaml", IntervalSeconds = 45, Status = CheckStatus.Critical, Sentence = "my_metric.py: no such module", RunCount = 3, ErrorCount = 3 }];

        public IReadOnlyList<CheckComplaint> Complaints() =>
            [new CheckComplaint("conf.d/my_metric.yaml:3:5", "Three list items are three instances.", "    - username: x", ["instances:", "  - min_collection_interval: 45"], IsError: false)];
    }
}
