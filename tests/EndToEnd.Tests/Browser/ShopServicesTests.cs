using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit.Shop;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Services and Service find what is planted in the shop, and their numbers agree with the API.</summary>
[Collection(OneAfterTheOther.Name)]
public partial class ShopServicesTests(BrowserFixture browser, DemoShop shop)
{
    static readonly string Orders = $"/services/{ShopFacts.RegressionService}";

    [Theory]
    [InlineData(ColorScheme.Light, 1366)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Services_tell_who_waits_who_runs_a_new_version_and_are_narrowed_and_sorted(ColorScheme colors, int width) => await browser.Use((await shop.Apm()).Ui, $"{nameof(Services_tell_who_waits_who_runs_a_new_version_and_are_narrowed_and_sorted)}_{colors}", async page =>
    {
        await page.SetViewportSizeAsync(width, 768);
        await page.GotoAsync("/services?from=now-1h");
        var rows = page.Locator("#services tbody tr");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = $"{ShopFacts.WaitingService} waits" })).ToContainTextAsync("waiting for the first request");
        await Expect(rows).ToHaveCountAsync(ShopFacts.ServiceCount);
        await Expect(page.Locator($"#services tr[data-name={ShopFacts.RegressionService}]")).ToContainTextAsync(ShopFacts.RegressionVersion);
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), "it scrolls sideways");
        Assert.Empty(await Axe.Serious(page));

        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex(@"^worker \d") }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("type=worker"));
        await Expect(rows).ToHaveCountAsync(1);
        await Expect(page.Locator("main")).ToContainTextAsync($"1 of {ShopFacts.ServiceCount} shown");
        await page.GetByRole(AriaRole.Link, new() { Name = "Drop the filters" }).ClickAsync();
        await Expect(rows).ToHaveCountAsync(ShopFacts.ServiceCount);

        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Filter services by name" }).FillAsync("ord");
        await Expect(rows.Filter(new() { Visible = true })).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Searchbox, new() { Name = "Filter services by name" }).FillAsync("");

        await page.GetByRole(AriaRole.Link, new() { Name = "Version", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("sort=version"));
        await Expect(rows.First).ToContainTextAsync(ShopFacts.Deploys[^1].Version); // The youngest deployment of all.
        await page.GetByRole(AriaRole.Link, new() { Name = "Fold the facets" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Narrow the list" })).ToHaveCountAsync(0);
    }, colors);

    [Theory]
    [InlineData(ColorScheme.Light, 1366)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task A_service_shows_the_regression_from_its_deployment_on(ColorScheme colors, int width) => await browser.Use((await shop.Apm()).Ui, $"{nameof(A_service_shows_the_regression_from_its_deployment_on)}_{colors}", async page =>
    {
        await page.SetViewportSizeAsync(width, 900);
        await page.GotoAsync($"{Orders}?from={shop.NowMillis - 7_200_000}&to={shop.NowMillis}");
        await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(4);
        await Expect(page.Locator("apm-events li.deploy")).ToContainTextAsync(ShopFacts.RegressionVersion);
        await Expect(page.Locator("#endpoints tbody tr").First).ToContainTextAsync(ShopFacts.RegressionResource); // The endpoint that got slow has most impact.
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), "it scrolls sideways");
        Assert.Empty(await Axe.Serious(page));
        await UiFigures.Picture(page, $"service-{colors}-{width}");

        // Its own time grew with the version: the planted wait is a span of its own, not a call.
        var downstream = page.Locator("apm-chart[label='Time by downstream']");
        Assert.Equal("own time", await downstream.EvaluateAsync<string>("chart => chart.inspect().series[0].name"));
        Assert.Contains(ShopFacts.RegressionVersion, await downstream.EvaluateAsync<string>("chart => JSON.stringify(chart.inspect().marks)"), StringComparison.Ordinal);

        await page.Keyboard.PressAsync("h");
        await Expect(page).ToHaveURLAsync(new Regex("latency=heat"));
        var heat = page.Locator("apm-heat[data-state=ready]");
        await Expect(heat).ToHaveCountAsync(1);
        var drawn = await heat.EvaluateAsync<JsonElement>("heat => heat.inspect()");
        Assert.True(drawn.GetProperty("cells").GetInt32() > 50, drawn.ToString());
        Assert.False(await heat.EvaluateAsync<bool>("heat => { const c = heat.shadowRoot.querySelector('canvas'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.every(v => v === 0); }"), "it is blank");
        Assert.Empty(await Axe.Serious(page));
        await UiFigures.Picture(page, $"service-heat-{colors}-{width}");

        // From cell to cell by keys; Enter opens the traces of one.
        var plot = heat.GetByRole(AriaRole.Group, new() { NameRegex = new Regex("^Latency") });
        await plot.FocusAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("ArrowUp");
        Assert.Equal(drawn.GetProperty("columns").GetInt32() - 2, (await heat.EvaluateAsync<JsonElement>("heat => heat.inspect()")).GetProperty("column").GetInt32());
        await Expect(heat.Locator("[aria-live]")).ToContainTextAsync("requests");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("/traces\\?.*duration"));
        await page.GoBackAsync();

        // As a table, and back to percentiles by the key.
        await heat.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
        await Expect(heat.GetByRole(AriaRole.Table)).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("h");
        await Expect(page).Not.ToHaveURLAsync(new Regex("latency="));
        await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(4);

        await page.Locator("apm-events li.deploy a").First.ClickAsync();
        await Expect(page.GetByText($"{ShopFacts.RegressionVersion} against what ran before")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Instances") }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync(new Regex(@"\d+ processes known, \d+ alive"));
        Assert.Empty(await Axe.Serious(page));
    }, colors);

    [Fact]
    public async Task A_drag_over_the_events_or_the_heat_map_zooms() => await browser.Use((await shop.Apm()).Ui, nameof(A_drag_over_the_events_or_the_heat_map_zooms), async page =>
    {
        var (from, to) = (shop.NowMillis - 7_200_000, shop.NowMillis);
        foreach (var place in new[] { "apm-events", "apm-heat .u-over" })
        {
            await page.GotoAsync($"{Orders}?from={from}&to={to}&latency=heat");
            await Expect(page.Locator("apm-heat[data-state=ready]")).ToHaveCountAsync(1);
            await page.Locator(place).ScrollIntoViewIfNeededAsync();
            var box = (await page.Locator(place).BoundingBoxAsync())!;
            await page.Mouse.MoveAsync(box.X + box.Width * 0.1f, box.Y + 12);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(box.X + box.Width * 0.3f, box.Y + 12, new() { Steps = 6 });
            await page.Mouse.UpAsync();
            await Expect(page).Not.ToHaveURLAsync(new Regex($"from={from}"));
            var zoomed = long.Parse(From().Match(page.Url).Groups[1].Value, CultureInfo.InvariantCulture);
            Assert.InRange(zoomed, from + 600_000, from + 850_000);
        }

        // A double click goes back to where the zoom came from.
        await Expect(page.Locator("apm-heat[data-state=ready]")).ToHaveCountAsync(1);
        await page.Locator("apm-heat .u-over").DblClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"from={from}&to={to}"));
        await Expect(page).ToHaveURLAsync(new Regex("latency=heat"));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task An_endpoint_tells_what_its_slow_requests_have_in_common_and_each_choice_is_in_the_address(int roundTripMs) => await browser.Use((await shop.Apm()).Ui, nameof(An_endpoint_tells_what_its_slow_requests_have_in_common_and_each_choice_is_in_the_address), async page =>
    {
        await page.GotoAsync($"/services/{ShopFacts.TierSlowService}/endpoint?resource={Uri.EscapeDataString(ShopFacts.TierSlowResource)}&from={shop.NowMillis - 3_600_000}&to={shop.NowMillis}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1, Name = ShopFacts.TierSlowResource })).ToBeVisibleAsync();
        await Expect(page.Locator("apm-distribution[data-state=ready]")).ToHaveCountAsync(1);
        await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(3);

        // A band from above the median to the end, by dragging.
        var plot = page.Locator(".dist-plot");
        await plot.ScrollIntoViewIfNeededAsync();
        var box = (await plot.BoundingBoxAsync())!;
        var median = (await page.Locator(".dist-mark", new() { HasText = "p50" }).BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(median.X + 40, box.Y + 100);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + box.Width - 2, box.Y + 100, new() { Steps = 6 });
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"band=\d+-\d+"));
        await Expect(page.Locator("main")).ToContainTextAsync($"{ShopFacts.TierTag} {ShopFacts.SlowTier}");
        await Expect(page.GetByRole(AriaRole.Columnheader, new() { Name = "Against the rest" })).ToBeVisibleAsync();
        Assert.Empty(await Axe.Serious(page));

        var samples = page.GetByRole(AriaRole.Navigation, new() { Name = "Samples" });
        await samples.GetByRole(AriaRole.Link, new() { Name = "Slowest" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("samples=slowest"));
        await Expect(samples.Locator("[aria-current]")).ToHaveTextAsync("Slowest"); // The address changes before the page.
        await page.Keyboard.PressAsync("h");
        await Expect(page.Locator("apm-heat[data-state=ready]")).ToHaveCountAsync(1);

        // Whoever opens the address sees the same.
        var before = await page.Locator("main").InnerTextAsync();
        await page.ReloadAsync();
        await Expect(page.Locator("apm-heat[data-state=ready]")).ToHaveCountAsync(1);
        await Expect(samples.Locator("[aria-current]")).ToHaveTextAsync("Slowest");
        Assert.Equal(before, await page.Locator("main").InnerTextAsync());

        await page.GetByRole(AriaRole.Link, new() { Name = "Drop the band" }).ClickAsync();
        await Expect(page).Not.ToHaveURLAsync(new Regex("band="));
        await page.GoBackAsync();
        await Expect(page).ToHaveURLAsync(new Regex("band="));
    }, roundTripMs: roundTripMs);

    [Fact]
    public async Task The_ingest_tab_its_chart_and_the_ledger_of_the_API_say_the_same()
    {
        var apm = await shop.Apm();
        // Whole minutes that are over, so that nothing comes in any more between two questions.
        var (from, to) = ((shop.NowMillis / 60_000 - 10) * 60, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 60 * 60 - 60);
        if (to <= from + 60) to = from + 600;
        await browser.Use(apm.Ui, nameof(The_ingest_tab_its_chart_and_the_ledger_of_the_API_say_the_same), async page =>
        {
            var api = (await apm.Get($"/api/ledger?service={ShopFacts.RegressionService}&from={from}&to={to}")).GetProperty("total");
            await page.GotoAsync($"{Orders}?tab=ingest&from={from * 1_000}&to={to * 1_000}");
            await Expect(page.Locator("apm-chart[label='Received spans'][data-state=ready]")).ToHaveCountAsync(1);
            var figures = await page.Locator("dl[aria-label^='Received ='] dd").AllTextContentsAsync();
            var chart = await page.EvaluateAsync<JsonElement>("async src => (await (await fetch(src)).json())", (await page.Locator("apm-chart[label='Received spans']").GetAttributeAsync("src"))!);

            Assert.True(api.GetProperty("received").GetInt64() > 0, api.ToString());
            Assert.Equal(
                ((string[])["received", "stored", "sampled_out", "rejected", "dropped"]).Select(name => api.GetProperty(name).GetInt64()),
                figures.Select(figure => long.Parse(figure, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)));
            Assert.Equal(api.GetProperty("received").GetInt64(), chart.GetProperty("series").EnumerateArray().Sum(series => series.GetProperty("values").EnumerateArray().Sum(value => value.GetDouble())));
        });
    }

    [GeneratedRegex(@"from=(\d{13})")]
    private static partial Regex From();
}
