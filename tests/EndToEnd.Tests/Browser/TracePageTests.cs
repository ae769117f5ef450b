using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>An Apm with one trace in which everything happened, and one of 10,000 and one of 100,000 spans.</summary>
public sealed class TraceApm : IAsyncLifetime
{
    public static readonly TraceId Planted = new(0, 0x9a);
    public static readonly TraceId Large = new(0, 0x1a46e);
    public static readonly TraceId Huge = new(0, 0x486e);

    public ApmProcess Apm { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Apm = await ApmProcess.Start();
        Assert.Equal(HttpStatusCode.OK, await Apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([Shop.PlantedTrace(Planted, TimeProvider.System)])));
        foreach (var (id, count) in new[] { (Large, 10_000), (Huge, 100_000) })
            Assert.Equal(HttpStatusCode.OK, await Apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([Shop.LargeTrace(id, count, TimeProvider.System)])));
        await Apm.TracesOf("shop", 3);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await Apm.Stop();
        await Apm.DisposeAsync();
    }
}

/// <summary>The page of one trace: views, keys, files, and its budgets (ui.md §4, §5).</summary>
[Collection(OneAfterTheOther.Name)]
public class TracePageTests(BrowserFixture browser, TraceApm traces) : IClassFixture<TraceApm>
{
    static string Page(TraceId trace, string query = "") => $"/traces/{trace}{query}";

    [Fact]
    public Task What_is_odd_about_a_trace_stands_above_it_in_words() => Use(nameof(What_is_odd_about_a_trace_stands_above_it_in_words), async page =>
    {
        await Open(page, Page(TraceApm.Planted));
        var main = page.GetByRole(AriaRole.Main);
        await Expect(main).ToContainTextAsync("18 × SELECT price FROM article WHERE id = ? in one request, 72 ms");
        await Expect(main).ToContainTextAsync(new Regex("pay-1 5 s behind"));
        await Expect(main).ToContainTextAsync("CardRefused");
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("18 times shop SELECT price") })).ToContainTextAsync("N+1 ×18");

        await page.GetByRole(AriaRole.Link, new() { Name = "aligned" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("clock=aligned"));
        await Expect(main).ToContainTextAsync("Times are moved by that");
        await Expect(page.Locator("b.fig")).ToHaveTextAsync("240 ms");
        await page.GoBackAsync();
        await Expect(page.Locator("b.fig")).Not.ToHaveTextAsync("240 ms");
    });

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public Task The_waterfall_by_keyboard(int roundTripMs) => Use(nameof(The_waterfall_by_keyboard), async page =>
    {
        await Open(page, Page(TraceApm.Planted));
        await page.GetByRole(AriaRole.Treegrid).FocusAsync();

        // Find looks in attributes too, which only the server has.
        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByRole(AriaRole.Searchbox, new() { Name = "Find in names and attributes" })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("leave at the");
        await page.Keyboard.PressAsync("Enter");
        await Until(page, "apm-waterfall", "matches === 1");
        await page.Keyboard.PressAsync("Escape");

        await page.Keyboard.PressAsync("Home");
        await page.Keyboard.PressAsync("x");
        await page.WaitForURLAsync(new Regex(@"span=\d+"));
        await Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Span POST /pay" })).ToContainTextAsync("no money");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page).Not.ToHaveURLAsync(new Regex("span="));
        await page.Keyboard.PressAsync("k");
        await Until(page, "apm-waterfall", "critical");
        await page.Keyboard.PressAsync("Shift+ArrowUp");
        await Expect(page).ToHaveURLAsync(new Regex(@"zoom=\d+-\d+"));
        await page.Keyboard.PressAsync("0");
        await Expect(page).Not.ToHaveURLAsync(new Regex("zoom="));

        foreach (var (key, there) in new[] { ("2", "apm-flame"), ("3", "table"), ("4", "apm-map"), ("1", "apm-waterfall") })
        {
            await page.Keyboard.PressAsync(key);
            await Expect(page.Locator($"main {there}").First).ToBeVisibleAsync();
        }
    }, roundTripMs: roundTripMs);

    [Fact]
    public Task A_drag_over_the_minimap_zooms_and_Back_undoes_it() => Use(nameof(A_drag_over_the_minimap_zooms_and_Back_undoes_it), async page =>
    {
        await Open(page, Page(TraceApm.Large));
        var box = (await page.Locator("apm-waterfall .mini").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width / 4), box.Y + 20);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + 20, new() { Steps = 6 });
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"zoom=12\d{5}-2(4|5)\d{5}"));
        Assert.InRange((await Inspect(page)).GetProperty("fromUs").GetDouble(), 1_200_000, 1_300_000);
        await page.GoBackAsync();
        await Until(page, "apm-waterfall", "fromUs === 0");
    });

    [Fact]
    public Task The_flame_graph_by_mouse_and_keyboard() => Use(nameof(The_flame_graph_by_mouse_and_keyboard), async page =>
    {
        await Open(page, Page(TraceApm.Large, "?view=flame"));
        var flame = page.Locator("apm-flame");
        var stage = flame.Locator(".stage");
        Assert.False(await flame.EvaluateAsync<bool>("e => { const c = e.shadowRoot.querySelector('.stage canvas'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.every(v => v === 0); }"));
        var before = await Inspect(page, "apm-flame");
        Assert.Equal(10_000, before.GetProperty("spans").GetInt32());
        Assert.True(before.GetProperty("merged").GetInt32() > 0, "what is below a pixel is merged");

        // A click zooms to the span and opens it; Backspace leads back.
        var place = await flame.EvaluateAsync<JsonElement>("e => e.placeOf(1)");
        await stage.ClickAsync(new() { Position = new() { X = (float)place.GetProperty("x").GetDouble() + 5, Y = (float)place.GetProperty("y").GetDouble() + 8 } });
        await Expect(page).ToHaveURLAsync(new Regex("span=1(&|$)"));
        await Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Span step 0" })).ToBeVisibleAsync();
        Assert.InRange((await Inspect(page, "apm-flame")).GetProperty("toUs").GetDouble(), 120_000, 130_000);
        await page.Keyboard.PressAsync("Backspace");
        await Until(page, "apm-flame", $"toUs === {before.GetProperty("toUs").GetDouble()}");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page).Not.ToHaveURLAsync(new Regex("span="));

        // The wheel zooms at the pointer, a drag moves.
        await stage.HoverAsync(new() { Position = new() { X = 200, Y = 10 } });
        await page.Mouse.WheelAsync(0, -400);
        await Until(page, "apm-flame", "fromUs > 0");
        var zoomed = (await Inspect(page, "apm-flame")).GetProperty("fromUs").GetDouble();
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(700, 300, new() { Steps = 5 });
        await page.Mouse.UpAsync();
        Assert.NotEqual(zoomed, (await Inspect(page, "apm-flame")).GetProperty("fromUs").GetDouble());

        // The list mirrors what is in sight.
        await Until(page, "apm-flame", "listed > 0");
        await flame.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^shop nightly report, 5 s") }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex("span=0(&|$)"));
        await flame.GetByRole(AriaRole.Button, new() { Name = "own time", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("color=self"));
        await Until(page, "apm-flame", "colorBy === 'self'");
    });

    [Fact]
    public Task A_trace_saved_as_a_page_works_from_a_file_without_its_secrets() => Use(nameof(A_trace_saved_as_a_page_works_from_a_file_without_its_secrets), async page =>
    {
        await Open(page, Page(TraceApm.Planted));
        var download = await page.RunAndWaitForDownloadAsync(async () =>
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Export or import" }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^As a page") }).ClickAsync();
        });
        var file = Path.Combine(Path.GetTempPath(), $"apm-e2e-{Guid.NewGuid():N}.html");
        try
        {
            await download.SaveAsAsync(file);
            var html = await File.ReadAllTextAsync(file);
            Assert.DoesNotContain("pa55word", html, StringComparison.Ordinal);
            Assert.DoesNotContain("t0psecret", html, StringComparison.Ordinal);

            await page.GotoAsync(new Uri(file).ToString());
            await Expect(page.Locator("apm-waterfall[data-state=ready]")).ToHaveCountAsync(1);
            await page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("payment POST .pay") }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("leave at the <b>door</b>");
            await Expect(page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("[masked]");
            await UiFigures.Picture(page, "trace-saved");
            await page.Keyboard.PressAsync("2");
            await Expect(page.Locator("apm-flame[data-state=ready]")).ToHaveCountAsync(1);
        }
        finally
        {
            File.Delete(file);
        }
    });

    [Fact]
    public Task A_trace_saved_as_JSON_is_shown_again() => Use(nameof(A_trace_saved_as_JSON_is_shown_again), async page =>
    {
        var (_, json) = await traces.Apm.Request(new Uri(traces.Apm.Ui, $"/ui/trace/{TraceApm.Planted}/trace.json").ToString());
        await page.GotoAsync("/traces/open");
        await page.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "mine.json", MimeType = "application/json", Buffer = System.Text.Encoding.UTF8.GetBytes(json) });
        await page.GetByRole(AriaRole.Button, new() { Name = "Show the trace" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/traces/file-"));
        await Expect(page.Locator("apm-waterfall[data-state=ready]")).ToHaveCountAsync(1);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("From the file mine.json");
    });

    /// <summary>A hundred thousand spans (ui.md §5). APM_RECORD=1 keeps the figures.</summary>
    [Theory]
    [InlineData("waterfall")]
    [InlineData("flame")]
    public Task A_huge_trace_is_soon_there(string view) => Use($"{nameof(A_huge_trace_is_soon_there)}_{view}", async page =>
    {
        var started = TimeProvider.System.GetTimestamp();
        await Open(page, Page(TraceApm.Huge, view == "flame" ? "?view=flame" : ""));
        var seen = TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
        var island = page.Locator("apm-" + view);
        await Expect(island).ToHaveAttributeAsync("data-draw-ms", new Regex(@"\d"));
        var drawMs = int.Parse((await island.GetAttributeAsync("data-draw-ms"))!, CultureInfo.InvariantCulture);
        Assert.Equal(100_000, (await Inspect(page, "apm-" + view)).GetProperty("spans").GetInt32());
        Assert.True(drawMs < 3_000, $"interactive after {drawMs} ms");
        UiFigures.Record($"trace of 100 k spans, {view}, interactive after its data arrived", "1.5 s", $"{drawMs} ms");
        UiFigures.Record($"trace of 100 k spans, {view}, from the click to ready, with its query and download", "–", $"{seen:0} ms");
        await UiFigures.Picture(page, $"trace-huge-{view}");

        // Unfolded, or zoomed: frames while one moves through it.
        if (view == "waterfall")
        {
            await page.GetByRole(AriaRole.Treegrid).FocusAsync();
            if (await page.GetByText("Unfold all", new() { Exact = true }).CountAsync() > 0) await page.Keyboard.PressAsync("Shift+E");
            Assert.True((await Inspect(page)).GetProperty("rows").GetInt32() > 20_000);
            await page.GetByRole(AriaRole.Treegrid).HoverAsync();
        }
        else await island.Locator(".stage").HoverAsync();
        await page.EvaluateAsync("""
            () => {
              window.frames_ = [];
              let last = performance.now();
              const tick = now => { window.frames_.push(now - last); last = now; window.raf_ = requestAnimationFrame(tick); };
              window.raf_ = requestAnimationFrame(tick);
            }
            """);
        for (var i = 0; i < 40; i++) await page.Mouse.WheelAsync(0, view == "flame" ? -60 : 240);
        var frames = await page.EvaluateAsync<double[]>("() => { cancelAnimationFrame(window.raf_); return window.frames_.slice(2).sort((a, b) => a - b); }");
        var fps = 1000 * frames.Length / frames.Sum();
        Assert.True(fps > 20, $"{fps:0} frames a second");
        UiFigures.Record(view == "flame" ? "zooming into it by wheel" : "wheel scrolling through it, 100 k spans unfolded", "≥ 55 fps", $"{fps:0} fps, frame p95 {frames[(int)(frames.Length * 0.95)]:0.0} ms");

        var find = TimeProvider.System.GetTimestamp();
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync("SELECT 2");
        await Until(page, "apm-" + view, "matches > 0");
        UiFigures.Record($"finding in all attributes of 100 k spans, {view}, from the last key", "–", $"{TimeProvider.System.GetElapsedTime(find).TotalMilliseconds:0} ms");
    });

    /// <summary>Looked at by axe in both themes, and on a phone; APM_PICTURES=folder keeps pictures to be looked at.</summary>
    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public Task Every_view_is_fit_to_be_seen(ColorScheme colors, int width) => browser.Use(traces.Apm.Ui, $"{nameof(Every_view_is_fit_to_be_seen)}_{colors}_{width}", async page =>
    {
        await page.SetViewportSizeAsync(width, width > 1000 ? 900 : 844);
        foreach (var (name, query) in new[] { ("waterfall", ""), ("panel", "?span=0000000000000003&clock=aligned"), ("flame", "?view=flame&clock=aligned"), ("self", "?view=flame&clock=aligned&color=self"), ("list", "?view=list"), ("map", "?view=map") })
        {
            await Open(page, Page(TraceApm.Planted, query));
            await UiFigures.Picture(page, $"trace-{name}-{colors}-{width}");
            Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), $"{name} scrolls sideways");
            var findings = await Axe.Serious(page);
            Assert.True(findings.Count == 0, name + ": " + string.Join('\n', findings));
        }
        await Open(page, Page(TraceApm.Large));
        await UiFigures.Picture(page, $"trace-large-{colors}-{width}");
        await Open(page, Page(TraceApm.Large, "?view=flame"));
        await UiFigures.Picture(page, $"trace-large-flame-{colors}-{width}");
    }, colors);

    Task Use(string test, Func<IPage, Task> use, int roundTripMs = 0) => browser.Use(traces.Apm.Ui, test, use, roundTripMs: roundTripMs);

    static async Task Open(IPage page, string path)
    {
        await page.GotoAsync(path);
        await Expect(page.Locator("apm-waterfall:not([data-state=ready]), apm-flame:not([data-state=ready])")).ToHaveCountAsync(0, new() { Timeout = 20_000 });
    }

    /// <summary>Waits until what an island reports is so. Not the page's own waiting, which its policy forbids.</summary>
    static Task<TimeSpan> Until(IPage page, string island, string condition) => TestKit.Until.True($"{island}: {condition}", TimeSpan.FromSeconds(10),
        () => page.Locator(island).EvaluateAsync<bool>($"element => Boolean(element.inspect().{condition})"), () => page.Url);

    static Task<JsonElement> Inspect(IPage page, string island = "apm-waterfall") => page.Locator(island).EvaluateAsync<JsonElement>("element => element.inspect()");
}
