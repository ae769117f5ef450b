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

    [Theory]
    [InlineData("query.service_name=web", 3)]
    [InlineData("query.service_name=api", 2)]
    [InlineData("query.service_name=web&query.operation_name=GET%20/slow", 1)]
    [InlineData("query.service_name=web&query.duration_min=1s", 1)]
    [InlineData("query.service_name=web&query.search_depth=1", 1)]
    [InlineData("query.num_traces=1", 1)]
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
    [InlineData("/operations", 400, "parameter 'service' is required: name a service, as /jaeger/api/v3/services lists them")]
    public async Task Refuses_in_the_shape_of_the_gateway(string path, int status, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/jaeger/api/v3" + path);

        Assert.Equal(status, answer.Status);
        Assert.Equal((status, sentence), (answer.Json.GetProperty("error").GetProperty("httpCode").GetInt32(), answer.Json.GetProperty("error").GetProperty("message").GetString()));
    }
}
