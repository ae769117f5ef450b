using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>A timeboard of the walkthrough, made by Datadog's API, in the browser: its band, a drag that zooms all of it, and a change by keyboard.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class DashboardScreenTests(BrowserFixture browser, RunningApm apm) : IClassFixture<RunningApm>
{
    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_whole_board_is_zoomed_by_a_drag_over_one_graph(ColorScheme colors)
    {
        var board = await Timeboard();
        await browser.Use(apm.Ui, $"{nameof(The_whole_board_is_zoomed_by_a_drag_over_one_graph)}_{colors}", async page =>
        {
            await page.GotoAsync($"/dashboards/{board}?from=now-30m");
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(2);
            var band = page.Locator("apm-chart[label='Band']");
            Assert.NotEqual(0, (await Inspect(band)).GetProperty("odd").GetArrayLength());
            Assert.Empty(await Axe.Serious(page));

            var box = (await band.Locator(".u-over").BoundingBoxAsync())!;
            await page.Mouse.MoveAsync(box.X + box.Width / 2, box.Y + 40);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(box.X + box.Width / 2 + box.Width / 6, box.Y + 40, new() { Steps = 6 });
            await page.Mouse.UpAsync();

            await Expect(page).ToHaveURLAsync(new Regex(@"from=\d{13}&to=\d{13}"));
            var from = long.Parse(Regex.Match(page.Url, @"from=(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
            var to = long.Parse(Regex.Match(page.Url, @"to=(\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.InRange(to - from, 270_000, 330_000);
            foreach (var label in new[] { "Band", "Line" }) await page.WaitForFunctionAsync($"() => document.querySelector(\"apm-chart[label='{label}']\").inspect().from === {from} && document.querySelector(\"apm-chart[label='{label}']\").dataset.state === 'ready'");
        }, colors);
    }

    [Fact]
    public async Task A_widget_is_moved_by_keyboard_and_saved_as_a_version()
    {
        var board = await Timeboard();
        await browser.Use(apm.Ui, nameof(A_widget_is_moved_by_keyboard_and_saved_as_a_version), async page =>
        {
            await page.GotoAsync($"/dashboards/{board}?from=now-30m&edit=1");
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(2);
            Assert.Empty(await Axe.Serious(page));
            var handle = page.Locator(".widget[aria-label='Line'] [data-move]");
            await handle.FocusAsync();
            await page.Keyboard.PressAsync("ArrowRight");
            await page.Keyboard.PressAsync("Shift+ArrowDown");
            await Expect(page.Locator("#say")).ToHaveTextAsync("Column 2, row 1, 6 wide, 8 high");
            await page.Keyboard.PressAsync("Control+s");
            await Expect(page).Not.ToHaveURLAsync(new Regex("edit"));
            await page.GetByRole(AriaRole.Link, new() { Name = "Edit" }).ClickAsync();

            await page.GetByRole(AriaRole.Link, new() { Name = "Widget", Exact = true }).ClickAsync();
            await page.GetByLabel("Query a").FillAsync("avgg:my_metric{*}");
            await Expect(page.Locator(".preview [role=alert]")).ToContainTextAsync("Did you mean \"avg\"?");
            await page.GetByLabel("Query a").FillAsync("avg:my_metric{*}");
            await Expect(page.Locator(".preview apm-chart[data-state=ready]")).ToHaveCountAsync(1);
        });
        using var kept = JsonDocument.Parse(await apm.Get($"/api/v1/dashboard/{board}"));
        var line = kept.RootElement.GetProperty("widgets").EnumerateArray().Single(widget => widget.GetProperty("definition").GetProperty("title").GetString() == "Line");
        Assert.Equal("""{"x":1,"y":0,"width":6,"height":8}""", line.GetProperty("layout").GetRawText());
    }

    [Fact]
    public async Task A_graph_that_is_read_for_long_shows_its_outline_and_says_so()
    {
        var board = await Timeboard();
        await browser.Use(apm.Ui, nameof(A_graph_that_is_read_for_long_shows_its_outline_and_says_so), async page =>
        {
            var answered = new TaskCompletionSource();
            await page.RouteAsync("**/ui/data/widget?*", async route =>
            {
                await answered.Task;
                await route.FallbackAsync();
            });
            await page.GotoAsync($"/dashboards/{board}?from=now-30m");
            await Expect(page.Locator("apm-chart[label='Line'] .outline")).ToContainTextAsync(new Regex(@"Reading what it shows, \d s so far"));
            answered.SetResult();
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(2);
            await Expect(page.Locator("apm-chart .outline")).ToHaveCountAsync(0);
        });
    }

    static async Task<JsonElement> Inspect(ILocator chart) => await chart.EvaluateAsync<JsonElement>("chart => chart.inspect()");

    /// <summary>Half an hour of a metric with one point that nobody expects, and a timeboard of two graphs over it; its id.</summary>
    async Task<string> Timeboard()
    {
        await apm.Gauge("my_metric", "box-1", count: 118, every: 15, i => i == 68 ? 900 : 100 + i % 5);
        const string Graphs = """
            {"title":"Line","definition":{"events":[],"requests":[{"q":"avg:my_metric{*}"}]},"viz":"timeseries"},
            {"title":"Band","definition":{"events":[],"requests":[{"q":"anomalies(avg:my_metric{*}, 'basic', 2)"}]},"viz":"timeseries"}
            """;
        using var made = JsonDocument.Parse(await apm.Send("/api/v1/dash", $$"""{"graphs":[{{Graphs}}],"title":"Ultimate","description":"d","template_variables":[{"name":"host1","prefix":"host","default":"host:my-host"}],"read_only":"True"}"""));
        return made.RootElement.GetProperty("dash").GetProperty("new_id").GetString()!;
    }
}
