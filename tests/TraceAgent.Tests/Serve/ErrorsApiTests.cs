using Apm.Core.Ports;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class ErrorsApiTests
{
    static async Task<ApiHost> Start(SimpleIssues? given = null)
    {
        var issues = given ?? new SimpleIssues();
        for (var i = 0; i < 3; i++) issues.Add(Some.Span(id: (ulong)i + 1, startNanos: i * 60 * Some.Second, isError: true, tags: [("error.type", "KeyError"), ("error.message", $"no item {i}"), ("version", $"1.{i / 2}")]));
        issues.Add(Some.Span(service: "api", env: "test", isError: true, tags: [("error.type", "Gone")]));
        return await ApiHost.Start(new BatchList(Some.Batch(Some.Span())), [], issues: issues);
    }

    [Fact]
    public async Task Issues_come_with_counts_versions_and_the_newest_trace()
    {
        await using var api = await Start();

        var (status, json) = await api.Get("/api/errors?service=web");

        Assert.Equal(200, status);
        Assert.Equal(
            """
            {"from":1772359200,"to":1772362800,"total":1,"issues":[{"id":"ID","service":"web","type":"KeyError","message":"no item {n}","frame":"","place":"flask.request","state":"open","count":3,"count_ever":3,"first_seen":1772359200,"last_seen":1772359320,"versions":[{"version":"1.0","count":2,"first_seen":1772359200,"last_seen":1772359260},{"version":"1.1","count":1,"first_seen":1772359320,"last_seen":1772359320}],"newest_trace_id":"0000000000000001","newest_span_id":"0000000000000003"}]}
            """.Trim(),
            System.Text.RegularExpressions.Regex.Replace(json, "\"id\":\"[0-9a-f]{16}\"", "\"id\":\"ID\""));
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("?env=test", 1)]
    [InlineData("?state=resolved", 1)]
    [InlineData("?state=all", 3)]
    [InlineData("?state=ignored", 0)]
    [InlineData("?service=nobody", 0)]
    [InlineData("?limit=1", 2)] // The total is of all.
    public async Task Filters_choose(string query, int total)
    {
        var issues = new SimpleIssues();
        issues.Add(Some.Span(service: "db", isError: true, tags: [("error.type", "Timeout")]));
        issues.Decide(issues.Issues()[0].Id, IssueAction.Resolve);
        await using var api = await Start(issues);

        Assert.Equal(total, (await api.GetJson("/api/errors" + query)).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("?from=x", "The parameter 'from' is no number. Give it in Unix seconds, such as from=1700003600.")]
    [InlineData("?from=20&to=10", "The window is empty: 'to' (10) must be later than 'from' (20).")]
    [InlineData("?limit=0", "limit=0 is not possible. Give a number from 1 to 500.")]
    [InlineData("?limit=501", "limit=501 is not possible. Give a number from 1 to 500.")]
    [InlineData("?state=new", "state=new is not known. Give open (with the regressed ones), regressed, resolved, ignored or all.")]
    public async Task What_cannot_be_answered_says_what_to_give(string query, string says)
    {
        await using var api = await Start();

        var (status, json) = await api.Get("/api/errors" + query);

        Assert.Equal(400, status);
        Assert.Contains(says, json, StringComparison.Ordinal);
    }
}
