using System.Net;
using System.Text.RegularExpressions;
using Apm.ApmUi.Tests.Hosting;
using Apm.Core.Dashboards;
using Apm.Core.Events;
using Apm.Core.Metrics;
using Apm.Core.Ports;
using Apm.Core.Time;
using Apm.Monitors.Delivery;
using Apm.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Apm.ApmUi.Tests.Pages;

/// <summary>Charts of pages that are shared as pictures, over HTTP.</summary>
public sealed class SnapshotPagesTests : IAsyncLifetime
{
    UiHost _host = null!;

    public async Task InitializeAsync() => _host = await UiHost.Start();
    public async Task DisposeAsync() => await _host.DisposeAsync();

    static long NowSeconds => TimeProvider.System.NowUnixNanos() / UnixTime.NanosPerSecond;

    Outbox Outbox => _host.Services.GetRequiredService<Outbox>();

    async Task<Dashboard> Board()
    {
        await _host.Metrics.WriteAsync([new SeriesPoints(new SeriesKey("my_metric", MetricTags.Of(["host:box-1"])), MetricType.Gauge, 10, [.. Enumerable.Range(1, 30).Select(i => new MetricPoint(NowSeconds / 10 * 10 - i * 10, i))])]);
        return _host.Boards.Create(DashboardJson.Read("""{"title":"Ultimate","graphs":[{"title":"One","definition":{"requests":[{"q":"avg:my_metric{host:box-1}"}]},"viz":"timeseries"}]}"""));
    }

    /// <summary>Opens the form of a chart and sends it, as the page does.</summary>
    async Task<HttpResponseMessage> Share(string source, string comment, string page = "/dashboards", string title = "One", bool hasToken = true)
    {
        var form = await _host.Client.GetStringAsync($"/ui/fragment/snapshot?src={Uri.EscapeDataString(source)}&title={title}&page={Uri.EscapeDataString(page)}");
        var fields = new Dictionary<string, string> { ["src"] = source, ["title"] = title, ["page"] = page, ["comment"] = comment };
        if (hasToken) fields["__RequestVerificationToken"] = Regex.Match(form, """name="__RequestVerificationToken" value="([^"]+)""").Groups[1].Value;
        using var content = new FormUrlEncodedContent(fields);
        return await _host.Client.PostAsync("/ui/snapshots", content);
    }

    [Fact]
    public async Task A_picture_whose_search_for_events_cannot_be_understood_is_refused()
    {
        await Board();
        var order = new SnapshotOrder(["avg:my_metric{*}"], NowSeconds - 300, NowSeconds) { EventQuery = "env:(prod" };

        var wrong = Assert.Throws<SnapshotException>(() => _host.Services.GetRequiredService<ISnapshots>().Take(order, default));
        Assert.Equal("The search for events \"env:(prod\" cannot be understood: The parenthesis at column 5 is not closed.", wrong.Message);
    }

    [Fact]
    public async Task A_graph_of_a_board_becomes_a_picture_an_event_and_a_mail()
    {
        var board = await Board();
        var page = $"/dashboards/{board.Id}?from=now-5m";
        var source = WebUtility.HtmlDecode(Regex.Match(await _host.Client.GetStringAsync(page), """src="(/ui/data/widget[^"]+)""").Groups[1].Value);

        using var answer = await Share(source, "@user@example.com @team-x ANOMALIES INBOUND~ <script>alert(1)</script>", page);

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var address = answer.Headers.Location!.ToString();
        Assert.Matches("^/snapshots/[0-9a-f]{40}$", address);
        var shot = _host.Services.GetRequiredService<ISnapshots>().Find(address.Split('/')[2])!;
        Assert.Equal(["avg:my_metric{host:box-1}"], shot.Order.Queries);
        Assert.Equal(300, shot.Order.ToUnixSeconds - shot.Order.FromUnixSeconds);
        Assert.Equal([0x89, 0x50, 0x4E, 0x47], _host.Services.GetRequiredService<ISnapshots>().Png(shot.Id)![..4]);

        var happened = Assert.Single(_host.Events.Search(new EventSearch(0, NowSeconds + 60)));
        Assert.Equal(("user@localhost shared a graph: One", "snapshot", "box-1", shot.Order.ToUnixSeconds), (happened.Title, happened.AlertType, happened.Host, happened.UnixSeconds));
        Assert.Equal($"%%%\n@user@example.com @team-x ANOMALIES INBOUND~ <script>alert(1)</script>\n\n![Metric Graph](http://localhost:8127/snapshot/view/{shot.Id}.png)\n\n[View in dashboard](http://localhost:8127/dashboards/{board.Id}?from={shot.Order.FromUnixSeconds}", happened.Text[..^(happened.Text.Length - happened.Text.IndexOf("?from=", StringComparison.Ordinal) - 16)]);

        var mail = Assert.Single(Outbox.All());
        Assert.Equal(("user@example.com", "user@localhost mentioned you: One", shot.Id), (mail.Target, mail.Subject, mail.SnapshotId));
        Assert.Contains("&lt;script&gt;alert(1)", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", mail.Html, StringComparison.Ordinal);

        var html = await _host.Client.GetStringAsync(address);
        Assert.Contains("ANOMALIES INBOUND~ &lt;script&gt;", html, StringComparison.Ordinal);
        Assert.Contains($"/dashboards/{board.Id}?from={shot.Order.FromUnixSeconds}", html, StringComparison.Ordinal);
        Assert.Contains("There is no such way here", html, StringComparison.Ordinal);
        Assert.Contains($"src=\"/snapshot/view/{shot.Id}.png\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Charts_that_are_of_no_metric_are_shared_too()
    {
        var now = TimeProvider.System.NowUnixNanos();
        _host.Add([.. Enumerable.Range(1, 20).Select(i => Some.Span(id: (ulong)i, trace: (ulong)i, service: "web", durationNanos: i * Some.Millisecond) with { StartUnixNanos = now - i * Some.Second })]);
        var page = await _host.Client.GetStringAsync("/services/web?from=now-5m&latency=heat");
        var sources = Regex.Matches(page, """<apm-(?:chart|heat)[^>]*src="(/ui/data/[^"]+)""").Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).ToList();
        Assert.NotEmpty(sources);

        foreach (var source in sources)
        {
            var picture = await _host.Client.GetAsync($"/ui/snapshots/preview?title=x&src={Uri.EscapeDataString(source)}");
            Assert.True(picture.IsSuccessStatusCode, $"{source}: {await picture.Content.ReadAsStringAsync()}");
            Assert.Equal([0x89, 0x50, 0x4E, 0x47], (await picture.Content.ReadAsByteArrayAsync())[..4]);
        }
        using var answer = await Share(sources[0], "", "/services/web", "Requests");
        Assert.Contains("service:web", await _host.Client.GetStringAsync(answer.Headers.Location!.ToString()), StringComparison.Ordinal);
        Assert.Empty(Outbox.All());
    }

    [Theory]
    [InlineData("https://example.com/ui/data/metric", "This is no chart of a page here.")]
    [InlineData("/ui/status", "This is no chart of a page here.")]
    [InlineData("/ui/data/nothing", "No chart is drawn from /ui/data/nothing. Load the page again.")]
    [InlineData("/ui/data/metric?q=avgg:m{*}", "Unknown aggregator \"avgg\" at column 1.")]
    public async Task What_is_no_chart_is_refused_in_words(string source, string words)
    {
        using var answer = await Share(source, "");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith("No picture was taken: " + words, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_comment_and_a_form_of_another_site_are_refused_and_an_unknown_picture_is_said()
    {
        using var longOne = await Share("/ui/data/metric?q=avg:my_metric{*}", new string('x', 2_001));
        Assert.Equal("No picture was taken: The comment has 2001 characters; at most 2000 are kept. Shorten it.", await longOne.Content.ReadAsStringAsync());
        using var foreign = await Share("/ui/data/metric?q=avg:my_metric{*}", "", hasToken: false);
        Assert.Equal(HttpStatusCode.BadRequest, foreign.StatusCode);
        Assert.Empty(_host.Events.Search(new EventSearch(0, NowSeconds + 60)));
        using var none = await _host.Client.GetAsync("/snapshots/abc");
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Contains("This snapshot is not there.", await none.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
