using Apm.Core.Metrics;
using Apm.Query.Scripts;
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

    [Fact]
    public async Task Anomalies_come_as_three_series()
    {
        await using var api = await ApiHost.Start(Series(10, 12, 11, 10, 13));

        var (status, json) = await api.Get($"/api/v1/query?{Window}&query={Uri.EscapeDataString("anomalies(avg:m{*}.rollup(60), 'basic', 2)")}");

        Assert.Equal(200, status);
        Assert.Contains("""
            "expression":"anomalies(avg:m{*}.rollup(60), 'basic', 2)","scope":"*","tag_set":[],"interval":60,"start":1772359200000,"end":1772359499000,"length":5,"pointlist":[[1772359200000.0,10],[1772359260000.0,12],[1772359320000.0,11],[1772359380000.0,10],[1772359440000.0,13]],"aggr":"avg","query_index":0,"unit":null,"attributes":{"anomalous":[1772359440000]}}
            """.Trim(), json, StringComparison.Ordinal);
        Assert.Contains("\"attributes\":{\"anomaly_bound\":\"lower\"}", json, StringComparison.Ordinal);
        Assert.Contains("\"attributes\":{\"anomaly_bound\":\"upper\"}", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arithmetic_names_its_expression_and_variables_are_parameters()
    {
        await using var api = await ApiHost.Start(Series(10));

        var (status, json) = await api.Get($"/api/v1/query?{Window}&tpl_var_host=box-1&query={Uri.EscapeDataString("2 * avg:m{$host} by {host}.rollup(60) - 1")}");

        Assert.Equal(200, status);
        Assert.Contains("\"metric\":\"2 * avg:m{host:box-1} by {host}.rollup(60) - 1\"", json, StringComparison.Ordinal);
        Assert.Contains("\"expression\":\"2 * avg:m{host:box-1,host:box-1}.rollup(60) - 1\"", json, StringComparison.Ordinal);
        Assert.Contains("[[1772359200000.0,19]]", json, StringComparison.Ordinal);
    }

    const string V2 = """{"data":{"type":"TYPE","attributes":{"from":1772359200000,"to":1772359380000,"interval":60000,"queries":[{"data_source":"metrics","name":"a","query":"avg:m{*} by {host}","aggregator":"AGGREGATOR"}],"formulas":FORMULAS}}}""";

    [Fact]
    public async Task Version_2_computes_formulas_over_time()
    {
        await using var api = await ApiHost.Start(Series(10, 12, 11));

        var answer = await api.Post("/api/v2/query/timeseries", V2.Replace("TYPE", "timeseries_request", StringComparison.Ordinal).Replace("AGGREGATOR", "avg", StringComparison.Ordinal)
            .Replace("FORMULAS", """[{"formula":"a","limit":{"count":10,"order":"desc"}},{"formula":"diff(a)"}]""", StringComparison.Ordinal));

        Assert.Equal((200, """{"data":{"id":"0","type":"timeseries_response","attributes":{"series":[{"group_tags":["host:box-1"],"query_index":0,"unit":[null,null]},{"group_tags":["host:box-1"],"query_index":1,"unit":[null,null]}],"times":[1772359200000,1772359260000,1772359320000],"values":[[10,12,11],[null,2,-1]]}}}"""), (answer.Status, answer.Text));
    }

    [Theory]
    [InlineData("avg", "11")]
    [InlineData("last", "11")]
    [InlineData("max", "12")]
    [InlineData("min", "10")]
    [InlineData("sum", "33")]
    [InlineData("area", "1980")]
    public async Task Version_2_makes_one_value_of_a_query(string aggregator, string value)
    {
        await using var api = await ApiHost.Start(Series(10, 12, 11));

        var answer = await api.Post("/api/v2/query/scalar", V2.Replace("TYPE", "scalar_request", StringComparison.Ordinal).Replace("AGGREGATOR", aggregator, StringComparison.Ordinal).Replace("FORMULAS", """[{"formula":"a"},{"formula":"a - a"}]""", StringComparison.Ordinal));

        Assert.Equal((200, $$$$"""{"data":{"id":"0","type":"scalar_response","attributes":{"columns":[{"name":"host","type":"group","values":[["box-1"]]},{"name":"a","type":"number","values":[{{{{value}}}}],"meta":{"unit":[null,null]}},{"name":"a - a","type":"number","values":[0],"meta":{"unit":[null,null]}}]}}}"""), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Version_2_reads_a_percentile_from_the_whole_window()
    {
        await using var api = await ApiHost.Start([.. Enumerable.Range(1, 99).Select(i => Some.Span(id: (ulong)i, startNanos: i * Some.Second, durationNanos: i * Some.Millisecond))]);
        var body = V2.Replace("TYPE", "scalar_request", StringComparison.Ordinal).Replace("AGGREGATOR", "percentile", StringComparison.Ordinal).Replace("FORMULAS", """[{"formula":"a * 1000"}]""", StringComparison.Ordinal);

        var answer = await api.Post("/api/v2/query/scalar", body.Replace("avg:m{*} by {host}", "p50:trace.flask.request{*}", StringComparison.Ordinal));
        var refused = await api.Post("/api/v2/query/scalar", body.Replace("avg:m{*} by {host}", "sum:trace.flask.request.hits{*}", StringComparison.Ordinal));

        Assert.InRange(answer.Json.GetProperty("data").GetProperty("attributes").GetProperty("columns")[0].GetProperty("values")[0].GetDouble(), 49, 51);
        Assert.Equal("Error parsing query: \"sum\" needs durations, but \"trace.flask.request.hits\" counts. Write sum:trace.flask.request.", refused.Json.GetProperty("errors")[0].GetString());
    }

    [Theory]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"to":2}}}""", "data.attributes.from is missing or no time. Give Unix milliseconds, such as 1700000000000.")]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"from":2,"to":1}}}""", "The window is empty: data.attributes.to (1) must be later than data.attributes.from (2).")]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"from":1,"to":2}}}""", "data.attributes.queries is missing or empty. Give at least one query.")]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"from":1,"to":2,"queries":[{"data_source":"logs"}]}}}""", "data.attributes.queries[0].data_source \"logs\" is not answered here. There is: metrics.")]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"from":1,"to":2,"queries":[{}]}}}""", "data.attributes.queries[0].query is missing. Give a query such as avg:system.load.1{*}.")]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"from":1,"to":2,"queries":[{"query":"m{"}]}}}""", "Error parsing query: The \"{\" at column 2 is not closed. Add \"}\" where the list ends.")]
    [InlineData("""{"data":{"type":"timeseries_request","attributes":{"from":1,"to":2,"queries":[{"query":"m{*}","name":"cpu"}],"formulas":[{"formula":"cpo * 2"}]}}}""", "Error parsing query: There is no query named \"cpo\" (column 1). Did you mean \"cpu\"? There are: cpu.")]
    public async Task Version_2_refuses_with_a_sentence(string body, string sentence)
    {
        await using var api = await ApiHost.Start(Some.Span());

        var answer = await api.Post("/api/v2/query/timeseries", body);

        Assert.Equal(400, answer.Status);
        Assert.Equal(sentence, answer.Json.GetProperty("errors")[0].GetString());
    }

    static ScriptSeries Series(params double[] values)
    {
        var series = new ScriptSeries();
        series.Add(new SeriesPoints(new SeriesKey("m", MetricTags.Of(["host:box-1"])), MetricType.Gauge, 0, [.. values.Select((value, i) => new MetricPoint(QueryScript.StartUnixSeconds + 60 * i, value))]));
        return series;
    }
}
