using System.Net;
using System.Text.Json;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Time;
using Apm.TestKit;
using Apm.Query.Tail;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>The live tail over HTTP.</summary>
public sealed class TailTests : IAsyncLifetime
{
    const string Url = "/ui/data/traces/tail?q=service:web";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    async Task<(HttpResponseMessage Response, StreamReader Events)> Open(string url = Url)
    {
        var response = await _host.Client.GetAsync(url, HttpCompletionOption.ResponseHeadersRead);
        return (response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The data of the next event of a name.</summary>
    static async Task<JsonElement> Next(StreamReader events, string name)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await events.ReadLineAsync(patience.Token) is { } line)
        {
            if (line != "event: " + name) continue;
            var data = await events.ReadLineAsync(patience.Token);
            return JsonDocument.Parse(data!["data: ".Length..]).RootElement.Clone();
        }
        throw new EndOfStreamException($"The stream ended before an event {name}.");
    }

    void Store(ulong trace, string resource, string service = "web") =>
        _host.Add([Some.Span(trace: trace, id: trace, service: service, resource: resource, startNanos: TimeProvider.System.NowUnixNanos() - Some.BaseUnixNanos)]);

    [Fact]
    public async Task A_trace_that_matches_comes_as_the_row_of_the_list()
    {
        var (response, events) = await Open();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoStore);
        await Next(events, "pace"); // It is open.

        Store(1, "GET /other", service: "api");
        Store(2, "GET /<b>bold</b>");
        var row = await Next(events, "row");

        Assert.EndsWith("2", row.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Contains("GET /&lt;b&gt;bold&lt;/b&gt;", row.GetProperty("html").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("<tr data-trace=", row.GetProperty("html").GetString()!.Trim(), StringComparison.Ordinal);
        response.Dispose();
    }

    [Fact]
    public async Task More_than_fit_are_counted()
    {
        var (response, events) = await Open();
        await Next(events, "pace");
        for (var i = 1UL; i <= 40; i++) Store(i, "GET /");

        var (shown, more) = (0, 0);
        while (shown + more < 40)
        {
            var pace = await Next(events, "pace");
            shown += pace.GetProperty("shown").GetInt32();
            more += pace.GetProperty("more").GetInt32();
        }

        Assert.Equal(40, shown + more);
        Assert.True(more > 0);
        response.Dispose();
    }

    [Fact]
    public async Task When_the_server_stops_the_stream_says_so_and_ends()
    {
        var (response, events) = await Open();
        await Next(events, "pace");

        var stopping = _host.StopAsync();

        Assert.Equal("Apm is stopping.", (await Next(events, "end")).GetProperty("reason").GetString());
        Assert.Equal("", (await events.ReadToEndAsync()).Trim());
        await stopping;
        response.Dispose();
    }

    [Theory]
    [InlineData("/ui/data/traces/tail?q=servise:web", HttpStatusCode.BadRequest, "servise")]
    [InlineData("/ui/data/traces/tail?min=nonsense", HttpStatusCode.BadRequest, "\"nonsense\" is not a duration.")]
    public async Task What_cannot_be_looked_on_at_is_refused_in_words(string url, HttpStatusCode status, string says)
    {
        using var response = await _host.Client.GetAsync(url);
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(says, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_another_site_takes_no_place()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url);
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        using var response = await _host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task One_too_many_is_asked_to_come_back()
    {
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < TraceTail.MaxStreams; i++)
        {
            var (response, events) = await Open();
            await Next(events, "pace");
            open.Add(response);
        }

        using var refused = await _host.Client.GetAsync(Url);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal($"{TraceTail.MaxStreams} pages look on already, the most at once. Close one, or try again.", await refused.Content.ReadAsStringAsync());
        Assert.NotNull(refused.Headers.RetryAfter);
        foreach (var response in open) response.Dispose();
    }

    [Fact]
    public async Task The_page_of_the_tail_has_its_stream_and_no_time()
    {
        var html = WebUtility.HtmlDecode(await _host.Client.GetStringAsync("/traces?view=tail&q=service:web&min=10ms&from=now-1h"));

        Assert.Contains("src=\"/ui/data/traces/tail?q=service:web&min=10ms\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<apm-live", html, StringComparison.Ordinal);
        Assert.Contains("each is tested when nothing more of it came for a second", WebUtility.HtmlDecode(await _host.Client.GetStringAsync("/traces?view=tail&q=spans:>10")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_for_which_a_condition_of_whole_traces_holds_comes_when_it_is_whole()
    {
        var (response, events) = await Open("/ui/data/traces/tail?q=service:web+spans:>1");
        await Next(events, "pace");

        Store(1, "GET /alone");
        Store(2, "GET /first");
        _host.Add([Some.Span(trace: 2, id: 3, parent: 2, service: "db", startNanos: TimeProvider.System.NowUnixNanos() - Some.BaseUnixNanos)]);
        var row = await Next(events, "row");

        Assert.EndsWith("2", row.GetProperty("id").GetString(), StringComparison.Ordinal);
        response.Dispose();
    }

    [Fact]
    public async Task What_nobody_can_look_on_at_is_refused_in_words_on_the_page_too()
    {
        var query = Uri.EscapeDataString(string.Join(" OR ", Enumerable.Range(1, 61).Select(i => $"!{{service:s{i}}}")));
        const string says = "The search has 61 sets of spans; at most 60 are looked at. Simplify it.";

        using var stream = await _host.Client.GetAsync("/ui/data/traces/tail?q=" + query);
        Assert.Equal((HttpStatusCode.BadRequest, says), (stream.StatusCode, await stream.Content.ReadAsStringAsync()));
        Assert.Contains(says, await _host.Client.GetStringAsync("/traces?view=tail&q=" + query), StringComparison.Ordinal);
    }
}
