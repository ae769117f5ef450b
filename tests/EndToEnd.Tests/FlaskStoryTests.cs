using System.Net;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>The main job: an unmodified Flask app under the launcher, a request, and the trace on the screens.</summary>
[Collection(OneAfterTheOther.Name)]
public class FlaskStoryTests(BrowserFixture browser)
{
    static readonly string[] Routes = ["/", "/api/apm", "/api/trace"];

    [Fact]
    public async Task From_the_launcher_to_the_screens()
    {
        await using var apm = await ApmProcess.Start();
        await Built.NobodyListens(5050);
        await using var app = apm.Run([Built.Python, Built.FlaskApp]);
        var opening = await app.Line("the launcher speaks", line => line.StartsWith("apm: ", StringComparison.Ordinal));
        Assert.Equal($"apm: tracing flaskapp (Python) → agent http://localhost:{apm.AgentPort} ok; look at http://localhost:{apm.Ui.Port}/services/flaskapp", opening);
        await Built.Listening(5050, app);

        await browser.Use(apm.Ui, nameof(From_the_launcher_to_the_screens), async page =>
        {
            // Alive, and nobody has called it yet.
            foreach (var place in new[] { "/", "/services" })
            {
                await Until.True($"{place} shows the app as waiting with its three routes", TimeSpan.FromSeconds(3), async () =>
                {
                    await page.GotoAsync(place);
                    var text = await page.Locator("main").InnerTextAsync();
                    return text.Contains("waiting for the first request", StringComparison.Ordinal) && Routes.All(route => text.Contains($"curl http://127.0.0.1:5050{route}", StringComparison.Ordinal));
                }, () => app.Evidence);
            }

            // The page that is open learns of the requests by itself.
            foreach (var (route, body) in Routes.Zip(["Entrypoint to the Application", "Getting APM Started", "Posting Traces"]))
                Assert.Equal((HttpStatusCode.OK, body), await apm.Request($"http://localhost:5050{route}"));
            var fresh = await page.Context.NewPageAsync();
            await Until.True("a page opened now shows the service's three endpoints", TimeSpan.FromSeconds(2), async () =>
            {
                await fresh.GotoAsync("/services/flaskapp");
                var text = await fresh.Locator("main").InnerTextAsync();
                return Routes.All(route => text.Contains($"GET {route}\t", StringComparison.Ordinal) || text.Contains($"GET {route} ", StringComparison.Ordinal) || text.Contains($"GET {route}\n", StringComparison.Ordinal))
                    && !text.Contains("never called", StringComparison.Ordinal);
            }, () => app.Evidence);
            await fresh.GotoAsync("/traces?q=service:flaskapp");
            await Expect(fresh.Locator("main")).ToContainTextAsync("3 traces");
            await fresh.CloseAsync();
            var (traces, after) = await apm.TracesOf("flaskapp", 3, TimeSpan.FromSeconds(2));
            Assert.Equal(3, traces.Count);
            Assert.InRange(after, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "flaskapp" }).First).ToBeVisibleAsync(new() { Timeout = 8_000 });

            await page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Link, new() { Name = "flaskapp", Exact = true }).ClickAsync();
            await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/services/flaskapp"));
            foreach (var route in Routes) await Expect(page.GetByRole(AriaRole.Link, new() { Name = $"GET {route}", Exact = true })).ToBeVisibleAsync();
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(4);

            await page.GetByRole(AriaRole.Link, new() { Name = "GET /api/apm", Exact = true }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("GET /api/apm");

            await page.GotoAsync("/traces?q=service:flaskapp");
            foreach (var route in Routes) await Expect(page.GetByRole(AriaRole.Row).GetByRole(AriaRole.Link, new() { Name = $"GET {route}", Exact = true })).ToBeVisibleAsync();
            await Expect(page.Locator("main")).ToContainTextAsync("3 traces");

            // The launcher's link leads to the first trace.
            var first = await app.Line("the first trace's link", line => line.StartsWith("apm: first trace of flaskapp: ", StringComparison.Ordinal));
            await page.GotoAsync(new Uri(first[(first.LastIndexOf(' ') + 1)..]).PathAndQuery);
            await Expect(page.GetByRole(AriaRole.Treegrid)).ToContainTextAsync("GET /");
        });

        app.Signal("TERM");
        Assert.Equal(128 + 15, await app.Ended());
        await apm.Stop();
    }

    [Fact]
    public async Task The_debug_reloader_and_a_pre_forking_server_are_traced_alike()
    {
        await using var apm = await ApmProcess.Start();
        var folder = Path.GetDirectoryName(Built.FlaskApp)!;
        var port = Built.FreePort();
        await using var reloader = apm.Run([Built.Python, "-m", "flask", "--app", "flaskapp", "run", "--debug", "--port", $"{port}"], ["--service", "reloaded"], ("PYTHONPATH", folder));
        await Built.Listening(port, reloader);
        Assert.Equal(HttpStatusCode.OK, (await apm.Request($"http://localhost:{port}/api/apm")).Status);
        await apm.TracesOf("reloaded", 1);
        await reloader.DisposeAsync();

        port = Built.FreePort();
        await using var prefork = apm.Run(["gunicorn", "--workers", "2", "--bind", $"127.0.0.1:{port}", "--chdir", folder, "flaskapp:app"]);
        await Built.Listening(port, prefork);
        for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.OK, (await apm.Request($"http://localhost:{port}/api/trace")).Status);
        var (traces, _) = await apm.TracesOf("flaskapp", 10);
        Assert.Equal(10, traces.Count);
        prefork.Signal("TERM");
        Assert.Equal(0, await prefork.Ended()); // gunicorn ends in good order, and the launcher with its exit code.
    }
}
