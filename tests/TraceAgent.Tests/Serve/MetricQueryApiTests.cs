using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class MetricQueryApiTests
{
    const string Window = "from=1772359200&to=1772360400";

    [Fact]
    public async Task Answers_in_the_shape_of_Datadog()
    {
        await using var api = await ApiHost.Start(Some.Span(id: 1), Some.Span(id: 2, startNanos: 10 * Some.Second), Some.Span(id: 3, startNanos: 10 * Some.Second));

        Assert.Equal((200,
            """{"status":"ok","res_type":"time_series","resp_version":1,"query":"sum:trace.flask.request.hits{service:web} by {resource_name}","from_date":1772359200000,"to_date":1772360400000,"message":"","group_by":["resource_name"]"""
            + ""","series":[{"metric":"trace.flask.request.hits","display_name":"trace.flask.request.hits","expression":"sum:trace.flask.request.hits{service:web,resource_name:GET /}","scope":"resource_name:GET /","tag_set":["resource_name:GET /"]"""
            + ""","interval":10,"start":1772359200000,"end":1772359219000,"length":2,"pointlist":[[1772359200000.0,1],[1772359210000.0,2]],"aggr":"sum","query_index":0,"unit":null,"attributes":{}}],"values":[],"times":[]}"""),
            await api.Get($"/api/v1/query?{Window}&query=sum:trace.flask.request.hits%7Bservice:web%7D%20by%20%7Bresource_name%7D"));
    }

    [Fact]
    public async Task Durations_are_seconds()
    {
        await using var api = await ApiHost.Start(Some.Span(durationNanos: 250 * Some.Millisecond));

        var (status, json) = await api.Get($"/api/v1/query?{Window}&query=avg:trace.flask.request%7B*%7D");

        Assert.Equal(200, status);
        Assert.Contains("[[1772359200000.0,0.25]]", json, StringComparison.Ordinal);
        Assert.Contains("\"short_name\":\"s\"", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_is_an_empty_list()
    {
        await using var api = await ApiHost.Start(Some.Span());

        var (status, json) = await api.Get($"/api/v1/query?{Window}&query=p95:trace.other%7B*%7D");

        Assert.Equal(200, status);
        Assert.Contains("\"series\":[]", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("to=2&query=a", "The parameter 'from' is missing or no number. Give the window's start in Unix seconds, such as from=1700000000.")]
    [InlineData("from=1&to=x&query=a", "The parameter 'to' is missing or no number. Give the window's end in Unix seconds, such as to=1700003600.")]
    [InlineData("from=2&to=2&query=a", "The window is empty: 'to' (2) must be later than 'from' (2).")]
    [InlineData("from=1&to=99999999&query=a", "The window is 1157 days long; at most 400 days are answered. Move 'from' nearer to 'to'.")]
    [InlineData("from=1&to=2", "The parameter 'query' is missing. Give a query such as query=sum:trace.flask.request.hits{service:web}.")]
    [InlineData("from=1&to=2&query=a%7B", "Error parsing query: The \\\"{\\\" at column 2 is not closed. Add \\\"}\\\" where the list ends.")]
    public async Task Refuses_with_a_sentence_in_both_members_that_clients_read(string parameters, string sentence)
    {
        await using var api = await ApiHost.Start(Some.Span());

        Assert.Equal((400, $$"""{"errors":["{{sentence}}"],"status":"error","error":"{{sentence}}"}"""), await api.Get("/api/v1/query?" + parameters));
    }
}
