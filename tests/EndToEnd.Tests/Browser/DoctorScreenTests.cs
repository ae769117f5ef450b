using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>The Doctor screen in a browser, beside real apps.</summary>
[Collection(OneAfterTheOther.Name)]
public partial class DoctorScreenTests(BrowserFixture browser)
{
    static readonly string[] Stations = ["Process", "Tracer", "Socket", "Receiver", "Sampler", "Store", "Query", "Browser"];

    [Fact]
    public async Task An_app_waits_and_its_button_sends_the_request_and_the_boxes_count_on()
    {
        await using var apm = await ApmProcess.Start();
        var port = Built.FreePort();
        await browser.Use(apm.Ui, nameof(An_app_waits_and_its_button_sends_the_request_and_the_boxes_count_on), async page =>
        {
            await page.GotoAsync("/doctor");
            await Expect(page.Locator("[data-verdict=TD34]")).ToContainTextAsync("No tracer has connected yet.");
            foreach (var station in Stations) await Expect(page.Locator($"[aria-label='The way of a span'] [data-stage={station}]")).ToBeVisibleAsync();
            await Expect(page.Locator("[data-stage=Receiver]")).ToContainTextAsync("0 spans received");

            await using var app = apm.Run([Built.Python, "-c", $"from flask import Flask\napp = Flask('shop')\n@app.route('/api/apm')\ndef apm(): return 'apm'\napp.run(port={port})"], ["--service", "shop"]);
            await Built.Listening(port, app);
            var row = page.GetByRole(AriaRole.Article, new() { Name = "shop" });
            await Expect(row).ToContainTextAsync("waits for a request", new() { Timeout = 3_000 }); // The open page learns of it by itself.
            await Expect(page.Locator("[data-verdict=TD01]")).ToContainTextAsync($"Try: curl http://127.0.0.1:{port}/api/apm");

            await row.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
            await Expect(page.Locator("main")).ToContainTextAsync("GET /api/apm answered 200.");
            await apm.TracesOf("shop", 1, TimeSpan.FromSeconds(2));

            await Expect(page.Locator("[data-verdict=none]")).ToBeVisibleAsync();
            await Expect(page.Locator("[data-stage=Receiver]")).ToContainTextAsync(Counted());
            await Expect(page.Locator("[data-stage=Store].ok")).ToContainTextAsync(" stored");
            var arrived = page.Locator("#arrived tbody tr").First;
            await Expect(arrived).ToContainTextAsync("GET /api/apm");
            await Expect(arrived).ToContainTextAsync("agrees");
            await app.Line("the first trace's link", line => line.StartsWith("apm: first trace of shop: ", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task The_first_red_box_explains_itself_and_the_report_that_is_copied_holds_no_secret()
    {
        await using var apm = await ApmProcess.Start();
        await using var app = apm.Run([Built.Python, "-I", "-c", "import time; time.sleep(90)", "--password", "S3CRET", "-pS3CRET", "/k?token=S3CRET"], ["--service", "shop"], ("DD_API_KEY", "S3CRET"), ("HTTP_PROXY", "http://me:S3CRET@proxy:3128"), ("NO_PROXY", "localhost,127.0.0.1"));
        await app.Line("the launcher says it", line => line.StartsWith("apm: TD07 ", StringComparison.Ordinal));

        await browser.Use(apm.Ui, nameof(The_first_red_box_explains_itself_and_the_report_that_is_copied_holds_no_secret), async page =>
        {
            await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
            await page.GotoAsync("/doctor");
            await Expect(page.Locator("[data-verdict=TD07]")).ToContainTextAsync("it was started with -I, which passes over PYTHONPATH.");
            var red = page.Locator("[aria-label='The way of a span'] li.error");
            await Expect(red).ToHaveCountAsync(1);
            await Expect(red).ToHaveAttributeAsync("data-stage", "Tracer");
            await Expect(page.Locator("[aria-label='The way of a span'] > p")).ToContainTextAsync("Tracer: The command runs Python 3.");
            Assert.DoesNotContain("S3CRET", await page.ContentAsync(), StringComparison.Ordinal);

            await page.GetByRole(AriaRole.Button, new() { Name = "Copy a report without secrets" }).ClickAsync();
            var report = "";
            await Until.True("the report is in the clipboard", TimeSpan.FromSeconds(5), async () => (report = await page.EvaluateAsync<string>("navigator.clipboard.readText()")).Length > 0);
            Assert.StartsWith("Apm doctor\nTD07 The command runs Python 3.", report, StringComparison.Ordinal);
            Assert.Contains("DD_API_KEY=***", report, StringComparison.Ordinal);
            Assert.Contains("HTTP_PROXY=http://***@proxy:3128", report, StringComparison.Ordinal);
            Assert.DoesNotContain("S3CRET", report, StringComparison.Ordinal);
        });
        Assert.DoesNotContain("S3CRET", (await apm.Get("/api/doctor")).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_trace_is_sent_and_passes_each_station_and_can_be_looked_at()
    {
        await using var apm = await ApmProcess.Start();
        await browser.Use(apm.Ui, nameof(A_test_trace_is_sent_and_passes_each_station_and_can_be_looked_at), async page =>
        {
            await page.GotoAsync("/doctor");
            await page.GetByRole(AriaRole.Button, new() { Name = "Send a test trace" }).ClickAsync();
            await Expect(page.Locator("[data-test=found] li.ok")).ToHaveCountAsync(5);
            await page.GetByRole(AriaRole.Link, new() { Name = "Look at it" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Treegrid)).ToContainTextAsync("test trace");
        });
    }

    [Theory]
    [InlineData(20, "20 min ahead")]
    [InlineData(-180, "3 h behind")]
    public async Task The_clock_of_this_browser_is_told_by_its_box(int minutes, string how)
    {
        await using var apm = await ApmProcess.Start();
        await browser.Use(apm.Ui, nameof(The_clock_of_this_browser_is_told_by_its_box), async page =>
        {
            await page.GotoAsync("/doctor");
            await Expect(page.Locator("[data-stage=Browser].ok")).ToContainTextAsync("this page");

            await page.Clock.SetSystemTimeAsync(DateTime.UtcNow.AddMinutes(minutes).AddSeconds(Math.Sign(minutes) * 10));
            await page.GotoAsync("/traces"); // Whatever page one looks at tells.
            await Until.True("the page has told", TimeSpan.FromSeconds(10), async () => (await page.Context.CookiesAsync()).Any(cookie => cookie.Name == "apm_skew" && Math.Abs(int.Parse(cookie.Value, System.Globalization.CultureInfo.InvariantCulture)) > 60));
            await page.GotoAsync("/doctor");
            await Expect(page.Locator("[data-stage=Browser].warn")).ToContainTextAsync(how);
            await Expect(page.Locator("[data-code=TD31]")).ToContainTextAsync($"The clock of this browser is {how}");
        });
    }

    [Theory]
    [InlineData(20, "ahead")]
    [InlineData(-180, "behind")]
    public async Task Spans_of_a_clock_that_is_off_are_found_under_arrived_recently(int minutes, string how)
    {
        await using var apm = await ApmProcess.Start();
        var start = (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + minutes * 60_000L + Math.Sign(minutes) * 20_000) * 1_000_000;
        await apm.Send("/v0.4/traces", Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new[] { new[] { new { trace_id = 42UL, span_id = 1, parent_id = 0, service = "shop", name = "web.request", resource = "GET /far", type = "web", start, duration = 1_000_000, meta = new Dictionary<string, string> { ["runtime-id"] = "r", ["_dd.hostname"] = "elsewhere" } } } })), "application/json");

        await browser.Use(apm.Ui, nameof(Spans_of_a_clock_that_is_off_are_found_under_arrived_recently), async page =>
        {
            await page.GotoAsync("/traces?from=now-15m");
            await Expect(page.Locator("[data-verdict=TD11]")).ToContainTextAsync("shown under \"arrived recently\"");
            await page.GetByRole(AriaRole.Link, new() { Name = "Arrived recently" }).ClickAsync();
            var row = page.Locator("#arrived tr[data-off]");
            await Expect(row).ToContainTextAsync("GET /far");
            await Expect(row.Locator(".state.warn")).ToContainTextAsync(how);
            await row.GetByRole(AriaRole.Link, new() { Name = "GET /far" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Treegrid)).ToContainTextAsync("GET /far");
        });
    }

    [GeneratedRegex("[1-9][0-9]* spans? received")]
    private static partial Regex Counted();
}
