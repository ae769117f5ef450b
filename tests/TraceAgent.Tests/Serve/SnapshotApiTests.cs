using System.Net;
using System.Text.Json;
using Apm.Core.Counting;
using Apm.Core.Keys;
using Apm.Core.Limits;
using Apm.Core.Ports;
using Apm.Storage.InMemory;
using Apm.TraceAgent.Serve.Datadog;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Apm.TraceAgent.Tests.Serve;

/// <summary>GET /api/v1/graph/snapshot: what is ordered, what is answered, and what is refused.</summary>
public sealed class SnapshotApiTests : IAsyncLifetime, IDisposable, ISnapshots
{
    readonly List<SnapshotOrder> _orders = [];
    WebApplication _app = null!;
    HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        var gate = new DatadogGate(new ApiKeys(new InMemoryDocumentStore(), TimeProvider.System), new Counters(), new RecentProblems(), TimeProvider.System);
        _app.Use(next => http => gate.Guard(http, next));
        new SnapshotApi(this, gate).Map(_app);
        await _app.StartAsync();
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose() => _http.Dispose();

    Snapshot ISnapshots.Take(SnapshotOrder order, CancellationToken cancel)
    {
        if (order.Queries[0].Contains("nosuch", StringComparison.Ordinal)) throw new SnapshotException("The query \"nosuch\" cannot be drawn: because.");
        _orders.Add(order);
        return new Snapshot("ab12", order, 5);
    }

    Snapshot ISnapshots.Keep(SnapshotOrder order, SnapshotNote? note, ReadOnlySpan<byte> png) => throw new NotSupportedException();

    Snapshot? ISnapshots.Find(string id) => id == "ab12" ? new Snapshot("ab12", new SnapshotOrder(["q"], 1, 2), 5) : null;

    byte[]? ISnapshots.Png(string id) => id == "ab12" ? [0x89, 0x50] : null;

    async Task<(HttpStatusCode Status, string Body)> Get(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    const string Keys = "api_key=a&application_key=b";

    [Fact]
    public async Task A_query_becomes_a_picture_at_an_address()
    {
        var (status, body) = await Get($"/api/v1/graph/snapshot?{Keys}&metric_query=system.load.1%7B*%7D&start=1700000000&end=1700003600&event_query=deploy&width=800&height=400");

        Assert.Equal(HttpStatusCode.OK, status);
        var json = JsonDocument.Parse(body).RootElement;
        Assert.Equal(new Uri(_http.BaseAddress!, "/snapshot/view/ab12.png").ToString(), json.GetProperty("snapshot_url").GetString());
        Assert.Equal("system.load.1{*}", json.GetProperty("metric_query").GetString());
        Assert.Equal("deploy", json.GetProperty("event_query").GetString());
        Assert.Equal("system.load.1{*}", JsonDocument.Parse(json.GetProperty("graph_def").GetString()!).RootElement.GetProperty("requests")[0].GetProperty("q").GetString());
        var order = Assert.Single(_orders);
        Assert.Equal(("system.load.1{*}", 1_700_000_000, 1_700_003_600, "deploy", 800, 400), (order.Queries[0], order.FromUnixSeconds, order.ToUnixSeconds, order.EventQuery, order.Width, order.Height));
    }

    [Fact]
    public async Task A_definition_of_a_graph_gives_its_queries_title_and_events()
    {
        var graph = """{"title":"Load","requests":[{"q":"avg:a{*}"},{"q":"avg:b{*}","type":"line"}],"events":[{"q":"tags:env:prod"}]}""";
        var (status, body) = await Get($"/api/v1/graph/snapshot?{Keys}&graph_def={Uri.EscapeDataString(graph)}&start=1&end=2");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.False(JsonDocument.Parse(body).RootElement.TryGetProperty("metric_query", out _));
        var order = Assert.Single(_orders);
        Assert.Equal(["avg:a{*}", "avg:b{*}"], order.Queries);
        Assert.Equal(("Load", "tags:env:prod"), (order.Title, order.EventQuery));
    }

    [Fact]
    public async Task A_definition_with_formulas_is_drawn_as_on_a_board()
    {
        var graph = """{"viz":"timeseries","requests":[{"response_format":"timeseries","queries":[{"data_source":"metrics","name":"query1","query":"avg:a{*} by {host}"},{"data_source":"metrics","name":"query2","query":"avg:b{*} by {host}"}],"formulas":[{"formula":"query1 / query2","limit":{"count":3,"order":"desc"}}],"display_type":"line"}]}""";

        Assert.Equal(HttpStatusCode.OK, (await Get($"/api/v1/graph/snapshot?{Keys}&graph_def={Uri.EscapeDataString(graph)}&start=1&end=2")).Status);

        Assert.Equal(["top((avg:a{*} by {host}) / (avg:b{*} by {host}), 3, 'mean', 'desc')"], Assert.Single(_orders).Queries);
    }

    [Theory]
    [InlineData("embed")]
    [InlineData("embed/abc/enable")]
    public async Task That_graphs_are_not_embedded_is_said(string path) =>
        Assert.Equal((HttpStatusCode.NotFound, """{"errors":["Graphs are not embedded here, so nothing answers /api/v1/graph/embed. Take a picture of one with GET /api/v1/graph/snapshot."]}"""), await Get($"/api/v1/graph/{path}?{Keys}"));

    [Theory]
    [InlineData("start=1&end=2", "One of the parameters 'metric_query' and 'graph_def' is needed, such as metric_query=avg:system.load.1{*}.")]
    [InlineData("metric_query=a&end=2", "The parameter 'start' is missing. Give it in Unix seconds, such as start=1700000000.")]
    [InlineData("metric_query=nosuch&start=1&end=2", "The query \"nosuch\" cannot be drawn: because.")]
    [InlineData("metric_query=a&start=1&end=2&width=9", "The parameter 'width' must be a number from 100 to 2000.")]
    [InlineData("graph_def=%7B&start=1&end=2", "The parameter 'graph_def' is not JSON, at byte 1 of line 1. Send it as one JSON text, URL-encoded.")]
    [InlineData("graph_def=%7B%7D&start=1&end=2", "The parameter 'graph_def' has no query: give \"requests\":[{\"q\":\"avg:system.load.1{*}\"}], or \"queries\" and \"formulas\" of metrics as boards have them.")]
    public async Task What_is_wrong_is_said(string parameters, string says)
    {
        var (status, body) = await Get($"/api/v1/graph/snapshot?{Keys}&{parameters}");
        Assert.Equal((HttpStatusCode.BadRequest, says), (status, JsonDocument.Parse(body).RootElement.GetProperty("errors")[0].GetString()));
    }

    [Fact]
    public async Task Pictures_are_served_and_their_state_is_told()
    {
        Assert.Equal((HttpStatusCode.OK, """{"status_code":200}"""), await Get($"/api/v1/graph/snapshot_status/snapshot/view/ab12.png?{Keys}"));
        Assert.Equal(HttpStatusCode.NotFound, (await Get($"/api/v1/graph/snapshot_status/zz.png?{Keys}")).Status);
        using var picture = await _http.GetAsync(new Uri("/snapshot/view/ab12.png", UriKind.Relative));
        Assert.Equal(("image/png", 2), (picture.Content.Headers.ContentType!.MediaType, (await picture.Content.ReadAsByteArrayAsync()).Length));
        Assert.Equal((HttpStatusCode.NotFound, "There is no such snapshot, or no longer: the newest 2,000 are kept."), await Get("/snapshot/view/zz.png"));
    }
}
