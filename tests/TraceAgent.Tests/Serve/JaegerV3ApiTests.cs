using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class JaegerV3ApiTests
{
    const string Window = "query.start_time_min=2026-03-01T10:00:00Z&query.start_time_max=2026-03-01T11:00:00Z";

    static IReadOnlyList<Span> Shop { get; } =
    [
        Some.Span(trace: 0xabc, id: 1, service: "web", resource: "GET /buy", durationNanos: 100 * Some.Millisecond, kind: SpanKind.Server, numbers: [("http.status_code", 200)]),
        Some.Span(trace: 0xabc, id: 2, parent: 1, service: "api", resource: "POST /pay", startNanos: 10 * Some.Millisecond, durationNanos: 50 * Some.Millisecond, isError: true, tags: [("error.message", "no money")]),
        Some.Span(trace: 0xdef, id: 3, service: "web", resource: "GET /slow", startNanos: Some.Second, durationNanos: 2 * Some.Second),
    ];

    [Fact]
    public async Task A_trace_is_OTLP_within_a_result()
    {
        await using var api = await ApiHost.Start(Shop);

        Assert.Equal(
            """{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}},{"key":"deployment.environment.name","value":{"stringValue":"prod"}}]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"00000000000000000000000000000abc","spanId":"0000000000000001","name":"GET /buy","kind":2,"startTimeUnixNano":"1772359200000000000","endTimeUnixNano":"1772359200100000000","""
            + """ "attributes":[{"key":"operation.name","value":{"stringValue":"flask.request"}},{"key":"resource.name","value":{"stringValue":"GET /buy"}},{"key":"span.type","value":{"stringValue":"web"}},{"key":"http.status_code","value":{"intValue":"200"}}],"status":{}}]}]},""".Trim()
            + """{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}},{"key":"deployment.environment.name","value":{"stringValue":"prod"}}]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"00000000000000000000000000000abc","spanId":"0000000000000002","parentSpanId":"0000000000000001","name":"POST /pay","kind":0,"startTimeUnixNano":"1772359200010000000","endTimeUnixNano":"1772359200060000000","""
            + """ "attributes":[{"key":"operation.name","value":{"stringValue":"flask.request"}},{"key":"resource.name","value":{"stringValue":"POST /pay"}},{"key":"span.type","value":{"stringValue":"web"}},{"key":"error.message","value":{"stringValue":"no money"}}],"status":{"message":"no money","code":2}}]}]}]}}""".Trim(),
            (await api.GetRaw("/jaeger/api/v3/traces/abc")).Text);
    }

    [Fact]
    public async Task Services_and_operations()
    {
        await using var api = await ApiHost.Start(Shop);

        Assert.Equal("""{"services":["api","web"]}""", (await api.GetRaw("/jaeger/api/v3/services")).Text);
        Assert.Equal("""{"operations":[{"name":"GET /buy","spanKind":"server"},{"name":"flask.request","spanKind":"server"}]}""", (await api.GetRaw("/jaeger/api/v3/operations?service=web&span_kind=server")).Text);
    }

    [Fact]
    public async Task Summaries_are_what_a_list_shows()
    {
        await using var api = await ApiHost.Start([.. Shop, Some.Span(trace: 0xdef, id: 4, parent: 99, service: "job", startNanos: 2 * Some.Second)]);

        var answer = await api.GetRaw($"/jaeger/api/v3/trace-summaries?{Window}&query.service_name=web&query.num_traces=20&query.attributes={Uri.EscapeDataString("""{"http.status_code":"200"}""")}");

        Assert.Equal(
            """{"summaries":[{"traceId":"00000000000000000000000000000abc","traceID":"00000000000000000000000000000abc","rootServiceName":"web","rootOperationName":"GET /buy","minStartTimeUnixNano":"1772359200000000000","maxEndTimeUnixNano":"1772359200100000000","""
            + """ "spanCount":2,"errorSpanCount":1,"orphanSpanCount":0,"services":[{"name":"api","spanCount":1,"errorSpanCount":1},{"name":"web","spanCount":1,"errorSpanCount":0}]}]}""".Trim(), answer.Text);
        Assert.Equal("1", answer.Headers["X-Apm-Total"]);
        Assert.Equal(1, (await api.GetJson($"/jaeger/api/v3/trace-summaries?{Window}&query.service_name=job")).GetProperty("summaries")[0].GetProperty("orphanSpanCount").GetInt32());
        Assert.Equal("""{"summaries":[]}""", (await api.GetRaw($"/jaeger/api/v3/trace-summaries?{Window}&query.service_name=nobody")).Text);
    }

    [Theory]
    [InlineData("query.service_name=web", 3)]
    [InlineData("query.service_name=api", 2)]
    [InlineData("query.service_name=web&query.operation_name=GET%20/slow", 1)]
    [InlineData("query.service_name=web&query.duration_min=1s", 1)]
    [InlineData("query.service_name=web&query.search_depth=1", 1)]
    [InlineData("query.num_traces=1", 1)]
    [InlineData("query.attributes=%7B%22http.status_code%22:%22200%22%7D", 2)]
    [InlineData("query.attributes=%7B%22http.status_code%22:200,%22error%22:false%7D&query.raw_traces=true", 2)]
    [InlineData("query.attributes[error.message]=no%20money&query.attributes[error]=true", 2)]
    [InlineData("query.serviceName=web&query.operationName=GET%20/slow&query.durationMin=1s&query.searchDepth=5", 1)]
    [InlineData("query.service_name=web&query.span_name=GET%20/slow", 1)]
    [InlineData("other=1", 3)]
    public async Task Finds(string query, int spans)
    {
        await using var api = await ApiHost.Start(Shop);

        var json = await api.GetJson($"/jaeger/api/v3/traces?{Window}&{query}");

        Assert.Equal(spans, json.GetProperty("result").GetProperty("resourceSpans").EnumerateArray().Sum(resource => resource.GetProperty("scopeSpans").EnumerateArray().Sum(scope => scope.GetProperty("spans").GetArrayLength())));
    }

    [Theory]
    [InlineData("/traces/999", 404, "trace not found: nothing is stored under 0000000000000999; it may have expired, or not have been sent here")]
    [InlineData("/traces?query.service_name=web", 400, "query.start_time_min and query.start_time_max are required, such as 2026-03-01T10:00:00Z")]
    [InlineData("/traces?query.start_time_min=now&query.start_time_max=now", 400, "malformed parameter query.start_time_min: \"now\" is not a time such as 2026-03-01T10:00:00Z")]
    [InlineData("/traces?" + Window + "&query.service_name=nobody", 404, "No traces found")]
    [InlineData("/traces?" + Window + "&query.search_depth=-1", 400, "malformed parameter query.search_depth: \"-1\" is not a number above 0")]
    [InlineData("/traces?" + Window + "&query.atributes=%7B%7D", 400, "unknown parameter 'query.atributes', which would change what is found. There are: query.service_name, query.operation_name, query.start_time_min, query.start_time_max, query.duration_min, query.duration_max, query.search_depth, query.num_traces, query.attributes, query.raw_traces")]
    [InlineData("/traces?" + Window + "&query.attributes=x", 400, "malformed 'query.attributes' parameter, cannot unmarshal JSON: ")]
    [InlineData("/traces?" + Window + "&query.attributes=%5B%5D", 400, "malformed 'query.attributes' parameter: expecting a JSON object of texts, such as {\"http.status_code\":\"500\"}")]
    [InlineData("/traces?" + Window + "&query.service_name=a&query.service_name=b", 400, "parameter 'query.service_name' is given 2 times; give it once")]
    [InlineData("/trace-summaries?query.service_name=web", 400, "query.start_time_min and query.start_time_max are required, such as 2026-03-01T10:00:00Z")]
    [InlineData("/trace-summaries?" + Window + "&query.duration_min=100ms&query.duration_max=10ms", 400, "parameter 'query.duration_max' (10ms) must not be below 'query.duration_min' (100ms)")]
    [InlineData("/operations?service=web&span_kind=zzz", 400, "unable to parse param 'span_kind': \"zzz\" is no kind of span; there are: unspecified, internal, server, client, producer, consumer")]
    [InlineData("/operations", 400, "parameter 'service' is required: name a service, as /jaeger/api/v3/services lists them")]
    public async Task Refuses_in_the_shape_of_the_gateway(string path, int status, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/jaeger/api/v3" + path);

        Assert.Equal(status, answer.Status);
        Assert.Equal(status, answer.Json.GetProperty("error").GetProperty("httpCode").GetInt32());
        Assert.StartsWith(sentence, answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
