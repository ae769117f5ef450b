using System.Text.RegularExpressions;

namespace Apm.Architecture.Tests;

public partial class FolderCyclesTests
{
    [Theory]
    [InlineData("Core")]
    [InlineData("Wire")]
    [InlineData("Storage")]
    [InlineData("Monitors")]
    [InlineData("Query")]
    [InlineData("Doctor")]
    [InlineData("TraceAgent")]
    [InlineData("ApmUi")]
    [InlineData("Cli")]
    [InlineData("Tracer")]
    public void Folders_of_a_project_do_not_depend_on_each_other_in_a_circle(string project)
    {
        var arrows = Arrows(project);

        var circle = FindCircle(arrows);

        Assert.True(circle is null, $"src/{project}: {circle}. Move what both need into the folder that the other may know, or into a third.");
    }

    [Fact]
    public void The_search_for_circles_finds_one()
    {
        var arrows = new Dictionary<string, HashSet<string>> { ["A"] = ["B"], ["B"] = ["C"], ["C"] = ["A"], ["D"] = ["A"] };

        Assert.Equal("A -> B -> C -> A", FindCircle(arrows));
    }

    /// <summary>From folder to folder, read off the using lines; files at the project's root count as the folder ".".</summary>
    static Dictionary<string, HashSet<string>> Arrows(string project)
    {
        var arrows = new Dictionary<string, HashSet<string>>();
        var root = Repo.File($"src/{project}");
        foreach (var file in Repo.Sources($"src/{project}"))
        {
            var from = Path.GetRelativePath(root, Path.GetDirectoryName(file)!).Replace('/', '.');
            if (from.StartsWith("StartupHook", StringComparison.Ordinal)) continue;
            var targets = arrows.TryGetValue(from, out var known) ? known : arrows[from] = [];
            foreach (Match match in Using().Matches(File.ReadAllText(file)))
            {
                if (match.Groups["project"].Value != project) continue;
                var to = match.Groups["folder"].Success ? match.Groups["folder"].Value : ".";
                if (to != from) targets.Add(to);
            }
        }
        return arrows;
    }

    static string? FindCircle(Dictionary<string, HashSet<string>> arrows)
    {
        var done = new HashSet<string>();
        foreach (var start in arrows.Keys.Order(StringComparer.Ordinal))
            if (Walk(start, [], arrows, done) is { } circle) return circle;
        return null;
    }

    static string? Walk(string folder, List<string> path, Dictionary<string, HashSet<string>> arrows, HashSet<string> done)
    {
        var at = path.IndexOf(folder);
        if (at >= 0) return string.Join(" -> ", path.Skip(at).Append(folder));
        if (done.Contains(folder)) return null;
        path.Add(folder);
        foreach (var next in arrows.GetValueOrDefault(folder, []).Order(StringComparer.Ordinal))
            if (Walk(next, path, arrows, done) is { } circle) return circle;
        path.RemoveAt(path.Count - 1);
        done.Add(folder);
        return null;
    }

    [GeneratedRegex(@"^using (?:static )?Apm\.(?<project>\w+)(?:\.(?<folder>[\w.]+))?;", RegexOptions.Multiline)]
    private static partial Regex Using();
}
