using Apm.Query.Scripts;
using Apm.TestKit;

namespace Apm.Query.Tests.Language;

/// <summary>Runs the scripts in <c>tests/QueryScripts</c>; what they may say stands at <see cref="QueryScript"/>.</summary>
public class QueryScriptTests
{
    public static TheoryData<string> Scripts() => [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    static string Folder => Path.Combine(Fixtures.RepoRoot, "tests", "QueryScripts");

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Holds(string script)
    {
        var checks = QueryScript.Run(File.ReadAllText(Path.Combine(Folder, script)), TimeProvider.System);

        Assert.True(checks.Count > 0, $"{script} evaluates nothing.");
        Assert.All(checks, check => Assert.True(check.Holds, $"{script}, {check}"));
    }

    [Theory]
    [InlineData("lode gauge every 10s", "Line 1: \"lode gauge every 10s\" is nothing that a script says. There are: load, hosts, let, clear, eval.")]
    [InlineData("\nload gauge every 10\n    m{} 1", "Line 2: \"10\" is no time. Write one such as 30s, 5m, -1h.")]
    [InlineData("load gauge every 10s\n    m 1", "Line 1: \"m 1\" is no series. Write name{tags} and its values, such as m{host:a} 1 2 _ 4.")]
    [InlineData("load gauge every 10s\n    m{} one", "Line 1: \"one\" is no number.")]
    [InlineData("load gaugge every 10s\n    m{} 1", "Line 1: \"gaugge\": there are gauge, count, rate, distribution, spans.")]
    [InlineData("load spans every 10s\n    clicks{} 1", "Line 1: \"clicks\": of spans there are hits, errors and durations.")]
    public void Says_what_is_wrong_with_a_script(string script, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<FormatException>(() => QueryScript.Run(script, TimeProvider.System)).Message);
}
