using System.Globalization;
using Apm.EndToEnd.Tests.Running;
using Microsoft.Playwright;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>One Chromium for all tests; each test gets a profile of its own.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    /// <summary>Where a test keeps a page that it saved, to open it from the file.</summary>
    static readonly string SavedPages = new Uri(Path.Combine(Path.GetTempPath(), "apm-e2e-")).ToString();

    /// <summary>Round trip that every test's requests have added, in milliseconds: <c>APM_ROUND_TRIP_MS</c>; none when it is not set.</summary>
    static readonly int RoundTripMs = int.Parse(Environment.GetEnvironmentVariable("APM_ROUND_TRIP_MS") is { Length: > 0 } text ? text : "0", CultureInfo.InvariantCulture);

    IPlaywright _playwright = null!;
    IBrowser _browser = null!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = SystemChromium.Find(),
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    /// <summary>
    /// Opens a fresh profile and lets a test use its page. Fails also on a console error, an unhandled rejection, or a request
    /// to another origin; leaves a screenshot and a Playwright trace in <c>failures</c> beside this project when it fails.
    /// </summary>
    /// <param name="site">The screens' address; every other origin is foreign.</param>
    /// <param name="test">Names what is left behind.</param>
    /// <param name="isExpected">Console errors that the test itself brings about.</param>
    /// <param name="roundTripMs">Round trip to add; <c>APM_ROUND_TRIP_MS</c> when that is more. The page's addresses are then those of <see cref="SlowLine"/>.</param>
    /// <param name="forced">Whether the system forces its own few colours.</param>
    /// <param name="isTraced">False for a page that stays open so long that a Playwright trace of it would fill the disk.</param>
    public async Task Use(Uri site, string test, Func<IPage, Task> use, ColorScheme colors = ColorScheme.Light, Func<string, bool>? isExpected = null, int roundTripMs = 0, ForcedColors forced = ForcedColors.None, bool isTraced = true)
    {
        roundTripMs = Math.Max(roundTripMs, RoundTripMs);
        if (roundTripMs == 0)
        {
            await UseDirectly(site, test, use, colors, isExpected, forced, isTraced);
            return;
        }
        await using var line = new SlowLine(site, TimeSpan.FromMilliseconds(roundTripMs), TimeProvider.System);
        await UseDirectly(line.Address, $"{test}_{roundTripMs}ms", use, colors, isExpected, forced, isTraced);
    }

    async Task UseDirectly(Uri site, string test, Func<IPage, Task> use, ColorScheme colors, Func<string, bool>? isExpected, ForcedColors forced, bool isTraced)
    {
        await using var context = await _browser.NewContextAsync(new()
        {
            TimezoneId = "UTC", Locale = "en-GB", ColorScheme = colors, ForcedColors = forced, BaseURL = site.ToString(), ViewportSize = new() { Width = 1366, Height = 768 },
        });
        context.SetDefaultTimeout(10_000);
        if (isTraced) await context.Tracing.StartAsync(new() { Screenshots = true, Snapshots = true });
        var complaints = new List<string>();
        await context.RouteAsync("**/*", async route =>
        {
            if (new Uri(route.Request.Url).Authority == site.Authority || route.Request.Url.StartsWith("data:", StringComparison.Ordinal) || route.Request.Url.StartsWith(SavedPages, StringComparison.Ordinal)) await route.ContinueAsync();
            else
            {
                complaints.Add($"request to another origin: {route.Request.Url}");
                await route.AbortAsync();
            }
        });
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && isExpected?.Invoke(message.Text) != true) complaints.Add($"console: {message.Text}");
        };
        page.PageError += (_, error) => complaints.Add($"unhandled: {error}");
        var folder = Path.Combine(TestKit.Fixtures.RepoRoot, "tests", "EndToEnd.Tests", "failures", test);
        try
        {
            await use(page);
            Assert.Empty(complaints);
            if (isTraced) await context.Tracing.StopAsync();
        }
        catch
        {
            Directory.CreateDirectory(folder);
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "page.png"), FullPage = true });
            if (isTraced) await context.Tracing.StopAsync(new() { Path = Path.Combine(folder, "trace.zip") });
            await File.WriteAllLinesAsync(Path.Combine(folder, "complaints.txt"), [page.Url, .. complaints]);
            throw;
        }
    }
}
