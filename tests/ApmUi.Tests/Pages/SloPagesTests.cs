using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Pages.Slos;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Dashboards;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Ports;
using Apm.Core.Slos;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Objectives over HTTP, and their charts.</summary>
public sealed class SloPagesTests : IAsyncLifetime
{
    const string Good = "sum:hits{*}.as_count() - sum:errors{*}.as_count()";

    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    SloBook Slos => _host.Services.GetRequiredService<SloBook>();

    [Fact]
    public async Task An_objective_is_made_shown_watched_changed_and_deleted()
    {
        Assert.Contains("There is no objective yet.", await Page("/slos"), StringComparison.Ordinal);
        await Count("hits", 10_000);
        await Count("errors", 20);

        var made = await Send("/slos/new", "/ui/slos", ("type", "metric"), ("name", "Shop answers"), ("tags", "team:shop, tier:1"), ("good", Good), ("total", "sum:hits{*}.as_count()"), ("target7", "99.9"), ("warning30", ""), ("target30", "99.5"));

        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
        var slo = Assert.Single(Slos.All());
        Assert.Equal($"/slos/{slo.Id}", made.Headers.Location!.ToString());
        Assert.Equal((SloKind.Metric, "team:shop|tier:1", new SloTarget(7, 99.9), new SloTarget(30, 99.5)), (slo.Kind, string.Join('|', slo.Tags), slo.Targets[0], slo.Targets[1]));

        var page = await Page($"/slos/{slo.Id}");
        Assert.Contains("99.8 %", page, StringComparison.Ordinal);
        Assert.Contains("−10 of 10 requests", page, StringComparison.Ordinal);
        Assert.Contains("Breached", page, StringComparison.Ordinal);
        Assert.Contains("30 of 50 requests", await Page($"/slos/{slo.Id}?days=30"), StringComparison.Ordinal);
        var list = await Page("/slos");
        Assert.Contains("1 objective: 1 Breached", list, StringComparison.Ordinal);
        Assert.Contains("−100 %", list, StringComparison.Ordinal);

        Assert.DoesNotContain("Not counted", page, StringComparison.Ordinal);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60 * 60;
        var correction = Slos.Corrections.Add(new SloCorrection { SloId = slo.Id, Category = "Deployment", StartUnixSeconds = now - 6 * 86_400, EndUnixSeconds = now - 6 * 86_400 + 600 });
        Assert.Contains("Not counted: 10 min of this window, by corrections (Deployment).", await Page($"/slos/{slo.Id}"), StringComparison.Ordinal);
        Slos.Corrections.Replace(correction.Id, correction with { StartUnixSeconds = now - 86_400, EndUnixSeconds = now + 60 });
        Assert.DoesNotContain("99.8 %", await Page($"/slos/{slo.Id}"), StringComparison.Ordinal); // Counted anew at once.
        Slos.Corrections.Remove(correction.Id);

        Assert.Equal(HttpStatusCode.SeeOther, (await Send($"/slos/{slo.Id}", "/ui/slos/watch", ("id", slo.Id), ("days", "30"), ("kind", "fast"), ("message", "@you@example.com"))).StatusCode);
        Assert.Equal($"burn_rate(\"{slo.Id}\").over(\"30d\").long_window(\"1h\").short_window(\"5m\") > 14.4", Assert.Single(_host.Services.GetRequiredService<MonitorRules>().All()).Rule.Query);
        Assert.Contains("Shop answers: budget goes fast", await Page($"/slos/{slo.Id}"), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.BadRequest, (await Send($"/slos/{slo.Id}", "/ui/slos/delete", ("id", slo.Id))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await Send($"/slos/{slo.Id}/edit", "/ui/slos", ("id", slo.Id), ("type", "metric"), ("name", "Renamed"), ("good", Good), ("total", "sum:hits{*}.as_count()"), ("target30", "99.5"))).StatusCode);
        Assert.Equal("Renamed", Slos.Find(slo.Id)!.Name);
    }

    [Fact]
    public async Task Widgets_show_an_objective_by_its_windows_and_a_list_of_them_worst_first()
    {
        await Count("hits", 10_000);
        await Count("errors", 20);
        Slo Wanted(string name, string tag, params SloTarget[] targets) => new() { Kind = SloKind.Metric, Name = name, Tags = [tag], GoodQuery = Good, TotalQuery = "sum:hits{*}.as_count()", Targets = targets };
        var loose = Slos.Add(Wanted("Loose", "team:shop", new SloTarget(7, 99), new SloTarget(30, 99.9)));
        Slos.Add(Wanted("Strict", "team:shop", new SloTarget(7, 99.99)));
        Slos.Add(Wanted("Other", "team:other", new SloTarget(7, 99)));
        var board = _host.Boards.Create(DashboardJson.Read($$$"""
            {"title":"B","layout_type":"ordered","widgets":[
              {"definition":{"type":"slo","title":"One","slo_id":"{{{loose.Id}}}","time_windows":["7d","30d","90d"]}},
              {"definition":{"type":"slo","title":"Bare","slo_id":"{{{loose.Id}}}","time_windows":["30d"],"show_error_budget":false}},
              {"definition":{"type":"slo_list","title":"List","requests":[{"query":{"query_string":"team:shop"}}]}},
              {"definition":{"type":"slo_list","title":"Short","requests":[{"query":{"query_string":"","limit":1}}]}},
              {"definition":{"type":"slo_list","title":"None","requests":[{"query":{"query_string":"team:nobody"}}]}}]}
            """));

        var page = await Page($"/dashboards/{board.Id}");
        string Part(string name) => Regex.Match(page, $"(?s)<section[^>]*aria-label=\"{name}\".*?</section>").Value;

        Assert.Matches("(?s)Met.*7 days.*99.8 %.*99 %.*80 %.*80 requests.*Breached.*30 days.*99.8 %.*99.9 %.*−100 %.*−10 requests.*It has no target over 90 days.", Part("One"));
        Assert.Matches($"href=\"/slos/{loose.Id}\\?days=30\"", Part("One"));
        Assert.DoesNotContain("Budget", Part("Bare"), StringComparison.Ordinal);
        Assert.DoesNotContain("7 days", Part("Bare"), StringComparison.Ordinal);
        Assert.Matches("(?s)Breached.*Strict.*7 days.*Breached.*Loose.*30 days", Part("List"));
        Assert.DoesNotContain("Other", Part("List"), StringComparison.Ordinal);
        Assert.Matches("(?s)Strict.*The 1 worst of 3 objectives.", Part("Short"));
        Assert.Contains("No objective has “team:nobody” in its name or tags.", Part("None"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_has_pages_of_which_the_first_is_the_worst()
    {
        await Count("hits", 1_000);
        await Count("errors", 20);
        for (var i = 0; i < SlosView.PageSize + 5; i++)
            Slos.Add(new Slo { Kind = SloKind.Metric, Name = $"Objective {i:000}", GoodQuery = Good, TotalQuery = "sum:hits{*}.as_count()", Targets = [new SloTarget(7, i >= 100 ? 99.9 : 90)] });

        var first = await Page("/slos");
        Assert.Contains("1 to 100 of 105 objectives", first, StringComparison.Ordinal);
        Assert.Contains("105 objectives: 5 Breached · 100 Met", first, StringComparison.Ordinal);
        Assert.Matches("(?s)Objective 100.*Objective 104.*Objective 000.*Objective 094", first);
        var second = await Page("/slos?skip=100");
        Assert.Contains("page 2 of 2", second, StringComparison.Ordinal);
        Assert.Matches("(?s)Objective 095.*Objective 099", second);
        Assert.DoesNotContain("Objective 094", second, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("target30", "ninety", "The target over 30 days is no number: ninety. Write it with a point, such as 99.9.")]
    [InlineData("target30", "", "The parameter 'thresholds' is required")]
    [InlineData("good", "sum:hits{*}", "query.numerator: \"sum:hits{*}\" at column 1 does not count")]
    public async Task A_form_that_cannot_be_says_why(string field, string value, string sentence)
    {
        var fields = new Dictionary<string, string> { ["type"] = "metric", ["name"] = "X", ["good"] = Good, ["total"] = "sum:hits{*}.as_count()", ["target30"] = "99" };
        fields[field] = value;
        var answer = await Send("/slos/new", "/ui/slos", [.. fields.Select(one => (one.Key, one.Value))]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(sentence, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_correction_is_made_and_deleted_on_the_page()
    {
        var slo = Slos.Add(new Slo { Kind = SloKind.Metric, Name = "Shop", GoodQuery = Good, TotalQuery = "sum:hits{*}.as_count()", Targets = [new(7, 99)] });
        var page = $"/slos/{slo.Id}";
        Assert.Contains("All of its time counts.", await Page(page), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.SeeOther, (await Send(page, "/ui/slos/correction", ("id", slo.Id), ("category", "Scheduled Maintenance"), ("start", "2026-11-01T10:00"), ("end", "2026-11-01T11:30"), ("zone", "Europe/Berlin"), ("description", "moved"), ("rule", ""))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await Send(page, "/ui/slos/correction", ("id", slo.Id), ("category", "Other"), ("start", "2026-11-01T22:00"), ("end", "2026-11-02T01:00"), ("zone", "UTC"), ("description", ""), ("rule", "FREQ=WEEKLY;BYDAY=SU"))).StatusCode);

        Assert.Equal([("Scheduled Maintenance", 1_793_523_600L, 1_793_529_000L, null, "", "Europe/Berlin", "moved"), ("Other", 1_793_570_400L, null, 10_800L, "FREQ=WEEKLY;BYDAY=SU", "UTC", "")],
            Slos.Corrections.All().OrderBy(one => one.StartUnixSeconds).Select(one => (one.Category, one.StartUnixSeconds, one.EndUnixSeconds, one.DurationSeconds, one.Rule, one.TimeZone, one.Description)));
        var shown = await Page(page);
        Assert.Contains("2 corrections", shown, StringComparison.Ordinal);
        Assert.Contains("Sun Nov 1 2026 10:00 – Sun Nov 1 2026 11:30 (Europe/Berlin)", shown, StringComparison.Ordinal);
        Assert.Contains("every week on Sunday at 22:00 for 3 h, UTC", shown, StringComparison.Ordinal);

        foreach (var correction in Slos.Corrections.All())
            Assert.Equal(HttpStatusCode.SeeOther, (await Send(page, "/ui/slos/correction/delete", ("id", slo.Id), ("correction", correction.Id))).StatusCode);
        Assert.Contains("All of its time counts.", await Page(page), StringComparison.Ordinal);
        Assert.Contains("SLO correction with id \"none\" not found", await (await Send(page, "/ui/slos/correction/delete", ("id", slo.Id), ("correction", "none"))).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var forged = await _host.Client.PostAsync("/ui/slos/correction", new FormUrlEncodedContent([new("id", slo.Id), new("category", "Other")]));
        Assert.Equal((HttpStatusCode.BadRequest, "No correction was made. The form was too old, or came from another site. Load the page again, and do it once more."), (forged.StatusCode, await forged.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("category", "Lunch", "\"Lunch\" is not known. There are: Scheduled Maintenance, Outside Business Hours, Deployment, Other.")]
    [InlineData("zone", "Mars", "\"Mars\" is no time zone. Write a name such as America/New_York or UTC.")]
    [InlineData("start", "", "Say from when.")]
    [InlineData("start", "yesterday", "yesterday is no time from 1970 to 2199. Write it as 2026-11-29T19:00.")]
    [InlineData("end", "", "Say until when.")]
    [InlineData("end", "2026-11-01T10:00", "It must be after the start.")]
    [InlineData("end", "2027-11-01T10:00", "A correction lasts at most 92 days, as far as objectives look.")]
    [InlineData("rule", "FREQ=NEVER", "Invalid rrule: FREQ=NEVER is not known. There are: HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY.")]
    [InlineData("rule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "No time fits it, so nothing would ever be corrected.")]
    public async Task A_correction_that_cannot_be_is_refused_at_its_field(string field, string value, string sentence)
    {
        var slo = Slos.Add(new Slo { Kind = SloKind.Metric, Name = "Shop", GoodQuery = Good, TotalQuery = "sum:hits{*}.as_count()", Targets = [new(7, 99)] });
        var fields = new Dictionary<string, string> { ["id"] = slo.Id, ["category"] = "Other", ["start"] = "2026-11-01T10:00", ["end"] = "2026-11-01T11:00", ["zone"] = "UTC", ["description"] = "", ["rule"] = "", [field] = value };
        fields[field] = value;

        var answer = await Send($"/slos/{slo.Id}", "/ui/slos/correction", [.. fields.Select(one => (one.Key, one.Value))]);

        Assert.Equal((HttpStatusCode.BadRequest, field, sentence), (answer.StatusCode, Assert.Single(answer.Headers.GetValues("Apm-Field")), await answer.Content.ReadAsStringAsync()));
        Assert.Empty(Slos.Corrections.All());
    }

    /// <summary>Ninety-two days are an hour more on the wall clock when the clocks go forward.</summary>
    [Theory]
    [InlineData("2026-10-25T02:00", "", HttpStatusCode.BadRequest)]
    [InlineData("2027-05-01T00:00", "", HttpStatusCode.SeeOther)]
    [InlineData("2027-05-01T01:00", "", HttpStatusCode.SeeOther)]
    [InlineData("2027-05-01T01:00", "FREQ=YEARLY", HttpStatusCode.BadRequest)]
    [InlineData("2027-01-28T23:00", "FREQ=YEARLY", HttpStatusCode.BadRequest)]
    public async Task The_end_of_a_correction_is_refused_at_its_field_across_the_spring_change(string end, string rule, HttpStatusCode status)
    {
        var slo = Slos.Add(new Slo { Kind = SloKind.Metric, Name = "Shop", GoodQuery = Good, TotalQuery = "sum:hits{*}.as_count()", Targets = [new(7, 99)] });

        var answer = await Send($"/slos/{slo.Id}", "/ui/slos/correction", ("id", slo.Id), ("category", "Other"), ("start", "2027-01-29T00:00"), ("end", end), ("zone", "Europe/Berlin"), ("description", ""), ("rule", rule));

        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.BadRequest) Assert.Equal("end", Assert.Single(answer.Headers.GetValues("Apm-Field")));
    }

    [Fact]
    public async Task Groups_without_requests_are_told_from_an_objective_that_has_none()
    {
        var slo = Slos.Add(new Slo { Kind = SloKind.Metric, Name = "Shop", GoodQuery = "sum:good{*} by {env}.as_count()", TotalQuery = "sum:hits{*} by {env}.as_count()", Targets = [new(7, 99)] });
        var board = _host.Boards.Create(DashboardJson.Read($$$"""{"title":"B","layout_type":"ordered","widgets":[{"definition":{"type":"slo","title":"One","slo_id":"{{{slo.Id}}}","view_mode":"component"}}]}"""));

        Assert.Contains("None of its groups had requests in this time: it is shown as a whole.", await Page($"/dashboards/{board.Id}"), StringComparison.Ordinal);
        Assert.Matches("(?s)<h2>Groups</h2>.*None of its groups had requests.*Nothing came in the last 7 days that its queries count.", await Page($"/slos/{slo.Id}"));
    }

    [Fact]
    public async Task Groups_that_cannot_be_read_say_why()
    {
        AwayMetrics? metrics = null;
        await using var host = await UiHost.Start(metrics: all => metrics = new AwayMetrics(all));
        var slo = host.Services.GetRequiredService<SloBook>().Add(new Slo { Kind = SloKind.Metric, Name = "Shop", GoodQuery = "sum:good{*} by {env}.as_count()", TotalQuery = "sum:hits{*} by {env}.as_count()", Targets = [new(7, 99)] });
        host.Services.GetRequiredService<SloReports>().Of(slo); // The whole is known, for a minute.
        metrics!.IsAway = true;

        var page = WebUtility.HtmlDecode(await host.Client.GetStringAsync($"/slos/{slo.Id}"));

        Assert.Matches("(?s)<h2>Groups</h2>.*Its parts cannot be read..*The disk is gone.", page);
    }

    sealed class AwayMetrics(IMetricReader there) : IMetricReader
    {
        public bool IsAway { get; set; }

        IMetricReader There => IsAway ? throw new StoreUnavailableException("The disk is gone.") : there;

        public IReadOnlyList<MetricInfo> Metrics(long sinceUnixSeconds) => There.Metrics(sinceUnixSeconds);

        public MetricInfo? Find(string metric) => There.Find(metric);

        public IReadOnlyList<SeriesInfo> Series(string metric, long sinceUnixSeconds) => There.Series(metric, sinceUnixSeconds);

        public IReadOnlyList<SeriesBuckets> Read(MetricRead read, CancellationToken cancel) => There.Read(read, cancel);
    }

    [Fact]
    public void A_part_of_a_monitor_that_is_gone_leads_to_the_list()
    {
        var slo = Named("a") with { Kind = SloKind.Monitor, MonitorIds = [7, 8] };
        var window = new SloWindow(slo.Targets[0], 0, 60, new SloSeries(0, 60, [new(60, 60)]));

        var row = SloPartRow.Of(UrlStates.Of("/slos/a"), slo, window, new SloPart("", 7, new(60, 60)), _ => null).Row;

        Assert.Equal(("Monitor 7, which is gone", "/monitors"), (row.Name, row.Link));
    }

    [Fact]
    public async Task Groups_of_a_monitor_are_made_by_the_form_and_shown_each_on_page_and_widget()
    {
        var rule = _host.Services.GetRequiredService<MonitorRules>().Add(new MonitorRule { Type = "query alert", Name = "Load by host", Query = "avg(last_5m):avg:load{*} by {host} > 5" }).Rule;
        var made = await Send("/slos/new?type=monitor", "/ui/slos", ("type", "monitor"), ("name", "Up"), ("monitors", $"{rule.Id}"), ("groups", "host:a\r\nhost:b\r\n"), ("target7", "99"), ("target30", ""));
        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
        var slo = Assert.Single(Slos.All());
        Assert.Equal(["host:a", "host:b"], slo.Groups);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var uptime = _host.Services.GetRequiredService<UptimeBook>();
        uptime.Note(rule.Id, now - 3_600, false);
        uptime.NoteGroup(rule.Id, "host:a", now - 3_600, true);
        uptime.NoteGroup(rule.Id, "host:b", now - 3_600, false);
        uptime.RoundDone(now);

        var page = await Page($"/slos/{slo.Id}");
        Assert.Contains("none of the groups below is in alert", page, StringComparison.Ordinal);
        Assert.Matches("(?s)2 groups, each over the last 7 days.*Breached.*host:b.*0 %.*Not there.*Met.*host:a.*100 %", page);
        Assert.Matches("(?s)<textarea name=\"groups\"[^>]*>host:a\nhost:b</textarea>", await Page($"/slos/{slo.Id}/edit"));
        Assert.Contains("The group \"env:p\" does not say what monitor 1 is grouped by: host. Write it as \"host:…\".",
            await (await Send($"/slos/{slo.Id}/edit", "/ui/slos", ("id", slo.Id), ("type", "monitor"), ("name", "Up"), ("monitors", $"{rule.Id}"), ("groups", "env:p"), ("target7", "99"))).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var whole = Slos.Add(new Slo { Kind = SloKind.Metric, Name = "Shop", GoodQuery = Good, TotalQuery = "sum:hits{*}.as_count()", Targets = [new(7, 99)] });
        var board = _host.Boards.Create(DashboardJson.Read($$$"""
            {"title":"B","layout_type":"ordered","widgets":[
              {"definition":{"type":"slo","title":"Overall","slo_id":"{{{slo.Id}}}","view_mode":"overall"}},
              {"definition":{"type":"slo","title":"Component","slo_id":"{{{slo.Id}}}","view_mode":"component"}},
              {"definition":{"type":"slo","title":"Both","slo_id":"{{{slo.Id}}}","view_mode":"both"}},
              {"definition":{"type":"slo","title":"Alone","slo_id":"{{{whole.Id}}}","view_mode":"component"}}]}
            """));
        var dashboard = await Page($"/dashboards/{board.Id}");
        string Part(string name) => Regex.Match(dashboard, $"(?s)<section[^>]*aria-label=\"{name}\".*?</section>").Value;
        Assert.DoesNotContain("host:a", Part("Overall"), StringComparison.Ordinal);
        Assert.Matches("(?s)Each group over 7 days.*Breached.*host:b.*Met.*host:a", Part("Component"));
        Assert.DoesNotContain(">7 days<", Part("Component"), StringComparison.Ordinal);
        Assert.Matches("(?s)Breached.*7 days.*Each group over 7 days.*host:b.*host:a", Part("Both"));
        Assert.Contains("It has no groups and not several monitors: it is shown as a whole.", Part("Alone"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_404_and_each_kind_has_its_form()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Client.GetAsync("/slos/none")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Client.GetAsync("/slos/none/edit")).StatusCode);
        Assert.Contains("Monitors, none of which may be in alert", await Page("/slos/new?type=monitor"), StringComparison.Ordinal);
        Assert.Contains("in slices of", await Page("/slos/new?type=time_slice"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_chart_of_the_budget_begins_where_something_is_known_and_may_go_below_zero()
    {
        var window = new SloWindow(new SloTarget(7, 99), 0, 2_400, new SloSeries(0, 600, [default, new(100, 100), new(98, 100), new(97, 100)]));

        var chart = SloData.Budget(window);

        Assert.Equal([null, 1.0, 0.3333, -0.6667], chart.Series[0].Values);
        Assert.Equal("−67 % of the budget is left.", chart.Summary);
        Assert.Equal("spent", Assert.Single(chart.Levels!).Text);
        Assert.Equal([null, 0.0, 0.02, 0.03], SloData.Bad(window).Series[0].Values);
        Assert.Equal("Nothing was counted in this time.", SloData.Budget(window with { Series = new SloSeries(0, 600, [default]) }).Summary);
    }

    [Theory]
    [InlineData(99.9996, "99.999 %")]
    [InlineData(100, "100 %")]
    [InlineData(99.95, "99.95 %")]
    public void A_share_is_never_rounded_up_to_all(double percent, string text)
    {
        SloReport Report(Slo slo) => new SloReport(slo, 0, [new SloWindow(slo.Targets[0], 0, 60, new SloSeries(0, 60, [new(percent, 100)]))], "");
        var view = SlosView.Of(UrlStates.Of("/slos"), [Named("a")], Report, Report, _ => 0);

        Assert.Equal(text, view.Rows[0].Sli);
    }

    [Fact]
    public void The_list_begins_with_the_worst_and_ends_with_what_nobody_knows()
    {
        double[] good = [100, 0, 99.5, 98];
        SloReport Report(Slo slo) => new SloReport(slo, 0, [new SloWindow(slo.Targets[0], 0, 60, new SloSeries(0, 60, [slo.Name == "b" ? default : new(good[slo.Name[0] - 'a'], 100)]))], "");
        var view = SlosView.Of(UrlStates.Of("/slos"), [Named("a"), Named("b"), Named("c"), Named("d")], Report, Report, _ => 0);

        Assert.Equal(["d", "c", "a", "b"], view.Rows.Select(row => row.Name));
        Assert.Equal("1 Breached · 2 Met · 1 No data", view.Counts);
    }

    static Slo Named(string name) => new() { Id = name, Kind = SloKind.Metric, Name = name, Targets = [new(7, 99)] };

    async Task Count(string metric, double value) =>
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey(metric, MetricTags.Of([])), MetricType.Count, 10, [new MetricPoint(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 7_200, value)])]);

    async Task<string> Page(string url) => WebUtility.HtmlDecode(await _host.Client.GetStringAsync(url));

    async Task<HttpResponseMessage> Send(string page, string action, params (string Name, string Value)[] fields)
    {
        var token = Regex.Match(await _host.Client.GetStringAsync(page), "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        return await _host.Client.PostAsync(action, new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(field => new KeyValuePair<string, string>(field.Item1, field.Item2))));
    }
}
