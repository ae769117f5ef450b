using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Metrics and hosts in the browser, from what Datadog's API was sent and what this host tells of itself.</summary>
[Collection(OneAfterTheOther.Name)]
public sealed class MetricsScreenTests(BrowserFixture browser) : IAsyncLifetime
{
    ApmProcess _apm = null!;

    public async Task InitializeAsync() => _apm = await ApmProcess.Start();

    public async Task DisposeAsync()
    {
        await _apm.Stop();
        await _apm.DisposeAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task A_metric_is_found_plotted_by_host_and_put_into_a_function(ColorScheme colors)
    {
        await Send("my_metric", "box-1", at => 100 + at % 7);
        await Send("my_metric", "box-2", at => 500 + at % 11);
        await browser.Use(_apm.Ui, $"{nameof(A_metric_is_found_plotted_by_host_and_put_into_a_function)}_{colors}", async page =>
        {
            await page.GotoAsync("/metrics");
            await page.Locator(".metric-list a", new() { HasText = "my_metric" }).ClickAsync();
            await Expect(page).ToHaveURLAsync(new Regex("q=avg"));
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.GetByText("2 series, a point each 10 s")).ToBeVisibleAsync();

            await page.Locator("tr", new() { HasText = "host" }).GetByRole(AriaRole.Link, new() { Name = "Group by" }).ClickAsync();
            await Expect(page.Locator("apm-chart[data-state=ready] .legend b")).ToHaveCountAsync(2);
            await Expect(page.Locator(".chips")).ToContainTextAsync("by host");
            Assert.Equal(["host:box-1", "host:box-2"], await Names(page));

            await page.GetByRole(AriaRole.Button, new() { Name = "Function" }).ClickAsync();
            await page.Locator("#fn-pop a", new() { HasText = "abs" }).First.ClickAsync();
            await Expect(page.Locator("#metric-query input.q")).ToHaveValueAsync("abs(avg:my_metric{*} by {host})");
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(1);
            Assert.Empty(await Axe.Serious(page));

            await page.GetByLabel("Remove abs").ClickAsync();
            await Expect(page.Locator("#metric-query input.q")).ToHaveValueAsync("avg:my_metric{*} by {host}");
            await page.Locator("#metric-query input.q").FillAsync("averag:my_metric{*");
            await page.Keyboard.PressAsync("Enter");
            await Expect(page.Locator("#bad-query mark")).ToBeVisibleAsync();
        }, colors);
    }

    [Fact]
    public async Task This_host_tells_of_itself_and_its_checks() => await browser.Use(_apm.Ui, nameof(This_host_tells_of_itself_and_its_checks), async page =>
    {
        await Until.True("this host is listed with its load", TimeSpan.FromSeconds(60), async () =>
        {
            await page.GotoAsync("/hosts");
            return await page.Locator("tbody tr td:nth-child(5)").AllInnerTextsAsync() is [var load] && load != "–";
        }, () => _apm.Program.Evidence);
        await Expect(page.Locator("tbody .state")).ToContainTextAsync("up");
        Assert.Empty(await Axe.Serious(page));

        await page.Locator("tbody a").First.ClickAsync();
        await Expect(page.Locator("apm-chart")).ToHaveCountAsync(6);
        await Expect(page.Locator("apm-chart[label='Load'][data-state=ready]")).ToHaveCountAsync(1);
        await Expect(page.Locator("section[aria-label='Checks'] tbody tr", new() { HasText = "memory" })).ToContainTextAsync("ok");
        Assert.Empty(await Axe.Serious(page));
    });

    static async Task<IEnumerable<string?>> Names(IPage page) =>
        (await page.Locator("apm-chart").EvaluateAsync<JsonElement>("chart => chart.inspect()")).GetProperty("series").EnumerateArray().Select(series => series.GetProperty("name").GetString()).ToList();

    /// <summary>Five minutes of a gauge.</summary>
    async Task Send(string metric, string host, Func<int, int> valueAt)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 10 * 10;
        var points = string.Join(',', Enumerable.Range(1, 30).Select(i => string.Create(CultureInfo.InvariantCulture, $"[{now - i * 10},{valueAt(i)}]")));
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var body = new StringContent($$"""{"series":[{"metric":"{{metric}}","interval":10,"points":[{{points}}],"host":"{{host}}"}]}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(_apm.Ui, "/api/v1/series?api_key=any"), body);
        Assert.Equal("""{"status": "ok"}""", await answer.Content.ReadAsStringAsync());
    }
}
