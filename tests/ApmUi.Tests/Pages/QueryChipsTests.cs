using Apm.ApmUi.Pages.Metrics;
using Apm.Query.Functions;
using Apm.Query.Language;

namespace Apm.ApmUi.Tests.Pages;

public class QueryChipsTests
{
    [Fact]
    public void A_query_is_taken_apart_and_each_part_leads_to_the_query_without_it()
    {
        var chips = QueryChips.Of("anomalies(ewma_5(max:system.load.1{env:prod,!role:db} by {host,zone}.rollup(avg, 60)), 'basic', 2)")!;

        Assert.Equal(("system.load.1", "max"), (chips.Metric, chips.Aggregator));
        Assert.Equal(
            [
                "env:prod | anomalies(ewma_5(max:system.load.1{!role:db} by {host,zone}.rollup(avg, 60)), 'basic', 2)",
                "!role:db | anomalies(ewma_5(max:system.load.1{env:prod} by {host,zone}.rollup(avg, 60)), 'basic', 2)",
                "host | anomalies(ewma_5(max:system.load.1{env:prod,!role:db} by {zone}.rollup(avg, 60)), 'basic', 2)",
                "zone | anomalies(ewma_5(max:system.load.1{env:prod,!role:db} by {host}.rollup(avg, 60)), 'basic', 2)",
                ".rollup(avg, 60) | anomalies(ewma_5(max:system.load.1{env:prod,!role:db} by {host,zone}), 'basic', 2)",
                "ewma_5 | anomalies(max:system.load.1{env:prod,!role:db} by {host,zone}.rollup(avg, 60), 'basic', 2)",
                "anomalies('basic', 2) | ewma_5(max:system.load.1{env:prod,!role:db} by {host,zone}.rollup(avg, 60))",
            ],
            chips.Scope.Concat(chips.By).Concat(chips.Modifiers).Concat(chips.Functions).Select(chip => $"{chip.Text} | {chip.Without}"));
    }

    [Theory]
    [InlineData("m{*}", "env:prod", "avg:m{env:prod}")]
    [InlineData("avg:m{env:prod}", "env:prod", "avg:m{env:prod}")]
    [InlineData("avg:m{a:1 OR b:2}", "env:prod", "avg:m{(a:1 OR b:2) AND env:prod}")]
    [InlineData("avg:m{a:1 AND NOT b:2}", "env:prod", "avg:m{a:1 AND NOT b:2 AND env:prod}")]
    [InlineData("abs(sum:m{a:1}.as_count())", "c", "abs(sum:m{a:1,c}.as_count())")]
    public void A_condition_is_added_in_the_style_of_the_others(string query, string tag, string expected)
    {
        var with = QueryChips.Of(query)!.WithCondition(tag);
        Assert.Equal(expected, with);
        MetricQueryParser.Parse(with);
    }

    [Fact]
    public void Grouping_by_a_key_is_turned_on_and_off()
    {
        var grouped = QueryChips.Of("avg:m{*}")!.Grouped("host");
        Assert.Equal("avg:m{*} by {host}", grouped);
        Assert.Equal("avg:m{*}", QueryChips.Of(grouped)!.Grouped("host"));
    }

    [Fact]
    public void Another_aggregator_takes_the_place_of_the_first()
    {
        var choices = QueryChips.Of("m{*}")!.Aggregators;
        Assert.Equal("avg", Assert.Single(choices, choice => choice.IsChosen).Text);
        Assert.Contains(choices, choice => choice is { Text: "p95", Query: "p95:m{*}" });
    }

    [Fact]
    public void Every_function_that_is_offered_makes_a_query_that_can_be_read()
    {
        var offered = QueryChips.Of("avg:m{*}")!.Addable.SelectMany(group => group.Functions).ToList();

        Assert.True(offered.Count > 30, $"only {offered.Count} functions are offered");
        Assert.All(offered, choice =>
        {
            foreach (var node in MetricQueryParser.Parse(choice.Query).Queries) QueryFunctions.Check(node);
            Assert.Contains("avg:m{*}", choice.Query, StringComparison.Ordinal);
            Assert.True(QueryChips.Of(choice.Query)!.Functions is [{ Without: "avg:m{*}" }], choice.Query);
        });
    }

    [Theory]
    [InlineData("avg:a{*} / avg:b{*}")]
    [InlineData("avg:a{*}, avg:b{*}")]
    [InlineData("max(avg:a{*}, avg:b{*})")]
    [InlineData("avg:a{*")]
    [InlineData("")]
    public void What_computes_with_several_or_cannot_be_read_has_no_chips(string query) => Assert.Null(QueryChips.Of(query));
}
