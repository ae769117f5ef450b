using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.EndToEnd.Tests.Browser;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests;

/// <summary>The Traces screen while it moves: live tail, a live page, saved views; and that it does not jump.</summary>
[Collection(OneAfterTheOther.Name)]
public class TracesLiveTests(BrowserFixture browser, DemoShop shop)
{
    const string Query = "Query";

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_tail_shows_a_new_trace_within_two_seconds_holds_still_and_survives_a_restart_of_the_server(ColorScheme colors)
    {
        await using var first = await ApmProcess.Start();
        var apm = first;
        Assert.Equal(HttpStatusCode.OK, await Send(apm, 1));
        await apm.TracesOf("shop", 1);
        ApmProcess? second = null;
        await browser.Use(apm.Ui, nameof(The_tail_shows_a_new_trace_within_two_seconds_holds_still_and_survives_a_restart_of_the_server) + colors, async page =>
        {
            await page.GotoAsync("/traces?q=service:shop");
            await page.GetByRole(AriaRole.Link, new() { Name = "Live tail" }).ClickAsync();
            await Expect(page).ToHaveURLAsync(new Regex("view=tail"));
            var tail = page.Locator("apm-tail");
            await Expect(tail).ToHaveAttributeAsync("data-state", "open");
            await Expect(tail).ToContainTextAsync("Waiting for the next trace that matches.");

            await Send(apm, 2);
            var clock = Stopwatch.StartNew();
            await Expect(Row(page, 2)).ToBeVisibleAsync();
            UiFigures.Record("Live tail: a new trace is shown after it was accepted", "2 s", $"{clock.ElapsedMilliseconds} ms");
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
            Assert.Empty(await Axe.Serious(page));

            // Under the pointer it holds still and says how many wait; a row unfolds meanwhile, and goes on to hold.
            await Row(page, 2).HoverAsync();
            await Send(apm, 3);
            await Expect(tail).ToContainTextAsync("Held while the pointer is over the list: 1 waiting");
            await Row(page, 2).GetByRole(AriaRole.Button).ClickAsync();
            await Expect(page.Locator("tr.unfolded[data-state=ready]")).ToContainTextAsync("shop");
            await page.Locator("h1").HoverAsync();
            await Expect(tail).ToContainTextAsync("Held while a row is unfolded: 1 waiting");
            await Row(page, 2).GetByRole(AriaRole.Button).ClickAsync();
            await page.Locator("h1").HoverAsync();
            await Expect(Row(page, 3)).ToBeVisibleAsync();

            await tail.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
            await Send(apm, 4);
            await Expect(tail).ToContainTextAsync("Paused: 1 waiting");
            await tail.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
            await page.Locator("h1").HoverAsync();
            await Expect(Row(page, 4)).ToBeVisibleAsync();

            // Another query begins anew.
            await page.GetByRole(AriaRole.Searchbox, new() { Name = Query }).FillAsync("service:nobody");
            await page.Keyboard.PressAsync("Enter");
            await Expect(page).ToHaveURLAsync(new Regex("service(:|%3A)nobody"));
            await Expect(page.Locator("tr[data-trace]")).ToHaveCountAsync(0);
            await page.GoBackAsync();
            await Expect(tail).ToHaveAttributeAsync("data-state", "open");

            // The server ends in good order; the page comes back with it.
            var (agentPort, uiPort) = (apm.AgentPort, apm.Ui.Port);
            await apm.Stop(TimeSpan.FromSeconds(10));
            await Expect(tail).ToContainTextAsync("Trying again in");
            apm = second = await ApmProcess.Start(first.DataFolder, agentPort, uiPort);
            await Expect(tail).ToContainTextAsync("Connected again. What was stored in between is in the list, not here.", new() { Timeout = 30_000 });
            await Send(apm, 5);
            await Expect(Row(page, 5)).ToBeVisibleAsync();

            // Back in the list the rows are the list's.
            await page.GetByRole(AriaRole.Link, new() { Name = "List", Exact = true }).ClickAsync();
            await Expect(page.Locator("tr[data-trace]")).ToHaveCountAsync(5);
            await Expect(page.Locator("apm-tail")).ToHaveCountAsync(0);
        }, colors, isExpected: text => text.Contains("Failed to load resource", StringComparison.Ordinal) || text.Contains("ERR_", StringComparison.Ordinal));
        if (second is null) return;
        await second.Stop();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task A_view_is_saved_found_renamed_and_deleted()
    {
        await using var apm = await ApmProcess.Start();
        await Send(apm, 1);
        await apm.TracesOf("shop", 1);
        await browser.Use(apm.Ui, nameof(A_view_is_saved_found_renamed_and_deleted), async page =>
        {
            await page.GotoAsync("/traces?q=service:shop&sort=slowest&from=now-1h&to=now");
            await page.GetByRole(AriaRole.Button, new() { Name = "Views" }).ClickAsync();
            await page.GetByRole(AriaRole.Textbox, new() { Name = "Name of the view" }).FillAsync("Slow <shop>");
            Assert.Empty(await Axe.Serious(page));
            await page.Keyboard.PressAsync("Enter");
            var menu = page.GetByRole(AriaRole.Button, new() { Name = "Slow <shop>", Exact = true });
            await Expect(menu).ToBeVisibleAsync();

            await page.GotoAsync("/traces");
            await page.GetByRole(AriaRole.Button, new() { Name = "Views" }).ClickAsync();
            await page.GetByRole(AriaRole.Link, new() { Name = "Slow <shop>" }).ClickAsync();
            await Expect(page).ToHaveURLAsync(new Regex("sort=slowest"));
            await Expect(page.GetByRole(AriaRole.Searchbox, new() { Name = Query })).ToHaveValueAsync("service:shop");

            await menu.ClickAsync();
            await page.Locator("summary[aria-label='Rename or delete Slow <shop>']").ClickAsync();
            await page.GetByRole(AriaRole.Textbox, new() { Name = "New name" }).FillAsync("Slow ones");
            await page.GetByRole(AriaRole.Button, new() { Name = "Rename" }).ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Slow ones", Exact = true }).ClickAsync();
            await page.Locator("summary[aria-label='Rename or delete Slow ones']").ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Views" })).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task A_click_on_a_point_opens_its_trace_and_c_on_two_rows_compares()
    {
        await browser.Use((await shop.Apm()).Ui, nameof(A_click_on_a_point_opens_its_trace_and_c_on_two_rows_compares), async page =>
        {
            var (from, to) = Past(60, 5);
            await page.GotoAsync($"/traces?q=service:orders&from={from}&to={to}");
            await Expect(page.Locator("apm-scatter[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.Locator("apm-chart[aria-busy=false]")).ToHaveCountAsync(3);
            var place = await page.EvaluateAsync<JsonElement>("(s => s.places.reduce((a, b) => a.nanos > b.nanos ? a : b))(document.querySelector('apm-scatter').inspect())");
            await page.Mouse.ClickAsync((float)place.GetProperty("x").GetDouble(), (float)place.GetProperty("y").GetDouble());
            await Expect(page).ToHaveURLAsync(new Regex("/traces/[0-9a-f]{16,32}"));

            await page.GoBackAsync();
            await Expect(page.Locator("tr[data-trace]").Nth(2)).ToBeVisibleAsync();
            var ids = await page.Locator("tr[data-trace]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.trace)");
            await page.Locator("h1").ClickAsync();
            await page.Keyboard.PressAsync("j");
            await page.Keyboard.PressAsync("c");
            await Expect(page.Locator("tr.picked")).ToHaveAttributeAsync("data-trace", ids[0]);
            await page.Keyboard.PressAsync("j");
            await page.Keyboard.PressAsync("j");
            await page.Keyboard.PressAsync("c");
            await Expect(page).ToHaveURLAsync(new Regex($"/compare\\?.*a={ids[0]}&b={ids[2]}"));
        });
    }

    [Fact]
    public async Task A_page_rendered_anew_keeps_what_is_unfolded_the_cursor_and_the_picked_row()
    {
        await browser.Use((await shop.Apm()).Ui, nameof(A_page_rendered_anew_keeps_what_is_unfolded_the_cursor_and_the_picked_row), async page =>
        {
            await page.GotoAsync("/traces?from=now-1h&to=now&sort=slowest");
            await Expect(page.Locator("apm-scatter[data-state=ready]")).ToHaveCountAsync(1);
            await page.Locator("h1").ClickAsync();
            await page.Keyboard.PressAsync("j");
            await page.Keyboard.PressAsync("c");
            await page.Keyboard.PressAsync("j");
            await page.Keyboard.PressAsync("Enter");
            await Expect(page.Locator("tr.unfolded[data-state=ready]")).ToHaveCountAsync(1);
            var (picked, at) = (await page.Locator("tr.picked").GetAttributeAsync("data-trace"), await page.Locator("tr.cursor").GetAttributeAsync("data-trace"));

            // Two renderings: by its button, and turned round and back.
            var before = await page.Locator("tr[data-trace] [data-unfold]").First.GetAttributeAsync("data-unfold");
            await page.GetByRole(AriaRole.Button, new() { Name = "Refresh" }).ClickAsync();
            await Expect(page.Locator("tr[data-trace] [data-unfold]").First).Not.ToHaveAttributeAsync("data-unfold", before!);
            await Expect(page.Locator("tr.picked")).ToHaveAttributeAsync("data-trace", picked!);
            await Expect(page.Locator("tr.cursor")).ToHaveAttributeAsync("data-trace", at!);
            await Expect(page.Locator($"tr[data-trace='{at}'] + tr.unfolded[data-state=ready] li").First).ToBeVisibleAsync();
            await Expect(page.Locator("[data-unfold][aria-expanded=true]")).ToHaveCountAsync(1);
            await Expect(page.Locator("tr.unfolded")).ToHaveCountAsync(1);

            // In a list without it the picked row stays picked, and is named; the first row is compared with it.
            var note = page.Locator(".picked-note");
            await Expect(note).ToContainTextAsync("is picked. c on another row compares.");
            await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Duration") }).First.ClickAsync(); // Turned round: the fastest.
            await Expect(page.Locator($"tr[data-trace='{picked}']")).ToHaveCountAsync(0);
            await Expect(note).ToContainTextAsync("is picked, though no longer in this list.");
            await note.GetByRole(AriaRole.Button, new() { Name = "Let go" }).ClickAsync();
            await Expect(note).ToHaveCountAsync(0);
        });
    }

    [Theory]
    [InlineData(1366, 1)]
    [InlineData(390, 6)]
    public async Task The_list_does_not_jump_while_the_page_arrives_and_its_charts_become_ready(int width, int slowness)
    {
        await browser.Use((await shop.Apm()).Ui, $"{nameof(The_list_does_not_jump_while_the_page_arrives_and_its_charts_become_ready)}{width}", async page =>
        {
            await page.SetViewportSizeAsync(width, 800);
            var devTools = await page.Context.NewCDPSessionAsync(page); // A phone is slow: it paints what it has of the page.
            await devTools.SendAsync("Emulation.setCPUThrottlingRate", new() { ["rate"] = slowness });
            await page.AddInitScriptAsync("window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });");
            var (from, to) = Past(60, 5);
            await page.GotoAsync($"/traces?from={from}&to={to}");
            await Expect(page.Locator("apm-scatter[data-state=ready]")).ToHaveCountAsync(1);
            await Expect(page.Locator("apm-chart[data-state=ready]")).ToHaveCountAsync(3);
            var shift = await page.EvaluateAsync<double>("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(window.shift))))");
            UiFigures.Record($"Traces: layout shift until all is drawn, {width} wide", "0.02", shift.ToString("0.0000", CultureInfo.InvariantCulture));
            Assert.InRange(shift, 0, 0.02);
        });
    }

    [Fact]
    public async Task Facets_strip_list_and_the_API_agree()
    {
        var apm = await shop.Apm();
        var (from, to) = Past(60, 10);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = apm.Ui };
        foreach (var query in new[] { "", "service:orders", "@http.status_code:>=400" })
        {
            var html = WebUtility.HtmlDecode(await http.GetStringAsync($"/traces?q={Uri.EscapeDataString(query)}&from={from}&to={to}&count=all"));
            using var answer = await http.PostAsJsonAsync("/api/v2/spans/analytics/aggregate", new
            {
                data = new { type = "aggregate_request", attributes = new { filter = new { query = query.Length == 0 ? "*" : query, from = $"{from}", to = $"{to}" }, compute = new[] { new { aggregation = "count" } }, group_by = new[] { new { facet = "status" } } } },
            });
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var byStatus = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data").EnumerateArray().Select(bucket => bucket.GetProperty("attributes"))
                .ToDictionary(bucket => bucket.GetProperty("by").GetProperty("status").GetString()!, bucket => (long)bucket.GetProperty("computes").GetProperty("c0").GetDouble());
            var strip = JsonDocument.Parse(await http.GetStringAsync($"/ui/data/traces/strip?q={Uri.EscapeDataString(query)}&from={from}&to={to}&what=errors")).RootElement;

            var all = byStatus.Values.Sum();
            Assert.Contains($"{Whole(all)} spans match; counts are of all of them", html, StringComparison.Ordinal);
            foreach (var (status, count) in byStatus) Assert.Contains($"title=\"{status}: {Whole(count)} spans;", html, StringComparison.Ordinal);
            Assert.Contains($"· {Whole(all)} spans match ·", html, StringComparison.Ordinal);
            Assert.Equal($"{Whole(byStatus["error"])} errors among {Whole(all)} spans", strip.GetProperty("summary").GetString());
        }
    }

    static string Whole(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A window that stands still, in minutes before the shop's now; Unix milliseconds.</summary>
    (long From, long To) Past(int fromMinutes, int toMinutes) => (shop.NowMillis - fromMinutes * 60_000L, shop.NowMillis - toMinutes * 60_000L);

    static ILocator Row(IPage page, ulong trace) => page.Locator($"tr[data-trace='{new TraceId(0, trace)}']");

    static Task<HttpStatusCode> Send(ApmProcess apm, ulong trace) => apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([Shop.PlantedTrace(new TraceId(0, trace), TimeProvider.System)]));
}
