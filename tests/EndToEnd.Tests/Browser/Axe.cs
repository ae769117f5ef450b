using System.Text.Json;
using Apm.TestKit;
using Microsoft.Playwright;

namespace Apm.EndToEnd.Tests.Browser;

/// <summary>Looks at a page with axe-core, which the screens' own packages bring.</summary>
static class Axe
{
    static readonly Lazy<string> Script = new(() => File.ReadAllText(Path.Combine(Fixtures.RepoRoot, "src", "ApmUi", "node_modules", "axe-core", "axe.min.js")));

    const string Rules = "{ type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }";
    const string ColorRules = "{ type: 'rule', values: ['color-contrast', 'link-in-text-block'] }";

    /// <summary>Serious and critical findings, one line each; empty when there are none.</summary>
    /// <param name="page">Looked at as it is.</param>
    /// <param name="onlyColors">By the rules on which another scheme of colours has an effect.</param>
    public static async Task<IReadOnlyList<string>> Serious(IPage page, bool onlyColors = false)
    {
        await page.EvaluateAsync(Script.Value); // Not as a script element: the page's own policy forbids that.
        var result = await page.EvaluateAsync<JsonElement>($"axe.run(document, {{ resultTypes: ['violations'], runOnly: {(onlyColors ? ColorRules : Rules)} }})");
        return [.. result.GetProperty("violations").EnumerateArray()
            .Where(finding => finding.GetProperty("impact").GetString() is "serious" or "critical")
            .SelectMany(finding => finding.GetProperty("nodes").EnumerateArray().Select(node => $"{finding.GetProperty("id").GetString()}: {node.GetProperty("html").GetString()} {node.GetProperty("failureSummary").GetString()}"))];
    }
}
