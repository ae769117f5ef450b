using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The page of one trace and its files, over HTTP.</summary>
public sealed partial class TraceTests : IAsyncLifetime
{
    const long Ms = Some.Millisecond;
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    /// <summary>A request with 18 alike queries, a called service whose clock is 5 s behind, an error, a link, events and a secret.</summary>
    static List<Span> Checkout()
    {
        var spans = new List<Span>
        {
            Some.Span(id: 1, trace: 7, service: "web", name: "web.request", resource: "POST /checkout", durationNanos: 200 * Ms, kind: SpanKind.Server),
            Some.Span(id: 2, trace: 7, parent: 1, service: "web", name: "http.request", resource: "POST pay", type: "http", startNanos: 100 * Ms, durationNanos: 60 * Ms, kind: SpanKind.Client),
            Some.Span(id: 3, trace: 7, parent: 2, service: "pay", name: "web.request", resource: "POST /pay <b>", startNanos: -4_890 * Ms, durationNanos: 40 * Ms, kind: SpanKind.Server, isError: true, tags:
            [
                (TagNames.Hostname, "pay-1"), ("user.id", "u-17"), ("db.password", "hunter2"), (TagNames.ErrorType, "CardRefused"), (TagNames.ErrorMessage, "no money"),
                (TagNames.SpanLinks, """[{"trace_id":"000000000000000000000000000000ab","span_id":"00000000000000cd","attributes":{"why":"retry of"}}]"""),
                (TagNames.SpanEvents, "[{\"name\":\"card asked\",\"time_unix_nano\":" + (Some.BaseUnixNanos - (4_880 * Ms)) + ",\"attributes\":{\"bank\":\"b1\"}}]"),
            ]),
        };
        for (var i = 0UL; i < 18; i++)
            spans.Add(Some.Span(id: 10 + i, trace: 7, parent: 1, service: "web", name: "query", resource: "SELECT price", type: "sql", startNanos: (long)i * 5 * Ms, durationNanos: 3 * Ms, tags: [("n", i.ToString(System.Globalization.CultureInfo.InvariantCulture))]));
        return spans;
    }

    async Task<string> Get(string url, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await _host.Client.GetAsync(url);
        var html = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"{url} answered {response.StatusCode}: {html[..Math.Min(600, html.Length)]}");
        return url.StartsWith("/ui/", StringComparison.Ordinal) ? html : WebUtility.HtmlDecode(html);
    }

    [Theory]
    [InlineData("", "apm-waterfall src=\"/ui/data/trace/7\"")]
    [InlineData("?view=flame", "apm-flame src=\"/ui/data/trace/7?lanes=true\"")]
    [InlineData("?view=flame&clock=aligned&zoom=5-900&color=host", "apm-flame src=\"/ui/data/trace/7?clock=aligned&lanes=true\" zoom=\"5-900\" color=\"host\"")]
    [InlineData("?view=list", "Own time")]
    [InlineData("?view=map", "apm-map")]
    [InlineData("?view=nonsense&zoom=x&clock=y&sort=z&span=99999", "apm-waterfall")]
    public async Task Each_view_is_in_the_address(string query, string holds)
    {
        _host.Add(Checkout());

        Assert.Contains(holds, await Get("/traces/7" + query), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_query_is_named_in_words()
    {
        _host.Add(Checkout());

        var html = await Get("/traces/7");

        Assert.Contains("18 × SELECT price in one request, 54 ms", html, StringComparison.Ordinal);
        Assert.Contains("one after the other in web, POST /checkout", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clocks_that_disagree_are_told_with_their_offset_and_moved_only_when_asked()
    {
        _host.Add(Checkout());

        var (asSent, aligned) = (await Get("/traces/7?span=0000000000000003"), await Get("/traces/7?span=0000000000000003&clock=aligned"));

        Assert.Contains("pay-1 5 s behind (± 10 ms). Times are shown as they were sent.", asSent, StringComparison.Ordinal);
        Assert.Contains("/traces/7?span=0000000000000003&clock=aligned", asSent, StringComparison.Ordinal);
        Assert.Contains("Times are moved by that", aligned, StringComparison.Ordinal);
        Assert.Contains(">200 ms</b>", aligned, StringComparison.Ordinal);
        Assert.Contains(">5.09 s</b>", asSent, StringComparison.Ordinal);
        Assert.Equal(200_000, await Number("/ui/data/trace/7?clock=aligned", "totalUs"));
        Assert.True(await Number("/ui/data/trace/7", "totalUs") > 5_000_000);
    }

    async Task<long> Number(string url, string name)
    {
        using var data = JsonDocument.Parse(await Get(url));
        return data.RootElement.GetProperty(name).GetInt64();
    }

    [Fact]
    public async Task The_panel_has_the_error_attributes_to_include_and_exclude_events_links_and_a_lasting_link()
    {
        _host.Add(Checkout());

        var html = await Get("/traces/7?span=0000000000000003");

        Assert.Contains("CardRefused", html, StringComparison.Ordinal);
        Assert.Contains("Traces with user.id u-17", html, StringComparison.Ordinal);
        Assert.Contains("Traces without user.id u-17", html, StringComparison.Ordinal);
        Assert.Contains("q=-@user.id:u-17", html, StringComparison.Ordinal);
        Assert.Contains("card asked", html, StringComparison.Ordinal);
        Assert.Matches("/traces/000000000000000000000000000000ab[?][^\"]*span=00000000000000cd", html);
        Assert.Contains("why retry of", html, StringComparison.Ordinal);
        Assert.Contains("data-copy=\"/traces/7?span=0000000000000003\"", html, StringComparison.Ordinal);
        Assert.Contains("\"db.password\": \"hunter2\"", html, StringComparison.Ordinal); // Within the screens nothing is masked.
    }

    [Theory]
    [InlineData("hunter2", 1)]
    [InlineData("user.id:u-17", 1)]
    [InlineData("select price", 18)]
    [InlineData("card asked", 1)]
    [InlineData("nowhere", 0)]
    public async Task Find_looks_in_names_and_all_attributes(string text, int count)
    {
        _host.Add(Checkout());

        using var found = JsonDocument.Parse(await Get("/ui/data/trace/7/find?text=" + Uri.EscapeDataString(text)));

        Assert.Equal(count, found.RootElement.GetProperty("indexes").GetArrayLength());
    }

    [Fact]
    public async Task A_text_that_is_too_long_to_look_for_is_refused() =>
        Assert.Equal("At most 500 characters are looked for.", await Get("/ui/data/trace/7/find?text=" + new string('x', 501), HttpStatusCode.BadRequest));

    [Fact]
    public async Task The_list_sorts_by_any_column()
    {
        _host.Add(Checkout());

        var (bySelf, byCount) = (await Get("/traces/7?view=list"), await Get("/traces/7?view=list&sort=count"));

        Assert.Matches(new Regex("POST /checkout.*SELECT price", RegexOptions.Singleline), bySelf[bySelf.IndexOf("<tbody", StringComparison.Ordinal)..]);
        Assert.Matches(new Regex("SELECT price.*POST pay", RegexOptions.Singleline), byCount[byCount.IndexOf("<tbody", StringComparison.Ordinal)..]);
        Assert.Contains("aria-sort=\"descending\"", byCount, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_goes_out_as_JSON_and_is_shown_again_without_being_stored()
    {
        _host.Add(Checkout());
        var file = await Get("/ui/trace/7/trace.json");
        Assert.DoesNotContain("hunter2", file, StringComparison.Ordinal);

        var shown = (await Open(file)).Split('?')[0];
        Assert.StartsWith("/traces/file-", shown, StringComparison.Ordinal);
        var html = await Get(shown + "?span=0000000000000003");

        Assert.Contains("From the file <b>trace.json</b>", html, StringComparison.Ordinal);
        Assert.Contains("18 × SELECT price in one request, 54 ms", html, StringComparison.Ordinal);
        Assert.Contains("\"count\":21", await Get("/ui/data" + shown.Replace("/traces/", "/trace/", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(file, await Get("/ui" + shown.Replace("/traces/", "/trace/", StringComparison.Ordinal) + "/trace.json"));
        Assert.Equal(21, _host.Traces.Facts().SpanCount); // Only what was stored before.
    }

    [Theory]
    [InlineData("{", "The file is no JSON: line 1")]
    [InlineData("{\"format\":\"apm-trace\",\"version\":9}", "The file has version 9; this Apm reads up to 1.")]
    [InlineData("", "No file came. Choose one first.")]
    public async Task A_file_that_is_no_trace_is_refused_on_the_page(string file, string says)
    {
        var back = await Open(file);

        Assert.StartsWith("/traces/open?refused=", back, StringComparison.Ordinal);
        Assert.Contains(says, await Get(back), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_before_it_is_read()
    {
        using var content = new MultipartFormDataContent { { new ByteArrayContent(new byte[50 * 1_048_576]), "file", "big.json" } };

        using var response = await _host.Client.PostAsync("/ui/trace/open", content);

        Assert.Contains("larger than 48 MiB", Uri.UnescapeDataString(response.Headers.Location!.ToString().Replace('+', ' ')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_of_another_site_is_refused()
    {
        using var content = new MultipartFormDataContent { { new StringContent("{}"), "file", "trace.json" } };

        using var response = await _host.Client.PostAsync("/ui/trace/open", content);

        Assert.Contains("came from another site", Uri.UnescapeDataString(response.Headers.Location!.ToString().Replace('+', ' ')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_forgotten_says_so()
    {
        var html = await Get("/traces/file-0123456789abcdef", HttpStatusCode.NotFound);

        Assert.Contains("This trace came from a file and is forgotten.", html, StringComparison.Ordinal);
        Assert.Contains("A file is remembered for 1 h", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_saved_page_holds_all_it_needs_and_its_policy_allows_nothing_else()
    {
        _host.Add(Checkout());

        using var response = await _host.Client.GetAsync("/ui/trace/7/trace.html");
        var html = await response.Content.ReadAsStringAsync();

        Assert.Equal("attachment", response.Content.Headers.ContentDisposition!.DispositionType);
        Assert.DoesNotContain("hunter2", html, StringComparison.Ordinal);
        Assert.DoesNotContain("POST /pay <b>", html, StringComparison.Ordinal); // Names cannot end the script that holds the data.
        Assert.DoesNotMatch(new Regex("(src|href)=\"[^t]"), html);
        var policy = new Regex("Content-Security-Policy\" content=\"([^\"]*)\"").Match(html).Groups[1].Value;
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", policy, StringComparison.Ordinal);
        var script = html[(html.LastIndexOf("<script>", StringComparison.Ordinal) + 8)..html.LastIndexOf("</script>", StringComparison.Ordinal)];
        Assert.Contains(Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(script))), policy, StringComparison.Ordinal);
    }

    /// <summary>Sends the form of the page as a browser would; where it leads.</summary>
    async Task<string> Open(string file)
    {
        using var page = await _host.Client.GetAsync("/traces/open");
        var token = Token().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value;
        using var content = new MultipartFormDataContent { { new StringContent(token), "__RequestVerificationToken" }, { new StringContent(file), "file", "trace.json" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ui/trace/open") { Content = content };
        if (page.Headers.TryGetValues("Set-Cookie", out var cookies)) request.Headers.Add("Cookie", string.Join("; ", cookies.Select(cookie => cookie.Split(';')[0])));
        using var response = await _host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        return response.Headers.Location!.ToString();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]*)\"")]
    private static partial Regex Token();
}
