using System.Net;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>An error from the list to its page, resolved in the browser, over a kill, and regressed by a later version; its deployment on the charts.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class ErrorsStoryTests(BrowserFixture browser)
{
    const string Stack = "System.InvalidOperationException: The cart is empty.\n   at System.Linq.ThrowHelper.Throw()\n   at System.Linq.Enumerable.First()\n   at Till.Orders.Total(Cart cart) in /src/Till/Orders.cs:line 31";

    ulong _nextId = 1;

    byte[] Requests(string version, int count, int failed) => DatadogV04Encoder.Encode([.. Enumerable.Range(0, count).Select(i =>
    {
        var id = _nextId++;
        return (IReadOnlyList<Span>)[new Span
        {
            TraceId = new TraceId(0, 0xe000 + id), Id = new SpanId(id), Service = "till", Name = "aspnet_core.request", Resource = "POST /orders", Type = "web",
            StartUnixNanos = TimeProvider.System.NowUnixNanos() - 20_000_000, DurationNanos = 5_000_000, Flags = i < failed ? SpanFlags.Error : SpanFlags.None,
            Tags = new Dictionary<string, string> { ["version"] = version, ["env"] = "prod", ["error.type"] = "System.InvalidOperationException", ["error.message"] = $"Cart {id} is empty.", ["error.stack"] = Stack }
                .Where(tag => i < failed || !tag.Key.StartsWith("error", StringComparison.Ordinal)).ToDictionary(),
        }];
    })]);

    async Task Send(ApmProcess apm, string version, int count, int failed) => Assert.Equal(HttpStatusCode.OK, await apm.Send("/v0.4/traces", Requests(version, count, failed)));

    static async Task<(string State, long Count)> Issue(ApmProcess apm)
    {
        var issues = (await apm.Get("/api/errors?state=all&service=till")).GetProperty("issues");
        return issues.GetArrayLength() == 0 ? ("", 0) : (issues[0].GetProperty("state").GetString()!, issues[0].GetProperty("count_ever").GetInt64());
    }

    [Fact]
    public async Task An_error_is_found_resolved_and_comes_again()
    {
        var data = Path.Combine(Path.GetTempPath(), "apm-errors-" + Guid.NewGuid().ToString("N")[..8]);
        try
        {
            await using (var apm = await ApmProcess.Start(data))
            {
                await Send(apm, "1.0", 60, 0);
                await Send(apm, "1.1", 60, 9);
                await TestKit.Until.True("nine errors are counted", TimeSpan.FromSeconds(20), async () => (await Issue(apm)).Count == 9);
                await browser.Use(apm.Ui, nameof(An_error_is_found_resolved_and_comes_again), async page =>
                {
                    await page.GotoAsync("/errors");
                    await page.GetByRole(AriaRole.Link, new() { Name = "System.InvalidOperationException" }).ClickAsync();
                    await Expect(page).ToHaveURLAsync(new Regex("/errors/[0-9a-f]{16}"));
                    await Expect(page.GetByText("Cart {n} is empty.")).ToBeVisibleAsync();
                    await Expect(page.GetByText("2 frames of libraries")).ToBeVisibleAsync();
                    var chart = page.Locator("apm-chart[data-state=ready]");
                    await Expect(chart).ToHaveCountAsync(1);
                    Assert.Contains("till 1.1 deployed to prod, before it 1.0", await chart.EvaluateAsync<string>("chart => JSON.stringify(chart.inspect().marks)"), StringComparison.Ordinal);
                    await page.GetByRole(AriaRole.Button, new() { Name = "Table" }).ClickAsync();
                    await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "till 1.1 deployed to prod, before it 1.0" })).ToBeVisibleAsync();
                    Assert.Empty(await Axe.Serious(page));

                    await page.GetByRole(AriaRole.Button, new() { Name = "Resolve" }).ClickAsync();
                    await Expect(page.GetByText("in version 1.1. It becomes regressed")).ToBeVisibleAsync();
                    await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reopen" })).ToBeVisibleAsync();
                    await page.GotoAsync("/errors");
                    await Expect(page.GetByText("Nothing failed in this time.")).ToBeVisibleAsync();

                    await page.GotoAsync("/services/till?tab=deployments");
                    await Expect(page.GetByText("1.1 against what ran before")).ToBeVisibleAsync();
                    await Expect(page.GetByText("1 new error")).ToBeVisibleAsync();
                    Assert.Empty(await Axe.Serious(page));
                });
                await Send(apm, "1.1", 3, 3);
                await apm.Kill();
            }
            await using (var apm = await ApmProcess.Start(data))
            {
                await TestKit.Until.True("it is regressed, and twelve errors are counted over the kill", TimeSpan.FromSeconds(20), async () => await Issue(apm) == ("regressed", 12));
                await apm.Stop();
            }
        }
        finally
        {
            if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        }
    }
}
