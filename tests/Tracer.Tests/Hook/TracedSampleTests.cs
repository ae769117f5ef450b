using System.Net;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Hook;

/// <summary>The sample app, built beforehand and unmodified, with nothing but the start-up hook.</summary>
public sealed class TracedSampleTests
{
    [Fact]
    public async Task A_request_becomes_a_span_named_by_its_route()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, []);
        using var client = await app.Client();
        client.DefaultRequestHeaders.Add("User-Agent", "tests/1");

        Assert.Equal("User 7", await client.GetStringAsync("/api/user/7?token=secret&x"));

        var span = await agent.WaitSpan(span => span.Name == "aspnet_core.request", "the request's span");
        Assert.Equal("shop aspnet_core.request [web] GET /api/user/{id}", span.ToString());
        Assert.Equal(0UL, span.ParentId);
        Assert.Equal("server", span.Meta("span.kind"));
        Assert.Equal("aspnet_core", span.Meta("component"));
        Assert.Equal("GET", span.Meta("http.method"));
        Assert.Equal("/api/user/{id}", span.Meta("http.route"));
        Assert.Equal($"{client.BaseAddress}api/user/7?token=<redacted>&<redacted>", span.Meta("http.url"));
        Assert.Equal("200", span.Meta("http.status_code"));
        Assert.Equal("tests/1", span.Meta("http.useragent"));
        Assert.Equal("dotnet", span.Meta("language"));
        Assert.Equal("test", span.Meta("env"));
        Assert.Equal("1.2.3", span.Meta("version"));
        Assert.True(Guid.TryParse(span.Meta("runtime-id"), out _));
        Assert.Equal(16, span.Meta("_dd.p.tid")!.Length);
        Assert.Equal("-0", span.Meta("_dd.p.dm"));
        Assert.Equal(1, span.Metric("_sampling_priority_v1"));
        Assert.Equal(1, span.Metric("_dd.top_level"));
        Assert.True(span.Metric("process_id") > 0);
        Assert.True(span.DurationNanos > 0);
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(span.StartUnixNanos / 1_000_000), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));

        var headers = agent.Requests.First(request => request.Path == "/v0.4/traces").Headers;
        Assert.Equal("1", headers["X-Datadog-Trace-Count"]);
        Assert.Equal(".NET", headers["Datadog-Meta-Lang"]);
        Assert.Equal("1", headers["Datadog-Client-Computed-Top-Level"]);
    }

    [Fact]
    public async Task An_exception_becomes_an_error_with_its_stack_and_an_unknown_path_a_404_of_one_name()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, []);
        using var client = await app.Client();

        Assert.Equal(HttpStatusCode.InternalServerError, (await client.GetAsync("/api/fail")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/wp-login.php")).StatusCode);

        var failed = await agent.WaitSpan(span => span.IsError, "the failed request's span");
        Assert.Equal("shop aspnet_core.request [web] GET /api/fail ERROR", failed.ToString());
        Assert.Equal("500", failed.Meta("http.status_code"));
        Assert.Equal("System.InvalidOperationException", failed.Meta("error.type"));
        Assert.Equal("This route always fails", failed.Meta("error.message"));
        Assert.Equal("This route always fails", failed.Meta("error.msg"));
        Assert.Contains("Program.", failed.Meta("error.stack"), StringComparison.Ordinal);

        var unknown = await agent.WaitSpan(span => span.Meta("http.status_code") == "404", "the unknown path's span");
        Assert.Equal("shop aspnet_core.request [web] GET 404", unknown.ToString());
    }

    [Fact]
    public async Task A_call_to_another_service_is_a_child_and_carries_the_trace_in_both_formats()
    {
        await using var agent = await FakeAgent.Start();
        await using var downstream = await FakeAgent.Start(); // Any server that remembers headers.
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, [], ("DOWNSTREAM_URL", $"{downstream.Url}orders/42?key=secret"));
        using var client = await app.Client();
        await client.GetStringAsync("/api/downstream");

        var chunk = await agent.Wait(sent => sent.Chunks.FirstOrDefault(spans => spans.Exists(span => span.Name == "http.request")), "the call's chunk");
        Assert.Equal(
            [$"shop aspnet_core.request [web] GET /api/downstream", $"shop http.request [http] GET {downstream.Url.Authority}/orders/?"],
            chunk.Select(span => span.ToString()));
        var (server, call) = (chunk[0], chunk[1]);
        Assert.Equal(server.SpanId, call.ParentId);
        Assert.Equal(server.TraceId, call.TraceId);
        Assert.Equal("client", call.Meta("span.kind"));
        Assert.Equal("127.0.0.1", call.Meta("out.host"));
        Assert.Equal(downstream.Url.Port, call.Metric("network.destination.port"));
        Assert.Equal("200", call.Meta("http.status_code"));
        Assert.Equal($"{downstream.Url}orders/42?key=<redacted>", call.Meta("http.url"));
        Assert.Null(call.Metric("_dd.top_level"));

        var headers = Assert.Single(downstream.Requests).Headers;
        var tid = server.Meta("_dd.p.tid");
        Assert.Equal($"{call.TraceId}", headers["x-datadog-trace-id"]);
        Assert.Equal($"{call.SpanId}", headers["x-datadog-parent-id"]);
        Assert.Equal("1", headers["x-datadog-sampling-priority"]);
        Assert.Equal($"_dd.p.dm=-0,_dd.p.tid={tid}", headers["x-datadog-tags"]);
        Assert.Equal($"00-{tid}{call.TraceId:x16}-{call.SpanId:x16}-01", headers["traceparent"]);
        Assert.Equal($"dd=p:{call.SpanId:x16};s:1;t.dm:-0", headers["tracestate"]);
    }

    [Fact]
    public async Task A_trace_that_comes_in_is_continued_with_its_decision()
    {
        await using var agent = await FakeAgent.Start();
        await using var downstream = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, [], ("DOWNSTREAM_URL", downstream.Url.ToString()));
        using var client = await app.Client();
        client.DefaultRequestHeaders.Add("x-datadog-trace-id", "123");
        client.DefaultRequestHeaders.Add("x-datadog-parent-id", "456");
        client.DefaultRequestHeaders.Add("x-datadog-sampling-priority", "2");
        client.DefaultRequestHeaders.Add("x-datadog-origin", "synthetics");
        client.DefaultRequestHeaders.Add("x-datadog-tags", "_dd.p.tid=6b04d73300000000,_dd.p.dm=-4,_dd.p.usr.id=baz64==");
        client.DefaultRequestHeaders.Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        await client.GetStringAsync("/api/downstream");

        var server = await agent.WaitSpan(span => span.Name == "aspnet_core.request", "the request's span");
        Assert.Equal((123UL, 456UL), (server.TraceId, server.ParentId));
        Assert.Equal("6b04d73300000000", server.Meta("_dd.p.tid"));
        Assert.Equal("-4", server.Meta("_dd.p.dm"));
        Assert.Equal("baz64==", server.Meta("_dd.p.usr.id"));
        Assert.Equal("synthetics", server.Meta("_dd.origin"));
        Assert.Equal(2, server.Metric("_sampling_priority_v1"));
        var link = Assert.IsType<Dictionary<string, object?>>(Assert.Single(server.Links));
        Assert.Equal(0xa3ce929d0e0e4736UL, link["trace_id"]);
        Assert.Equal("terminated_context", ((Dictionary<string, object?>)link["attributes"]!)["reason"]);

        var headers = Assert.Single(downstream.Requests).Headers;
        Assert.Equal("123", headers["x-datadog-trace-id"]);
        Assert.Equal("2", headers["x-datadog-sampling-priority"]);
        Assert.Equal("synthetics", headers["x-datadog-origin"]);
        Assert.Equal("_dd.p.dm=-4,_dd.p.usr.id=baz64==,_dd.p.tid=6b04d73300000000", headers["x-datadog-tags"]);
        Assert.StartsWith("00-6b04d73300000000000000000000007b-", headers["traceparent"], StringComparison.Ordinal);
        Assert.EndsWith(";s:2;o:synthetics;t.dm:-4;t.usr.id:baz64~~", headers["tracestate"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_app_is_announced_with_its_routes_before_any_request_and_says_goodbye()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, []);
        using var client = await app.Client();

        var started = await agent.Wait(sent => sent.Telemetry("app-started").Select(message => new Box(message)).FirstOrDefault(), "app-started");
        Assert.Equal("shop", started.Message.GetProperty("application").GetProperty("service_name").GetString());
        Assert.Equal("dotnet", started.Message.GetProperty("application").GetProperty("language_name").GetString());
        Assert.Equal(1, started.Message.GetProperty("seq_id").GetInt32());
        Assert.True(int.Parse(started.Configuration("process_id")!, System.Globalization.CultureInfo.InvariantCulture) > 0);

        var endpoints = await agent.Wait(sent => sent.Telemetry("app-endpoints").Select(message => new Box(message)).FirstOrDefault(), "app-endpoints");
        Assert.Equal(
            ["GET /", "GET /api/apm", "GET /api/trace", "GET /api/user/{id}", "GET /api/downstream", "GET /api/slow", "GET /api/fail"],
            endpoints.Message.GetProperty("payload").GetProperty("endpoints").EnumerateArray().Select(route => route.GetProperty("resource_name").GetString()));
        var changed = await agent.Wait(
            sent => sent.Telemetry("app-client-configuration-change").Select(message => new Box(message)).FirstOrDefault(), "the addresses");
        Assert.Equal(client.BaseAddress!.ToString().TrimEnd('/'), changed.Configuration("listen_urls"));
        Assert.Empty(agent.Spans);

        app.Terminate();
        Assert.Equal(0, await app.End());
        await agent.Wait(sent => sent.Telemetry("app-closing").Select(message => new Box(message)).FirstOrDefault(), "app-closing");
        Assert.Equal("", app.Errors);
    }

    [Fact]
    public async Task Spans_of_the_last_moment_are_sent_at_the_end()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = AppProcess.StartTraced(AppProcess.FlaskLikeApp, agent.Url, [], ("DD_TRACE_BATCH_INTERVAL", "60000"));
        using var client = await app.Client();
        await client.GetStringAsync("/api/apm");
        app.Terminate();
        Assert.Equal(0, await app.End());
        Assert.Contains(agent.Spans, span => span.Resource == "GET /api/apm");
    }

    sealed class Box(System.Text.Json.JsonElement message)
    {
        public System.Text.Json.JsonElement Message => message;

        public string? Configuration(string name) => message.GetProperty("payload").GetProperty("configuration").EnumerateArray()
            .FirstOrDefault(item => item.GetProperty("name").GetString() == name) is { ValueKind: not System.Text.Json.JsonValueKind.Undefined } found
                ? found.GetProperty("value").GetString() : null;
    }
}
