using System.Net;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>What a viewer may choose of the looks stays chosen: colours, rows, the rail, the width of the panel (ui.md §2, §3).</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class LooksTests(BrowserFixture browser, RunningApm apm) : IClassFixture<RunningApm>
{
    [Fact]
    public async Task Colours_rows_and_the_rail_are_chosen_by_the_keyboard_and_stay() => await browser.Use(apm.Ui, nameof(Colours_rows_and_the_rail_are_chosen_by_the_keyboard_and_stay), async page =>
    {
        await page.GotoAsync("/monitors");
        var html = page.Locator("html");
        var rail = page.Locator("#rail");
        Assert.Equal(56, (await rail.BoundingBoxAsync())!.Width);

        await page.Keyboard.PressAsync("?");
        await page.GetByRole(AriaRole.Group, new() { Name = "Colours" }).GetByRole(AriaRole.Button, new() { Name = "dark" }).PressAsync("Enter");
        await Expect(html).ToHaveAttributeAsync("data-theme", "dark");
        await page.GetByRole(AriaRole.Group, new() { Name = "Rows" }).GetByRole(AriaRole.Button, new() { Name = "compact" }).PressAsync("Enter");
        await Expect(html).ToHaveAttributeAsync("data-density", "compact");
        await page.GetByRole(AriaRole.Group, new() { Name = "Names of the rail" }).GetByRole(AriaRole.Button, new() { Name = "always" }).PressAsync("Enter");
        await Expect(html).ToHaveAttributeAsync("data-rail", "pinned");
        Assert.Empty(await Axe.Serious(page));
        await page.Keyboard.PressAsync("Escape");

        await page.GotoAsync("/hosts");
        await Expect(rail).ToHaveCSSAsync("width", "176px");
        await Expect(html).ToHaveAttributeAsync("data-density", "compact");

        await page.Keyboard.PressAsync("?");
        await page.GetByRole(AriaRole.Group, new() { Name = "Colours" }).GetByRole(AriaRole.Button, new() { Name = "as the system" }).ClickAsync();
        await Expect(html).Not.ToHaveAttributeAsync("data-theme", new Regex(".*"));
    });

    [Fact]
    public async Task The_panel_is_made_wider_by_mouse_and_keys_and_stays_so()
    {
        var trace = new TraceId(0, 0x51);
        Assert.Equal(HttpStatusCode.OK, await apm.Process.Send("/v0.4/traces", DatadogV04Encoder.Encode([Shop.PlantedTrace(trace, TimeProvider.System)])));
        await apm.Process.TracesOf("shop", 1);
        await browser.Use(apm.Ui, nameof(The_panel_is_made_wider_by_mouse_and_keys_and_stays_so), async page =>
        {
            await page.GotoAsync($"/traces/{trace}?span=1");
            var panel = page.Locator(".panel");
            var grip = page.GetByRole(AriaRole.Separator, new() { Name = "Width of the panel" });
            await Expect(panel).ToHaveCSSAsync("width", "480px");

            var box = (await grip.BoundingBoxAsync())!;
            await page.Mouse.MoveAsync(box.X + 6, box.Y + 60);
            await page.Mouse.DownAsync();
            await page.Mouse.MoveAsync(box.X - 54, box.Y + 60, new() { Steps = 4 });
            await page.Mouse.UpAsync();
            await Expect(panel).ToHaveCSSAsync("width", "540px");
            await grip.PressAsync("ArrowRight");
            await Expect(panel).ToHaveCSSAsync("width", "516px");

            await page.ReloadAsync();
            await Expect(panel).ToHaveCSSAsync("width", "516px");
            await Expect(grip).ToHaveAttributeAsync("aria-valuenow", "516");
            Assert.Empty(await Axe.Serious(page));
            await grip.DblClickAsync();
            await Expect(panel).ToHaveCSSAsync("width", "480px");
            await Expect(panel.GetByRole(AriaRole.Link, new() { Name = "Monitor" })).ToHaveAttributeAsync("href", new Regex("^/monitors/new[?]"));
        });
    }

    [Fact]
    public async Task Where_the_keyboard_is_has_a_ring_on_the_forms_and_under_forced_colours() => await browser.Use(apm.Ui, nameof(Where_the_keyboard_is_has_a_ring_on_the_forms_and_under_forced_colours), async page =>
    {
        foreach (var path in new[] { "/monitors/new", "/monitors/downtimes", "/slos/new", "/dashboards" })
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main")).Not.ToBeEmptyAsync();
            var count = await page.EvaluateAsync<int>("document.querySelectorAll('main :is(input:not([type=hidden]), select, textarea, button, a[href])').length");
            for (var i = 0; i < Math.Min(80, count + 24); i++)
            {
                await page.Keyboard.PressAsync("Tab");
                var bare = await page.EvaluateAsync<string?>("""
                    () => {
                      const on = document.activeElement;
                      if (!on || on === document.body) return null;
                      const style = getComputedStyle(on);
                      const name = on.getAttribute('aria-label') || on.labels?.[0]?.innerText || on.innerText || on.title || on.closest('label')?.innerText || '';
                      const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || on.shadowRoot;
                      return !ring ? 'no ring: ' + on.outerHTML.slice(0, 200) : name.trim() === '' && !on.shadowRoot ? 'no name: ' + on.outerHTML.slice(0, 200) : null;
                    }
                    """);
                Assert.Null(bare);
            }
        }
    }, forced: ForcedColors.Active);
}
