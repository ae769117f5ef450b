using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Pages.Traces;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Time;
using Apm.Core.Views;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The list of traces over HTTP: its order, its pages, its saved views, and addresses edited by hand.</summary>
public sealed partial class TracesListTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    /// <summary>A start so long before now.</summary>
    static long Ago(long nanos) => TimeProvider.System.NowUnixNanos() - nanos - Some.BaseUnixNanos;

    async Task<string> Get(string url)
    {
        using var response = await _host.Client.GetAsync(url);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
    }

    void Fill(int count) => _host.Add([.. Enumerable.Range(1, count).Select(i => Some.Span(
        trace: (ulong)i, id: (ulong)i, service: i % 2 == 0 ? "api" : "web", resource: $"GET /{i:00000}", startNanos: Ago((count - i + 1) * Some.Millisecond), durationNanos: i * 1_000))]);

    static List<string> Rows(string html) => [.. Row().Matches(html).Select(match => match.Groups[1].Value.TrimStart('0'))];

    [Theory]
    [InlineData("", "c b a 9")]
    [InlineData("sort=newest-turned", "1 2 3 4")]
    [InlineData("sort=slowest", "c b a 9")]
    [InlineData("sort=slowest-turned", "1 2 3 4")]
    [InlineData("sort=endpoint", "2 4 6 8")]
    [InlineData("sort=endpoint-turned", "b 9 7 5")]
    [InlineData("sort=status", "c b a 9")]
    [InlineData("sort=services", "c b a 9")]
    [InlineData("sort=kept-turned", "c b a 9")]
    public async Task A_heads_link_orders_the_whole_range(string sort, string first)
    {
        Fill(12);
        Assert.Equal(first, string.Join(' ', Rows(await Get("/traces?limit=4&" + sort))));
    }

    [Fact]
    public async Task The_list_goes_on_beyond_a_thousand_rows_in_pages_of_the_same_time()
    {
        Fill(2500);

        var first = await Get("/traces?limit=1000&count=all");
        var next = WebUtility.HtmlDecode(Regex.Match(first, "<a href=\"([^\"]*)\">Next 1,000</a>").Groups[1].Value);
        var second = await Get(next);
        var last = await Get(WebUtility.HtmlDecode(Regex.Match(second, "<a href=\"([^\"]*)\">Next 1,000</a>").Groups[1].Value));

        Assert.Contains("1,000 of 2,500 traces, the newest first", first, StringComparison.Ordinal);
        Assert.Matches(@"from=\d{13}&to=\d{13}", next);
        Assert.Contains("1,001 to 2,000 of 2,500 traces, the newest first", second, StringComparison.Ordinal);
        Assert.Contains(">Previous</a>", second, StringComparison.Ordinal);
        Assert.Contains("2,001 to 2,500 of 2,500 traces, the newest first", last, StringComparison.Ordinal);
        Assert.DoesNotContain(">Next 1,000</a>", last, StringComparison.Ordinal);
        Assert.Equal(2500, Rows(first).Concat(Rows(second)).Concat(Rows(last)).Distinct().Count());
        Assert.Contains("There is no trace after the first 5,000.", await Get("/traces?limit=1000&skip=5000"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_page_that_can_be_had_says_what_to_do_for_the_others()
    {
        var result = new Query.Traces.TraceSearchResult
        {
            Traces = [new Query.Traces.TraceSummary { TraceId = Some.TraceId(7), Root = new("web", "op", "GET /", "web", "prod", 200, false, 5), StartUnixNanos = 5, DurationNanos = 5, SpanCount = 1, ErrorCount = 0, MatchedSpanCount = 1, Services = [] }],
            MatchedTraceCount = 300_000, MatchedSpanCount = 300_000, ScannedSpanCount = 300_000, IsComplete = true, ElapsedMilliseconds = 9,
        };
        var facets = new Query.Traces.TraceFacets { Services = [], Envs = [], Operations = [], Resources = [], Statuses = [], IsComplete = true };

        var view = TracesView.Of(UrlStates.Of("/traces"), Query.Filters.TraceFilter.Empty, TraceOrder.Read(null, out _), Query.Traces.TraceSearch.MaxSkip, 1, result, facets);

        Assert.Null(view.NextLink);
        Assert.Equal("The list goes no further than this. Order it otherwise, or narrow the time or the query, to see the other 199,999 traces.", view.EndNote);
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("sort=nonsense", "The list has no order “nonsense” (sort=), so the newest stand first. Orders are newest, endpoint, status, slowest, spans, errors, services, kept, each also with -turned behind it.")]
    [InlineData("limit=-1", "“-1” cannot be used for limit=: it is a number from 1 to 1,000. This page takes 50.")]
    [InlineData("limit=9999999999999", "“9999999999999” cannot be used for limit=")]
    [InlineData("skip=many", "“many” cannot be used for skip=: it is a number from 0 to 100,000. This page takes 0.")]
    [InlineData("view=sideways", "12 traces, all of them, the newest first")]
    [InlineData("from=now&to=now-1h", "12 traces")]
    [InlineData("from=2000000000000&to=1", "12 traces")]
    [InlineData("from=abc", "“abc” is no time (from=), so this shows the past 15 min.")]
    [InlineData("q=%00%E2%80%AE%3Cscript%3Ealert(1)%3C/script%3E", "No trace matches")]
    [InlineData("q=service:web+servise:api", "servise")]
    [InlineData("min=-5&max=zzz", "is not a duration")]
    public async Task An_address_edited_by_hand_is_answered_in_words(string query, string says)
    {
        Fill(12);
        var html = await Get("/traces?" + query);
        Assert.Contains(says, html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("env=nowhere", "No trace matches; without env:nowhere there are 12.", "/traces")]
    [InlineData("min=5m&q=service:api", "No trace matches; without duration:>=5m there are 6.", "/traces?q=service:api")]
    [InlineData("q=service:nobody", "No trace matches; without service:nobody there are 12.", "/traces")]
    [InlineData("q=service:api+status:error", "No trace matches; without status:error there are 6.", "/traces?q=service:api")]
    [InlineData("q=service:nobody+status:error", "No trace matches; without the query there are 12.", "/traces")]
    public async Task An_empty_answer_says_what_to_leave_out_and_how_many_there_would_be(string query, string says, string link)
    {
        Fill(12);
        var html = await Get("/traces?" + query);
        Assert.Contains(says, html, StringComparison.Ordinal);
        Assert.Contains($"<a class=\"btn\" href=\"{link}\">Drop", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Odd_names_are_text_in_rows_facets_and_completion()
    {
        const string html = "<img src=x onerror=alert(1)>";
        var huge = "GET /" + new string('x', 4_000) + "‮evil\u0007</td>";
        _host.Add([Some.Span(trace: 1, id: 1, service: html, resource: huge, startNanos: Ago(Some.Second)), Some.Span(trace: 2, id: 2, service: "متجر", resource: "GET /‏سلة", startNanos: Ago(Some.Second))]);

        foreach (var url in new[] { "/traces?from=now-1h", "/ui/fragment/traces?q=service:%3Cimg", "/ui/fragment/traces?q=resource:GET" })
        {
            using var response = await _host.Client.GetAsync(url);
            var raw = await response.Content.ReadAsStringAsync();
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.DoesNotContain("<img", raw, StringComparison.Ordinal);
            Assert.DoesNotContain("evil\u0007</td>", raw, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_saved_view_is_there_for_everybody_until_it_is_deleted()
    {
        Fill(12);
        var before = await _host.Client.GetStringAsync("/traces?q=service:api&sort=slowest&from=now-1h&limit=7");

        using (var saved = await Post("/ui/traces/views", before, ("name", "Slow <api>"), ("back", "/traces?q=service:api&sort=slowest&from=now-1h&limit=7")))
        {
            Assert.Equal((HttpStatusCode.SeeOther, "/traces?q=service:api&sort=slowest&from=now-1h&limit=7"), (saved.StatusCode, saved.Headers.Location!.ToString()));
        }
        Assert.Contains("href=\"/traces?q=service:api&sort=slowest&from=now-1h\"", await Get("/traces"), StringComparison.Ordinal);
        Assert.Contains("Slow &lt;api&gt;", await _host.Client.GetStringAsync("/traces"), StringComparison.Ordinal);

        using (var renamed = await Post("/ui/traces/views/rename", before, ("name", "slow <API>"), ("to", "Slow ones"), ("back", "/traces"))) Assert.Equal(HttpStatusCode.SeeOther, renamed.StatusCode);
        var after = await Get("/traces");
        Assert.Contains("Slow ones", after, StringComparison.Ordinal);
        Assert.DoesNotContain("Slow <api>", after, StringComparison.Ordinal);

        using (var removed = await Post("/ui/traces/views/remove", before, ("name", "Slow ones"), ("back", "//elsewhere"))) Assert.Equal("/traces", removed.Headers.Location!.ToString());
        Assert.DoesNotContain("Slow ones", await Get("/traces"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ui/traces/views", "name", "  ", "A view needs a name by which others find it.")]
    [InlineData("/ui/traces/views", "name", "two\nlines", "The name has characters that cannot be seen, such as a line break.")]
    [InlineData("/ui/traces/views/rename", "name", "nobody", "A view needs a name")]
    [InlineData("/ui/traces/views/remove", "name", "nobody", "There is no view called \"nobody\" any more.")]
    public async Task What_cannot_be_kept_is_refused_in_words_on_the_page_it_came_from(string url, string field, string value, string says)
    {
        Fill(1);
        using var response = await Post(url, await _host.Client.GetStringAsync("/traces"), (field, value), ("back", "/traces?q=service:web"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var html = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        Assert.Contains(says, html, StringComparison.Ordinal);
        Assert.Matches("<b>The view was not (saved|renamed|deleted).</b>", html);
        Assert.Contains("data-here=\"/traces?q=service:web\"", html, StringComparison.Ordinal);
        Assert.Contains("<title>Traces · Apm</title>", html, StringComparison.Ordinal);
        Assert.Single(Rows(html));
        Assert.DoesNotContain("<apm-live", html, StringComparison.Ordinal); // It would take the notice away.
    }

    [Theory]
    [InlineData("//elsewhere/traces")]
    [InlineData("")]
    public async Task A_refused_form_that_does_not_say_where_it_stands_is_answered_with_the_list(string back)
    {
        Fill(1);
        using var response = await Post("/ui/traces/views/remove", await _host.Client.GetStringAsync("/traces"), ("name", "nobody"), ("back", back));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("data-here=\"/traces\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_token_changes_nothing()
    {
        using var response = await _host.Client.PostAsync("/ui/traces/views", new FormUrlEncodedContent([new("name", "x"), new("back", "/traces?view=tail")]));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var html = await response.Content.ReadAsStringAsync();
        Assert.Contains("The view was not saved.", html, StringComparison.Ordinal);
        Assert.Contains("The form was too old, or came from another site. This page has a fresh one: do it again.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("saved-view", await Get("/traces?view=tail"), StringComparison.Ordinal);
    }

    [Fact]
    public void Views_are_limited_named_once_and_read_again()
    {
        using var documents = new MemoryDocuments();
        var views = new SavedViews(documents);
        for (var i = 0; i < SavedViews.MaxViews; i++) views.Save(new SavedView { Name = $"v{i}" });

        Assert.Equal($"There are {SavedViews.MaxViews} saved views already, the most that are kept. Delete one first.", Assert.Throws<SavedViewException>(() => views.Save(new SavedView { Name = "more" })).Message);
        views.Save(new SavedView { Name = "V1", Query = "status:error" });
        Assert.Equal("Another view is called \"V1\" already. Choose another name, or delete that one first.", Assert.Throws<SavedViewException>(() => views.Rename("v2", "v1")).Message);
        Assert.StartsWith("The query has more than 4096 characters", Assert.Throws<SavedViewException>(() => views.Save(new SavedView { Name = "v3", Query = new string('x', 5000) })).Message, StringComparison.Ordinal);
        Assert.Equal("The name has 61 characters; 60 are the most.", Assert.Throws<SavedViewException>(() => views.Save(new SavedView { Name = new string('n', 61) })).Message);
        Assert.Equal(SavedViews.MaxViews, new SavedViews(documents).All().Count);
        Assert.Equal("status:error", Assert.Single(new SavedViews(documents).All(), view => view.Name == "V1").Query);
    }

    async Task<HttpResponseMessage> Post(string url, string pageHtml, params (string Name, string Value)[] fields)
    {
        var token = Token().Match(pageHtml).Groups[1].Value;
        return await _host.Client.PostAsync(url, new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(field => new KeyValuePair<string, string>(field.Item1, field.Item2))));
    }

    [GeneratedRegex("<tr data-trace=\"([0-9a-f]+)\"")]
    private static partial Regex Row();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
