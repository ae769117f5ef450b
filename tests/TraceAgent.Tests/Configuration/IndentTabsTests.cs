using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Tests.Configuration;

public class IndentTabsTests
{
    [Theory]
    [InlineData("tags:\n→- name:logan", "2", "tags:\n        - name:logan")]
    [InlineData("init_config: →\n→\ninstances:\n    →[{}]", "2 4", "init_config: →\n        \ninstances:\n        [{}]")]
    [InlineData("a:\n  →b: 1\n    →c: 2", "2 3", "a:\n        b: 1\n        c: 2")]
    [InlineData("a:\n→→b: 1", "2", "a:\n                b: 1")]
    [InlineData("- →- x", "1", "-       - x")]
    [InlineData("a: {\n→b: 1\n}", "", "a: {\n→b: 1\n}")]
    [InlineData("a: \"one\n→two\"", "", "a: \"one\n→two\"")]
    [InlineData("a: |\n  →text\n→more\nb: 1", "3", "a: |\n  →text\n        more\nb: 1")]
    [InlineData("pass: a→b # it's [one", "", "pass: a→b # it's [one")]
    [InlineData("a: it's\n→b", "2", "a: it's\n        b")]
    public void Only_tabs_that_indent_are_replaced(string written, string lines, string read)
    {
        var tabs = IndentTabs.Find(written.Replace('→', '\t'));

        Assert.Equal(lines, string.Join(' ', tabs.Lines));
        Assert.Equal(read, tabs.Text.Replace('\t', '→'));
    }

    [Fact]
    public void A_place_of_what_is_read_is_found_in_what_was_written()
    {
        var tabs = IndentTabs.Find("a:\n\tb: 1");

        Assert.Equal(new Place(2, 2), tabs.AsWritten(new Place(2, 9)));
        Assert.Equal(new Place(2, 5), tabs.AsWritten(new Place(2, 12)));
        Assert.Equal(new Place(2, 1), tabs.AsWritten(new Place(2, 3)));
        Assert.Equal(new Place(1, 2), tabs.AsWritten(new Place(1, 2)));
    }
}
