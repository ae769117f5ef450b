using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Hook;

/// <summary>Whatever is wrong with tracing, the app does not notice.</summary>
public sealed class HarmlessTests
{
    // Far above what these take, far below what a hang would.
    static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task An_agent_that_is_away_changes_nothing()
    {
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, UnusedAddress(), []);
        using var client = await app.Client();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 200; i++) Assert.Equal("Getting APM Started", await client.GetStringAsync("/api/apm"));
        app.Terminate();
        Assert.Equal(0, await app.End());
        Assert.True(watch.Elapsed < s_soon, $"200 requests and the end took {watch.Elapsed}.");
        Assert.Equal("", app.Errors);
    }

    [Fact]
    public async Task An_agent_that_never_answers_changes_nothing()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0); // Accepts connections by its backlog, reads nothing.
        listener.Start();
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), []);
        using var client = await app.Client();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 200; i++) Assert.Equal("Getting APM Started", await client.GetStringAsync("/api/apm"));
        app.Terminate();
        Assert.Equal(0, await app.End());
        Assert.True(watch.Elapsed < s_soon, $"200 requests and the end took {watch.Elapsed}.");
    }

    [Fact]
    public async Task An_agent_that_comes_later_gets_what_waited()
    {
        await using var agent = await FakeAgent.Start();
        var refused = 0;
        agent.Status = request => request.Path == "/v0.4/traces" && Interlocked.Increment(ref refused) <= 2 ? 503 : 200;
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, []);
        using var client = await app.Client();
        await client.GetStringAsync("/api/trace");
        await agent.WaitSpan(span => span.Resource == "GET /api/trace", "the span after two refusals");
        Assert.Single(agent.Spans, span => span.Resource == "GET /api/trace");
    }

    [Fact]
    public async Task A_console_app_keeps_its_output_and_exit_code_and_loads_nothing_of_the_web()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.ConsoleApp, agent.Url, ["one"]);
        Assert.Equal(3, await app.End());
        Assert.Equal("args: one --urls http://127.0.0.1:0; web assemblies: 0", app.Output.Trim());
        Assert.Equal("", app.Errors);

        Assert.Equal(
            ["shop internal [custom] place order", "shop postgresql.query [sql] SELECT * FROM orders WHERE id = ?"],
            Assert.Single(agent.Chunks).Select(span => span.ToString()));
        Assert.Equal(3, agent.Spans.First().Metric("order.items"));
    }

    [Fact]
    public async Task A_console_app_that_crashes_crashes_the_same_and_its_spans_are_kept()
    {
        await using var agent = await FakeAgent.Start();
        await using var plain = AppProcess.Start(AppProcess.ConsoleApp, ["crash"], new Dictionary<string, string?>());
        await using var traced = AppProcess.StartTraced(AppProcess.ConsoleApp, agent.Url, ["crash"]);
        Assert.Equal(await plain.End(), await traced.End());
        Assert.Contains("the console app fails", traced.Errors, StringComparison.Ordinal);
        Assert.Equal(2, agent.Spans.Count());
    }

    [Fact]
    public async Task Switched_off_it_sends_nothing()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.ConsoleApp, agent.Url, [], ("DD_TRACE_ENABLED", "false"));
        Assert.Equal(3, await app.End());
        Assert.Empty(agent.Requests);
    }

    [Fact]
    public async Task The_command_line_of_the_SDK_is_left_alone()
    {
        await using var agent = await FakeAgent.Start();
        await using var sdk = AppProcess.StartTraced("--version", agent.Url, []);
        await sdk.End();
        Assert.Empty(agent.Requests);
    }

    static Uri UnusedAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }
}
