using System.Net;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The page that holds one trace against others, over HTTP.</summary>
public sealed class ComparePageTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await UiHost.Start();
        var ago = TimeProvider.System.NowUnixNanos() - Some.BaseUnixNanos - (60 * UnixTime.NanosPerSecond);
        _host.Add(Some.Trace("""
            web http.request "GET /" 0+100 server
              web lock wait 10+60
              db sql.query SELECT 70+5 client error
            """, trace: 2, startNanos: ago));
        _host.Add(Some.Trace("""
            web http.request "GET /" 0+40 server
              db sql.query SELECT 10+5 client
            """, trace: 1, startNanos: ago - (10 * UnixTime.NanosPerSecond)));
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    const string Slow = "0000000000000002";
    const string Quick = "0000000000000001";

    [Theory]
    [InlineData("b=" + Quick)]
    [InlineData("b=median")]
    [InlineData("b=last-success")]
    public async Task It_says_what_grew(string with)
    {
        var html = await Get($"/compare?a={Slow}&{with}");

        Assert.Contains("Compare · Apm", html, StringComparison.Ordinal);
        Assert.Contains("web lock (wait) is only in this trace and took 60 ms itself.", html, StringComparison.Ordinal);
        Assert.Contains("+60 ms", html, StringComparison.Ordinal);
        Assert.Contains("1 span added, 0 removed", html, StringComparison.Ordinal);
        Assert.Contains("failed here", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task By_difference_only_what_differs_itself_is_shown()
    {
        var html = await Get($"/compare?a={Slow}&b={Quick}&sort=difference");

        Assert.Contains(">lock<", html, StringComparison.Ordinal);
        Assert.DoesNotContain(">http.request<", html, StringComparison.Ordinal); // It only waits longer.
    }

    [Theory]
    [InlineData("", "Which trace?")]
    [InlineData("?a=" + Slow, "Compare it with what?")]
    [InlineData("?a=xyz", "“xyz” is no trace id.")]
    [InlineData("?a=" + Slow + "&b=yesterday", "b is 32 or 16 hex digits, or one of median, last-version and last-success.")]
    [InlineData("?a=00000000000000ff", "No span of trace 00000000000000ff is stored.")]
    [InlineData("?a=" + Slow + "&b=last-version", "None of its services is known to have run another version")]
    public async Task What_cannot_be_compared_says_why(string query, string says) =>
        Assert.Contains(says, await Get("/compare" + query, HttpStatusCode.NotFound), StringComparison.Ordinal);

    [Fact]
    public async Task The_trace_page_offers_three_comparisons()
    {
        var html = await Get($"/traces/{Slow}");

        foreach (var with in new[] { "median", "last-version", "last-success" }) Assert.Contains($"/compare?a={Slow}&b={with}", html, StringComparison.Ordinal);
    }

    async Task<string> Get(string url, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await _host.Client.GetAsync(url);
        var html = WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync());
        Assert.True(status == response.StatusCode, $"{url} answered {response.StatusCode}: {html[..Math.Min(600, html.Length)]}");
        return html;
    }
}
