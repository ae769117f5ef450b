using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit.Shop;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Charts by mouse and by keyboard, and what they say with reserve (ui.md §4, §6).</summary>
[Collection(OneAfterTheOther.Name)]
public class ChartTests(BrowserFixture browser, DemoShop shop)
{
    static readonly Regex Fixed = new(@"from=\d{13}&to=\d{13}");

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task A_drag_zooms_a_double_click_undoes_it_and_Escape_lets_go(int roundTripMs) => await browser.Use((await shop.Apm()).Ui, nameof(A_drag_zooms_a_double_click_undoes_it_and_Escape_lets_go), async page =>
    {
        var (errors, box) = await Errors(page);
        var before = page.Url;

        await Drag(box.X + 60, box.X + 160, letGo: false);
        Assert.InRange((await Inspect(errors)).GetProperty("selected").GetDouble(), 95, 105);
        await page.Keyboard.PressAsync("Escape");
        await page.Mouse.MoveAsync(box.X + 200, box.Y + 40);
        await page.Mouse.UpAsync();
        Assert.Equal(0, (await Inspect(errors)).GetProperty("selected").GetDouble());
        Assert.Equal(before, page.Url);

        await Drag(box.X + 60, box.X + 160, letGo: true);
        await Expect(page).Not.ToHaveURLAsync(before);
        await Zoomed(page, errors);
        await page.Mouse.DblClickAsync(box.X + 120, box.Y + 40);
        await Expect(page).ToHaveURLAsync(before);

        async Task Drag(float from, float to, bool letGo)
        {
            await page.Mouse.MoveAsync(from, box.Y + 40);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(to, box.Y + 40, new() { Steps = 6 });
            if (letGo) await page.Mouse.UpAsync();
        }
    }, roundTripMs: roundTripMs);

    [Fact]
    public async Task A_click_that_trembles_leads_to_the_traces_behind() => await browser.Use((await shop.Apm()).Ui, nameof(A_click_that_trembles_leads_to_the_traces_behind), async page =>
    {
        var (_, box) = await Errors(page);
        await page.Mouse.MoveAsync(box.X + box.Width - 60, box.Y + 40);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + box.Width - 57, box.Y + 41);
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"/traces\?q=service(:|%3A)orders.*from=\d{13}&to=\d{13}"));
    });

    [Fact]
    public async Task Arrows_walk_Shift_selects_and_Enter_zooms() => await browser.Use((await shop.Apm()).Ui, nameof(Arrows_walk_Shift_selects_and_Enter_zooms), async page =>
    {
        var (errors, _) = await Errors(page);
        var zoomedFrom = page.Url;
        await errors.Locator(".plot").FocusAsync();
        for (var i = 0; i < 4; i++) await page.Keyboard.PressAsync("ArrowLeft");
        var at = (await Inspect(errors)).GetProperty("at").GetInt32();
        for (var i = 0; i < 3; i++) await page.Keyboard.PressAsync("Shift+ArrowLeft");
        var selected = await Inspect(errors);
        Assert.Equal(at - 3, selected.GetProperty("at").GetInt32());
        Assert.True(selected.GetProperty("selected").GetDouble() > 0);
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(0, (await Inspect(errors)).GetProperty("selected").GetDouble());

        for (var i = 0; i < 3; i++) await page.Keyboard.PressAsync("Shift+ArrowLeft");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).Not.ToHaveURLAsync(zoomedFrom);
        var range = Regex.Match(page.Url, @"from=(\d+)&to=(\d+)");
        var step = (await Inspect(errors)).GetProperty("stepMs").GetInt64();
        Assert.Equal(0, (Millis(range.Groups[2]) - Millis(range.Groups[1])) % 10_000);
        Assert.True(step > 0);

        static long Millis(Group group) => long.Parse(group.Value, CultureInfo.InvariantCulture);
    });

    [Fact]
    public async Task A_card_says_of_how_many_and_what_is_not_complete_and_the_axis_prints_its_top() => await browser.Use((await shop.Apm()).Ui, nameof(A_card_says_of_how_many_and_what_is_not_complete_and_the_axis_prints_its_top), async page =>
    {
        // Cut in the midst of buckets at both ends, so that it says so whenever this runs.
        var to = (shop.NowMillis / 60_000 * 60_000) - 63_000;
        await page.GotoAsync($"/services/{ShopFacts.RegressionService}?from={to - 3_600_000 + 1_000}&to={to}");
        var errors = page.Locator("apm-chart[label='Errors'][data-state=ready]");
        await Expect(errors).ToHaveCountAsync(1);
        var drawn = await Inspect(errors);
        Assert.All(drawn.GetProperty("parts").EnumerateArray(), part => Assert.Matches(@"^\d+(\.\d)? of \d+ (s|min)$", part.GetString()));
        Assert.NotEmpty(drawn.GetProperty("parts").EnumerateArray());
        var box = (await errors.Locator(".u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + box.Width - 1, box.Y + 40);
        Assert.Contains("Not complete: ", (await Inspect(errors)).GetProperty("card").GetString(), StringComparison.Ordinal);
        await errors.Locator(".plot").FocusAsync();
        for (var i = 0; i < 8; i++) await page.Keyboard.PressAsync("ArrowLeft");
        Assert.Matches(@"\d+ of \d+", (await Inspect(errors)).GetProperty("card").GetString());

        // A ratio of very few requests is no peak of the line: the axis is not made for it.
        Assert.True((await Inspect(errors)).GetProperty("rightTop").GetDouble() < 0.9);
    });

    [Fact]
    public async Task A_poll_takes_no_selection_out_of_ones_hand() => await browser.Use((await shop.Apm()).Ui, nameof(A_poll_takes_no_selection_out_of_ones_hand), async page =>
    {
        await page.GotoAsync($"/services/{ShopFacts.RegressionService}?from=now-1h");
        await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(4);
        var chart = page.Locator("apm-chart[label='Errors']");
        var box = (await chart.BoundingBoxAsync())!;
        var shown = await chart.GetAttributeAsync("src");
        await page.Mouse.MoveAsync(box.X + 100, box.Y + 60);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 200, box.Y + 60, new() { Steps = 4 });
        // As when a poll had been answered just before.
        var answered = page.WaitForResponseAsync(answer => answer.Url.Contains("/ui/data/red", StringComparison.Ordinal) && answer.Url.Contains("what=errors", StringComparison.Ordinal));
        await page.EvaluateAsync("Blazor.navigateTo(location.href, { replaceHistoryEntry: true })");
        await (await answered).FinishedAsync();
        await Expect(chart).Not.ToHaveAttributeAsync("src", shown!);
        Assert.InRange((await Inspect(chart)).GetProperty("selected").GetDouble(), 95, 105);
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(Fixed);
    });

    [Fact]
    public async Task A_value_without_a_neighbour_is_drawn_as_a_point() => await browser.Use((await shop.Apm()).Ui, nameof(A_value_without_a_neighbour_is_drawn_as_a_point), async page =>
    {
        var from = shop.NowMillis - 3_600_000;
        await page.RouteAsync("**/ui/data/red?*what=latency*", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = JsonSerializer.Serialize(new
            {
                unit = "duration", fromMs = from, toMs = shop.NowMillis, stepMs = 60_000, stacked = false, summary = "one", marks = Array.Empty<object>(),
                times = Enumerable.Range(0, 60).Select(i => from + i * 60_000L),
                series = new[] { new { name = "p50", color = "error", draw = "line", values = Enumerable.Range(0, 60).Select(i => i == 20 ? 5_000_000 : (double?)null), overall = 7_000_000 } },
            }),
        }));
        await page.GotoAsync($"/services/{ShopFacts.RegressionService}?from={from}&to={shop.NowMillis}");
        var chart = page.Locator("apm-chart[label='Latency'][data-state=ready]");
        await Expect(chart.Locator(".legend b")).ToHaveTextAsync("7 ms"); // Of the whole range, not of the last bucket.

        var coloured = await chart.EvaluateAsync<int>("""
            chart => {
              const canvas = chart.shadowRoot.querySelector('canvas');
              const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
              let count = 0;
              for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 128 && pixels[i] - pixels[i + 1] > 80) count++;
              return count;
            }
            """);
        Assert.InRange(coloured, 6, 60);
    });

    /// <summary>In a fixed hour, so that nothing moves on meanwhile.</summary>
    async Task<(ILocator Chart, LocatorBoundingBoxResult Box)> Errors(IPage page)
    {
        await page.GotoAsync($"/services/{ShopFacts.RegressionService}?from={shop.NowMillis - 3_600_000}&to={shop.NowMillis}");
        await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(4);
        var chart = page.Locator("apm-chart[label='Errors']");
        await chart.ScrollIntoViewIfNeededAsync();
        return (chart, (await chart.Locator(".u-over").BoundingBoxAsync())!);
    }

    static Task<TimeSpan> Zoomed(IPage page, ILocator chart) => TestKit.Until.True("the chart shows the zoomed range", TimeSpan.FromSeconds(10),
        async () => page.Url.Contains($"from={(await Inspect(chart)).GetProperty("from").GetInt64()}", StringComparison.Ordinal), () => page.Url);

    static Task<JsonElement> Inspect(ILocator chart) => chart.EvaluateAsync<JsonElement>("chart => chart.inspect()");
}
