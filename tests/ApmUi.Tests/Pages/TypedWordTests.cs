using Apm.ApmUi.Pages.Traces;

namespace Apm.ApmUi.Tests.Pages;

public class TypedWordTests
{
    [Theory]
    //          query, the caret as |                  before                 word              after            list        rest
    [InlineData("service:web sta|", "service:web ", "sta", "", null, "service:web ")]
    [InlineData("serv|:web status:ok", "", "serv", " status:ok", null, " status:ok")]
    [InlineData("service:w|eb status:ok", "", "service:w", " status:ok", null, " status:ok")]
    [InlineData("a resource:\"GET /u|ser x\" b", "a ", "resource:\"GET /u", " b", null, "a  b")]
    [InlineData("service:(web OR a|p) b", "service:(web OR ", "a", ") b", "service", " b")]
    [InlineData("x -service:(a|", "x -service:(", "a", "", "-service", "x ")]
    [InlineData("(service:a| OR b)", "(", "service:a", " OR b)", null, "( OR b)")]
    [InlineData("{service:a|} -> {service:b}", "{", "service:a", "} -> {service:b}", null, "{} -> {service:b}")]
    [InlineData("|", "", "", "", null, "")]
    public void Is_what_the_caret_stands_in(string query, string before, string text, string after, string? list, string rest)
    {
        var caret = query.IndexOf('|', StringComparison.Ordinal);
        var word = TypedWord.At(query.Remove(caret, 1), caret);

        Assert.Equal((before, text, after, list, rest), (word.Before, word.Text, word.After, word.ListKey, word.Rest));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(99)]
    [InlineData(null)]
    public void A_caret_outside_of_the_text_is_at_its_end(int? caret) => Assert.Equal("sta", TypedWord.At("a sta", caret).Text);
}
