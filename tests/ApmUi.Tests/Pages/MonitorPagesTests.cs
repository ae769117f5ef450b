using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Metrics;
using Apm.Core.Monitors;
using Apm.Core.Slos;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.Monitors.Rules;
using Apm.Monitors.Slos;
using Apm.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The editor of monitors and their pages over HTTP.</summary>
public sealed class MonitorPagesTests : IAsyncLifetime
{
    static readonly (string, string)[] s_walkthrough =
    [
        ("id", "0"), ("kind", "metric"), ("metric", "avg:my_metric{*}"), ("how", "avg"), ("window", "5m"), ("operator", ">"), ("alert", "800"), ("warning", "500"), ("missing", "notify"), ("no_data_minutes", "10"),
        ("name", "My metric high"), ("message", "{{#is_alert}}ALErt! It is {{value}}{{/is_alert}}"), ("recipients", "user@example.com"), ("group_in_title", "1"),
    ];

    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    MonitorRules Rules => _host.Services.GetRequiredService<MonitorRules>();

    async Task<string> Page(string url) => WebUtility.HtmlDecode(await _host.Client.GetStringAsync(url));

    async Task<(HttpStatusCode Status, string Text, string? Location)> Send(string action, params (string Name, string Value)[] fields)
    {
        var token = Regex.Match(await _host.Client.GetStringAsync("/monitors/new"), "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        var answer = await _host.Client.PostAsync(action, new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(field => new KeyValuePair<string, string>(field.Item1, field.Item2))));
        return (answer.StatusCode, WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()), answer.Headers.Location?.ToString());
    }

    static (string, string)[] With(params (string Name, string Value)[] changes) => [.. s_walkthrough.Where(field => changes.All(change => change.Name != field.Item1)), .. changes];

    async Task Feed(double value, int fromMinutesAgo, int toMinutesAgo)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60;
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey("my_metric", MetricTags.Of([])), MetricType.Gauge, 0, [.. Enumerable.Range(0, (fromMinutesAgo - toMinutesAgo) * 4).Select(i => new MetricPoint(now - fromMinutesAgo * 60 + i * 15, value))])]);
    }

    [Fact]
    public async Task The_editor_begins_with_what_the_address_says()
    {
        Rules.Add(new MonitorRule { Type = "metric alert", Name = "Known", Query = "avg(last_5m):avg:my_metric{*} > 800", Message = "m @user@example.com" });

        Assert.Contains("value=\"avg:cpu{*} by {host}\"", await Page("/monitors/new?q=avg:cpu{*}+by+{host}"), StringComparison.Ordinal);
        var endpoint = await Page("/monitors/new?service=web&name=flask.request&resource=GET+/user/{id}");
        foreach (var part in new[] { "value=\"apm\" selected", "value=\"web\"", "value=\"GET /user/{id}\"", "value=\"flask.request\"" }) Assert.Contains(part, endpoint, StringComparison.Ordinal);
        Assert.Contains("value=\"status:error\"", await Page("/monitors/new?type=traces&q=status:error"), StringComparison.Ordinal);
        Assert.Contains("value=\"Known (copy)\"", await Page("/monitors/new?copy=1"), StringComparison.Ordinal);
        Assert.Contains("value=\"800\"", await Page("/monitors/1/edit"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Client.GetAsync("/monitors/7/edit")).StatusCode);
    }

    [Fact]
    public async Task What_is_typed_is_said_in_words_with_what_will_not_do()
    {
        var good = await Send("/ui/fragment/monitor/check", s_walkthrough);
        var bad = await Send("/ui/fragment/monitor/check", With(("metric", "agv:my_metric{*}")));
        var odd = await Send("/ui/fragment/monitor/check", With(("message", "{{valeu}} {{#is_alert}}"), ("recipients", "pagerduty, user@")));
        var wrong = await Send("/ui/fragment/monitor/check", With(("alert", "400")));

        Assert.Contains("Alerts when the average of avg:my_metric{*} over the last 5 minutes is above 800; warns above 500; tells when no data has come for 10 minutes.", good.Text, StringComparison.Ordinal);
        Assert.Contains("<mark class=\"wrong\">agv</mark>", bad.Text, StringComparison.Ordinal);
        Assert.Contains("avg(last_5m):avg:my_metric{*} > 800", bad.Text, StringComparison.Ordinal); // With the nearest word.
        foreach (var part in new[] { "There is no variable {{valeu}} here; nothing is put in its place. Did you mean {{value}}?", "The block {{#is_alert}} is not closed", "@pagerduty cannot be told", "@user@ is no address that mail reaches" }) Assert.Contains(part, odd.Text, StringComparison.Ordinal);
        var begun = With(("alert", ""), ("warning", ""));
        var missing = await Send("/ui/fragment/monitor/check", begun);
        Assert.Contains("An alert threshold is missing; all else of the query can be read.", missing.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("error-bg", missing.Text, StringComparison.Ordinal);
        Assert.Contains("Give an alert threshold", (await Send("/ui/fragment/monitor/preview", begun)).Text, StringComparison.Ordinal);
        foreach (var (kind, said) in new[] { ("metric", "Write a metric, such as avg:system.load.1{*} by {host}"), ("apm", "Name a service"), ("check", "Name a check, such as mysql.can_connect"), ("composite", "Write monitors by their numbers"), ("text", "Write a query, such as avg(last_5m):") })
        {
            var empty = With(("kind", kind), ("metric", ""), ("alert", ""), ("warning", ""));
            var first = await Send("/ui/fragment/monitor/check", empty);
            Assert.Contains(said, first.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("error-bg", first.Text, StringComparison.Ordinal);
            Assert.Contains("Say what is watched", (await Send("/ui/fragment/monitor/preview", empty)).Text, StringComparison.Ordinal);
        }
        var text = await Send("/ui/fragment/monitor/check", With(("kind", "text"), ("query", "avg(last_5m):avg:my_metric{*} > 4"), ("alert", ""), ("warning", "")));
        Assert.Contains("is above 4", text.Text, StringComparison.Ordinal);
        var parts = await Send("/ui/fragment/monitor/check", With(("kind", "composite"), ("parts", "1 && 99"), ("alert", ""), ("warning", "")));
        Assert.DoesNotContain("threshold is missing", parts.Text, StringComparison.Ordinal);
        Assert.Contains("error-bg", parts.Text, StringComparison.Ordinal);
        Assert.Contains("Alert threshold (400.0) must be greater than warning threshold (500.0)", wrong.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_preview_says_what_would_have_been_told_and_shows_the_mails()
    {
        await Feed(400, 50, 20);
        await Feed(950, 20, 10);
        await Feed(400, 10, 0);

        var preview = (await Send("/ui/fragment/monitor/preview", s_walkthrough)).Text;
        var never = (await Send("/ui/fragment/monitor/preview", With(("alert", "5000"), ("warning", "")))).Text;
        var unreadable = (await Send("/ui/fragment/monitor/preview", With(("metric", "avg:")))).Text;

        Assert.Contains("Would have told 4 times in the last 60 min: 2 Warn, 1 Triggered, 1 Recovered.", preview, StringComparison.Ordinal);
        foreach (var part in new[] { "[Monitor Alert] Triggered: My metric high", "ALErt! It is ", "to user@example.com", "alert \\u003E 800", "with a value that is made up" }) Assert.Contains(part, preview, StringComparison.Ordinal);
        Assert.Contains("It would never have alerted: the highest value in 60 min was 950, the threshold is 5000.", never, StringComparison.Ordinal);
        Assert.Contains("The query cannot be read yet.", unreadable, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_monitor_is_saved_changed_and_refused_with_the_reason()
    {
        var made = await Send("/ui/monitors/save", s_walkthrough);
        Assert.Equal(HttpStatusCode.SeeOther, made.Status);
        Assert.Equal("/monitors/1", made.Location);
        Assert.Equal(("avg(last_5m):avg:my_metric{*} > 800", "{{#is_alert}}ALErt! It is {{value}}{{/is_alert}}\n\n@user@example.com"), (Rules.Find(1)!.Rule.Query, Rules.Find(1)!.Rule.Message));

        Assert.Equal(HttpStatusCode.SeeOther, (await Send("/ui/monitors/save", With(("id", "1"), ("alert", "900")))).Status);
        Assert.Equal(900, Rules.Find(1)!.Rule.Options.Thresholds.Critical);

        var twin = await Send("/ui/monitors/save", With(("alert", "900")));
        Assert.Equal((HttpStatusCode.BadRequest, "Duplicate of an existing monitor_id:1 Monitor 1 has the same type, query, name and message. Change that one, or give this one another name."), (twin.Status, twin.Text));
        Assert.Equal("Warning threshold: “lots” is no number. Write it with a point, such as 0.5.", (await Send("/ui/monitors/save", With(("warning", "lots")))).Text);
        Assert.Equal("Monitor not found", (await Send("/ui/monitors/save", With(("id", "7")))).Text);
        using var withoutToken = await _host.Client.PostAsync("/ui/monitors/save", new FormUrlEncodedContent(s_walkthrough.Select(field => new KeyValuePair<string, string>(field.Item1, field.Item2))));
        Assert.Equal((HttpStatusCode.BadRequest, "Nothing was saved. The form was too old, or came from another site. Load the page again, and do it once more."), (withoutToken.StatusCode, await withoutToken.Content.ReadAsStringAsync()));
        foreach (var path in (string[])["save", "test"]) Assert.Contains("\"x\" is not evaluated here", (await Send("/ui/monitors/" + path, With(("kind", "text"), ("query", "y"), ("type", "x")))).Text, StringComparison.Ordinal);
        foreach (var path in (string[])["check", "preview"])
            foreach (var alert in (string[])["5", ""]) Assert.Contains("is not evaluated here", (await Send("/ui/fragment/monitor/" + path, With(("kind", "text"), ("query", "y"), ("type", "x"), ("alert", alert)))).Text, StringComparison.Ordinal);
        Assert.Single(Rules.All());
    }

    [Fact]
    public async Task A_test_goes_the_way_of_every_notice_and_says_that_it_is_one()
    {
        var sent = await Send("/ui/monitors/test", With(("test_kind", "Triggered")));

        Assert.Equal((HttpStatusCode.OK, "On its way to user@example.com; the outbox tells what became of it."), (sent.Status, sent.Text));
        var mail = Assert.Single(_host.Services.GetRequiredService<Outbox>().All());
        Assert.Equal("[Monitor Alert] Triggered: [TEST] My metric high", mail.Subject);
        Assert.Contains("This is a test of the monitor; nothing happened.", mail.Plain, StringComparison.Ordinal);
        Assert.Contains("ALErt! It is 880.0", mail.Plain, StringComparison.Ordinal);
        Assert.Empty(Rules.All());
        Assert.Equal("Nobody is told of this state; the stream of events has it.", (await Send("/ui/monitors/test", With(("recipients", "")))).Text);
    }

    [Fact]
    public async Task Monitors_are_muted_heard_again_and_deleted_from_their_pages()
    {
        foreach (var name in new[] { "One", "Two" }) Rules.Add(new MonitorRule { Type = "metric alert", Name = name, Query = "avg(last_5m):avg:my_metric{*} > 800" });
        Rules.Add(new MonitorRule { Type = "composite", Name = "Both", Query = "1 && 2" });

        await Send("/ui/monitors/mute", ("id", "1"), ("id", "2"), ("until", "forever"), ("back", "/monitors?q=o"));
        Assert.Equal([true, true, false], Rules.All().Select(known => known.Rule.Options.Silenced.ContainsKey("*")));
        Assert.Contains("muted until further notice", await Page("/monitors/1"), StringComparison.Ordinal);
        Assert.Equal("/monitors?q=o", (await Send("/ui/monitors/unmute", ("id", "1"), ("back", "/monitors?q=o"))).Location);
        Assert.Empty(Rules.Find(1)!.Rule.Options.Silenced);
        await Send("/ui/monitors/mute", ("id", "1"), ("until", "resolved"), ("back", "/monitors/1"));
        Assert.Contains("muted until resolved", await Page("/monitors/1"), StringComparison.Ordinal);
        Assert.Contains("until resolved", Regex.Match(await Page("/monitors"), "(?s)<tr>.*?One.*?</tr>").Value, StringComparison.Ordinal);

        var slo = _host.Services.GetRequiredService<SloBook>().Add(new Slo { Kind = SloKind.Monitor, Name = "Calm", Targets = [new(7, 99)], MonitorIds = [1] });
        Assert.Matches($"(?s)It is not deleted while others are made of it:.*the composite monitor <a href=\"/monitors/3\">Both</a>.*the objective <a href=\"/slos/{slo.Id}\">Calm</a>.*Change or delete those first.", await Page("/monitors/1"));
        Assert.Contains("monitor [2,Two] is referenced in composite monitors: [3,Both]", (await Send("/ui/monitors/delete", ("id", "2"), ("back", "/monitors/2"))).Text, StringComparison.Ordinal);
        var kept = await Send("/ui/monitors/delete", ("id", "1"), ("back", "/monitors/1"));
        Assert.Equal(HttpStatusCode.Conflict, kept.Status);
        Assert.Contains("monitor [1,One] is referenced in composite monitors: [3,Both]", kept.Text, StringComparison.Ordinal);
        Assert.Equal("/monitors", (await Send("/ui/monitors/delete", ("id", "3"))).Location);
        Assert.Contains($"monitor [1,One] is referenced in slos: [{slo.Id},Calm]", (await Send("/ui/monitors/delete", ("id", "1"), ("back", "/monitors/1"))).Text, StringComparison.Ordinal);
        Assert.Equal(2, Rules.All().Count);
        Assert.Contains("No monitor is chosen. Tick some in the list.", (await Send("/ui/monitors/mute", ("until", "1h"), ("back", "/monitors"))).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_leads_to_its_worst_monitor_and_one_without_to_a_new_one()
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixNanos() - 5 * UnixTime.NanosPerSecond;
        foreach (var (id, service) in new[] { (1UL, "web"), (2UL, "cart") })
            _host.Add([Some.Span(id, trace: id, service: service, startNanos: now - Some.BaseUnixNanos, flags: SpanFlags.TopLevel)]);
        Rules.Add(new MonitorRule { Type = "metric alert", Name = "Slow", Query = "avg(last_5m):avg:trace.flask.request{service:web,env:prod} > 800", Options = new() { Thresholds = new() { Critical = 800 } } });

        var services = await Page("/services");

        Assert.Matches("<a class=\"state-link\" href=\"/monitors/1\"><span class=\"state none\" title=\"Slow, the only monitor of this service\">", services);
        Assert.Contains("href=\"/monitors/new?service=cart\" title=\"No monitor is about cart. Make one\"", services, StringComparison.Ordinal);
        Assert.DoesNotContain("/monitors/1", await Page("/services?env=test"), StringComparison.Ordinal);
        var page = await Page("/services/web");
        Assert.Contains("title=\"Slow, the only monitor of this service\"", page, StringComparison.Ordinal);
        Assert.Matches("href=\"/monitors/new[?]service=web&measure=p95\"[^>]*aria-label=\"Monitor of the latency\"", page);
    }

    [Fact]
    public async Task The_chart_of_a_monitor_has_what_it_compared_its_thresholds_and_states()
    {
        await Feed(950, 30, 0);
        Rules.Add(new MonitorRule { Type = "metric alert", Name = "One", Query = "avg(last_5m):avg:my_metric{*} > 800", Options = new() { Thresholds = new() { Critical = 800, Warning = 500 } } });

        var chart = await _host.Client.GetStringAsync("/ui/data/monitor?id=1&from=now-30m");

        foreach (var part in new[] { "950", "alert \\u003E 800", "warning \\u003E 500", "\"shades\":[{", "\"windowMs\":300000" }) Assert.Contains(part, chart, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Client.GetAsync("/ui/data/monitor?id=7")).StatusCode);
    }
}
