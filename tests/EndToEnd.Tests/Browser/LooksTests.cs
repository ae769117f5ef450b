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
            await page.EvaluateAsync("scrollTo(0, 0)"); // What is half beneath the bar is no finding.
            var findings = await Axe.Serious(page);
            Assert.True(findings.Count == 0, string.Join('\n', findings));
            await grip.DblClickAsync();
            await Expect(panel).ToHaveCSSAsync("width", "480px");
            await Expect(panel.GetByRole(AriaRole.Link, new() { Name = "Monitor" })).ToHaveAttributeAsync("href", new Regex("^/monitors/new[?]"));
        });
    }

    /// <summary>Notes what has the focus; the answer is a fault of it, <c>round</c> when it had the focus before, or null.</summary>
    const string LookAtFocus = """
        () => {
          const on = document.activeElement;
          window.visited ??= new Set();
          if (!on || on === document.body) return window.visited.size > 0 ? 'round' : null;
          if (on === window.before) return null; // A field of a date has a stop for each of its parts.
          if (window.visited.has(on)) return 'round';
          window.visited.add(window.before = on);
          const style = getComputedStyle(on);
          const name = on.getAttribute('aria-label') || on.labels?.[0]?.innerText || on.innerText || on.title || on.closest('label')?.innerText || '';
          const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || on.shadowRoot;
          return !ring ? 'no ring: ' + on.outerHTML.slice(0, 200) : name.trim() === '' && !on.shadowRoot ? 'no name: ' + on.outerHTML.slice(0, 200) : null;
        }
        """;

    /// <summary>What of the page's own can be used and was not reached; of radio buttons one stands for all of its name.</summary>
    const string NotReached = """
        () => [...document.querySelectorAll('main :is(input:not([type=hidden], [type=radio]), select, textarea, button, a[href], summary)')]
          .filter(one => !window.visited.has(one) && !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }))
          .map(one => one.outerHTML.slice(0, 200))
        """;

    [Theory]
    [InlineData(ForcedColors.None)]
    [InlineData(ForcedColors.Active)]
    public async Task Where_the_keyboard_is_has_a_ring_on_the_forms_whatever_the_colours(ForcedColors forced) => await browser.Use(apm.Ui, $"{nameof(Where_the_keyboard_is_has_a_ring_on_the_forms_whatever_the_colours)}_{forced}", async page =>
    {
        foreach (var path in new[] { "/monitors/new", "/monitors/downtimes", "/slos/new", "/dashboards" })
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("main")).Not.ToBeEmptyAsync();
            string? said = null;
            for (var i = 0; i < MaxStops && said is null; i++)
            {
                await page.Keyboard.PressAsync("Tab");
                said = await page.EvaluateAsync<string?>(LookAtFocus);
            }
            Assert.Equal("round", said);
            Assert.Empty(await page.EvaluateAsync<string[]>(NotReached));
            Assert.True(await page.EvaluateAsync<bool>("() => [...window.visited].some(one => one.closest('main'))"), $"Nothing of {path} was reached.");
        }
    }, forced: forced);

    /// <summary>More than the longest of these pages has.</summary>
    const int MaxStops = 250;
}
