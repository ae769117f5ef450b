using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Pages.Errors;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Errors;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Spans;
using Apm.Query.Errors;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Errors and deployments over HTTP.</summary>
public sealed partial class ErrorPagesTests : IAsyncLifetime
{
    const string Stack = "Traceback (most recent call last):\n  File \"/usr/lib/python3/site-packages/flask/app.py\", line 1, in run\n  File \"/usr/lib/python3/site-packages/flask/app.py\", line 2, in dispatch\n  File \"/app/shop/cart.py\", line 7, in price\nKeyError: no item 1";

    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long Now => TimeProvider.System.NowUnixNanos();

    static Span Request(ulong id, long secondsAgo, string version, bool fails, string resource = "GET /cart") => Some.Span(
        id: id, trace: id, service: "cart", resource: resource, isError: fails, durationNanos: (fails ? 50 : 10) * Some.Millisecond, tags: fails
            ? [("version", version), ("error.type", "KeyError"), ("error.message", $"no item {id}"), ("error.stack", Stack), ("customer.tier", "free")]
            : [("version", version), ("customer.tier", "gold")]) with
    { StartUnixNanos = Now - secondsAgo * UnixTime.NanosPerSecond };

    /// <summary>Four minutes of version 1.0, then four of 1.1, which fails every second time and is slower.</summary>
    void Fill()
    {
        for (var i = 0UL; i < 480; i++)
            _host.Add([Request(i + 1, 490 - (long)i, i < 240 ? "1.0" : "1.1", fails: i >= 240 && i % 2 == 0, resource: i >= 240 && i % 8 == 1 ? "GET /split" : "GET /cart")]);
    }

    ErrorIssue Issue => _host.Issues.Issues().Single(issue => issue.Service == "cart");

    async Task<string> Get(string url, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await _host.Client.GetAsync(url);
        var html = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        Assert.True(status == response.StatusCode, $"{url} answered {response.StatusCode}: {html[..Math.Min(600, html.Length)]}");
        return html;
    }

    [Fact]
    public async Task The_list_has_the_issue_and_its_page_has_everything_about_it()
    {
        Fill();

        var list = await Get("/errors");
        Assert.Contains("KeyError", list, StringComparison.Ordinal);
        Assert.Contains("no item {n}", list, StringComparison.Ordinal);
        Assert.Contains("price in shop/cart.py", list, StringComparison.Ordinal);

        var page = await Get($"/errors/{Issue.Id}");
        Assert.Contains("<title>KeyError · Apm</title>", page, StringComparison.Ordinal);
        Assert.Contains("2 frames of libraries", page, StringComparison.Ordinal);
        Assert.Contains("/app/shop/cart.py:7", page, StringComparison.Ordinal);
        Assert.Contains("customer.tier</span> free", page, StringComparison.Ordinal);
        Assert.Matches("GET /cart</span><span class=\"n\">120 traces", page);
        Assert.Contains("1.1", page, StringComparison.Ordinal);

        var chart = await Get($"/ui/data/issue?id={Issue.Id}");
        Assert.Contains("Errors of this issue, 120 errors", chart, StringComparison.Ordinal);
        Assert.Contains("cart 1.1 deployed to prod, before it 1.0", chart, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_decision_is_a_form_with_a_token_and_moves_the_issue_to_its_tab()
    {
        Fill();
        var page = await Get($"/errors/{Issue.Id}");
        var token = Token().Match(page).Groups[1].Value;

        async Task<HttpResponseMessage> Post(string? withToken, string action, string id) => await _host.Client.PostAsync(new Uri("/ui/errors/decision", UriKind.Relative), new FormUrlEncodedContent(
            new Dictionary<string, string> { ["id"] = id, ["action"] = action, ["back"] = "/errors/" + id + "?from=now-1h" }.Concat(withToken is null ? [] : [KeyValuePair.Create("__RequestVerificationToken", withToken)])));

        var id = Issue.Id.ToString();
        using (var refused = await Post(null, "Resolve", id)) Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(IssueState.Open, Issue.Decision.State);
        using (var taken = await Post(token, "Resolve", id))
        {
            Assert.Equal(HttpStatusCode.SeeOther, taken.StatusCode);
            Assert.Equal($"/errors/{id}?from=now-1h", taken.Headers.Location!.ToString());
        }
        Assert.Contains("Resolved now in version 1.1. It becomes regressed when it is seen again in that or a later version.", Normal(await Get($"/errors/{id}")), StringComparison.Ordinal);
        Assert.DoesNotContain("no item {n}", await Get("/errors"), StringComparison.Ordinal);
        Assert.Contains("no item {n}", await Get("/errors?tab=resolved"), StringComparison.Ordinal);

        _host.Add([Request(999, -2, "1.2", fails: true)]);
        Assert.Contains("came again", await Get($"/errors/{id}"), StringComparison.Ordinal);
        Assert.Contains("no item {n}", await Get("/errors?tab=regressed"), StringComparison.Ordinal);

        using (var unknown = await Post(token, "Resolve", "00000000000000aa")) Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using (var wrong = await Post(token, "Delete", id))
        {
            Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
            var html = WebUtility.HtmlDecode(await wrong.Content.ReadAsStringAsync());
            Assert.Contains("<title>KeyError · Apm</title>", html, StringComparison.Ordinal);
            Assert.Contains("Nothing was decided.</b><div>“Delete” is no decision about an issue. Decisions are Resolve, Ignore and Reopen.", html, StringComparison.Ordinal);
        }
    }

    /// <summary>How long ago depends on how fast the test is.</summary>
    static string Normal(string html) => Regex.Replace(html, "Resolved \\d+ s ago", "Resolved now");

    [Theory]
    [InlineData("/errors/00000000000000aa", "There is no issue 00000000000000aa.")]
    [InlineData("/errors/nonsense", "“nonsense” is no id of an issue.")]
    public async Task An_issue_that_is_not_there_is_404_and_says_why(string url, string says) => Assert.Contains(says, await Get(url, HttpStatusCode.NotFound), StringComparison.Ordinal);

    [Fact]
    public async Task An_issue_whose_traces_are_gone_is_shown_with_its_first_error()
    {
        var id = new IssueId(0xfeed);
        _host.Issues.Put(
            new ErrorIssue { Id = id, Service = "cart", Type = "<b>Boom</b>", Pattern = "\u202egone {n}", TopFrame = "f in a.py", Place = "", Decision = new IssueDecision(), Totals = new IssueTotals { Count = 3, FirstSeenUnixNanos = Now - 90L * 86_400 * UnixTime.NanosPerSecond, LastSeenUnixNanos = Now - 80L * 86_400 * UnixTime.NanosPerSecond } },
            new IssueText("gone 7", Stack, "GET /cart", "0.9", new(0, 5), new(6)));

        var response = await _host.Client.GetStringAsync(new Uri($"/errors/{id}", UriKind.Relative));

        Assert.DoesNotContain("<b>Boom", response, StringComparison.Ordinal);
        var page = WebUtility.HtmlDecode(response);
        Assert.Contains("90 d ago", page, StringComparison.Ordinal);
        Assert.Contains("the first that came, kept apart from traces", page, StringComparison.Ordinal);
        Assert.Contains("gone 7", page, StringComparison.Ordinal);
        Assert.Contains("It was not seen in this time.", page, StringComparison.Ordinal);
        Assert.Contains("1 is known from another time.", await Get("/errors"), StringComparison.Ordinal);
        Assert.Contains("gone {n}", await Get("/errors?seen=any"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/errors", "Nothing failed in this time.")]
    [InlineData("/errors?tab=resolved", "No error has been resolved.")]
    [InlineData("/errors?tab=ignored", "No error is ignored.")]
    [InlineData("/errors?tab=regressed", "No resolved error has come again.")]
    [InlineData("/errors?q=xyz", "No error has “xyz” in its type, message or frame.")]
    [InlineData("/errors?env=test", "Nothing failed in env test in this time.")]
    [InlineData("/errors?tab=bogus", "Nothing failed in this time.")]
    public async Task Empty_lists_say_what_is_so(string url, string says) => Assert.Contains(says, await Get(url), StringComparison.Ordinal);

    [Fact]
    public async Task Deployments_compare_before_and_after_and_name_what_is_new()
    {
        Fill();

        var page = await Get("/services/cart?tab=deployments");

        Assert.Contains("1.1 against what ran before", page, StringComparison.Ordinal);
        Assert.Contains("before it ran 1.0", page, StringComparison.Ordinal);
        Assert.Contains("1 new error", page, StringComparison.Ordinal);
        Assert.Contains($"/errors/{Issue.Id}", page, StringComparison.Ordinal);
        Assert.Contains("1 new endpoint", page, StringComparison.Ordinal);
        Assert.Contains("GET /split", page, StringComparison.Ordinal);
        Assert.Contains("change worse", page, StringComparison.Ordinal);
        Assert.Contains("Since last deploy", page, StringComparison.Ordinal);
        Assert.Contains("cart 1.1 deployed to prod", await Get("/ui/data/red?service=cart&what=latency"), StringComparison.Ordinal);
        Assert.Contains("cart 1.1", await Get("/ui/data/home"), StringComparison.Ordinal);
        Assert.Contains("tab=deployments", await Get("/"), StringComparison.Ordinal);
        Assert.Contains("KeyError", await Get("/services/cart?tab=errors"), StringComparison.Ordinal);
        Assert.Contains("No version has been seen in env test.", await Get("/services/cart?tab=deployments&env=test"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stack_folds_runs_of_library_frames()
    {
        var view = StackView.Of(Stack);

        Assert.Equal([(false, 1), (true, 2)], view.Runs.Select(run => (run.IsFolded, run.Frames.Count)));
    }

    [Fact]
    public void Attributes_stand_out_by_the_difference_of_shares()
    {
        Span[] failed = [.. Enumerable.Range(0, 10).Select(i => Some.Span((ulong)i + 1, tags: [("tier", "free"), ("host", $"h{i % 2}")]))];
        Span[] fine = [.. Enumerable.Range(0, 10).Select(i => Some.Span((ulong)i + 1, tags: [("tier", i == 0 ? "free" : "gold"), ("host", $"h{i % 2}")]))];

        Assert.Equal([new StandingOut("tier", "free", 1, 0.1)], StandOut.Of(failed, fine));
        Assert.Empty(StandOut.Of(failed[..4], fine));
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
