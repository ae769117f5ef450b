using System.Globalization;
using System.Text.Json.Nodes;
using Apm.EndToEnd.Tests.Running;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Objectives in the browser.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class SloScreenTests(BrowserFixture browser, RunningApm apm) : IClassFixture<RunningApm>
{
    [Fact]
    public async Task An_objective_is_made_by_its_form_and_shown_with_its_budget()
    {
        await Count("orders", 1_000);
        await Count("orders.failed", 5);
        await browser.Use(apm.Ui, nameof(An_objective_is_made_by_its_form_and_shown_with_its_budget), async page =>
        {
            await page.GotoAsync("/slos/new");
            await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Orders go through");
            await page.GetByLabel("Good requests").FillAsync("sum:orders{*} - sum:orders.failed{*}");
            await page.GetByLabel("All requests").FillAsync("sum:orders{*}.as_count()");
            await page.GetByLabel("Over 30 days", new() { Exact = true }).FillAsync("99");
            await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await Expect(page.GetByText("Write sum:orders{*}.as_count().")).ToBeVisibleAsync();
            await page.GetByLabel("Good requests").FillAsync("sum:orders{*}.as_count() - sum:orders.failed{*}.as_count()");
            await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

            await Expect(page.Locator(".slo-figures")).ToContainTextAsync("5 of 10 requests");
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(2);
            Assert.Empty(await Axe.Serious(page));

            await page.GotoAsync("/slos");
            await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Orders go through" })).ToBeVisibleAsync();
            await Expect(page.Locator("tbody tr", new() { HasText = "Orders go through" })).ToContainTextAsync("50 %");
            Assert.Empty(await Axe.Serious(page));
        }, ColorScheme.Dark, isExpected: text => text.Contains("400", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_correction_is_refused_at_its_field_made_and_deleted()
    {
        await apm.Send("/api/v1/slo", """{"type":"metric","name":"Orders are quick","thresholds":[{"timeframe":"7d","target":99}],"query":{"numerator":"sum:quick{*}.as_count()","denominator":"sum:quick.all{*}.as_count()"}}""");
        await browser.Use(apm.Ui, nameof(A_correction_is_refused_at_its_field_made_and_deleted), async page =>
        {
            await page.GotoAsync("/slos");
            await page.GetByRole(AriaRole.Link, new() { Name = "Orders are quick" }).ClickAsync();
            var form = page.Locator("#correction-form");
            await form.GetByLabel("Description").FillAsync("moved");
            await form.GetByLabel("Time zone").FillAsync("Mars");
            await form.GetByRole(AriaRole.Button).ClickAsync();

            await Expect(form.GetByLabel("Time zone")).ToBeFocusedAsync();
            await Expect(form.GetByLabel("Time zone")).ToHaveAttributeAsync("aria-invalid", "true");
            await Expect(form.GetByRole(AriaRole.Alert)).ToHaveTextAsync("\"Mars\" is no time zone. Write a name such as America/New_York or UTC.");
            await Expect(form.GetByLabel("Description")).ToHaveValueAsync("moved"); // What was typed stays.
            Assert.Empty(await Axe.Serious(page));

            await form.GetByLabel("Time zone").FillAsync("UTC");
            await form.GetByRole(AriaRole.Button).ClickAsync();
            await Expect(page.GetByText("1 correction", new() { Exact = true })).ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Delete the correction" }).ClickAsync();
            await Expect(page.GetByText("All of its time counts.")).ToBeVisibleAsync();
        }, isExpected: text => text.Contains("400", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_board_of_objectives_is_seen_in_forced_colours_and_changed_when_magnified()
    {
        await Count("paid", 1_000);
        var made = JsonNode.Parse(await apm.Send("/api/v1/slo", """{"type":"metric","name":"Orders are paid","thresholds":[{"timeframe":"7d","target":99}],"query":{"numerator":"sum:paid{*}.as_count()","denominator":"sum:paid{*}.as_count()"}}"""))!["data"]![0]!["id"]!;
        var board = JsonNode.Parse(await apm.Send("/api/v1/dashboard", $$$"""{"title":"Objectives","layout_type":"ordered","widgets":[{"definition":{"type":"slo","title":"Paid","slo_id":"{{{made}}}"}},{"definition":{"type":"toplist","requests":[{"q":"sum:paid{*} by {host}"}]}}]}"""))!["id"]!;
        await browser.Use(apm.Ui, nameof(A_board_of_objectives_is_seen_in_forced_colours_and_changed_when_magnified), async page =>
        {
            await page.GotoAsync($"/dashboards/{board}");
            // A ground that is forced is the page's own; a bar that is nothing else would not be there.
            Assert.NotEqual(await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"), await page.Locator(".slo-bar i").EvaluateAsync<string>("bar => getComputedStyle(bar).backgroundColor"));

            await page.SetViewportSizeAsync(720, 450); // As 1440 × 900 at 200 %.
            Assert.Equal(720, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            await page.GetByRole(AriaRole.Button, new() { Name = "More about this board" }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "Edit", Exact = true }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Done" })).ToBeVisibleAsync();
        }, forced: ForcedColors.Active);
    }

    Task<string> Count(string metric, int value) =>
        apm.Send("/api/v1/series", string.Create(CultureInfo.InvariantCulture, $$"""{"series":[{"metric":"{{metric}}","type":"count","interval":10,"points":[[{{RunningApm.Now - 600}},{{value}}]]}]}"""));
}
