using System.Text.Json;
using Apm.TestKit;
using Microsoft.Playwright;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Looks at a page with axe-core, which the screens' own packages bring.</summary>
static class Axe
{
    static readonly Lazy<string> Script = new(() => File.ReadAllText(Path.Combine(Fixtures.RepoRoot, "src", "ApmUi", "node_modules", "axe-core", "axe.min.js")));

    /// <summary>Serious and critical findings, one line each; empty when there are none.</summary>
    public static async Task<IReadOnlyList<string>> Serious(IPage page)
    {
        await page.EvaluateAsync(Script.Value); // Not as a script element: the page's own policy forbids that.
        var result = await page.EvaluateAsync<JsonElement>("axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })");
        return [.. result.GetProperty("violations").EnumerateArray()
            .Where(finding => finding.GetProperty("impact").GetString() is "serious" or "critical")
            .SelectMany(finding => finding.GetProperty("nodes").EnumerateArray().Select(node => $"{finding.GetProperty("id").GetString()}: {node.GetProperty("html").GetString()} {node.GetProperty("failureSummary").GetString()}"))];
    }
}
