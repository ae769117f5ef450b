using Apm.TestKit;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Keeps what the browser tests measured in <c>tests/Benchmarks/results/ui.md</c>, when <c>APM_RECORD=1</c> asks for it.</summary>
static class UiFigures
{
    static readonly string Path = System.IO.Path.Combine(Fixtures.RepoRoot, "tests", "Benchmarks", "results", "ui.md");

    const string Head = """
        # The screens, measured in a browser

        System's Chromium without a GPU, server on the same two cores. Made by
        `APM_RECORD=1 dotnet test -c Release tests/EndToEnd.Tests --filter "A_large_trace|A_huge_trace|BudgetTests"`; the live page also with `APM_LIVE_SECONDS=3600`.

        | What | Wanted | Measured |
        |---|---|---|
        """;

    /// <summary>Writes a line of the table; one of the same name is replaced.</summary>
    public static void Record(string what, string wanted, string measured)
    {
        if (Environment.GetEnvironmentVariable("APM_RECORD") != "1") return;
        var lines = File.ReadLines(Path).Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| What ", StringComparison.Ordinal)).ToList();
        var line = $"| {what} | {wanted} | {measured} |";
        var at = lines.FindIndex(known => known.StartsWith($"| {what} |", StringComparison.Ordinal));
        if (at < 0) lines.Add(line);
        else lines[at] = line;
        File.WriteAllText(Path, Head + "\n" + string.Join('\n', lines) + "\n");
    }

    /// <summary>Keeps a picture of the page where <c>APM_PICTURES</c> says, to be looked at; nothing without it.</summary>
    public static async Task Picture(Microsoft.Playwright.IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("APM_PICTURES") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = System.IO.Path.Combine(folder, name + ".png") });
    }
}
