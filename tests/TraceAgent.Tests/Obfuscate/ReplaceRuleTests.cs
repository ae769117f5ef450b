using Apm.TraceAgent.Obfuscate;

namespace Apm.TraceAgent.Tests.Obfuscate;

public class ReplaceRuleTests
{
    [Theory]
    [InlineData("(/foo/bar/).*", "${1}extra", "/foo/bar/foo", "/foo/bar/extra")]
    [InlineData("(/foo/bar/).*", "${1}extra", "/else", "/else")]
    [InlineData("[0-9]+", "?", "a1b22c", "a?b?c")]
    [InlineData("(a)(b)", "$2-$1$$", "ab", "b-a$")]
    [InlineData("(?P<user>\\w+)@", "${user}.at.", "me@x", "me.at.x")]
    [InlineData("a", "$1x", "a", "")]
    [InlineData("a", "${1x", "a", "${1x")]
    [InlineData("a", "$", "a", "$")]
    [InlineData("", "-", "ab", "-a-b-")]
    [InlineData("(?i)TOKEN=\\S+", "token=?", "x Token=secret y", "x token=? y")]
    public void What_the_pattern_finds_is_replaced(string pattern, string replacement, string text, string expected) =>
        Assert.Equal(expected, new ReplaceRule("custom.tag", pattern, replacement).Apply(text, 1_000));

    [Fact]
    public void A_result_stops_growing_at_its_limit() =>
        Assert.Equal(100, new ReplaceRule("*", "", "0123456789").Apply(new string('x', 1_000), 100).Length);

    [Fact]
    public void A_pattern_that_is_none_says_so()
    {
        var problem = Assert.Throws<ArgumentException>(() => new ReplaceRule("custom.tag", "(", ""));

        Assert.StartsWith("Rule \"custom.tag\" of replace_tags: the pattern ( cannot be used: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains("Write it without look-around and back-references.", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_could_run_forever_is_refused() =>
        Assert.Throws<ArgumentException>(() => new ReplaceRule("custom.tag", "(?=x)(a+)\\1", ""));

    [Fact]
    public void A_rule_without_a_name_says_so()
    {
        var problem = Assert.Throws<ArgumentException>(() => new ReplaceRule("", "a", ""));

        Assert.StartsWith("A rule of replace_tags has no name. Give it a tag's key, \"resource.name\" or \"*\".", problem.Message, StringComparison.Ordinal);
    }
}
