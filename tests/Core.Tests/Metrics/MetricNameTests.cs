using Apm.Core.Metrics;
using Xunit;

namespace Apm.Core.Tests.Metrics;

/// <summary>The vectors of metrics-monitors §3.6.</summary>
public class MetricNameTests
{
    [Theory]
    [InlineData("name:logan", "name:logan")]
    [InlineData("Applying_For:Solutions_Engineer", "applying_for:solutions_engineer")]
    [InlineData("env: prod", "env:_prod")]
    [InlineData("a b", "a_b")]
    [InlineData("1abc", "abc")]
    [InlineData("tag:", "tag")]
    [InlineData("Ärger:Über", "ärger:über")]
    [InlineData("env:staging:east", "env:staging:east")]
    public void Tags_are_stored_as_datadog_stores_them(string tag, string stored) => Assert.Equal(stored, MetricNames.Tag(tag));

    [Theory]
    [InlineData("")]
    [InlineData("123")]
    [InlineData("::")]
    public void A_tag_without_a_letter_is_none(string tag) => Assert.Null(MetricNames.Tag(tag));

    [Fact]
    public void A_long_tag_is_cut() => Assert.Equal("k:" + new string('v', 198), MetricNames.Tag("k:" + new string('v', 300)));

    [Theory]
    [InlineData("my_metric", "my_metric")]
    [InlineData("My.Metric-2", "My.Metric_2")]
    [InlineData("a b/ü", "a_b__")]
    public void A_metric_has_letters_digits_underscores_and_dots(string name, string stored) => Assert.Equal(stored, MetricNames.Metric(name));

    [Theory]
    [InlineData("")]
    [InlineData("1m")]
    [InlineData("_m")]
    [InlineData("éa")]
    public void A_metric_that_does_not_start_with_a_letter_is_none(string name) => Assert.Null(MetricNames.Metric(name));

    [Fact]
    public void Tags_of_a_series_are_the_same_in_any_order()
    {
        var tags = MetricTags.Of(["b:1", "a", "b:1", "a:2"]);
        Assert.Equal(["a", "a:2", "b:1"], tags);
        Assert.Equal(tags, MetricTags.Of(["a:2", "a", "b:1"]));
        Assert.Equal("", tags.ValueOf("a"));
        Assert.Equal(["", "2"], tags.ValuesOf("a"));
        Assert.Null(tags.ValueOf("bb"));
    }
}
