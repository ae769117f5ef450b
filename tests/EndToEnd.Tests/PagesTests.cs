using System.Net;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>An Apm that has had a minute of a small shop's traffic, and one large trace.</summary>
public sealed class ShopApm : IAsyncLifetime
{
    public static readonly TraceId LargeTrace = new(0, 0x1a46e);

    public ApmProcess Apm { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Apm = await ApmProcess.Start();
        Assert.Equal(HttpStatusCode.OK, await Apm.Send("/v0.4/traces", DatadogV04Encoder.Encode(Shop.Traces(60, TimeProvider.System))));
        Assert.Equal(HttpStatusCode.OK, await Apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([Shop.LargeTrace(LargeTrace, 10_000, TimeProvider.System)])));
        await Apm.TracesOf("shop", 61);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await Apm.Stop();
        await Apm.DisposeAsync();
    }
}

/// <summary>Each page by keyboard, in both themes, by its URL, and looked at by axe (ui.md §2, §6, §7).</summary>
[Collection(OneAfterTheOther.Name)]
public class PagesTests(BrowserFixture browser, ShopApm shop) : IClassFixture<ShopApm>
{
    static readonly string[] Pages =
    [
        "/", "/services", "/services/shop", "/services/shop?tab=errors", "/services/shop?tab=calls", "/services/shop?tab=instances", "/services/shop?tab=ingest", "/services/shop?tab=deployments", "/errors", "/errors?tab=all&seen=any", "/services/shop/endpoint?resource=shop", "/limits", "/traces", "/traces?q=service:shop+status:error",
        "/traces/0000000000000007", "/traces/0000000000000007?span=0", "/traces/0000000000000007?view=flame", "/traces/0000000000000007?view=list", "/traces/open", "/traces/0000000000000007?view=map", "/map", "/map?view=table", "/nothing-here", "/traces/00000000000000ff",
    ];

    [Fact]
    public Task No_page_has_a_serious_finding_in_light_nor_in_dark() => browser.Use(shop.Apm.Ui, nameof(No_page_has_a_serious_finding_in_light_nor_in_dark), async page =>
    {
        var findings = new List<string>();
        foreach (var path in Pages.Where(path => path is not ("/nothing-here" or "/traces/00000000000000ff")))
        {
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce }); // A colour on its way to another is no finding.
            await page.GotoAsync(path);
            await Drawn(page);
            findings.AddRange((await Axe.Serious(page)).Select(finding => $"{path}: {finding}"));
            var ground = await Ground(page);
            await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark, ReducedMotion = ReducedMotion.Reduce });
            Assert.NotEqual(ground, await Ground(page)); // The page follows the system at once.
            findings.AddRange((await Axe.Serious(page, onlyColors: true)).Select(finding => $"{path}, dark: {finding}"));
        }
        Assert.True(findings.Count == 0, string.Join('\n', findings));

        static Task<string> Ground(IPage page) => page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
    });

    [Fact]
    public Task Every_page_has_a_title_one_heading_and_answers_with_the_right_status() => browser.Use(shop.Apm.Ui, nameof(Every_page_has_a_title_one_heading_and_answers_with_the_right_status), async page =>
    {
        foreach (var path in Pages.Where(path => path is not ("/nothing-here" or "/traces/00000000000000ff")))
        {
            var answer = await page.GotoAsync(path);
            Assert.True(answer!.Status == 200, $"{path}: {answer.Status}");
            Assert.EndsWith(" · Apm", await page.TitleAsync(), StringComparison.Ordinal);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveCountAsync(1);
            Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), $"{path} scrolls sideways");
        }
    });

    [Theory]
    [InlineData("/nothing-here")]
    [InlineData("/traces/00000000000000ff")]
    [InlineData("/services/nobody")]
    public async Task What_is_not_there_is_404_and_leads_on(string path)
    {
        var (status, text) = await shop.Apm.Request(new Uri(shop.Apm.Ui, path).ToString());

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("<main", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public Task The_keyboard_reaches_everything(int roundTripMs) => browser.Use(shop.Apm.Ui, nameof(The_keyboard_reaches_everything), async page =>
    {
        await page.GotoAsync("/");
        await Drawn(page);
        foreach (var (key, path) in new[] { ("s", "/services"), ("m", "/map"), ("t", "/traces"), ("h", "/") })
        {
            await page.Keyboard.PressAsync("g");
            await page.Keyboard.PressAsync(key);
            await Expect(page).ToHaveURLAsync(new Regex($"^http://localhost:\\d+{path}$"));
            await Drawn(page);
        }

        await page.Keyboard.PressAsync("?");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Critical path");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();

        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByRole(AriaRole.Searchbox, new() { Name = "Search services, endpoints and traces" })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("payment");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("payment"));

        // Rows with j and k, the page with Enter.
        await page.GotoAsync("/services");
        await Drawn(page);
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("k");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("/services/[a-z]+"));
    }, roundTripMs: roundTripMs);

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public Task The_time_range_is_chosen_stepped_and_stands_in_the_URL(int roundTripMs) => browser.Use(shop.Apm.Ui, nameof(The_time_range_is_chosen_stepped_and_stands_in_the_URL), async page =>
    {
        await page.GotoAsync("/traces");
        await Drawn(page);
        await Until.True("t opens the time range", TimeSpan.FromSeconds(5), async () =>
        {
            await page.Keyboard.PressAsync("t"); // A live page that was just being rendered anew may have swallowed it.
            return await page.Locator("#time-pop").IsVisibleAsync();
        });
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("Past 1 h") }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("from=now-1h"));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Past 1 h" })).ToBeVisibleAsync();

        await page.Keyboard.PressAsync("[");
        await Expect(page).ToHaveURLAsync(new Regex(@"from=\d{13}&to=\d{13}"));
        await Expect(page.GetByRole(AriaRole.Banner)).ToContainTextAsync("UTC");
        await page.Keyboard.PressAsync("]");
        await page.Keyboard.PressAsync("-");
        await Expect(page).ToHaveURLAsync(new Regex(@"from=\d{13}&to=\d{13}"));
        await page.Keyboard.PressAsync("0");
        await Expect(page).Not.ToHaveURLAsync(new Regex(@"from="));

        // Whoever opens the link sees the same.
        const string State = "/traces?q=service:shop+status:error&sort=slowest&from=now-1h";
        await page.GotoAsync(State);
        var rows = await page.GetByRole(AriaRole.Row).CountAsync();
        Assert.Equal(8 + 1, rows);
        await page.ReloadAsync();
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(rows);
        await Expect(page.GetByRole(AriaRole.Searchbox, new() { Name = "Query" })).ToHaveValueAsync("service:shop status:error");
    }, roundTripMs: roundTripMs);

    [Fact]
    public Task Light_and_dark_are_remembered() => browser.Use(shop.Apm.Ui, nameof(Light_and_dark_are_remembered), async page =>
    {
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Light or dark" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        var dark = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

        await page.GotoAsync("/services");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        Assert.Equal(dark, await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Light or dark" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
    });

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public Task What_is_told_by_colour_or_ground_is_seen_in_forced_colours(ColorScheme colors) => browser.Use(shop.Apm.Ui, $"{nameof(What_is_told_by_colour_or_ground_is_seen_in_forced_colours)}_{colors}", async page =>
    {
        // A ground that is forced is the page's own; marks that are nothing but a ground are then not there.
        const string Grounds = "marks => marks.map(mark => getComputedStyle(mark)).filter(style => style.backgroundColor === getComputedStyle(document.body).backgroundColor).length";
        const string Outline = "mark => getComputedStyle(mark).outlineStyle";
        async Task Seen(string path, params string[] marks)
        {
            await page.GotoAsync(path);
            await Drawn(page);
            foreach (var mark in marks)
            {
                await Expect(page.Locator(mark).First).ToBeAttachedAsync();
                Assert.True(0 == await page.Locator(mark).EvaluateAllAsync<int>(Grounds), $"{path}: {mark} has the ground of the page");
            }
            Assert.DoesNotContain(await Axe.Serious(page), finding => !finding.StartsWith("color-contrast", StringComparison.Ordinal)); // The contrast is the system's.
        }

        await Seen("/traces/0000000000000007?span=0", "apm-waterfall .b", "apm-waterfall .sv");
        Assert.Equal("solid", await page.Locator("apm-waterfall .r.sel").EvaluateAsync<string>(Outline));
        await Seen("/services/shop/endpoint?resource=POST+/order", ".dist-bar i");
        await Seen("/traces", ".facets .dot", ".live-dot", "tr .dot", ".meter > i");
        await page.Keyboard.PressAsync("j");
        await page.Keyboard.PressAsync("c");
        Assert.Equal("dashed", await page.Locator("tr.picked").EvaluateAsync<string>(Outline));
        await Seen("/compare?a=0000000000000007&b=0000000000000005", ".svc-bar");
    }, colors, forced: ForcedColors.Active);

    [Fact]
    public Task A_query_that_is_wrong_is_told_where_and_what_else() => browser.Use(shop.Apm.Ui, nameof(A_query_that_is_wrong_is_told_where_and_what_else), async page =>
    {
        await page.GotoAsync("/traces");
        var query = page.GetByRole(AriaRole.Searchbox, new() { Name = "Query" });
        await query.FillAsync("servise:shop");
        await query.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("q=servise"));
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("service");
        await query.FillAsync("duration:>nonsense");
        await query.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
    });

    [Fact]
    public Task The_map_shows_who_calls_whom() => browser.Use(shop.Apm.Ui, nameof(The_map_shows_who_calls_whom), async page =>
    {
        await page.GotoAsync("/map");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("payment");
        await page.GetByRole(AriaRole.Link, new() { Name = "Table" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "shop" }).Filter(new() { HasText = "payment" })).ToHaveCountAsync(1);
    });

    /// <summary>Ten thousand spans: soon there, scrolled smoothly, opened by click and by key (ui.md §5). APM_RECORD=1 keeps the figures.</summary>
    [Fact]
    public Task A_large_trace_is_soon_there_and_scrolls_smoothly() => browser.Use(shop.Apm.Ui, nameof(A_large_trace_is_soon_there_and_scrolls_smoothly), async page =>
    {
        await page.GotoAsync($"/traces/{ShopApm.LargeTrace}");
        await Expect(page.Locator("apm-waterfall[data-state=ready]")).ToHaveCountAsync(1);
        var waterfall = page.Locator("apm-waterfall");
        await Expect(waterfall).ToHaveAttributeAsync("data-draw-ms", new Regex(@"\d"));
        var drawMs = int.Parse((await waterfall.GetAttributeAsync("data-draw-ms"))!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(10_000, await waterfall.EvaluateAsync<int>("element => element.inspect().spans"));

        // All of it unfolded, then scrolled by wheel from top to bottom.
        var grid = page.GetByRole(AriaRole.Treegrid);
        await grid.FocusAsync();
        var rows = await waterfall.EvaluateAsync<int>("element => element.inspect().rows");
        if (rows < 1_000) // What lies on the critical path is unfolded from the start.
        {
            await page.Keyboard.PressAsync("Shift+E");
            rows = await waterfall.EvaluateAsync<int>("element => element.inspect().rows");
        }
        Assert.True(rows > 1_000, $"{rows} rows");
        await grid.HoverAsync();
        await page.EvaluateAsync("""
            () => {
              window.frames_ = [];
              let last = performance.now();
              const tick = now => { window.frames_.push(now - last); last = now; window.raf_ = requestAnimationFrame(tick); };
              window.raf_ = requestAnimationFrame(tick);
            }
            """);
        for (var i = 0; i < 80; i++) await page.Mouse.WheelAsync(0, 240);
        var frames = await page.EvaluateAsync<double[]>("() => { cancelAnimationFrame(window.raf_); return window.frames_.slice(2).sort((a, b) => a - b); }");
        var fps = 1000 * frames.Length / frames.Sum();
        var p95 = frames[(int)(frames.Length * 0.95)];
        Assert.True(drawMs < 1_000, $"interactive after {drawMs} ms");
        Assert.True(fps > 25, $"{fps:0} frames a second");
        Assert.InRange(await waterfall.EvaluateAsync<int>("element => element.inspect().drawn"), 1, 80); // Only what is in sight exists.
        UiFigures.Record("trace of 10 k spans interactive after its data arrived", "300 ms", $"{drawMs} ms");
        UiFigures.Record("wheel scrolling through it, unfolded", "≥ 55 fps", $"{fps:0} fps, frame p95 {p95:0.0} ms");

        // By click, then by key.
        await page.GotoAsync($"/traces/{ShopApm.LargeTrace}");
        await Expect(page.Locator("apm-waterfall[data-state=ready]")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("nightly report") }).ClickAsync();
        var panel = page.GetByRole(AriaRole.Complementary, new() { Name = "Span nightly report" });
        await Expect(panel).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(panel).ToBeHiddenAsync();
        await grid.FocusAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Complementary, new() { NameRegex = new Regex("^Span ") })).ToBeVisibleAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"span=\d+"));
    });

    /// <summary>Islands have drawn what they have.</summary>
    static Task Drawn(IPage page) => Expect(page.Locator("apm-chart:not([data-state=ready]):not([data-state=empty]), apm-waterfall:not([data-state=ready]):not([data-state=empty]), apm-flame:not([data-state=ready]):not([data-state=empty])")).ToHaveCountAsync(0);
}
