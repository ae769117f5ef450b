using System.Text.RegularExpressions;
using Apm.Query.Filters;
using Apm.Query.Traces;
using Apm.TestKit;

namespace Apm.Query.Tests.Traces;

/// <summary>Every example of docs/search.md is a query, and means the same printed.</summary>
public partial class SearchDocumentTests
{
    public static TheoryData<string> Examples() =>
        [.. File.ReadAllLines(Path.Combine(Fixtures.RepoRoot, "docs", "search.md")).Select(line => FirstCell().Match(line)).Where(cell => cell.Success).Select(cell => cell.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Is_read(string example)
    {
        var filter = TraceFilterParser.Parse(example);

        Assert.False(filter.IsEmpty);
        Assert.Equal(filter, TraceFilterParser.Parse(filter.ToString()));
    }

    [Fact]
    public void All_words_are_on_the_page()
    {
        var page = File.ReadAllText(Path.Combine(Fixtures.RepoRoot, "docs", "search.md"));

        Assert.DoesNotContain(FilterWords.Keys.Where(word => word != "root.name"), word => !page.Contains(word, StringComparison.Ordinal));
        Assert.DoesNotContain(FilterWords.KeptWords, word => !page.Contains(word, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"^\| `((?:[^`])+)` \|")]
    private static partial Regex FirstCell();
}
