using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit.Shop;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>What is planted in the shop is found by the screens for errors and deployments.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class ShopErrorsTests(BrowserFixture browser, DemoShop shop)
{
    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task Each_planted_error_is_an_issue_and_the_regression_is_told_by_its_deployment(int roundTripMs)
    {
        var apm = await shop.Apm();
        var seconds = shop.NowMillis / 1_000;
        var issues = (await apm.Get($"/api/errors?state=all&limit=500&from={seconds - 6 * 3_600}&to={seconds}")).GetProperty("issues").EnumerateArray().ToList();
        foreach (var fault in ShopFacts.Faults)
        {
            var issue = Assert.Single(issues, issue => issue.GetProperty("service").GetString() == fault.Service && issue.GetProperty("type").GetString() == fault.Type);
            var versions = issue.GetProperty("versions").EnumerateArray().Select(version => version.GetProperty("version").GetString()!).ToList();
            if (fault.SinceVersion.Length > 0) Assert.Equal([fault.SinceVersion], versions);
            if (fault.UntilVersion.Length > 0) Assert.DoesNotContain(fault.UntilVersion, versions);
            Assert.True(issue.GetProperty("frame").GetString()!.Length > 0, $"{fault.Name} has a stack, and its issue no frame.");
        }

        await browser.Use(apm.Ui, nameof(Each_planted_error_is_an_issue_and_the_regression_is_told_by_its_deployment), async page =>
        {
            var fault = ShopFacts.Faults.Single(fault => fault.Name == ShopFacts.ReservationTimeout);
            await page.GotoAsync($"/services/{ShopFacts.RegressionService}?tab=deployments&from=now-4h");
            await Expect(page.GetByText($"{ShopFacts.RegressionVersion} against what ran before")).ToBeVisibleAsync();
            await Expect(page.Locator("#deployment")).ToContainTextAsync("worse");
            await Expect(page.Locator("#deployment").GetByRole(AriaRole.Link, new() { Name = ShopFacts.NewEndpointResource })).ToBeVisibleAsync();
            await page.Locator("#deployment").GetByRole(AriaRole.Link, new() { Name = fault.Type }).ClickAsync();
            await Expect(page).ToHaveURLAsync(new Regex("/errors/[0-9a-f]{16}"));
            // By its name: the address changes before the page does, and the page before has charts of its own.
            var chart = page.Locator("apm-chart[label='Errors of this issue'][data-state=ready]");
            await Expect(chart).ToHaveCountAsync(1);
            Assert.Contains($"{ShopFacts.RegressionVersion} deployed to {ShopFacts.Env}, before it {ShopFacts.VersionBeforeRegression}", await chart.EvaluateAsync<string>("chart => JSON.stringify(chart.inspect().marks)"), StringComparison.Ordinal);

            foreach (var deploy in ShopFacts.Deploys)
            {
                await page.GotoAsync($"/services/{deploy.Service}?tab=deployments&from=now-6h");
                await Expect(page.GetByRole(AriaRole.Link, new() { Name = deploy.Version, Exact = true }).First).ToBeVisibleAsync();
            }
        }, roundTripMs: roundTripMs);
    }
}
