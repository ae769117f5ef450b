using Apm.Query.Language;
using Apm.Query.Text;
using CsCheck;

namespace Apm.Query.Tests.Language;

public class MetricQueryParserTests
{
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
    public void Prints_as_text_that_reads_back_as_the_same(string typed, string printed)
    {
        Assert.Equal(printed, MetricQueryParser.Parse(typed).ToString());
        Assert.Equal(printed, MetricQueryParser.Parse(printed).ToString());
    }

    [Fact]
    public void Nodes_know_their_place()
    {
        var query = MetricQueryParser.Parse("m{*}, sum:n{a:1} by {b}.as_rate()").Queries[1];

        Assert.Equal(new TextRange(6, 27), query.At);
        Assert.Equal(new TextRange(10, 1), query.MetricAt);
        Assert.Equal(new TextRange(12, 3), query.Scope[0].At);
        Assert.Equal(new TextRange(21, 1), query.By[0].At);
        Assert.Equal(new TextRange(23, 10), query.Modifiers[0].At);
    }

    [Fact]
    public void Reads_or_refuses_any_text()
    {
        string[] pieces = ["sum:", "p95:", "trace.a.hits", "{", "}", "*", "a:", "1", "\"", "\\", ",", "!", " by ", ".as_count()", ".", "(", ")", ":", " ", "é", ";", "b"];
        var read = 0;
        Gen.Int[0, pieces.Length - 1].Array[0, 10].Select(chosen => string.Concat(chosen.Select(at => pieces[at]))).Sample(text =>
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
    public void Refuses_what_is_too_long() =>
        Assert.Equal("The query has 9000 characters; at most 8192 are read.", Assert.Throws<QueryTextException>(() => MetricQueryParser.Parse(new string('a', 9000))).Message);
}
