using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit.Shop;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Map and Compare find the lost header and the regression of the shop.</summary>
[Collection(OneAfterTheOther.Name)]
public class ShopMapTests(BrowserFixture browser, DemoShop shop)
{
    static readonly string Edge = $"{ShopFacts.LostHeaderCaller}→{ShopFacts.LostHeaderCallee}";

    [Fact]
    public async Task The_map_names_the_lost_header_in_words() => await browser.Use((await shop.Apm()).Ui, nameof(The_map_names_the_lost_header_in_words), async page =>
    {
        await page.GotoAsync("/map?from=now-1h");
        var edge = page.Locator($"[data-edge][data-from={ShopFacts.LostHeaderCaller}][data-to={ShopFacts.LostHeaderCallee}]");
        await Expect(edge).ToHaveClassAsync(new Regex(@"\blost\b"));
        await Expect(edge).ToContainTextAsync("header lost");
        Assert.Empty(await Axe.Serious(page));

        await page.GotoAsync($"/map?from=now-1h&panel={Uri.EscapeDataString(Edge)}");
        var panel = page.GetByRole(AriaRole.Complementary);
        await Expect(panel).ToContainTextAsync("recommendations began a trace of its own (GET /recommendations/{user}) while web-store waited for it");
        await panel.GetByRole(AriaRole.Link, new() { Name = "The callee's trace" }).ClickAsync();
        await Expect(page).ToHaveTitleAsync(new Regex("recommendations"));

        await page.GotoAsync("/map?from=now-1h");
        await page.GetByRole(AriaRole.Link, new() { Name = "Unpaired" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Header lost" })).ToHaveCountAsync(1);
        Assert.Empty(await Axe.Serious(page));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task The_map_is_walked_focused_and_filtered_by_keys(int roundTripMs) => await browser.Use((await shop.Apm()).Ui, nameof(The_map_is_walked_focused_and_filtered_by_keys), async page =>
    {
        await page.GotoAsync("/map?from=now-1h");
        await Expect(page.Locator("apm-map[data-state=ready]")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("web-store");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("[data-node=web-store]")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator("[data-node=web-store]")).Not.ToBeFocusedAsync();

        await page.Locator("[data-node=orders]").DblClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("focus=orders"));
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "1 hop" })).ToHaveAttributeAsync("aria-current", "true");
        var near = await page.Locator("[data-node]").CountAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "2 hops" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("hops=2"));
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "2 hops" })).ToHaveAttributeAsync("aria-current", "true");
        Assert.True(await page.Locator("[data-node]").CountAsync() > near);

        await page.Locator("body").PressAsync("e");
        await Expect(page).ToHaveURLAsync(new Regex("only=errors"));
        await page.GoBackAsync();
        await Expect(page).Not.ToHaveURLAsync(new Regex("only=errors"));
    }, roundTripMs: roundTripMs);

    [Fact]
    public async Task Paths_between_two_nodes_are_shown_alone() => await browser.Use((await shop.Apm()).Ui, nameof(Paths_between_two_nodes_are_shown_alone), async page =>
    {
        await page.GotoAsync($"/map?from={shop.NowMillis - 3_600_000}&to={shop.NowMillis}");
        var all = await page.Locator("[data-node]").CountAsync();
        await page.Locator("[data-node=web-store]").ClickAsync();
        var panel = page.GetByRole(AriaRole.Complementary, new() { Name = "web-store" });
        await panel.GetByRole(AriaRole.Combobox, new() { Name = "Paths to" }).SelectOptionAsync("inventory");
        await panel.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("path=web-store&goal=inventory"));
        await Expect(page.Locator(".map-bar")).ToContainTextAsync("from web-store to inventory");

        // What is left lies between the two: each node is reached from the one, and leads to the other.
        var edges = await page.Locator("[data-edge]").EvaluateAllAsync<string[][]>("edges => edges.map(edge => [edge.dataset.from, edge.dataset.to])");
        var nodes = await page.Locator("[data-node]").EvaluateAllAsync<string[]>("nodes => nodes.map(node => node.dataset.node)");
        Assert.InRange(nodes.Length, 3, all - 1);
        Assert.Contains(nodes, node => node == "orders");
        foreach (var node in nodes)
        {
            Assert.True(node == "web-store" || edges.Any(edge => edge[1] == node), node);
            Assert.True(node == "inventory" || edges.Any(edge => edge[0] == node), node);
        }
        Assert.Empty(await Axe.Serious(page));

        await page.GetByRole(AriaRole.Link, new() { Name = "Show the whole map" }).ClickAsync();
        await Expect(page.Locator("[data-node]")).ToHaveCountAsync(all);

        // No way leads back: said, with the way out.
        await page.GotoAsync($"/map?from={shop.NowMillis - 3_600_000}&to={shop.NowMillis}&path=inventory&goal=web-store");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("No calls lead from inventory to web-store in this time.");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = $"Show all {all}" })).ToBeVisibleAsync();
    });

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task Comparing_with_the_last_version_names_what_grew(int roundTripMs) => await browser.Use((await shop.Apm()).Ui, nameof(Comparing_with_the_last_version_names_what_grew), async page =>
    {
        await page.GotoAsync($"/traces/{ShopFacts.RegressionTraceId}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "With the last version" }).ClickAsync();
        var main = page.GetByRole(AriaRole.Main);
        await Expect(main).ToContainTextAsync($"{ShopFacts.RegressionService} {ShopFacts.RegressionSpanName} ({ShopFacts.RegressionSpanResource}) is only in this trace");
        await Expect(main).ToContainTextAsync($"{ShopFacts.RegressionService} was {ShopFacts.VersionBeforeRegression}; here it is {ShopFacts.RegressionVersion}");
        Assert.Empty(await Axe.Serious(page));
        await page.GetByRole(AriaRole.Link, new() { Name = "Biggest difference" }).ClickAsync();
        await Expect(page.Locator("tbody tr").First).ToContainTextAsync(ShopFacts.RegressionSpanName);
    }, roundTripMs: roundTripMs);
}
