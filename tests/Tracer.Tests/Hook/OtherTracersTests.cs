using System.Text;
using Apm.Tracer.Tests.Kit;

namespace Apm.Tracer.Tests.Hook;

/// <summary>Apps that bring OpenTelemetry, or trace themselves by hand: nothing is stored twice.</summary>
public sealed class OtherTracersTests
{
    [Fact]
    public async Task An_app_that_exports_OpenTelemetry_traces_is_left_to_do_so()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("opentelemetry", agent, isHooked: true);
        using var client = await app.Client();
        await client.GetStringAsync("/order/7");

        await agent.Wait(FindOtlp("/order/{id}"), "the app's own export");
        app.Terminate();
        await app.End();
        Assert.Empty(agent.Spans);
        Assert.Contains("apm: this app exports OpenTelemetry traces itself", app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task An_app_that_uses_OpenTelemetry_for_metrics_only_is_traced()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("metrics", agent, isHooked: true);
        using var client = await app.Client();
        await client.GetStringAsync("/order/7");

        var chunk = await agent.Wait(sent => sent.Chunks.FirstOrDefault(spans => spans.Exists(span => span.Resource == "place order")), "the spans");
        Assert.Equal(["shop aspnet_core.request [web] GET /order/{id}", "shop internal [custom] place order"], chunk.Select(span => span.ToString()));
        Assert.Equal("7", chunk[1].Meta("order.id"));
        Assert.Equal("Shop.Orders", chunk[1].Meta("component"));
    }

    [Fact]
    public async Task By_hand_requests_own_spans_and_errors_are_sent_by_OTLP()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("by-hand", agent, isHooked: false);
        using var client = await app.Client();
        client.DefaultRequestHeaders.Add("x-datadog-trace-id", "123");
        client.DefaultRequestHeaders.Add("x-datadog-parent-id", "456");
        client.DefaultRequestHeaders.Add("x-datadog-sampling-priority", "1");
        var response = await client.GetAsync("/own");

        Assert.Equal("0000000000000000000000000000007b", await response.Content.ReadAsStringAsync());
        Assert.Equal("0000000000000000000000000000007b", Assert.Single(response.Headers.GetValues("X-Trace-Id")));
        var sent = await agent.Wait(FindOtlp("order.price"), "the own span");
        Assert.Equal("application/x-protobuf", sent.Headers["Content-Type"]);
        foreach (var text in (string[])["by-hand", "standard", "order.items", "System.ArgumentException", "no price"]) Assert.True(Holds(sent, text), text);
        Assert.Empty(agent.Spans);
    }

    [Fact]
    public async Task By_hand_writes_both_header_formats_to_whom_it_calls()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("by-hand", agent, isHooked: false);
        using var client = await app.Client();
        var headers = await client.GetStringAsync($"/call?url={Uri.EscapeDataString(client.BaseAddress + "headers")}");

        Assert.Contains("\"x-datadog-trace-id\":", headers, StringComparison.Ordinal);
        Assert.Contains("\"x-datadog-sampling-priority\":\"1\"", headers, StringComparison.Ordinal);
        Assert.Contains("\"traceparent\":\"00-", headers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_both_the_hook_yields_to_what_was_done_by_hand_and_says_so_in_one_line()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("by-hand", agent, isHooked: true);
        using var client = await app.Client();
        await client.GetStringAsync("/own");
        await agent.Wait(FindOtlp("order.price"), "the own span");
        app.Terminate();
        await app.End();
        Assert.Empty(agent.Spans);
        Assert.StartsWith("apm: this app is traced by AddApmTracing already", app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task Our_own_spans_need_nothing_but_the_hook()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("plain", agent, isHooked: true);
        using var client = await app.Client();
        await client.GetStringAsync("/own");
        var span = await agent.WaitSpan(span => span.Name == "order.price", "the own span");
        Assert.Equal("shop order.price [custom] standard ERROR", span.ToString());
        Assert.Equal("System.ArgumentException", span.Meta("error.type"));
        Assert.Equal("no price", span.Meta("error.message"));
        Assert.Equal(3, span.Metric("order.items"));
    }

    [Fact]
    public async Task A_handled_exception_keeps_the_route_that_failed_and_MVC_names_its_actions()
    {
        await using var agent = await FakeAgent.Start();
        await using var app = StartWeb("plain", agent, isHooked: true);
        using var client = await app.Client();
        await client.GetAsync("/handled");
        Assert.Equal("about 5", await client.GetStringAsync("/Home/About/5"));

        var failed = await agent.WaitSpan(span => span.IsError, "the handled exception");
        Assert.Equal("shop aspnet_core.request [web] GET /handled ERROR", failed.ToString());
        Assert.Equal("handled further out", failed.Meta("error.message"));
        await agent.WaitSpan(span => span.Resource == "GET /Home/About/{id?}", "the action");
    }

    static AppProcess StartWeb(string way, FakeAgent agent, bool isHooked)
    {
        var more = new List<(string, string)>
        {
            ("OTEL_EXPORTER_OTLP_ENDPOINT", agent.Url.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50"),
            ("OTEL_SERVICE_NAME", "shop"),
        };
        if (!isHooked) more.Add(("DOTNET_STARTUP_HOOKS", ""));
        return AppProcess.StartTraced(AppProcess.WebApp, agent.Url, [way], [.. more]);
    }

    static Func<FakeAgent, SentRequest?> FindOtlp(string text) =>
        agent => agent.Requests.FirstOrDefault(request => request.Path == "/v1/traces" && Holds(request, text));

    static bool Holds(SentRequest request, string text) => request.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
