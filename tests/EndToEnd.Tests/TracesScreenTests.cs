using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit.Shop;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>The Traces screen finds what is planted in the generated shop.</summary>
[Collection(OneAfterTheOther.Name)]
public class TracesScreenTests(BrowserFixture browser, DemoShop shop)
{
    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task The_regression_is_found_by_typing_dragging_and_unfolding(int roundTripMs)
    {
        await browser.Use((await shop.Apm()).Ui, nameof(The_regression_is_found_by_typing_dragging_and_unfolding), async page =>
        {
            await page.GotoAsync("/traces?from=now-1h&to=now");
            var query = page.GetByRole(AriaRole.Searchbox, new() { Name = "Query" });
            await query.PressSequentiallyAsync("service:ord");
            await Expect(page.Locator(".suggest a").First).ToContainTextAsync(ShopFacts.RegressionService);
            await query.PressAsync("ArrowDown");
            await query.PressAsync("Enter");
            await Expect(page).ToHaveURLAsync(new Regex("q=service(:|%3A)orders"));

            await page.GotoAsync("/traces?from=now-1h&to=now&q=" + Uri.EscapeDataString($"service:{ShopFacts.RegressionService} resource:\"{ShopFacts.RegressionResource}\""));
            await Expect(page.Locator("apm-scatter[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.Locator("apm-chart[aria-busy=false]")).ToHaveCountAsync(3);
            var plot = page.Locator("apm-scatter .plot");
            var box = (await plot.BoundingBoxAsync())!;
            var share = await page.EvaluateAsync<double>("document.querySelector('apm-scatter').inspect().points > 20 ? (s => Math.log(2e8 / s.lowest) / Math.log(s.highest / s.lowest))(document.querySelector('apm-scatter').inspect()) : -1");
            Assert.InRange(share, 0.05, 0.95); // There are points, and 200 ms lies on the scale.
            var y = box.Y + 8 + ((1 - (float)share) * (box.Height - 28));

            // Escape lets go of a selection.
            var before = page.Url;
            await page.Mouse.MoveAsync(box.X + 100, y);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(box.X + 200, box.Y + 10, new() { Steps = 4 });
            await page.Keyboard.PressAsync("Escape");
            await page.Mouse.UpAsync();
            Assert.Equal(before, page.Url);

            await page.Mouse.MoveAsync(box.X + 60, y);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(box.X + box.Width - 8, box.Y + 9, new() { Steps = 8 });
            await page.Mouse.UpAsync();
            await Expect(page).ToHaveURLAsync(new Regex(@"from=\d{13}&to=\d{13}"));
            await Expect(page).ToHaveURLAsync(new Regex(@"duration(:|%3A)(>|%3E)"));

            await Expect(page.Locator("tr[data-trace]").First).ToBeVisibleAsync();
            await Expect(page.Locator("apm-scatter[data-state=ready]")).ToHaveCountAsync(1);
            await page.Locator("h1").ClickAsync();
            await page.Keyboard.PressAsync("j");
            await page.Keyboard.PressAsync("Enter");
            await Expect(page.Locator("tr.unfolded[data-state=ready]")).ToContainTextAsync(ShopFacts.RegressionSpanResource);
            Assert.Empty(await Axe.Serious(page));

            await page.Keyboard.PressAsync("c");
            await page.Keyboard.PressAsync("j");
            await Expect(page.Locator("tr.picked")).ToHaveCountAsync(1);
        }, roundTripMs: roundTripMs);
    }

    [Fact]
    public async Task Under_the_pointer_the_list_holds_still_and_says_how_many_wait()
    {
        await browser.Use((await shop.Apm()).Ui, nameof(Under_the_pointer_the_list_holds_still_and_says_how_many_wait), async page =>
        {
            await page.GotoAsync("/traces");
            await Expect(page.Locator("apm-scatter[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.Locator("apm-chart[aria-busy=false]")).ToHaveCountAsync(3);
            await page.Locator("tr[data-trace]").First.HoverAsync();
            var chip = page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex(@"^\d+ new spans? · show$") });
            await Expect(chip).ToBeVisibleAsync(new() { Timeout = 30_000 });
            var waiting = await chip.InnerTextAsync();
            var first = await page.Locator("tr[data-trace]").First.GetAttributeAsync("data-trace");
            await Expect(chip).Not.ToHaveTextAsync(waiting, new() { Timeout = 30_000 });
            Assert.Equal(first, await page.Locator("tr[data-trace]").First.GetAttributeAsync("data-trace"));

            await chip.ClickAsync(); // The pointer leaves the list with that.
            await Expect(page.Locator("tr[data-trace]").First).Not.ToHaveAttributeAsync("data-trace", first!);
            await Expect(chip).ToHaveCountAsync(0);
        });
    }
}
