using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The pages over HTTP, empty and with a shop's traffic.</summary>
public sealed partial class PageTests : IAsyncLifetime
{
    UiHost _host = null!;
    IReadOnlyList<Span> _checkout = [];

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long Now => TimeProvider.System.NowUnixNanos();

    void Fill()
    {
        var shop = new ShopData(1) { PaymentFailureRate = 1 };
        foreach (var request in shop.Requests(new TimeRange(Now - 300 * UnixTime.NanosPerSecond, Now - 5 * UnixTime.NanosPerSecond), 1)) _host.Add(request);
        do _checkout = shop.Request(Now - UnixTime.NanosPerSecond); while (_checkout[0].Resource != "POST /checkout");
        _host.Add(_checkout);
    }

    async Task<string> Get(string url, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await _host.Client.GetAsync(url);
        var html = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        Assert.True(status == response.StatusCode, $"{url} answered {response.StatusCode}: {html[..Math.Min(600, html.Length)]}");
        return html;
    }

    [Theory]
    [InlineData("/", "Home · Apm")]
    [InlineData("/services", "Services · Apm")]
    [InlineData("/limits", "Limits · Apm")]
    [InlineData("/services/checkout", "checkout · Apm")]
    [InlineData("/services/checkout?latency=heat&find=pay&skip=600&sort=p99", "checkout · Apm")]
    [InlineData("/services/checkout?tab=deployments", "checkout · Apm")]
    [InlineData("/services?state=ok&type=web&language=nothing&facets=off&sort=apdex", "Services · Apm")]
    [InlineData("/services/checkout?tab=errors", "checkout · Apm")]
    [InlineData("/services/checkout?tab=calls", "checkout · Apm")]
    [InlineData("/services/checkout?tab=instances", "checkout · Apm")]
    [InlineData("/services/checkout?tab=ingest", "checkout · Apm")]
    [InlineData("/services/web/endpoint?name=web.request&resource=POST+/checkout", "POST /checkout · Apm")]
    [InlineData("/services/web/endpoint?resource=POST+/checkout&samples=slowest&band=1000000-9000000000", "POST /checkout · Apm")]
    [InlineData("/services?tab=others", "Services · Apm")]
    [InlineData("/traces", "Traces · Apm")]
    [InlineData("/traces?q=status:error&sort=slowest", "Traces · Apm")]
    [InlineData("/map", "Map · Apm")]
    [InlineData("/map?view=table", "Map · Apm")]
    [InlineData("/map?panel=checkout", "Map · Apm")]
    [InlineData("/map?view=unpaired", "Map · Apm")]
    [InlineData("/map?path=web&goal=payment&panel=web→checkout", "Map · Apm")]
    public async Task A_page_has_its_title_one_heading_and_nothing_that_its_policy_forbids(string url, string title)
    {
        Fill();
        using var response = await _host.Client.GetAsync(url);
        var html = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains($"<title>{title}</title>", WebUtility.HtmlDecode(html), StringComparison.Ordinal);
        Assert.Single(Heading().Matches(html));
        Assert.DoesNotMatch(InlineScript(), html);
        Assert.DoesNotMatch(InlineHandler(), html);
        Assert.DoesNotContain("<style", html, StringComparison.Ordinal);
        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_a_page_asks_for_is_there()
    {
        Fill();
        foreach (var page in new[] { "/", "/services/checkout", "/traces", "/map?panel=web", $"/traces/{_checkout[0].TraceId}?span=1" })
        {
            var html = await Get(page);
            foreach (var source in Source().Matches(html).Select(match => match.Groups[1].Value).Where(source => !source.StartsWith('#')).Distinct())
            {
                using var response = await _host.Client.GetAsync(new Uri(_host.Client.BaseAddress!, source));
                Assert.True(response.IsSuccessStatusCode, $"{page} asks for {source}, which answers {(int)response.StatusCode}.");
            }
        }
    }

    [Fact]
    public async Task An_empty_installation_gives_commands_to_paste()
    {
        foreach (var page in new[] { "/", "/services", "/traces", "/map" })
        {
            var html = await Get(page);
            Assert.Contains("./apm run -- python3 flaskapp.py", html, StringComparison.Ordinal);
            Assert.Contains("./apm run -- dotnet MyApp.dll", html, StringComparison.Ordinal);
            Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_process_without_a_request_is_shown_with_its_routes()
    {
        ShopData.AddProcesses(_host.Catalogue, Now);

        var html = await Get("/services");

        Assert.Contains("waiting for the first request", html, StringComparison.Ordinal);
        Assert.Contains("curl http://localhost:5050/api/apm", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_shows_what_it_is_and_its_data_in_columns()
    {
        Fill();
        var id = _checkout[0].TraceId;

        var html = await Get($"/traces/{id}?span=1");
        var data = await Get($"/ui/data/trace/{id}");

        Assert.Contains("POST /checkout", html, StringComparison.Ordinal);
        Assert.Contains("502 Bad Gateway", html, StringComparison.Ordinal);
        Assert.Contains($"\"count\":{_checkout.Count}", data, StringComparison.Ordinal);
        Assert.DoesNotContain(_checkout[1].Id.ToString(), data, StringComparison.Ordinal);
        Assert.Contains("PaymentRejectedException", await Get($"/traces/{id}?span={_checkout[^1].Id}"), StringComparison.Ordinal);
        Assert.Contains("Own time", await Get($"/traces/{id}?view=list"), StringComparison.Ordinal);
        Assert.Contains("data-node=\"checkout\"", await Get($"/traces/{id}?view=map"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/traces/ffffffffffffffffffffffffffffffff", "No span of trace ffffffffffffffffffffffffffffffff is stored.")]
    [InlineData("/traces/nonsense", "“nonsense” is no trace id.")]
    [InlineData("/services/nobody", "No service called “nobody” has been seen.")]
    [InlineData("/nowhere", "There is no page at /nowhere.")]
    public async Task What_is_not_there_is_a_404_that_says_so(string url, string says)
    {
        Fill();
        Assert.Contains(says, await Get(url, HttpStatusCode.NotFound), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_finds_nothing_says_what_would()
    {
        Fill();
        var html = await Get("/traces?q=service:web+@region:nowhere");

        Assert.Contains("No trace matches; without @region:nowhere there are", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/traces?q=service:web\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_query_that_cannot_be_read_shows_where()
    {
        Fill();
        var html = await Get("/traces?q=durration:>5ms");

        Assert.Contains("<mark class=\"wrong\">", html, StringComparison.Ordinal);
        Assert.Contains("role=\"alert\"", html, StringComparison.Ordinal);
        Assert.Contains("duration:>5ms", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_narrows_a_list_stays_in_its_links()
    {
        Fill();
        var html = await Get("/traces?q=status:error&env=prod&from=now-1h&team=a");

        Assert.Contains("href=\"/traces?q=status:error&env=prod&from=now-1h&team=a&sort=slowest\"", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/services?env=prod&from=now-1h\"", html, StringComparison.Ordinal);
        Assert.Contains("Past 1 h", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preferences_of_cookies_stand_on_the_document()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", "apm_theme=dark; apm_density=compact; apm_zone=Europe%2FZurich");
        using var response = await _host.Client.SendAsync(request);

        Assert.Matches("<html[^>]* data-theme=\"dark\" data-density=\"compact\" data-zone=\"Europe/Zurich\"", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("apm_rail=pinned; apm_panel=600", " data-rail=\"pinned\" style=\"--panel:min(600px,50vw)\"")]
    [InlineData("apm_panel=9999", " style=\"--panel:min(2000px,50vw)\"")]
    [InlineData("apm_panel=1", " style=\"--panel:min(320px,50vw)\"")]
    [InlineData("apm_rail=; apm_panel=12px;", "")]
    public async Task The_rail_and_the_panel_are_as_cookies_say_within_bounds(string cookies, string attributes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", cookies);
        using var response = await _host.Client.SendAsync(request);

        Assert.Contains($"<html lang=\"en\"{attributes} data-zone=", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unchanged_pulse_answers_304_and_a_new_span_changes_it()
    {
        using var first = await _host.Client.GetAsync("/ui/data/pulse");
        var tag = first.Headers.ETag!.Tag;

        Assert.Equal(HttpStatusCode.NotModified, (await Ask()).StatusCode);
        Fill();
        Assert.Equal(HttpStatusCode.OK, (await Ask()).StatusCode);

        Task<HttpResponseMessage> Ask()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/ui/data/pulse");
            request.Headers.Add("If-None-Match", tag);
            return _host.Client.SendAsync(request);
        }
    }

    [Theory]
    [InlineData("/ui/time?back=/traces?q=x&text=-30m", "/traces?q=x&from=now-30m")]
    [InlineData("/ui/time?back=/traces&from=2026-11-24T09:10:00&to=2026-11-24T09:15:00", "/traces?from=1795511400000&to=1795511700000")]
    [InlineData("/ui/time?back=/map&text=whenever", "/map")]
    [InlineData("/ui/time?back=//elsewhere.example&text=-30m", "/?from=now-30m")]
    [InlineData("/ui/search?text=checkout", "/services/checkout")]
    [InlineData("/ui/search?text=lost+parcel", "/traces?q=lost+parcel")]
    [InlineData("/ui/search?text=0123456789abcdef0123456789abcdef", "/traces/0123456789abcdef0123456789abcdef")]
    public async Task A_form_of_the_frame_leads_to_a_page(string url, string location)
    {
        Fill();
        using var response = await _host.Client.GetAsync(url);
        Assert.Equal((HttpStatusCode.Redirect, location), (response.StatusCode, Uri.UnescapeDataString(response.Headers.Location!.ToString())));
    }

    [Theory]
    [InlineData("/ui/fragment/time?text=yesterday", " – ")]
    [InlineData("/ui/fragment/time?text=whenever", "Not a time.")]
    [InlineData("/ui/fragment/search?text=check", "/services/checkout")]
    [InlineData("/ui/fragment/traces?q=service:che", "/traces?q=service:checkout")]
    [InlineData("/ui/fragment/traces?q=sta", "status:")]
    [InlineData("/ui/fragment/traces?q=@http", "@http.")]
    [InlineData("/ui/fragment/traces?q=@http.method:PO", "@http.method:POST")]
    [InlineData("/ui/fragment/traces?q=service:che+status:error&caret=11", "/traces?q=service:checkout+status:error")]
    [InlineData("/ui/fragment/traces?q=service:(web+OR+che)+status:error&caret=19", "data-fill=\"service:(web OR checkout) status:error\" data-caret=\"24\"")]
    [InlineData("/ui/fragment/traces?q=status:", "matching spans")]
    [InlineData("/ui/fragment/traces?q=duration:", "[10ms TO 100ms]")]
    [InlineData("/ui/fragment/traces?q=&caret=-1", "Narrow by")]
    [InlineData("/ui/fragment/traces/spans?trace=00ff", "No span of this trace is stored any more.")]
    public async Task A_fragment_answers_while_one_types(string url, string holds)
    {
        Fill();
        Assert.Contains(holds, await Get(url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_unfolds_to_spans_that_failed_first()
    {
        Fill();
        var html = await Get($"/ui/fragment/traces/spans?trace={_checkout[0].TraceId}");

        Assert.Contains($"/traces/{_checkout[0].TraceId}?span=", html, StringComparison.Ordinal);
        Assert.Contains("errors first, then by time of their own", html, StringComparison.Ordinal);
        Assert.InRange(html.IndexOf("class=\"err\"", StringComparison.Ordinal), 0, html.IndexOf("</li>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_scatter_has_a_point_per_trace_and_the_query_of_a_selection()
    {
        Fill();
        using var scatter = System.Text.Json.JsonDocument.Parse(await Get("/ui/data/traces/scatter?q=" + Uri.EscapeDataString("status:error duration:>1ms")));
        var root = scatter.RootElement;

        Assert.Equal("status:error duration:>={min}ns duration:<={max}ns", root.GetProperty("query").GetString());
        Assert.Contains("{id}", Uri.UnescapeDataString(root.GetProperty("traceLink").GetString()!), StringComparison.Ordinal);
        Assert.Contains(_checkout[0].TraceId.ToString(), root.GetProperty("ids").EnumerateArray().Select(id => id.GetString()));
        Assert.Equal(root.GetProperty("ids").GetArrayLength(), root.GetProperty("errors").GetArrayLength());
        Assert.EndsWith("each by its longest matching span", root.GetProperty("note").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/ui/data/traces/scatter?q=durration:1", HttpStatusCode.BadRequest, "durration")]
    [InlineData("/ui/data/red", HttpStatusCode.BadRequest, "Say which service")]
    [InlineData("/ui/data/heat", HttpStatusCode.BadRequest, "Say which service")]
    [InlineData("/ui/data/trace/zzz", HttpStatusCode.BadRequest, "That is no trace id")]
    [InlineData("/ui/data/trace/ffffffffffffffff", HttpStatusCode.NotFound, "Nothing is stored under this trace id")]
    [InlineData("/ui/data/traces/strip?q=durration:1", HttpStatusCode.BadRequest, "durration")]
    public async Task Data_that_cannot_be_given_says_why(string url, HttpStatusCode status, string says) =>
        Assert.Contains(says, await Get(url, status), StringComparison.Ordinal);

    [GeneratedRegex("<h1[ >]")]
    private static partial Regex Heading();

    [GeneratedRegex("<script(?![^>]* src=)", RegexOptions.IgnoreCase)]
    private static partial Regex InlineScript();

    [GeneratedRegex("<[^>]+ on[a-z]+=\"", RegexOptions.IgnoreCase)]
    private static partial Regex InlineHandler();

    [GeneratedRegex("(?:src|<link[^>]* href|<use href)=\"([^\"]+)\"")]
    private static partial Regex Source();
}
