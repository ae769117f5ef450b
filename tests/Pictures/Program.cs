using System.Globalization;
using Apm.EndToEnd.Tests.Running;
using Apm.Pictures;
using Microsoft.Playwright;

// Pictures of every screen in both themes, of the generated shop: scripts/pictures.sh
var folder = args.Length > 0 ? args[0] : Path.Combine(Apm.TestKit.Fixtures.RepoRoot, "docs", "pictures");
var names = args.Skip(1).ToList();
var screens = Screens.All.Where(screen => names.Count == 0 || names.Contains(screen.Name)).ToList();
if (screens.Count == 0 || names.Except(screens.Select(screen => screen.Name)).Any())
{
    Console.Error.WriteLine($"usage: pictures.sh [FOLDER [SCREEN …]]; screens: {string.Join(", ", Screens.All.Select(screen => screen.Name))}");
    return 2;
}
Directory.CreateDirectory(folder);
var patience = TimeSpan.FromSeconds(120);
await using var apm = await ApmProcess.Start(upPatience: patience, options: ["--demo=shop"]);
await apm.Program.Line("the shop is ready", line => line.Contains("the shop is ready", StringComparison.Ordinal), patience);
await using var camera = await Camera.Open(apm.Ui);
var failures = 0;
foreach (var screen in screens)
    foreach (var theme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
    {
        var file = Path.Combine(folder, $"{screen.Name}-{theme.ToString().ToLowerInvariant()}.png");
        if (await camera.Take(screen, theme, file) is not { } problem) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file} {new FileInfo(file).Length / 1024} kB"));
        else
        {
            failures++;
            Console.Error.WriteLine($"{screen.Name} ({screen.Path}): {problem}");
        }
    }
return failures == 0 ? 0 : 1;
