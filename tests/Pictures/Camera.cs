using Apm.EndToEnd.Tests.Browser;
using Microsoft.Playwright;

namespace Apm.Pictures;

/// <summary>A browser that takes pictures when a page has stopped loading.</summary>
sealed class Camera : IAsyncDisposable
{
    /// <summary>True when every island in view has drawn what it fetched, one that has not begun included, and every part of the page has its content.</summary>
    const string HasSettled = """
        () => document.fonts.status === 'loaded' && !document.querySelector('[data-state=loading], [aria-busy=true], .skeleton')
          && [...document.querySelectorAll('apm-chart, apm-heat, apm-waterfall, apm-flame, apm-map, apm-scatter')].every(island => island.hasAttribute('data-state') || island.getBoundingClientRect().top >= innerHeight)
        """;

    readonly Uri _site;
    readonly IPlaywright _playwright;
    readonly IBrowser _browser;

    Camera(Uri site, IPlaywright playwright, IBrowser browser) => (_site, _playwright, _browser) = (site, playwright, browser);

    public static async Task<Camera> Open(Uri site)
    {
        var playwright = await Playwright.CreateAsync();
        return new Camera(site, playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = SystemChromium.Find(), Args = ["--no-sandbox", "--disable-gpu"] }));
    }

    /// <summary>Stores a picture, 1440 × 900.</summary>
    /// <returns>What was wrong; null when all was well.</returns>
    public async Task<string?> Take(Screen screen, ColorScheme theme, string file)
    {
        await using var context = await _browser.NewContextAsync(new() { BaseURL = _site.ToString(), ColorScheme = theme, Locale = "en-GB", TimezoneId = "UTC", ViewportSize = new() { Width = 1440, Height = 900 }, ReducedMotion = ReducedMotion.Reduce });
        var page = await context.NewPageAsync();
        string? problem = null;
        page.PageError += (_, error) => problem = error;
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("404", StringComparison.Ordinal)) problem = message.Text;
        };
        try
        {
            await page.GotoAsync(screen.Path);
            if (screen.Click.Length > 0) await page.Locator(screen.Click).First.ClickAsync();
            await page.WaitForFunctionAsync(HasSettled);
            await page.Mouse.MoveAsync(1439, 899);
            await page.ScreenshotAsync(new() { Path = file, Animations = ScreenshotAnimations.Disabled });
            return problem;
        }
        catch (Exception failure) when (failure is PlaywrightException or TimeoutException)
        {
            return failure.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
