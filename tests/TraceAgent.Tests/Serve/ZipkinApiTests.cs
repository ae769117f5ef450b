using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class ZipkinApiTests
{
    static IReadOnlyList<Span> Shop { get; } =
    [
        Some.Span(trace: 0xabc, id: 1, service: "web", resource: "GET /buy", durationNanos: 100 * Some.Millisecond, kind: SpanKind.Server,
            tags: [("http.method", "GET"), ("net.host.ip", "10.0.0.1"), ("events", """[{"name":"cache miss","time_unix_nano":1772359200005000000,"attributes":{"key":"a"}},{"name":"retried","time_unix_nano":1772359200006000000}]""")],
            numbers: [("http.status_code", 200)]),
        Some.Span(trace: 0xabc, id: 2, parent: 1, service: "web", name: "http.request", resource: "POST", type: "http", startNanos: 10 * Some.Millisecond, durationNanos: 60 * Some.Millisecond, isError: true,
            kind: SpanKind.Client, tags: [("peer.service", "api"), ("error.message", "502 Bad Gateway"), ("net.peer.ip", "10.0.0.2")], numbers: [("net.peer.port", 8080)]),
        Some.Span(trace: 0xabc, id: 3, parent: 2, service: "api", name: "aspnet.request", resource: "POST /pay", startNanos: 12 * Some.Millisecond, durationNanos: 50 * Some.Millisecond, kind: SpanKind.Server,
            flags: SpanFlags.TopLevel),
        Some.Span(trace: 0xdef, id: 4, service: "web", resource: "GET /slow", startNanos: Some.Second, durationNanos: 2 * Some.Second),
    ];

    [Fact]
    public async Task A_trace_has_exactly_the_shape_that_Zipkin_gives()
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/zipkin/api/v2/trace/abc");

        Assert.Equal((200, "application/json"), (answer.Status, answer.ContentType));
        Assert.Equal(
            """[{"traceId":"0000000000000abc","id":"0000000000000001","kind":"SERVER","name":"GET /buy","timestamp":1772359200000000,"duration":100000,"localEndpoint":{"serviceName":"web","ipv4":"10.0.0.1"},"""
            + """ "annotations":[{"timestamp":1772359200005000,"value":"cache miss|{\"key\":\"a\"}|0"},{"timestamp":1772359200006000,"value":"retried"}],"tags":{"env":"prod","http.method":"GET","http.status_code":"200","operation.name":"flask.request","span.type":"web"}},""".Trim()
            + """{"traceId":"0000000000000abc","parentId":"0000000000000001","id":"0000000000000002","kind":"CLIENT","name":"POST","timestamp":1772359200010000,"duration":60000,"localEndpoint":{"serviceName":"web"},"remoteEndpoint":{"serviceName":"api","ipv4":"10.0.0.2","port":8080},"""
            + """ "tags":{"env":"prod","error":"502 Bad Gateway","error.message":"502 Bad Gateway","operation.name":"http.request","span.type":"http"}},""".Trim()
            + """{"traceId":"0000000000000abc","parentId":"0000000000000002","id":"0000000000000003","kind":"SERVER","name":"POST /pay","timestamp":1772359200012000,"duration":50000,"localEndpoint":{"serviceName":"api"},"tags":{"env":"prod","operation.name":"aspnet.request","span.type":"web"}}]""",
            answer.Text);
    }

    [Fact]
    public async Task Names_remote_names_dependencies_and_completion()
    {
        await using var api = await ApiHost.Start(Shop);

        Assert.Equal("""["api","web"]""", (await api.GetJson("/zipkin/api/v2/services")).GetRawText());
        Assert.Equal("""["GET /buy","GET /slow","flask.request","http.request"]""", (await api.GetJson("/zipkin/api/v2/spans?serviceName=web")).GetRawText());
        Assert.Equal("""["api"]""", (await api.GetJson("/zipkin/api/v2/remoteServices?serviceName=web")).GetRawText());
        Assert.Equal("[]", (await api.GetJson("/zipkin/api/v2/remoteServices?serviceName=api")).GetRawText());
        Assert.Equal("""[{"parent":"web","child":"api","callCount":1}]""", (await api.GetJson("/zipkin/api/v2/dependencies?endTs=1772362800000&lookback=86400000")).GetRawText());
        Assert.Contains("http.method", (await api.GetJson("/zipkin/api/v2/autocompleteKeys")).EnumerateArray().Select(key => key.GetString()));
        Assert.Equal("""["GET"]""", (await api.GetJson("/zipkin/api/v2/autocompleteValues?key=http.method")).GetRawText());
        Assert.Equal("""["prod"]""", (await api.GetJson("/zipkin/api/v2/autocompleteValues?key=env")).GetRawText());
        Assert.True((await api.GetJson("/zipkin/config.json")).GetProperty("searchEnabled").GetBoolean());
    }

    [Theory]
    [InlineData("", "def abc")]
    [InlineData("serviceName=api", "abc")]
    [InlineData("serviceName=web&limit=1", "def")]
    [InlineData("serviceName=web&spanName=GET%20/buy", "abc")]
    [InlineData("serviceName=web&spanName=http.request", "abc")]
    [InlineData("serviceName=web&spanName=all", "def abc")]
    [InlineData("remoteServiceName=api", "abc")]
    [InlineData("remoteServiceName=web", "")]
    [InlineData("minDuration=1000000", "def")]
    [InlineData("minDuration=55000&maxDuration=70000", "abc")]
    [InlineData("annotationQuery=http.method%3DGET", "abc")]
    [InlineData("annotationQuery=http.method%3DGET%20and%20http.status_code%3D200%20and%20retried", "abc")]
    [InlineData("annotationQuery=http.method%3DGET%20and%20gave%20up", "")]
    [InlineData("annotationQuery=cache%20miss", "abc")]
    [InlineData("annotationQuery=error", "abc")]
    [InlineData("annotationQuery=http.method%3D", "abc")]
    [InlineData("annotationQuery=error%3D502%20Bad%20Gateway", "abc")]
    [InlineData("annotationQuery=env%3Dprod%20and%20span.type%3Dhttp", "abc")]
    [InlineData("annotationQuery=a%22b*c", "")]
    [InlineData("endTs=1772359200500&lookback=1000", "abc")]
    public async Task Finds(string query, string ids)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/zipkin/api/v2/traces?" + query);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(ids, string.Join(' ', answer.Json.EnumerateArray().Select(trace => trace[0].GetProperty("traceId").GetString()!.TrimStart('0'))));
        Assert.Equal(query.Contains("limit", StringComparison.Ordinal) ? "2" : ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length.ToString(System.Globalization.CultureInfo.InvariantCulture), answer.Headers["X-Apm-Total"]);
    }

    [Fact]
    public async Task All_names_and_values_are_listed_and_headers_say_so()
    {
        await using var api = await ApiHost.Start([.. Enumerable.Range(1, 1200).Select(i => Some.Span(
            trace: (ulong)i, id: (ulong)i, resource: $"GET /{i}", env: $"e{i}", kind: SpanKind.Client, flags: SpanFlags.TopLevel, tags: [(i % 2 == 0 ? "peer.service" : "out.host", $"other{i}"), ("version", $"1.{i}")]))]);

        foreach (var (path, count) in ((string, int)[])[("spans?serviceName=web", 1201), ("remoteServices?serviceName=web", 1200), ("autocompleteValues?key=env", 1200), ("autocompleteValues?key=version", 1200)])
        {
            var answer = await api.GetRaw("/zipkin/api/v2/" + path);
            Assert.Equal((path, count, $"{count}"), (path, answer.Json.GetArrayLength(), answer.Headers["X-Apm-Total"]));
            Assert.False(answer.Headers.ContainsKey("X-Apm-Incomplete"));
        }
    }

    [Fact]
    public async Task Several_traces_by_id()
    {
        await using var api = await ApiHost.Start(Shop);

        var traces = await api.GetJson("/zipkin/api/v2/traceMany?traceIds=def,abc,999,def");

        Assert.Equal([1, 3], traces.EnumerateArray().Select(trace => trace.GetArrayLength()));
    }

    [Theory]
    [InlineData("/trace/999", 404, "trace not found: nothing is stored under 0000000000000999; it may have expired, or not have been sent here")]
    [InlineData("/trace/xyz", 400, "\"xyz\" is not a trace id: write 16 or 32 hex digits")]
    [InlineData("/traceMany", 400, "traceIds parameter is empty: give ids with commas between")]
    [InlineData("/traceMany?traceIds=1,zz", 400, "\"zz\" is not a trace id: write 16 or 32 hex digits")]
    [InlineData("/spans", 400, "serviceName is required: name a service, as /zipkin/api/v2/services lists them")]
    [InlineData("/dependencies", 400, "endTs is required: give it in Unix milliseconds")]
    [InlineData("/dependencies?endTs=x", 400, "endTs: \"x\" is not a whole number of milliseconds")]
    [InlineData("/traces?limit=0", 400, "limit must be above 0")]
    [InlineData("/traces?lookback=0", 400, "lookback must be above 0; it is milliseconds")]
    [InlineData("/traces?endTs=99999999999999999", 400, "endTs: \"99999999999999999\" is not a whole number of milliseconds")]
    [InlineData("/traces?maxDuration=5", 400, "maxDuration is only valid with minDuration")]
    [InlineData("/traces?minDuration=9&maxDuration=5", 400, "maxDuration (5) must not be below minDuration (9)")]
    [InlineData("/traces?annotationQuery=%3Dx", 400, "annotationQuery: \"=x\" has no tag before the =; write for example http.method=GET")]
    [InlineData("/traces?annotationQuery=http.method%3DGET%20and", 400, "annotationQuery: \"http.method=GET and\" has an \"and\" with nothing before or behind it; write for example http.method=GET and error")]
    [InlineData("/traces?serviceNmae=web", 400, "unknown parameter 'serviceNmae'. Did you mean serviceName? There are: serviceName, spanName, remoteServiceName, annotationQuery, minDuration, maxDuration, endTs, lookback, limit")]
    [InlineData("/autocompleteValues", 400, "key is required: name a tag, as /zipkin/api/v2/autocompleteKeys lists them")]
    public async Task Refuses_as_Zipkin_does_in_plain_text(string path, int status, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/zipkin/api/v2" + path);

        Assert.Equal((status, "text/plain", sentence), (answer.Status, answer.ContentType, answer.Text));
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_503()
    {
        await using var api = await ApiHost.Start(new BatchList(Some.Batch(Shop)) { BeforeBatch = _ => throw new StoreUnavailableException("The trace store is closed. Start again.") }, Shop);

        var answer = await api.GetRaw("/zipkin/api/v2/traces");

        Assert.Equal((503, "The trace store is closed. Start again."), (answer.Status, answer.Text));
    }

    [Fact]
    public async Task Every_span_of_an_hour_of_the_shop_is_found_and_told()
    {
        var shop = new ShopData(seed: 3);
        var spans = shop.Requests(Some.Hour, perSecond: 0.05).SelectMany(request => request).ToList();
        await using var api = await ApiHost.Start(spans);

        var traces = await api.GetJson($"/zipkin/api/v2/traces?limit=500&endTs={(Some.BaseUnixNanos + 3600 * UnixTime.NanosPerSecond) / 1_000_000}&lookback=3600000");

        var given = traces.EnumerateArray().SelectMany(trace => trace.EnumerateArray()).Select(span => span.GetProperty("id").GetString()!).ToHashSet();
        Assert.Equal(spans.Select(span => span.Id.ToString()).ToHashSet(), given);
        Assert.All(traces.EnumerateArray().SelectMany(trace => trace.EnumerateArray()), span => Assert.Equal(JsonValueKind.String, span.GetProperty("localEndpoint").GetProperty("serviceName").ValueKind));
    }
}
