using System.Text.RegularExpressions;

namespace Apm.Architecture.Tests;

/// <summary>What the documents say of the code must be there, and the other way round.</summary>
public partial class DocumentsTests
{
    [Fact]
    public void Every_limit_has_its_line()
    {
        var page = File.ReadAllText(Repo.File("docs/limits.md"));
        var limits = Repo.Sources("src").SelectMany(LimitsIn).Distinct().ToList();

        var missing = limits.Where(limit => !page.Contains($"`{limit}`", StringComparison.Ordinal));

        Assert.True(limits.Count > 40, $"Only {limits.Count} limits were found in src: the pattern no longer fits how they are written.");
        Assert.True(!missing.Any(),
            $"docs/limits.md has no line for {string.Join(", ", missing)}. Add one to the table of its part: what it limits, its default, " +
            "what happens when it bites, its counter (or why there is none), and its name in backticks.");
    }

    [Fact]
    public void Every_limit_on_the_page_is_in_the_code()
    {
        var code = string.Join('\n', Repo.Sources("src").Select(File.ReadAllText));
        var named = QualifiedNames().Matches(File.ReadAllText(Repo.File("docs/limits.md"))).Select(match => (Type: match.Groups[1].Value, Member: match.Groups[2].Value)).ToList();

        var gone = named.Where(name => !Regex.IsMatch(code, $@"\b(class|record|struct) {name.Type}\b") || !Regex.IsMatch(code, $@"\b{name.Member}\b")).Select(name => $"{name.Type}.{name.Member}");

        Assert.NotEmpty(named);
        Assert.True(!gone.Any(), $"docs/limits.md names what src does not have: {string.Join(", ", gone)}. Correct the name, or remove the line.");
    }

    [Fact]
    public void Every_relative_link_leads_somewhere()
    {
        var broken = Repo.Sources(".", "*.md").SelectMany(BrokenLinksIn);

        Assert.True(!broken.Any(), $"These links lead nowhere; correct the path, or write what it promises: {string.Join(", ", broken)}");
    }

    /// <summary>Public constants, and properties of settings with a default, whose name begins with Max; as <c>Type.Member</c>.</summary>
    static IEnumerable<string> LimitsIn(string file)
    {
        var text = File.ReadAllText(file);
        var types = Types().Matches(text);
        foreach (Match limit in Limits().Matches(text))
        {
            var type = types.LastOrDefault(type => type.Index < limit.Index)?.Groups[1].Value ?? "";
            var isSetting = type.EndsWith("Settings", StringComparison.Ordinal) || type.EndsWith("Options", StringComparison.Ordinal);
            if (limit.Groups["const"].Success || isSetting) yield return $"{type}.{limit.Groups["name"].Value}";
        }
    }

    static IEnumerable<string> BrokenLinksIn(string file)
    {
        var prose = CodeBlocks().Replace(File.ReadAllText(file), "");
        foreach (Match link in Links().Matches(prose))
        {
            var target = link.Groups[1].Value;
            if (target.StartsWith('#') || target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal)) continue;
            var path = Path.Combine(Path.GetDirectoryName(file)!, Uri.UnescapeDataString(target.Split('#')[0]));
            if (!File.Exists(path) && !Directory.Exists(path)) yield return $"{Path.GetRelativePath(Repo.Root, file)} → {target}";
        }
    }

    [GeneratedRegex(@"\b(?:class|record|struct) (\w+)")]
    private static partial Regex Types();

    [GeneratedRegex(@"\bpublic (?:(?<const>const) )?[\w?]+ (?<name>Max\w*) (?:= |\{ get; (?:init|set); \} = )")]
    private static partial Regex Limits();

    [GeneratedRegex(@"`([A-Z]\w+)\.([A-Z]\w+)`")]
    private static partial Regex QualifiedNames();

    [GeneratedRegex(@"```.*?```", RegexOptions.Singleline)]
    private static partial Regex CodeBlocks();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();
}
