using Apm.TraceAgent.Checks;

namespace Apm.TraceAgent.Tests.Checks;

public class CheckOptionsTests
{
    static CheckOptions Of(params (string Key, object? Value)[] keys) => new("mysql", Instance.Map(keys));

    [Theory]
    [InlineData("yes", true)]
    [InlineData("no", false)]
    [InlineData("On", true)]
    [InlineData(1L, true)]
    [InlineData(0L, false)]
    [InlineData(true, true)]
    [InlineData("false", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_Boolean_has_many_spellings(object? value, bool flag) => Assert.Equal(flag, Of(("replication", value)).Flag("replication"));

    [Fact]
    public void A_number_where_a_text_is_wanted_is_its_text()
    {
        var options = Of(("password", 12345L), ("tags", Instance.List("a:b", 7L, null, true)));

        Assert.Equal("12345", options.Text("password"));
        Assert.Equal(["a:b", "7", "true"], options.Texts("tags"));
    }

    [Fact]
    public void A_single_text_counts_as_a_list_of_one() => Assert.Equal(["a:b"], Of(("tags", "a:b")).Texts("tags"));

    [Theory]
    [InlineData("replication", "mysql: `options.replication: maybe` cannot be used; it must be true or false.")]
    [InlineData("port", "mysql: `options.port: maybe` cannot be used; it must be a number from 1 to 65535.")]
    [InlineData("tags", "mysql: `options.tags: a mapping` cannot be used; it must be a list, each item on a line that begins with `- `.")]
    [InlineData("pattern", "mysql: `options.pattern` has the pattern `(`, which is no regular expression: Invalid pattern '(' at offset 1. Not enough )'s.")]
    [InlineData("list", "mysql: `options.list: a list` cannot be used; it must be one value, not a list or a mapping.")]
    [InlineData("map", "mysql: `options.map: 3` cannot be used; it must be keys below it, indented.")]
    [InlineData("maps", "mysql: `options.maps: words` cannot be used; it must be a list of mappings.")]
    [InlineData("missing", "mysql: `options.missing` is needed, such as `missing: 1`.")]
    public void What_cannot_be_used_is_said(string key, string sentence)
    {
        var options = Of(("options", Instance.Map(("replication", "maybe"), ("port", "maybe"), ("tags", Instance.Map(("a", "b"))), ("pattern", "("),
            ("list", Instance.List(1L)), ("map", 3L), ("maps", "words")))).Map("options");

        var fault = Assert.Throws<CheckFailedException>(() => _ = key switch
        {
            "replication" => options.Flag(key),
            "port" => options.Number(1, 65535, key),
            "tags" => options.Texts(key),
            "pattern" => options.Pattern(key),
            "list" => options.Text(key),
            "map" => options.Map(key),
            "maps" => options.Maps(key),
            _ => (object)options.RequiredText(key, "1"),
        });

        Assert.Equal(sentence, fault.Message);
    }

    [Fact]
    public void A_secret_is_not_repeated() => Assert.Equal("mysql: `password: ********` cannot be used; it must be shorter.", Of().Refused("password", "hunter2", "shorter").Message);

    [Fact]
    public void A_pattern_that_takes_too_long_counts_as_not_found()
    {
        var pattern = Of(("p", "^(a+)+$")).Pattern("p")!;

        Assert.False(pattern.IsFoundIn(new string('a', 40) + "!"));
    }
}
