using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.ApmUi.Pages.Dashboards;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Checks;
using Apm.Core.Dashboards;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Time;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The list of dashboards and a dashboard over HTTP.</summary>
public sealed class DashboardPagesTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long NowSeconds => TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;

    async Task Keep(string metric, Func<int, double> value, params string[] tags) => await _host.Metrics.WriteAsync(
        [new SeriesPoints(new SeriesKey(metric, MetricTags.Of(tags)), MetricType.Gauge, 10, [.. Enumerable.Range(1, 30).Select(i => new MetricPoint(NowSeconds / 10 * 10 - i * 10, value(i)))])]);

    Dashboard Board(string json) => _host.Boards.Create(DashboardJson.Read(json));

    Dashboard Timeboard(string query) => Board($$"""{"title":"Ultimate","graphs":[{"title":"One","definition":{"events":[{"q":"*"}],"requests":[{"q":"{{query}}"}]},"viz":"timeseries"}],"template_variables":[{"name":"host1","prefix":"host","default":"host:my-host"}],"read_only":"True"}""");

    async Task<string> Page(string url) => WebUtility.UrlDecode(WebUtility.HtmlDecode(await _host.Client.GetStringAsync(url)));

    /// <summary>The data of the chart that a page holds.</summary>
    async Task<JsonElement> Chart(string page)
    {
        var source = WebUtility.HtmlDecode(Regex.Match(page, """src="(/ui/data/widget[^"]+)""").Groups[1].Value);
        using var json = JsonDocument.Parse(await _host.Client.GetStringAsync(source));
        return json.RootElement.Clone();
    }

    [Fact]
    public async Task Nothing_is_there_yet_says_how_to_make_one()
    {
        var page = await Page("/dashboards");
        Assert.Contains("There is no dashboard yet.", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Client.GetAsync("/dashboards/abc-def-ghj")).StatusCode);
    }

    [Fact]
    public async Task A_long_list_has_pages_and_the_search_looks_at_all_of_it()
    {
        for (var i = 0; i < DashboardsView.PageSize + 5; i++) Board($$"""{"title":"Board {{i:000}}","layout_type":"ordered","widgets":[]}""");

        var first = await Page("/dashboards");
        Assert.Contains("1 to 100 of 105 dashboards", first, StringComparison.Ordinal);
        Assert.Contains("page 1 of 2", first, StringComparison.Ordinal);
        Assert.DoesNotContain(">Board 100<", first, StringComparison.Ordinal);
        var second = await Page("/dashboards?skip=100");
        Assert.Contains("101 to 105 of 105 dashboards", second, StringComparison.Ordinal);
        Assert.Contains(">Board 104<", second, StringComparison.Ordinal);
        var found = await Page("/dashboards?q=board+104");
        Assert.Contains("1 of 105 dashboards", found, StringComparison.Ordinal);
        Assert.Contains(">Board 104<", found, StringComparison.Ordinal);
        Assert.Contains("101 to 105 of 105 dashboards", await Page("/dashboards?q=board&skip=100"), StringComparison.Ordinal);
        for (var i = 0; i < 3; i++) Board("""{"title":"Other","layout_type":"ordered","widgets":[]}""");
        Assert.Contains("1 to 100 of 105 found, among 108 dashboards", await Page("/dashboards?q=board"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_wall_the_time_that_is_shown_is_said()
    {
        var board = Board("""{"title":"Wall","layout_type":"ordered","widgets":[]}""");

        Assert.Matches("(?s)class=\"[^\"]*tv-time[^>]*>.*?Past 1 h<", await Page($"/dashboards/{board.Id}?tv=1&from=now-1h"));
        Assert.Matches("(?s)tv-time[^>]*>.*?24 Nov 09:10 – 09:15 UTC<", await Page($"/dashboards/{board.Id}?tv=1&from=2026-11-24T09:10Z&to=2026-11-24T09:15Z"));
        Assert.DoesNotContain("tv-time", await Page($"/dashboards/{board.Id}?from=now-1h"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeboard_is_shown_with_its_variables_and_its_graphs()
    {
        await Keep("my_metric", i => i, "host:my-host");
        await Keep("my_metric", i => i + 1000, "host:other");
        var board = Timeboard("avg:my_metric{$host1} by {host}");

        var page = await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-5m");
        Assert.Contains("Ultimate", page, StringComparison.Ordinal);
        Assert.Contains("""value="my-host" list="tpl_var_host1-values""", page, StringComparison.Ordinal);
        Assert.Contains("""<option value="other">""", page, StringComparison.Ordinal);
        Assert.Equal(["host:my-host"], Names(await Chart(page)));
        Assert.Equal(["host:other"], Names(await Chart(await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-5m&tpl_var_host1=other"))));
        Assert.Equal(["host:my-host", "host:other"], Names(await Chart(await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-5m&tpl_var_host1=*"))));
        Assert.Contains("No query of the board uses $host1, so a value changes nothing.", await Page($"/dashboards/{Timeboard("avg:my_metric{*}").Id}"), StringComparison.Ordinal);
    }

    static IEnumerable<string?> Names(JsonElement chart) => chart.GetProperty("series").EnumerateArray().Select(series => series.GetProperty("name").GetString());

    [Fact]
    public async Task Anomalies_have_a_band_and_places_outside_of_it()
    {
        await Keep("mysql.net.connections", i => i == 4 ? 90 : 10 + i % 3);
        var board = Timeboard("anomalies(avg:mysql.net.connections{*}, 'basic', 2)");

        var chart = await Chart(await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-6m"));

        var series = Assert.Single(chart.GetProperty("series").EnumerateArray());
        Assert.Equal(chart.GetProperty("times").GetArrayLength(), series.GetProperty("lower").GetArrayLength());
        var values = series.GetProperty("values").EnumerateArray().ToList();
        Assert.Contains(90.0, series.GetProperty("odd").EnumerateArray().Select(at => values[at.GetInt32()].GetDouble()));
        Assert.Contains("outside of what is expected.", chart.GetProperty("summary").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_history_that_is_too_short_for_a_band_is_said()
    {
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey("young", MetricTags.None), MetricType.Gauge, 10, [new MetricPoint(NowSeconds / 10 * 10 - 20, 1)])]);

        var chart = await Chart(await _host.Client.GetStringAsync($"/dashboards/{Timeboard("anomalies(avg:young{*}, 'basic', 2)").Id}?from=now-5m"));

        Assert.Equal("Too short a history to say what is expected: three points before are needed.", chart.GetProperty("note").GetString());
    }

    [Fact]
    public async Task A_range_between_two_starts_of_an_hour_says_why_nothing_is_drawn()
    {
        await Keep("my_metric", i => i);
        var board = Timeboard("avg:my_metric{*}.rollup(sum, 3600)");
        var hour = NowSeconds / 3600 * 3600;

        var chart = await Chart(await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from={(hour - 3000) * 1000}&to={(hour - 2700) * 1000}"));

        Assert.Equal("No bucket of 1 h starts in this time; a longer one has some.", chart.GetProperty("summary").GetString());
    }

    [Fact]
    public async Task Events_are_marked_over_a_graph()
    {
        await Keep("my_metric", i => i);
        _host.Events.Add(new EventRecord { Title = "Deploy", UnixSeconds = NowSeconds - 100, AlertType = "success", Tags = ["env:dev"], Text = "%%%\nVersion 2\nby ci\n%%%" });
        var mark = Assert.Single((await Chart(await _host.Client.GetStringAsync($"/dashboards/{Timeboard("avg:my_metric{*}").Id}?from=now-5m"))).GetProperty("marks").EnumerateArray());
        Assert.Equal(("Deploy", "Deploy (env:dev): Version 2 by ci", "ok"), (mark.GetProperty("text").GetString(), mark.GetProperty("detail").GetString(), mark.GetProperty("kind").GetString()));

        var silent = Board("""{"title":"x","layout_type":"ordered","widgets":[{"definition":{"type":"timeseries","requests":[{"q":"avg:my_metric{*}"}]}}]}""");
        Assert.Empty((await Chart(await _host.Client.GetStringAsync($"/dashboards/{silent.Id}?from=now-5m"))).GetProperty("marks").EnumerateArray());
        Assert.Single((await Chart(await _host.Client.GetStringAsync($"/dashboards/{silent.Id}?from=now-5m&events=tags:env:dev"))).GetProperty("marks").EnumerateArray());
        Assert.Empty((await Chart(await _host.Client.GetStringAsync($"/dashboards/{silent.Id}?from=now-5m&events=nothing"))).GetProperty("marks").EnumerateArray());
        Assert.Single((await Chart(await _host.Client.GetStringAsync($"/dashboards/{silent.Id}?from=now-5m&events=env:(prod%20OR%20d*)%20NOT%20source:zzz"))).GetProperty("marks").EnumerateArray());

        var misread = await Chart(await _host.Client.GetStringAsync($"/dashboards/{silent.Id}?from=now-5m&events=env:(prod"));
        Assert.Empty(misread.GetProperty("marks").EnumerateArray());
        Assert.NotEmpty(misread.GetProperty("series").EnumerateArray());
        Assert.Equal("No events are marked. The parenthesis at column 5 is not closed.", misread.GetProperty("note").GetString());
    }

    [Fact]
    public async Task A_formulas_limit_chooses_the_rows_of_lists_and_the_lines_of_charts()
    {
        for (var i = 1; i <= 8; i++)
        {
            var value = i;
            await Keep("my_metric", _ => value * 100, $"host:h{i}");
        }
        const string Request = """{"queries":[{"data_source":"metrics","name":"a","query":"avg:my_metric{*} by {host}"}],"formulas":[{"formula":"a","limit":{"count":2,"order":"asc"}}]}""";
        var board = Board($$$"""
            {"title":"Least","layout_type":"ordered","widgets":[
            {"definition":{"type":"toplist","title":"Top","requests":[{{{Request}}}]}},
            {"definition":{"type":"query_table","title":"Table","requests":[{"q":"max:my_metric{*} by {host}"},{{{Request}}}]}},
            {"definition":{"type":"timeseries","title":"Lines","requests":[{{{Request}}}]}}]}
            """);

        var page = WebUtility.HtmlDecode(await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-5m"));

        string Section(string title, string next) => Part(page, title) is var rest && rest.IndexOf($"aria-label=\"{next}\"", StringComparison.Ordinal) is var end and >= 0 ? rest[..end] : rest;
        Assert.Matches("(?s)host:h1.*100.*host:h2.*200.*2 of 8 groups", Section("Top", "Table"));
        Assert.DoesNotContain("host:h3", Section("Top", "Table"), StringComparison.Ordinal);
        Assert.Matches("(?s)host:h1.*100.*100.*host:h2.*200.*200.*2 of 8 groups", Section("Table", "Lines"));
        Assert.DoesNotContain("host:h3", Section("Table", "Lines"), StringComparison.Ordinal);
        Assert.Equal(2, (await Chart(page)).GetProperty("series").GetArrayLength());
    }

    [Fact]
    public async Task Every_kind_of_widget_is_drawn_or_says_that_it_is_not()
    {
        await Keep("my_metric", _ => 900, "host:a");
        await Keep("my_metric", _ => 100, "host:b");
        var board = Board("""
            {"title":"All","layout_type":"ordered","widgets":[
            {"definition":{"type":"query_value","title":"Value","requests":[{"q":"avg:my_metric{host:a}","aggregator":"last","conditional_formats":[{"comparator":">","value":800,"palette":"white_on_red"}]}],"precision":1,"custom_unit":"barks"}},
            {"definition":{"type":"toplist","title":"Top","requests":[{"q":"top(avg:my_metric{*} by {host}, 10, 'mean', 'desc')"}]}},
            {"definition":{"type":"query_table","title":"Table","requests":[{"q":"avg:my_metric{*} by {host}"},{"q":"max:my_metric{*} by {host}"}]}},
            {"definition":{"type":"note","content":"# Hi\n<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://example.com/p.png)"}},
            {"definition":{"type":"manage_status","title":"Monitors","query":""}},
            {"definition":{"type":"trace_service","title":"Service","service":"nobody","env":"none"}},
            {"definition":{"type":"list_stream","title":"Traces","requests":[{"query":{"data_source":"trace_stream","query_string":"service:web"}}]}},
            {"definition":{"type":"event_stream","title":"Events","query":"*"}},
            {"definition":{"type":"heatmap","title":"Heat","requests":[{"q":"avg:my_metric{*} by {host}"}]}},
            {"definition":{"type":"query_value","title":"Wrong","requests":[{"q":"avgg:my_metric{*}"}]}},
            {"definition":{"type":"geomap","title":"World"}},
            {"definition":{"type":"distribution","title":"Spread","requests":[{"q":"avg:my_metric{*} by {host}"}]}},
            {"definition":{"type":"hostmap","title":"Map","requests":{"fill":{"q":"avg:my_metric{*} by {host}"}}}},
            {"definition":{"type":"scatterplot","title":"Points","requests":{"x":{"q":"avg:my_metric{*} by {host}"},"y":{"q":"max:my_metric{*} by {host}"}}}},
            {"definition":{"type":"check_status","title":"Checked","check":"my.check","grouping":"cluster"}},
            {"definition":{"type":"slo","title":"Objective","slo_id":"abc","view_type":"detail"}}]}
            """);
        _host.ServiceChecks.Add(new ServiceCheckRun("my.check", CheckStatus.Ok, NowSeconds, "a", ["role:db"], ""));
        _host.ServiceChecks.Add(new ServiceCheckRun("my.check", CheckStatus.Critical, NowSeconds, "b", [], "it burns"));

        var html = await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-5m");
        var page = WebUtility.HtmlDecode(html);

        Assert.Matches("""class="big-value err"[^>]*>900.0<small>barks</small>""", page);
        Assert.Matches("(?s)host:a.*900.*host:b.*100", Part(page, "Top"));
        Assert.Matches("(?s)host:a.*900.*900.*host:b.*100.*100", Part(page, "Table"));
        Assert.Contains("&lt;script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"javascript:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.Contains("There is no monitor yet.", page, StringComparison.Ordinal);
        Assert.Contains("No span of the service “nobody” is known.", page, StringComparison.Ordinal);
        Assert.Contains("No trace matches “service:web” in this time.", page, StringComparison.Ordinal);
        Assert.Contains("No event in this time.", page, StringComparison.Ordinal);
        Assert.Contains("Did you mean \"avg\"?", Part(page, "Wrong"), StringComparison.Ordinal);
        Assert.Contains("Widgets of type \"geomap\" are not drawn; a placeholder stands for it.", page, StringComparison.Ordinal);
        Assert.Contains("2 groups from 100 to 900, p50 100", Part(page, "Spread"), StringComparison.Ordinal);
        Assert.Matches("""(?s)<li class="l4".*?href="/hosts/a[?"].*?900.*?<li class="l0".*?href="/hosts/b[?"].*?100""", Part(page, "Map"));
        Assert.Contains("host:b: avg my_metric 100, max my_metric 100", Part(page, "Points"), StringComparison.Ordinal);
        Assert.Matches("(?s)1 critical.*1 OK.*critical.*>b</a>.*it burns.*OK.*>a</a>.*role:db", Part(page, "Checked"));
        Assert.Contains("There is no objective “abc”; it may have been deleted.", Part(page, "Objective"), StringComparison.Ordinal);
        Assert.Matches("""href="/monitors/new\?[^"]*q=avg:my_metric""", Part(page, "Heat"));
        Assert.Contains("data-snapshot=\"/ui/data/widget/heat?", Part(page, "Heat"), StringComparison.Ordinal);
        var heat = await Chart(page);
        Assert.Equal(("number", true), (heat.GetProperty("unit").GetString(), heat.GetProperty("isLinear").GetBoolean()));
        Assert.Equal(2, heat.GetProperty("row").EnumerateArray().Select(row => row.GetInt32()).Distinct().Count());
    }

    [Fact]
    public async Task A_heat_map_of_a_distribution_counts_every_value_where_it_lies()
    {
        var second = NowSeconds / 10 * 10 - 60;
        var sketch = new DistributionSketch();
        sketch.Add(0.001, 10);
        sketch.Add(1, 3);
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey("spread", MetricTags.Of(["host:a"])), MetricType.Distribution, 10, []) { Sketches = [new SketchPoint(second, sketch)] }]);
        var board = Board("""{"title":"x","layout_type":"ordered","widgets":[{"definition":{"type":"heatmap","requests":[{"q":"avg:spread{host:a}"}]}}]}""");

        var heat = await Chart(await _host.Client.GetStringAsync($"/dashboards/{board.Id}?from=now-5m"));

        Assert.False(heat.GetProperty("isLinear").GetBoolean());
        Assert.Equal([10.0, 3.0], heat.GetProperty("count").EnumerateArray().Select(count => count.GetDouble()));
        Assert.Equal([0, 19], heat.GetProperty("row").EnumerateArray().Select(row => row.GetInt32()));
        Assert.StartsWith("13 values from", heat.GetProperty("summary").GetString(), StringComparison.Ordinal);
    }

    static string Part(string page, string title) => page[page.IndexOf($"aria-label=\"{title}\"", StringComparison.Ordinal)..];

    [Fact]
    public async Task A_board_is_imported_with_a_report_exported_and_brought_back()
    {
        var imported = await Post("/dashboards", "/ui/dashboards/import", ("json", """{"board_title":"Wall","widgets":[{"type":"note","x":0,"y":0,"width":60,"height":20,"html":"hi"},{"type":"geomap","x":60,"y":0,"width":60,"height":20,"tile_def":{"viz":"geomap"}}]}"""));
        Assert.EndsWith("?view=report", imported, StringComparison.Ordinal);
        var report = await Page(imported);
        Assert.Contains("Places are rounded to twelve columns", report, StringComparison.Ordinal);
        Assert.Contains("Widgets of type \"geomap\" are not drawn", report, StringComparison.Ordinal);

        var path = imported.Split('?')[0];
        var exported = await _host.Client.GetStringAsync($"/ui/dashboards/{path.Split('/')[^1]}.json");
        Assert.Contains("\"layout_type\": \"free\"", exported, StringComparison.Ordinal);
        var again = await Post("/dashboards", "/ui/dashboards/import", ("json", exported));
        Assert.Equal(exported.Length, (await _host.Client.GetStringAsync($"/ui/dashboards/{again.Split('?')[0].Split('/')[^1]}.json")).Length);

        await Post(path, "/ui/dashboards/remove", ("id", path.Split('/')[^1]));
        Assert.Contains("1 deleted dashboard", await Page("/dashboards"), StringComparison.Ordinal);
        await Post("/dashboards", "/ui/dashboards/restore", ("id", path.Split('/')[^1]));
        Assert.Contains(">Wall</a>", await Page("/dashboards"), StringComparison.Ordinal);
        Assert.Equal("This is not JSON: line 2, character 1: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed.", await Post("/dashboards", "/ui/dashboards/import", ("json", "{\n")));
    }

    [Fact]
    public async Task A_file_is_imported_and_one_that_is_too_long_refused()
    {
        Assert.EndsWith("?view=report", await PostFile("""{"title":"From a file","layout_type":"ordered","widgets":[]}"""), StringComparison.Ordinal);
        Assert.Equal("From a file", Assert.Single(_host.Boards.All()).Title);
        Assert.Equal("The JSON has more than 1048576 characters, the most that is taken.", await PostFile(new string(' ', 1_048_577)));
    }

    async Task<string> PostFile(string text)
    {
        using var content = new MultipartFormDataContent { { new StringContent(await Token("/dashboards")), "__RequestVerificationToken" }, { new StringContent(""), "json" }, { new StringContent(text), "file", "board.json" } };
        using var answer = await _host.Client.PostAsync("/ui/dashboards/import", content);
        return answer.Headers.Location?.ToString() ?? await answer.Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task A_board_is_changed_and_an_earlier_version_comes_back()
    {
        var board = Timeboard("avg:my_metric{*}");
        var edited = await Page($"/dashboards/{board.Id}?edit=1");
        Assert.Contains("Save as version 2", edited, StringComparison.Ordinal);

        var next = await Post($"/dashboards/{board.Id}?edit=1&widget=new", "/ui/dashboards/widget", ("id", board.Id), ("version", "1"), ("widget", "new"), ("type", "timeseries"), ("title", "Ratio"), ("q", "sum:errors{*}"), ("q", "sum:hits{*}"), ("formula", "a / b"));
        Assert.Equal($"/dashboards/{board.Id}?edit=1", next);
        var kept = _host.Boards.Find(board.Id)!;
        Assert.Equal(["avg:my_metric{*}", "(sum:errors{*}) / (sum:hits{*})"], kept.Widgets.Select(widget => WidgetReader.Read(widget.Definition).Requests[0].Query));
        Assert.Equal(new WidgetLayout(0, 7, 6, 7), kept.Widgets[1].Layout);

        Assert.StartsWith("Somebody has saved this dashboard since", await Post($"/dashboards/{board.Id}?edit=1", "/ui/dashboards/save", ("id", board.Id), ("version", "1"), ("json", """{"title":"x","layout_type":"ordered","widgets":[]}""")), StringComparison.Ordinal);
        Assert.StartsWith("Unknown aggregator \"avgg\" at column 1.", await Post($"/dashboards/{board.Id}?edit=1&widget=new", "/ui/dashboards/widget", ("id", board.Id), ("version", "2"), ("widget", "new"), ("type", "timeseries"), ("q", "avgg:m{*}")), StringComparison.Ordinal);
        await Post($"/dashboards/{board.Id}?view=versions", "/ui/dashboards/version", ("id", board.Id), ("version", "1"));
        Assert.Equal((3, 1), (_host.Boards.Find(board.Id)!.Version, _host.Boards.Find(board.Id)!.Widgets.Count));
        Assert.Contains("This is version 2 of", await Page($"/dashboards/{board.Id}?version=2"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Boards_come_by_themselves_and_are_copied_to_be_changed()
    {
        await Keep("system.load.1", _ => 1, "host:a");

        Assert.Contains("/dashboards/given-hosts", await Page("/dashboards"), StringComparison.Ordinal);
        Assert.Contains("Load by host", await Page("/dashboards/given-hosts"), StringComparison.Ordinal);
        var copy = await Post("/dashboards/given-hosts", "/ui/dashboards/copy", ("id", "given-hosts"));
        Assert.Contains("Hosts (copy)", await Page(copy), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_of_the_original_lead_to_the_board()
    {
        var answer = await _host.Client.GetAsync("/dash/101/some-slug?from_ts=1000&to_ts=2000&live=false&tpl_var_host1=a");
        Assert.Equal("/dashboards/101?tpl_var_host1=a&from=1000&to=2000", answer.Headers.Location?.ToString());
        Timeboard("avg:m{*}");
        Assert.Contains("Ultimate", await Page("/dashboards/101"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_are_given_as_a_file()
    {
        await Keep("my_metric", _ => 5, "host:a");
        var board = Timeboard("avg:my_metric{*} by {host}");
        var csv = await _host.Client.GetStringAsync($"/ui/data/widget/csv?board={board.Id}&widget={board.Widgets[0].Id}&from=now-5m");
        Assert.StartsWith("time,query,series,bound,value\n", csv, StringComparison.Ordinal);
        Assert.Matches(@"\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,avg:my_metric\{\*\} by \{host\},host:a,,5\n", csv);
    }

    async Task<string> Token(string page)
    {
        using var shown = await _host.Client.GetAsync(page);
        return Regex.Match(await shown.Content.ReadAsStringAsync(), """name="__RequestVerificationToken" value="([^"]+)""").Groups[1].Value;
    }

    /// <summary>Sends a form with the token of a page; where it leads, or why it was refused.</summary>
    async Task<string> Post(string page, string path, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent([.. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)), KeyValuePair.Create("__RequestVerificationToken", await Token(page))]);
        using var answer = await _host.Client.PostAsync(path, content);
        return answer.Headers.Location?.ToString() ?? await answer.Content.ReadAsStringAsync();
    }
}
