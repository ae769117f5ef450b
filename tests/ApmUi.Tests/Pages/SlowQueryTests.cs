using System.Net;
using System.Text;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Counting;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Pages whose query takes long: the frame comes first.</summary>
public sealed class SlowQueryTests : IAsyncLifetime
{
    readonly Counters _counters = new();
    GatedReader _store = null!;
    UiHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await UiHost.Start(reader: traces => _store = new GatedReader(traces), counters: _counters);
        _host.Add([Some.Span(service: "web", resource: "GET /slow", startNanos: TimeProvider.System.NowUnixNanos() - Some.BaseUnixNanos - Some.Second)]);
    }

    public async Task DisposeAsync()
    {
        _store.Open();
        await _host.DisposeAsync();
    }

    /// <summary>Asks for a page while the store does not answer; gives what came by the end of the frame, and after it what came when the store answered.</summary>
    async Task<(string Frame, string Content)> Ask(string url)
    {
        _store.Close();
        using var response = await _host.Client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var frame = new StringBuilder();
        while (!frame.ToString().Contains("</main>", StringComparison.Ordinal) && await reader.ReadLineAsync() is { } line) frame.AppendLine(line);
        _store.Open();
        return (WebUtility.HtmlDecode(frame.ToString()), WebUtility.HtmlDecode(await reader.ReadToEndAsync()));
    }

    [Theory]
    [InlineData("/map?from=now-1h", "Map", "Reading the calls of the past 1 h …", "data-node=\"web\"")]
    [InlineData("/traces?q=service:web", "Traces", "Searching the spans of the past 15 min …", "GET /slow")]
    [InlineData("/services/web", "web", "Reading the requests of the past 15 min …", "About this service")]
    [InlineData("/", "Home", "Reading what came in the past 15 min …", "GET /slow")]
    public async Task The_frame_is_sent_at_once_and_the_content_when_it_is_there(string url, string title, string says, string content)
    {
        var (frame, rest) = await Ask(url);

        Assert.Contains($"<title>{title} · Apm</title>", frame, StringComparison.Ordinal);
        Assert.Contains("<nav aria-label=\"Main\">", frame, StringComparison.Ordinal);
        Assert.Contains(says, frame, StringComparison.Ordinal);
        Assert.DoesNotContain(content, frame, StringComparison.Ordinal);
        Assert.Contains(content, rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_is_shown_already_is_answered_whole()
    {
        _store.Close();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/map?from=now-1h");
        request.Headers.TryAddWithoutValidation("Accept", "text/html; blazor-enhanced-nav=on");
        var asking = _host.Client.SendAsync(request);
        await _store.IsAsked;
        await Ask("/map?from=now-1h"); // Its frame comes meanwhile.
        using var response = await asking;
        var html = await response.Content.ReadAsStringAsync();

        Assert.Contains("data-node=\"web\"", html[..html.IndexOf("</main>", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.DoesNotContain("class=\"card arriving\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_goes_wrong_after_the_frame_is_said_in_place_of_the_content()
    {
        _store.Failure = new OutOfMemoryException();
        var (_, rest) = await Ask("/map?from=now-1h");
        Assert.Contains("It needs more memory than the ceiling leaves just now (memory.max_bytes). Ask for a shorter time, or again in a few seconds.", rest, StringComparison.Ordinal);
        Assert.Equal(1, _counters.Read("queries_refused", "memory"));

        _store.Failure = new Core.Ports.StoreUnavailableException("The disk is gone.");
        (_, rest) = await Ask("/map?from=now-1h");
        Assert.Contains("The map cannot be drawn.</b><div>The disk is gone.", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frame_is_painted_whole_whatever_the_address()
    {
        var html = await _host.Client.GetStringAsync("/traces?q=service:web%20%22a%22&x=%C3%A4");
        Assert.Contains("<link rel=\"expect\" href=\"/traces?q=service:web%20%22a%22&amp;x=%C3%A4#main\" blocking=\"render\" />", html, StringComparison.Ordinal);
    }
}
