using Apm.TraceAgent.Configuration;

namespace Apm.TraceAgent.Tests.Configuration;

public class SettingsTreeTests
{
    [Fact]
    public void References_stand_for_what_they_name()
    {
        var root = SettingsTree.Read("a: &x {user: u}\nb: *x\nc:\n  <<: *x\n  pass: p\n", takesReferences: true);

        var values = YamlValues.OfMap(root);
        Assert.Equal("u", ((IReadOnlyDictionary<string, object?>)values["b"]!)["user"]);
        Assert.Equal(["pass", "user"], ((IReadOnlyDictionary<string, object?>)values["c"]!).Keys.Order());
    }

    [Fact]
    public void A_bomb_of_references_is_refused_before_it_grows()
    {
        var bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + string.Concat("bcdefghi".Select(name => $"{name}: &{name} [{string.Join(", ", Enumerable.Repeat($"*{(char)(name - 1)}", 9))}]\n"));

        var refusal = Assert.Throws<YamlProblemException>(() => SettingsTree.Read(bomb, takesReferences: true));

        Assert.Equal("more than 100000 values, references counted as what they stand for", refusal.Message);
    }

    [Fact]
    public void A_reference_to_itself_is_refused()
    {
        Assert.Equal("*a refers to nothing that stands above it", Assert.Throws<YamlProblemException>(() => SettingsTree.Read("a: &a [*a]", takesReferences: true)).Message);
    }

    [Fact]
    public void A_deep_nesting_is_refused()
    {
        Assert.Equal("deeper than 32 levels", Assert.Throws<YamlProblemException>(() => SettingsTree.Read(new string('[', 100_000), takesReferences: true)).Message);
    }

    [Theory]
    [InlineData("45", 45L)]
    [InlineData("-1", -1L)]
    [InlineData("0x1f", 31L)]
    [InlineData("007", "007")]
    [InlineData("1.5", 1.5)]
    [InlineData("1e3", 1000.0)]
    [InlineData("yes", true)]
    [InlineData("Off", false)]
    [InlineData("~", null)]
    [InlineData("", null)]
    [InlineData("$password", "$password")]
    [InlineData("1.2.3", "1.2.3")]
    [InlineData("12:30", "12:30")]
    [InlineData("\"45\"", "45")]
    public void Plain_words_are_values(string written, object? value) => Assert.Equal(value, YamlValues.OfMap(SettingsTree.Read($"a: {written}"))["a"]);
}
