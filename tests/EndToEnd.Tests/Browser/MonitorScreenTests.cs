using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>A monitor is written with its preview, tried out, saved, muted and deleted, and a downtime made, changed and cancelled, in the browser.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class MonitorScreenTests(BrowserFixture browser, RunningApm apm) : IClassFixture<RunningApm>
{
    [Fact]
    public async Task A_monitor_is_written_previewed_saved_muted_and_deleted()
    {
        await apm.Gauge("order.queue", "box-1", count: 200, every: 15, i => i is >= 100 and < 140 ? 900 : 400); // Fifty minutes of a queue, with ten at 900 in between.
        await browser.Use(apm.Ui, nameof(A_monitor_is_written_previewed_saved_muted_and_deleted), async page =>
        {
            await page.GotoAsync("/monitors/new?q=agv:order.queue{*}");
            await Expect(page.Locator(".rule-check mark.wrong")).ToHaveTextAsync("agv");
            await page.GetByLabel("Metric", new() { Exact = true }).FillAsync("avg:order.queue{*}");
            await page.GetByLabel("Alert threshold").FillAsync("5000");
            await Expect(page.Locator("aside")).ToContainTextAsync("It would never have alerted: the highest value in 60 min was 900");
            await page.GetByLabel("Alert threshold").FillAsync("800");
            await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Queue is long");
            await page.GetByLabel("Message", new() { Exact = true }).FillAsync("{{#is_alert}}It holds {{valu}}.{{/is_alert}}");
            await page.GetByLabel("Always told").FillAsync("me@example.com");
            await Expect(page.Locator(".rule-check")).ToContainTextAsync("There is no variable {{valu}} here; nothing is put in its place. Did you mean {{value}}?");
            await page.GetByLabel("Message", new() { Exact = true }).FillAsync("{{#is_alert}}It holds {{value}}.{{/is_alert}}");
            await Expect(page.Locator(".rule-check .sentence")).ToContainTextAsync("is above 800");
            await Expect(page.Locator("aside")).ToContainTextAsync("Would have told 2 times in the last 60 min: 1 Triggered, 1 Recovered.");
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.Locator("iframe[title='Mail: Triggered']")).ToHaveAttributeAsync("srcdoc", new Regex("It holds [89]")); // The first mean beyond the threshold. Nothing runs in the frame, so it is not looked into.
            Assert.Empty(await Axe.Serious(page));

            await page.GetByRole(AriaRole.Button, new() { Name = "Send a test" }).ClickAsync();
            await Expect(page.Locator("[data-answer]")).ToHaveTextAsync("On its way to me@example.com; the outbox tells what became of it.");
            await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

            await Expect(page.Locator("section[aria-label='What is compared'] apm-chart[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Queue is long");
            Assert.Empty(await Axe.Serious(page));
            await page.GetByRole(AriaRole.Button, new() { Name = "Mute 1 h" }).ClickAsync();
            await Expect(page.Locator("section[aria-label='The monitor']")).ToContainTextAsync("muted until");
            await page.GetByRole(AriaRole.Button, new() { Name = "Unmute" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Mute 1 h" })).ToBeVisibleAsync();

            await page.GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
            await page.Locator("#delete-pop").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
            await Expect(page.Locator("main")).ToContainTextAsync("There is no monitor yet.");
            Assert.Empty(await Axe.Serious(page));
            await page.GotoAsync("/monitors/downtimes");
            Assert.Empty(await Axe.Serious(page));
            await page.GotoAsync("/monitors/outbox");
            await Expect(page.Locator("tbody")).ToContainTextAsync(new Regex(@"Triggered: \[TEST\] Queue is long"));
            Assert.Empty(await Axe.Serious(page));
        }, isExpected: text => text.Contains("'about:srcdoc'", StringComparison.Ordinal)); // The recorder of the test tries its own script in the mail's frame, where none may run.
    }

    [Fact]
    public async Task A_downtime_is_written_with_its_next_times_changed_and_cancelled() => await browser.Use(apm.Ui, nameof(A_downtime_is_written_with_its_next_times_changed_and_cancelled), async page =>
    {
        var form = page.Locator("#downtime-form");
        await page.GotoAsync("/monitors/downtimes");
        await form.GetByLabel("Message").FillAsync("The database is moved.");
        await form.GetByLabel("or by a rule").FillAsync("FREQ=MONTLY");
        await Expect(page.Locator(".downtime-preview")).ToContainTextAsync("FREQ=MONTLY is not known.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Silence" }).ClickAsync();
        await Expect(form.Locator("[data-problem]")).ToContainTextAsync("FREQ=MONTLY is not known.");
        await form.GetByLabel("or by a rule").FillAsync("FREQ=MONTHLY;BYDAY=1SU");
        await Expect(page.Locator(".downtime-preview")).ToContainTextAsync("Silences all monitors, every month on the first Sunday at");
        await Expect(page.Locator(".downtime-preview li")).ToHaveCountAsync(5);
        Assert.Empty(await Axe.Serious(page));
        await page.GetByRole(AriaRole.Button, new() { Name = "Silence" }).ClickAsync();

        var row = page.Locator("tbody tr", new() { HasText = "the first Sunday" });
        await row.GetByRole(AriaRole.Link, new() { Name = "Edit" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Change the downtime" })).ToBeVisibleAsync();
        await Expect(form.GetByLabel("or by a rule")).ToHaveValueAsync("FREQ=MONTHLY;BYDAY=1SU");
        await form.GetByLabel("Message").FillAsync("It is moved another time.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Expect(row).ToContainTextAsync("It is moved another time.");

        await row.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("Nothing is silenced, and nothing will be.");
        await page.GetByRole(AriaRole.Link, new() { Name = "Show 1 that is over" }).ClickAsync();
        await Expect(row).ToContainTextAsync("cancelled");
    }, isExpected: text => text.Contains("400", StringComparison.Ordinal));

    [Fact]
    public async Task Forms_stand_still_while_they_are_filled_in() => await browser.Use(apm.Ui, nameof(Forms_stand_still_while_they_are_filled_in), async page =>
    {
        foreach (var address in new[] { "/monitors/new", "/slos/new" })
        {
            await page.GotoAsync(address);
            await Expect(page.Locator("main form button.primary")).ToBeVisibleAsync();
            await Expect(page.Locator("apm-live")).ToHaveCountAsync(0);
        }
        await page.GotoAsync("/monitors");
        await Expect(page.Locator("apm-live")).ToHaveCountAsync(1);
    });
}
