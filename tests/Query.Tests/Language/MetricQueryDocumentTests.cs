using System.Text;
using System.Text.RegularExpressions;
using Apm.Query.Functions;
using Apm.Query.Language;
using Apm.Query.Scripts;
using Apm.TestKit;

namespace Apm.Query.Tests.Language;

/// <summary>docs/metric-queries.md says what the registry of functions says, and its examples are queries.</summary>
public partial class MetricQueryDocumentTests
{
    const string Begin = "<!-- The table is written by MetricQueryDocumentTests with APM_APPROVE=1. -->\n";
    const string End = "<!-- end of the table -->";

    static string Path => System.IO.Path.Combine(Fixtures.RepoRoot, "docs", "metric-queries.md");

    [Fact]
    public void All_functions_are_on_the_page()
    {
        var page = File.ReadAllText(Path);
        var (from, to) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        var expected = Table();
        if (Environment.GetEnvironmentVariable("APM_APPROVE") == "1") File.WriteAllText(Path, page = page[..from] + expected + page[to..]);

        Assert.Equal(expected, page[from..page.IndexOf(End, StringComparison.Ordinal)]);
    }

    [Fact]
    public void Every_example_is_a_query()
    {
        var examples = File.ReadAllLines(Path).Select(line => FirstCell().Match(line)).Where(cell => cell.Success).Select(cell => cell.Groups[1].Value).ToList();

        Assert.True(examples.Count > 40, $"Only {examples.Count} examples were found.");
        Assert.All(examples, example => Assert.All(MetricQueryParser.Parse(example).Queries, QueryFunctions.Check));
    }

    [Fact]
    public void Its_script_holds()
    {
        var script = Script().Match(File.ReadAllText(Path)).Groups[1].Value;

        var checks = QueryScript.Run(script, TimeProvider.System);

        Assert.True(checks.Count > 2);
        Assert.All(checks, check => Assert.True(check.Holds, check.ToString()));
    }

    static string Table()
    {
        var table = new StringBuilder("\n| Example | Gives |\n|---|---|\n");
        foreach (var family in QueryFunctions.All.GroupBy(function => function.Family))
        {
            var (first, names) = (family.First(), family.Select(function => function.Name).ToList());
            table.Append("| `").Append(first.Example).Append("` | ").Append(first.Summary).Append(first.IsOnlyForGraphs ? "; not in monitors" : "");
            if (names.Count > 1) table.Append(". Likewise ").AppendJoin(", ", names.Skip(1).Select(name => $"`{name}`"));
            var more = first.Parameters.Where(parameter => parameter.Name is not ("query" or "other")).ToList();
            foreach (var parameter in more)
                table.Append(". ").Append('`').Append(parameter.Name).Append("`: ").Append(parameter.Help).Append(parameter.Choices.Count > 0 && !parameter.Help.Contains('\'', StringComparison.Ordinal) ? $" ({string.Join(", ", parameter.Choices)})" : "")
                    .Append(parameter.Default is { Length: > 0 } otherwise ? $"; {otherwise} when not given" : "");
            table.Append(" |\n");
        }
        return table.Append('\n').ToString();
    }

    [GeneratedRegex(@"^\| `((?:[^`])+)` \|")]
    private static partial Regex FirstCell();

    [GeneratedRegex(@"```script\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Script();
}
