using System.Net;
using System.Text.Json;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>An ASP.NET app that was built beforehand and knows nothing of us.</summary>
[Collection(OneAfterTheOther.Name)]
public class AspNetStoryTests(BrowserFixture browser)
{
    [Fact]
    public async Task Its_requests_and_its_failure_are_on_the_screens()
    {
        await using var apm = await ApmProcess.Start();
        var port = Built.FreePort();
        await using var app = apm.Run(["dotnet", Built.FlaskLikeApp, "--urls", $"http://localhost:{port}"]);
        Assert.Equal(
            $"apm: tracing flasklikeapp (.NET) → agent http://localhost:{apm.AgentPort} ok; look at http://localhost:{apm.Ui.Port}/services/flasklikeapp",
            await app.Line("the launcher speaks", line => line.StartsWith("apm: ", StringComparison.Ordinal)));
        await Built.Listening(port, app);

        foreach (var path in new[] { "/", "/api/apm", "/api/trace", "/api/user/7", "/api/user/8" }) Assert.Equal(HttpStatusCode.OK, (await apm.Request($"http://localhost:{port}{path}")).Status);
        Assert.Equal(HttpStatusCode.InternalServerError, (await apm.Request($"http://localhost:{port}/api/fail")).Status);
        var service = "";
        await TestKit.Until.True("the service is known", TimeSpan.FromSeconds(5), async () =>
        {
            service = (await apm.Get("/jaeger/api/services")).GetProperty("data").EnumerateArray().Select(name => name.GetString()!).FirstOrDefault() ?? "";
            return service.Length > 0;
        });
        Assert.Equal("flasklikeapp", service); // Names of services are lower case, whatever the app is called (trace-intake §2.6).
        var (traces, after) = await apm.TracesOf(service, 6);
        Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(6, traces.Count);

        await browser.Use(apm.Ui, nameof(Its_requests_and_its_failure_are_on_the_screens), async page =>
        {
            await page.GotoAsync($"/services/{service}");
            foreach (var endpoint in new[] { "GET /", "GET /api/apm", "GET /api/trace", "GET /api/user/{id}", "GET /api/fail" })
                await Expect(page.GetByRole(AriaRole.Link, new() { Name = endpoint, Exact = true })).ToBeVisibleAsync();

            await page.GotoAsync("/traces?q=status:error");
            await page.GetByRole(AriaRole.Row).GetByRole(AriaRole.Link, new() { Name = "GET /api/fail", Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Treegrid).GetByRole(AriaRole.Row).First.ClickAsync();
            var panel = page.GetByRole(AriaRole.Complementary);
            await Expect(panel).ToContainTextAsync("System.InvalidOperationException");
            await Expect(panel).ToContainTextAsync("This route always fails");
            await Expect(panel).ToContainTextAsync("   at Program");
            await Expect(panel).ToContainTextAsync("500");
        });

        var link = await app.Line("the first trace's link", line => line.StartsWith("apm: first trace of ", StringComparison.Ordinal));
        Assert.Contains($"http://localhost:{apm.Ui.Port}/traces/", link, StringComparison.Ordinal);
        app.Signal("TERM");
        Assert.Equal(0, await app.Ended()); // ASP.NET shuts down on SIGTERM, and the launcher ends as it does.
        await apm.Stop();
    }

    [Fact]
    public async Task A_request_through_both_apps_is_one_trace_and_an_edge_on_the_map()
    {
        await using var apm = await ApmProcess.Start();
        await Built.NobodyListens(5050);
        await using var flask = apm.Run([Built.Python, Built.FlaskApp]);
        var port = Built.FreePort();
        await using var aspNet = apm.Run(["dotnet", Built.FlaskLikeApp, "--urls", $"http://localhost:{port}"], null, ("DOWNSTREAM_URL", "http://localhost:5050/api/apm"));
        await Built.Listening(5050, flask);
        await Built.Listening(port, aspNet);

        Assert.Equal((HttpStatusCode.OK, "Downstream says: Getting APM Started"), await apm.Request($"http://localhost:{port}/api/downstream"));

        var (trace, _) = await TestKit.Until.Answer("one trace with spans of both", TimeSpan.FromSeconds(5), async () =>
        {
            var traces = await apm.Traces("flaskapp");
            return traces.Count > 0 && ServicesOf(traces[0]).Count == 2 ? (object)traces[0] : null;
        }, () => flask.Evidence + aspNet.Evidence);
        Assert.Equal(["flaskapp", "flasklikeapp"], ServicesOf((JsonElement)trace));
        Assert.Single(await apm.Traces("flaskapp"));

        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var edge = Assert.Single((await apm.Get($"/jaeger/api/dependencies?endTs={now + 60_000}&lookback=3600000")).GetProperty("data").EnumerateArray());
        Assert.Equal(("flasklikeapp", "flaskapp", 1), (edge.GetProperty("parent").GetString(), edge.GetProperty("child").GetString(), edge.GetProperty("callCount").GetInt32()));

        await browser.Use(apm.Ui, nameof(A_request_through_both_apps_is_one_trace_and_an_edge_on_the_map), async page =>
        {
            await page.GotoAsync("/map");
            await Expect(page.Locator("main")).ToContainTextAsync("2 nodes, 1 edge");
            await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("flasklikeapp");
            await page.GetByRole(AriaRole.Link, new() { Name = "Table" }).ClickAsync();
            var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "flasklikeapp" });
            await Expect(row.GetByRole(AriaRole.Cell).First).ToHaveTextAsync("flasklikeapp");
            await Expect(row.GetByRole(AriaRole.Cell).Nth(1)).ToHaveTextAsync("flaskapp");

            await page.GotoAsync($"/traces/{((JsonElement)trace).GetProperty("traceID").GetString()}");
            await Expect(page.GetByRole(AriaRole.Treegrid)).ToContainTextAsync("GET /api/apm");
            await Expect(page.GetByRole(AriaRole.Region, new() { Name = "About this trace" })).ToContainTextAsync("2 services");
        });
    }

    static IReadOnlyList<string> ServicesOf(JsonElement trace) =>
        [.. trace.GetProperty("processes").EnumerateObject().Select(process => process.Value.GetProperty("serviceName").GetString()!).Distinct().Order(StringComparer.Ordinal)];
}
