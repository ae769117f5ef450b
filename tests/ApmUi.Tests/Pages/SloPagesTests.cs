using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Pages.Slos;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Dashboards;
using Apm.Core.Metrics;
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
