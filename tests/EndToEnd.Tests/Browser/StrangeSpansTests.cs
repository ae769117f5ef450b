using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Apm.Core.Ids;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.EndToEnd.Tests.Running;
using Apm.TestKit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>An Apm to which only what is odd was sent.</summary>
public sealed class StrangeApm : IAsyncLifetime
{
    public static readonly TraceId Names = new(0, 0xbad1);
    public static readonly TraceId Tangled = new(0, 0xbad2);

    /// <summary>Mark-up, letters that run from right to left with an override that nothing ends, control characters, and four kilobytes without a space.</summary>
    public static readonly string[] Strange = ["<img src=x onerror=alert(1)>\"'&", "\u202Egnorts שלום مرحبا", "bell\u0007 null\u0000 escape\u001b[31m\r\nline", new('w', 4_096)];

    public const int ServiceCount = 300;

    public ApmProcess Apm { get; private set; } = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Apm = await ApmProcess.Start();
        var now = TimeProvider.System.NowUnixNanos() - (20 * UnixTime.NanosPerSecond);
        await Send(Strange.SelectMany((text, i) => new[]
        {
            At(Some.Span(id: 1 + (ulong)(2 * i), parent: i == 0 ? 0 : 1UL, trace: Names.Low, service: "s" + text, name: "n" + text, resource: "r" + text, durationNanos: Some.Second / (i + 1), isError: i == 0, kind: SpanKind.Server,
                tags: [("t" + text, "v" + text), ("error.type", "e" + text), ("error.message", "m" + text), ("error.stack", text)]), now),
            At(Some.Span(id: 2 + (ulong)(2 * i), parent: 1 + (ulong)(2 * i), trace: Names.Low, service: "s" + text, name: "query", resource: "SELECT " + text, type: "sql", durationNanos: Some.Second / (i + 2), kind: SpanKind.Client, tags: [("db.system", "postgresql"), ("db.name", text)]), now),
        }));
        // Two that call each other, one whose parent is nowhere, and one that is its own.
        await Send(
        [
            At(Some.Span(id: 1, parent: 0, trace: Tangled.Low, service: "knot", durationNanos: Some.Second), now),
            At(Some.Span(id: 2, parent: 3, trace: Tangled.Low, service: "knot", resource: "first of a circle", durationNanos: Some.Second), now),
            At(Some.Span(id: 3, parent: 2, trace: Tangled.Low, service: "knot", resource: "second of a circle", durationNanos: Some.Second), now),
            At(Some.Span(id: 4, parent: 99, trace: Tangled.Low, service: "knot", resource: "parent unknown", durationNanos: Some.Second), now),
            At(Some.Span(id: 5, parent: 5, trace: Tangled.Low, service: "knot", resource: "its own parent", durationNanos: Some.Second), now),
        ]);
        // Each calls the next, and one that comes much later.
        for (var i = 0; i < ServiceCount; i++)
        {
            var trace = 0x10000 + (ulong)i;
            await Send(new[] { i, i + 1, i + 17 }.Where(to => to < ServiceCount).SelectMany((to, at) => at == 0
                ? [At(Some.Span(id: 1, trace: trace, service: NameOf(i), kind: SpanKind.Server), now)]
                : new[]
                {
                    At(Some.Span(id: 10 + (ulong)at, parent: 1, trace: trace, service: NameOf(i), type: "http", kind: SpanKind.Client), now),
                    At(Some.Span(id: 20 + (ulong)at, parent: 10 + (ulong)at, trace: trace, service: NameOf(to), kind: SpanKind.Server), now),
                }));
        }
        await Apm.TracesOf(NameOf(ServiceCount - 1), 1);

        static string NameOf(int service) => string.Create(CultureInfo.InvariantCulture, $"team{service % 7}-svc{service}");
    }

    public async Task Send(IEnumerable<Span> spans) => Assert.Equal(HttpStatusCode.OK, await Apm.Send("/v0.4/traces", DatadogV04Encoder.Encode([[.. spans]])));

    public static Span At(Span span, long unixNanos) => span with { StartUnixNanos = unixNanos };

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await Apm.Stop();
        await Apm.DisposeAsync();
    }
}

/// <summary>No name, no tangle and no number of services breaks a page.</summary>
[Collection(OneAfterTheOther.Name)]
public class StrangeSpansTests(BrowserFixture browser, StrangeApm apm) : IClassFixture<StrangeApm>
{
    [Theory]
    [InlineData(1366)]
    [InlineData(390)]
    public Task Names_of_any_kind_stay_text_and_in_their_place(int width) => Use($"{nameof(Names_of_any_kind_stay_text_and_in_their_place)}_{width}", async page =>
    {
        await page.SetViewportSizeAsync(width, 844);
        page.Dialog += (_, dialog) => throw new InvalidOperationException($"A name ran as a script: {dialog.Message}");
        var services = (await apm.Apm.Get("/jaeger/api/services")).GetProperty("data").EnumerateArray().Select(name => name.GetString()!).Where(name => !name.StartsWith("team", StringComparison.Ordinal) && name != "knot").ToList();
        Assert.Equal(StrangeApm.Strange.Length, services.Count);
        var trace = $"/traces/{StrangeApm.Names}";
        foreach (var path in new[] { "/", "/services", "/services?tab=others", "/traces", "/errors?tab=all", "/map?q=x", "/map?view=table", trace, trace + "?span=0", trace + "?view=flame", trace + "?view=list", trace + "?view=map" }
            .Concat(services.Select(service => $"/services/{Uri.EscapeDataString(service)}")))
        {
            var shown = path.Length > 60 ? path[..60] : path;
            var answer = await page.GotoAsync(path);
            Assert.True(answer!.Status == 200, $"{shown}: {answer.Status}");
            await Settled(page);
            Assert.True(await page.Locator("img").CountAsync() == 0, $"{shown}: a name became an element");
            Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"), $"{shown} scrolls sideways");
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveCountAsync(1);
        }
    });

    [Fact]
    public Task Circles_and_missing_parents_are_told_and_every_span_is_shown() => Use(nameof(Circles_and_missing_parents_are_told_and_every_span_is_shown), async page =>
    {
        await page.GotoAsync($"/traces/{StrangeApm.Tangled}");
        await Settled(page);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("circles of parents were cut");
        foreach (var resource in new[] { "first of a circle", "second of a circle", "parent unknown", "its own parent" })
            await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = resource })).ToHaveCountAsync(1);
    });

    [Fact]
    public Task A_trace_that_grows_is_shown_grown() => Use(nameof(A_trace_that_grows_is_shown_grown), async page =>
    {
        var growing = new TraceId(0, 0xbad3);
        var now = TimeProvider.System.NowUnixNanos() - UnixTime.NanosPerSecond;
        await apm.Send([StrangeApm.At(Some.Span(id: 2, parent: 1, trace: growing.Low, service: "slow", resource: "came first"), now)]);
        await apm.Apm.TracesOf("slow", 1);
        await page.GotoAsync($"/traces/{growing}");
        await Settled(page);
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("1 span");

        await apm.Send(
        [
            StrangeApm.At(Some.Span(id: 1, trace: growing.Low, service: "slow", resource: "the root", durationNanos: Some.Second), now),
            StrangeApm.At(Some.Span(id: 3, parent: 1, trace: growing.Low, service: "slow", resource: "came last"), now),
        ]);
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "came last" })).ToHaveCountAsync(1, new() { Timeout = 30_000 });
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync("3 spans");
    });

    [Fact]
    public Task A_map_of_three_hundred_services_is_grouped_and_unfolds() => Use(nameof(A_map_of_three_hundred_services_is_grouped_and_unfolds), async page =>
    {
        await page.GotoAsync("/map");
        await Settled(page);
        await Expect(page.Locator("[data-node^='group:']").First).ToBeVisibleAsync();
        var folded = await page.Locator("[data-node]").CountAsync();
        Assert.InRange(folded, 2, 60);
        await page.Locator("[data-node^='group:']").First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/map\\?"));
        await TestKit.Until.True("the group unfolds", TimeSpan.FromSeconds(10), async () => await page.Locator("[data-node]").CountAsync() > folded, () => page.Url);
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"));
        Assert.Empty(await Axe.Serious(page));
    });

    Task Use(string test, Func<IPage, Task> use) => browser.Use(apm.Apm.Ui, test, use);

    static Task Settled(IPage page) => Expect(page.Locator("[data-state=loading], [aria-busy=true], .skeleton")).ToHaveCountAsync(0, new() { Timeout = 20_000 });
}
