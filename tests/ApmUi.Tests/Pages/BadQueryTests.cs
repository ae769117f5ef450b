using Apm.ApmUi.Shared;
using Apm.ApmUi.Pages.Traces;
using Apm.Query.Filters;
using Apm.Query.Text;

namespace Apm.ApmUi.Tests.Pages;

public class BadQueryTests
{
    [Theory]
    [InlineData("service:(users", "service:(users)")]
    [InlineData("(service:a OR service:b", "(service:a OR service:b)")]
    [InlineData("service:\"us er", "service:\"us er\"")]
    public void What_is_not_closed_is_offered_closed_at_its_end(string typed, string offered)
    {
        var error = Assert.Throws<QueryTextException>(() => TraceFilterParser.Parse(typed));

        var better = BadQuery.Of(typed, error).FixedQuery;

        Assert.Equal(offered, better);
        TraceFilterParser.Parse(better!);
    }
}
