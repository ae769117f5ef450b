using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Downtimes;
using Apm.Core.Monitors;
using Apm.Monitors.Delivery;
using Apm.Monitors.Downtimes;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Downtimes and outbox over HTTP.</summary>
public sealed class NoticePagesTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await UiHost.Start();
        _host.Rules.Add(new MonitorRule { Id = 9001, Type = "metric alert", Name = "My metric high", Query = "avg(last_5m):avg:my_metric{*} > 800" });
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    DowntimeBook Book => _host.Services.GetRequiredService<DowntimeBook>();

    Outbox Outbox => _host.Services.GetRequiredService<Outbox>();

    async Task<string> Page(string url) => WebUtility.HtmlDecode(await _host.Client.GetStringAsync(url));

    async Task<HttpResponseMessage> Send(string page, string action, params (string Name, string Value)[] fields)
    {
        var html = await _host.Client.GetStringAsync(page);
        var token = Regex.Match(html, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        return await _host.Client.PostAsync(action, new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(field => new KeyValuePair<string, string>(field.Item1, field.Item2))));
    }

    [Fact]
    public async Task A_downtime_is_made_shown_with_its_next_times_and_ended()
    {
        Assert.Contains("Nothing is silenced, and nothing will be.", await Page("/monitors/downtimes"), StringComparison.Ordinal);

        var made = await Send("/monitors/downtimes", "/ui/downtimes", ("monitor", "9001"), ("scope", "env:prod AND NOT host:a"), ("start", "2024-11-02T00:00"), ("end", "2024-11-03T00:00"), ("zone", "America/New_York"), ("days", "SA"), ("days", "SU"), ("message", "weekend @user@example.com"));

        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
        var downtime = Assert.Single(Book.All());
        Assert.Equal((9001L, "env:prod AND NOT host:a", "FREQ=WEEKLY;BYDAY=SA,SU", 86_400L), (downtime.MonitorId, downtime.ScopeText(), downtime.Recurrences[0].Rule, downtime.Recurrences[0].DurationSeconds));
        var page = await Page("/monitors/downtimes");
        Assert.Contains("every week on Saturday and Sunday at 00:00 for 1 d, America/New_York", page, StringComparison.Ordinal);
        Assert.Equal(5, Regex.Count(Regex.Match(page, "next-times[^>]*>(.*?)</ul>", RegexOptions.Singleline).Groups[1].Value, "<li>"));
        Assert.True(Regex.Count(page, "<i title=\"My metric high, env:prod AND NOT host:a\"") >= 8, "A month has at least eight such days.");
        Assert.Equal("[Downtime] Scheduled: env:prod AND NOT host:a", Assert.Single(Outbox.All()).Subject);

        Assert.Equal(HttpStatusCode.SeeOther, (await Send("/monitors/downtimes", "/ui/downtimes/cancel", ("id", "1"))).StatusCode);
        Assert.Equal(DowntimeStatus.Canceled, Book.StatusOf(Book.Find(1)!));
        Assert.Contains("Show 1 that is over", await Page("/monitors/downtimes"), StringComparison.Ordinal);
        Assert.Contains("cancelled", await Page("/monitors/downtimes?over=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_downtime_is_changed_in_the_form_that_made_it()
    {
        await Send("/monitors/downtimes", "/ui/downtimes", ("monitor", "9001"), ("scope", "*"), ("start", "2024-11-02T19:00"), ("end", "2024-11-03T09:00"), ("zone", "America/New_York"), ("days", "MO"), ("days", "FR"), ("message", "nights"));
        var form = await Page("/monitors/downtimes?edit=1");
        Assert.Matches("""(?s)Change the downtime.*<option value="9001" selected.*name="start" value="2024-11-02T19:00".*name="end" value="2024-11-03T09:00".*America/New_York.*value="MO" checked.*value="FR" checked""", form);
        Assert.DoesNotMatch("""value="TU" checked""", form);

        (string, string)[] same = [("id", "1"), ("notices", "1"), ("monitor", "9001"), ("scope", "*"), ("start", "2024-11-02T19:00"), ("end", "2024-11-03T09:00"), ("zone", "America/New_York")];
        var saved = await Send("/monitors/downtimes?edit=1", "/ui/downtimes", [.. same, ("days", "MO"), ("days", "FR"), ("message", "quiet nights"), ("end_states", "alert"), ("end_types", "canceled")]);
        Assert.Equal(HttpStatusCode.SeeOther, saved.StatusCode);
        var changed = Assert.Single(Book.All());
        Assert.Equal(("quiet nights", "FREQ=WEEKLY;BYDAY=MO,FR", false, true), (changed.Message, changed.Recurrences[0].Rule, changed.TellsWhenExpired, changed.TellsWhenCanceled));
        Assert.Equal([MonitorState.Alert], changed.NotifyEndStates);

        await Send("/monitors/downtimes?edit=1", "/ui/downtimes", [.. same, ("rule", "FREQ=MONTHLY;BYDAY=-1FR")]);
        Assert.Contains("every month on the last Friday at 19:00 for 14 h, America/New_York", await Page("/monitors/downtimes"), StringComparison.Ordinal);
        Assert.Matches("""name="rule" value="FREQ=MONTHLY;BYDAY=-1FR""", await Page("/monitors/downtimes?edit=1"));

        await Send("/monitors/downtimes", "/ui/downtimes/cancel", ("id", "1"));
        var late = await Send("/monitors/downtimes", "/ui/downtimes", [.. same, ("message", "late")]);
        Assert.Contains("It is over, and its record stays as it is. Make a new one.", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("New downtime", await Page("/monitors/downtimes?edit=1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MO", "", "Silences all monitors for env:prod, every week on Monday at 19:00 for 14 h, UTC.")]
    [InlineData("", "FREQ=WEKLY", "Invalid rrule: FREQ=WEKLY is not known.")]
    [InlineData("MO", "FREQ=DAILY", "Tick days or write a rule, not both.")]
    [InlineData("", "", "It would never hold: it is over before it begins, or no time fits its rule.")]
    public async Task While_it_is_written_it_is_said_what_a_downtime_does(string day, string rule, string said)
    {
        var answer = await Send("/monitors/downtimes", "/ui/fragment/downtime", ("scope", "env:prod"), ("start", "2024-11-02T19:00"), ("end", "2024-11-03T09:00"), ("zone", "UTC"), ("rule", rule), day.Length > 0 ? ("days", day) : ("none", ""));

        var text = WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync());
        Assert.Contains(said, text, StringComparison.Ordinal);
        Assert.Equal(said.StartsWith("Silences", StringComparison.Ordinal) ? 5 : 0, Regex.Count(text, "<li>"));
    }

    [Theory]
    [InlineData("prod", "UTC", "2024-11-03T00:00", "All values must have a key")]
    [InlineData("*", "Mars", "2024-11-03T00:00", "\"Mars\" is no time zone. Write a name such as America/New_York or UTC.")]
    [InlineData("*", "UTC", "2024-11-01T00:00", "The downtime's 'end' must be after its 'start'.")]
    [InlineData("*", "UTC", "tomorrow", "Until: tomorrow is no time from 1970 to 2199. Write it as 2026-11-29T19:00.")]
    public async Task What_cannot_be_made_says_why(string scope, string zone, string end, string sentence)
    {
        var answer = await Send("/monitors/downtimes", "/ui/downtimes", ("scope", scope), ("start", "2024-11-02T00:00"), ("end", end), ("zone", zone));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(sentence, Regex.Unescape(await answer.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        Assert.Empty(Book.All());
    }

    [Fact]
    public async Task Forms_without_their_token_change_nothing()
    {
        var fields = new Dictionary<string, string> { ["scope"] = "*", ["start"] = "2024-11-02T00:00", ["zone"] = "UTC" };

        Assert.Equal(HttpStatusCode.BadRequest, (await _host.Client.PostAsync("/ui/downtimes", new FormUrlEncodedContent(fields))).StatusCode);
        Assert.Empty(Book.All());
    }

    [Fact]
    public async Task The_outbox_says_what_waits_and_why_and_shows_the_mail()
    {
        Assert.Contains("Nothing was sent yet, and nothing waits.", await Page("/monitors/outbox"), StringComparison.Ordinal);
        Outbox.Post(new Delivery { Id = "m1", Channel = DeliveryChannel.Mail, Target = "user@example.com", Subject = "[Monitor Alert] Triggered: My metric high", Html = "<p>the mail</p>", CreatedUnixMillis = 1_700_000_000_000 });
        Outbox.Hold(Outbox.Find("m1")!, "There is no mail server.");

        var page = await Page("/monitors/outbox");
        foreach (var part in new[] { "1 mail is kept here, because there is no mail server in the settings.", "user@example.com", "[Monitor Alert] Triggered: My metric high", "There is no mail server.", "kept" }) Assert.Contains(part, page, StringComparison.Ordinal);

        var mail = await _host.Client.GetAsync("/ui/outbox/m1/mail");
        Assert.Equal("<p>the mail</p>", await mail.Content.ReadAsStringAsync());
        Assert.StartsWith("sandbox allow-popups; default-src 'none';", mail.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.SeeOther, (await Send("/monitors/outbox", "/ui/outbox/retry", ("id", "m1"))).StatusCode);
        Assert.Equal(DeliveryState.Waiting, Outbox.Find("m1")!.State);
        var refused = await Send("/monitors/outbox", "/ui/outbox/retry", ("id", "gone"), ("back", "/monitors/outbox"));
        var said = WebUtility.HtmlDecode(await refused.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Contains("The delivery was not tried again.", said, StringComparison.Ordinal);
        Assert.Contains("It went out in the meantime, is just being sent, or is not in the outbox any more: see its line.", said, StringComparison.Ordinal);
        Assert.Contains("[Monitor Alert] Triggered: My metric high", said, StringComparison.Ordinal);
    }
}
