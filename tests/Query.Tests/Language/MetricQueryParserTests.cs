using Apm.Query.Language;
using Apm.Query.Text;
using CsCheck;

namespace Apm.Query.Tests.Language;

public class MetricQueryParserTests
{
    internal static IReadOnlyList<QueryNode> Read(string text) => MetricQueryParser.Parse(text).Queries;

    [Theory]
    [InlineData("sum:trace.flask.request.hits{env:prod,service:web} by {resource_name}.as_count()", "sum:trace.flask.request.hits{env:prod,service:web} by {resource_name}.as_count()")]
    [InlineData("p95:trace.flask.request{env:prod}", "p95:trace.flask.request{env:prod}")]
    [InlineData(" AVG : m{ a:1 , !b:2 }by{ x , y } . as_rate( ) ", "avg:m{a:1,!b:2} by {x,y}.as_rate()")]
    [InlineData("m{}", "m{*}")]
    [InlineData("m{*,a:1}", "m{a:1}")]
    [InlineData("m{a:GET /x/{id} , b:2}", "m{a:\"GET /x/{id}\",b:2}")]
    [InlineData("m{a:\"x, \\\"y\\\"\"}", "m{a:\"x, \\\"y\\\"\"}")]
    [InlineData("m{a:http://h:1}", "m{a:http://h:1}")]
    [InlineData("m{*},n{*}", "m{*}, n{*}")]
    [InlineData("avg:my_metric{*}.rollup(sum, 3600)", "avg:my_metric{*}.rollup(sum, 3600)")]
    [InlineData("avg:m{*}.rollup('MAX',60)", "avg:m{*}.rollup(max, 60)")]
    [InlineData("avg:m{*}.rollup(60).fill(last)", "avg:m{*}.rollup(60).fill(last)")]
    [InlineData("anomalies(avg:mysql.net.connections{*}, 'basic', 2)", "anomalies(avg:mysql.net.connections{*}, 'basic', 2)")]
    [InlineData("Anomalies(avg:m{*},\"basic\",2,Direction=above,interval=60)", "anomalies(avg:m{*}, 'basic', 2, direction='above', interval=60)")]
    [InlineData("100 * sum:a{x:1 AND NOT y:2}.as_rate() / sum:b{*}.as_rate()", "100 * sum:a{x:1 AND NOT y:2}.as_rate() / sum:b{*}.as_rate()")]
    [InlineData("top(avg:system.cpu.user{*} by {host}, 10, mean, 'desc')", "top(avg:system.cpu.user{*} by {host}, 10, 'mean', 'desc')")]
    [InlineData("avg:system.load.1{host in (a, b) and env:dev*}", "avg:system.load.1{host IN (a, b) AND env:dev*}")]
    [InlineData("ewma_5(max:m{!role:db})", "ewma_5(max:m{!role:db})")]
    [InlineData("m{NOT a:1 OR (b:2 or c:3) and d not in (x)}", "m{NOT a:1 OR (b:2 OR c:3) AND d NOT IN (x)}")]
    [InlineData("m{(a:1 OR b:2) AND !c:3}", "m{(a:1 OR b:2) AND NOT c:3}")]
    [InlineData("m{NOT (a:1 AND b:2)}", "m{NOT (a:1 AND b:2)}")]
    [InlineData("m{$scope AND !host:x}", "m{$scope AND NOT host:x}")]
    [InlineData("m{$env,host:$h.value}", "m{$env,host:$h.value}")]
    [InlineData("m{prod,a:1}", "m{prod,a:1}")]
    [InlineData("1-m{*}/n{*}", "1 - m{*} / n{*}")]
    [InlineData("(1 - m{*}) / (2*n{*})", "(1 - m{*}) / (2 * n{*})")]
    [InlineData("a{*}-(b{*}-c{*})", "a{*} - (b{*} - c{*})")]
    [InlineData("-(a{*}+1.50)*-2e3", "-(a{*} + 1.5) * -2000")]
    [InlineData("timeshift(m{*},-3600)", "timeshift(m{*}, -3600)")]
    [InlineData("sum(avg:m{*} by {a, b},{ a })", "sum(avg:m{*} by {a,b}, {a})")]
    [InlineData("f(m{*}, 'it''s')", null)]
    [InlineData("f(m{*}, 'it\\'s')", "f(m{*}, 'it\\'s')")]
    [InlineData("abs(m{*}).rollup(max, 60)", "abs(m{*}).rollup(max, 60)")]
    public void Prints_as_text_that_reads_back_as_the_same(string typed, string? printed)
    {
        if (printed is null)
        {
            Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse(typed));
            return;
        }
        Assert.Equal(printed, MetricQueryParser.Parse(typed).ToString());
        Assert.Equal(printed, MetricQueryParser.Parse(printed).ToString());
    }

    [Fact]
    public void Nodes_know_their_place()
    {
        var query = Assert.IsType<MetricQuery>(MetricQueryParser.Parse("m{*}, sum:n{a:1} by {b}.as_rate()").Queries[1]);

        Assert.Equal(new TextRange(6, 27), query.At);
        Assert.Equal(new TextRange(10, 1), query.MetricAt);
        Assert.Equal(new TextRange(12, 3), query.Scope!.At);
        Assert.Equal(new TextRange(21, 1), query.By[0].At);
        Assert.Equal(new TextRange(23, 10), query.Modifiers[0].At);
    }

    [Fact]
    public void Reads_or_refuses_any_text()
    {
        string[] pieces =
        [
            "sum:", "p95:", "trace.a.hits", "{", "}", "{*}", "m{a:1}", "*", "a:", "1", "\"", "\\", ",", "!", " by {b}", ".as_count()", ".rollup(sum, 60)", ".fill(last)", ".", "(", ")", ":", " ", "é", ";", "b", " AND ", " OR ", "NOT ", " IN (x, y)", "$v",
            "+", "-", "/", "'w'", "top(", "k=", "2.5", "1w",
        ];
        var read = 0;
        Gen.Int[0, pieces.Length - 1].Array[0, 12].Select(chosen => string.Concat(chosen.Select(at => pieces[at]))).Sample(text =>
        {
            try
            {
                var list = MetricQueryParser.Parse(text);
                Assert.Equal(list.ToString(), MetricQueryParser.Parse(list.ToString()).ToString());
                Interlocked.Increment(ref read);
            }
            catch (QueryTextException wrong)
            {
                Assert.InRange(wrong.At.Start, 0, text.Length);
                Assert.InRange(wrong.At.End, wrong.At.Start, text.Length);
            }
        }, iter: 30_000);
        Assert.True(read > 0);
    }

    [Fact]
    public void Whatever_is_made_by_the_grammar_is_read_and_prints_as_itself()
    {
        RandomQueries.Text.Sample(text =>
        {
            var printed = MetricQueryParser.Parse(text).ToString();
            Assert.Equal(printed, MetricQueryParser.Parse(printed).ToString());
            Assert.Equal(text.Count(c => c == '{'), printed.Count(c => c == '{'));
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("avg:m{a:1,b:2 OR c:3}", "\"OR\" at column 15 mixes two ways to write a scope: \",\" stands at column 10. Use commas and !, or AND, OR, NOT, IN and parentheses, not both.")]
    [InlineData("avg:m{a:1 AND b:2,c:3}", "\",\" at column 18 mixes two ways to write a scope: \"AND\" stands at column 11. Use commas and !, or AND, OR, NOT, IN and parentheses, not both.")]
    [InlineData("avg:m{*} by {}", "\"}\" at column 14; expected a tag key, such as service.")]
    [InlineData("avg:m{*} by {a,a}", "\"a\" at column 16 is grouped by twice.")]
    [InlineData("avg:m{*}.rollup(median, 60)", "Unknown rollup method \"median\" at column 17. There are: avg, sum, min, max, count.")]
    [InlineData("avg:m{*}.rollup(agv, 60)", "Unknown rollup method \"agv\" at column 17. Did you mean \"avg\"? There are: avg, sum, min, max, count.")]
    [InlineData("avg:m{*}.rollup()", "\".rollup()\" at column 9 needs a method, seconds, or both, such as .rollup(sum, 3600).")]
    [InlineData("avg:m{*}.rollup(sum, 0)", "\"0\" at column 22 must be whole seconds from 1 to 31622400.")]
    [InlineData("avg:m{*}.rollup(sum, 60, 3)", "\"3\" at column 26 is one too many: .rollup() takes at most two arguments.")]
    [InlineData("avg:m{*}.fill()", "\".fill()\" at column 9 needs a method: linear, last, zero, null.")]
    [InlineData("avg:m{*}.fill(last, 601)", "\"601\" at column 21 must be whole seconds from 1 to 600.")]
    [InlineData("avg:m{*}.as_count(1)", "\"1\" at column 19; expected \")\": .as_count() takes nothing.")]
    [InlineData("avg:m{*}.as_count().as_count()", "\".as_count\" at column 20 is written twice. Keep one.")]
    [InlineData("avg:m{*", "The \"{\" at column 6 is not closed. Add \"}\" where the list ends.")]
    [InlineData("avg:m{a:1 b:2}", "\"b:2\" at column 11 stands beside another tag. Write a comma or AND between the two, or quotes around the value.")]
    [InlineData("avg:m{a:1,}", "A tag is missing after \",\" at column 10.")]
    [InlineData("avg:m{:1}", "A tag key is missing before \":\" at column 7.")]
    [InlineData("avg:m{a IN ()}", "A value is missing before \")\" at column 13.")]
    [InlineData("avg:m{a IN b}", "\"b\" at column 12; expected \"(\" and values after IN, such as a IN (a, b).")]
    [InlineData("avg:m{(a:1 OR b:2}", "\"}\" at column 18; expected \")\" for the parenthesis at column 7.")]
    [InlineData("avg:m{!*}", "\"!\" at column 7 excludes everything. Leave it out, or name a tag behind it.")]
    [InlineData("avg:m{$a!}", "\"$a!\" at column 7 is no template variable: letters, digits, _ and - make its name, such as $env.")]
    [InlineData("avg(last_5m):avg:m{*} > 1", "\"avg(last_5m)\" at column 1 is how a monitor begins. A query outside a monitor has no window and no threshold; write only what stands between \":\" and the comparison.")]
    [InlineData("avg:m{*} > 1", "\">\" at column 10; expected a comma, a sign such as +, \" by {…}\", a modifier such as .as_count(), or the end.")]
    [InlineData("m{*} +", "The query ends at column 7; expected a metric such as avg:system.load.1{*}, a function, a number, or \"(\".")]
    [InlineData("(m{*}", "The query ends at column 6; expected \")\" for the parenthesis at column 1, or a sign such as +.")]
    [InlineData("top(m{*}, 1", "The \"(\" at column 4 is not closed. Add \")\" where top ends.")]
    [InlineData("1w{*}", "\"1w\" at column 1 is no metric: its name begins with a letter.")]
    [InlineData("1..2", "\"1..2\" at column 1 is no number.")]
    public void Says_where_and_what(string text, string sentence) => Assert.Equal(sentence, Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse(text)).Message);

    [Fact]
    public void One_query_is_read_out_of_a_monitor()
    {
        const string Monitor = "avg(last_5m):avg:my_metric{*} by {host} > 800";

        var query = MetricQueryParser.ReadOne(Monitor, 13, out var end);

        Assert.Equal("avg:my_metric{*} by {host}", query.ToString());
        Assert.Equal("> 800", Monitor[end..]);
        Assert.Equal(new TextRange(13, 26), query.At);
    }

    [Fact]
    public void A_formula_names_queries()
    {
        var names = new Dictionary<string, QueryNode> { ["a"] = MetricQueryParser.Parse("avg:m{*}").Queries[0], ["b"] = MetricQueryParser.Parse("sum:n{x:1}").Queries[0] };

        Assert.Equal("top(avg:m{*} / sum:n{x:1} * 100, 5, 'mean', 'desc')", MetricQueryParser.ParseFormula("top(a / b * 100, 5, 'mean', 'desc')", names).ToString());
        Assert.Equal("There is no query named \"cost\" (column 5). There are: a, b.", Assert.Throws<QueryTextException>(() => MetricQueryParser.ParseFormula("a + cost", names)).Message);
    }

    [Fact]
    public void Refuses_what_is_too_deep_or_has_too_many_parts()
    {
        Assert.Equal("The query is nested deeper than 50 at column 51. Write it flatter.", Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse(new string('(', 60))).Message);
        Assert.StartsWith("The scope is nested deeper than 30", Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse("m{" + new string('(', 60))).Message, StringComparison.Ordinal);
        Assert.StartsWith("The query has more than 500 parts", Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse("1" + string.Concat(Enumerable.Repeat("+1", 600)))).Message, StringComparison.Ordinal);
        Assert.StartsWith("More than 50 queries in one text", Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse(string.Join(',', Enumerable.Repeat("m{*}", 60)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_what_is_too_long() =>
        Assert.Equal("The query has 9000 characters; at most 8192 are read.", Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse(new string('a', 9000))).Message);
}
