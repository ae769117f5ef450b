using System.Globalization;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class JaegerApiTests
{
    const long StartMicros = Some.BaseUnixNanos / 1000;

    static IReadOnlyList<Span> Shop { get; } =
    [
        Some.Span(trace: 0xabc, id: 1, service: "web", resource: "GET /buy", durationNanos: 100 * Some.Millisecond, kind: SpanKind.Server,
            tags: [("http.method", "GET"), ("runtime-id", "r1"), ("_dd.hostname", "box"),
                ("events", """[{"name":"cache miss","time_unix_nano":1772359200005000000,"attributes":{"key":"a","n":2,"hit":false}}]"""),
                ("_dd.span_links", """[{"trace_id":"00000000000000010000000000000002","span_id":"0000000000000003"}]""")],
            numbers: [("http.status_code", 200), ("_sample_rate", 0.5)]),
        Some.Span(trace: 0xabc, id: 2, parent: 1, service: "api", name: "http.request", resource: "POST /pay", startNanos: 10 * Some.Millisecond, durationNanos: 50 * Some.Millisecond, isError: true,
            kind: SpanKind.Server, flags: SpanFlags.TopLevel),
        Some.Span(trace: 0xdef, id: 3, service: "web", resource: "GET /slow", startNanos: Some.Second, durationNanos: 2 * Some.Second),
    ];

    [Fact]
    public async Task A_trace_has_exactly_the_shape_that_Jaeger_gives()
    {
        await using var api = await ApiHost.Start(Shop);

        var (status, json) = await api.Get("/jaeger/api/traces/abc");

        Assert.Equal(200, status);
        Assert.Equal(
            """{"data":[{"traceID":"0000000000000abc","spans":["""
            + """{"traceID":"0000000000000abc","spanID":"0000000000000001","operationName":"flask.request","references":[{"refType":"FOLLOWS_FROM","traceID":"00000000000000010000000000000002","spanID":"0000000000000003"}]"""
            + ""","startTime":1772359200000000,"duration":100000,"tags":[{"key":"resource.name","type":"string","value":"GET /buy"},{"key":"span.type","type":"string","value":"web"},{"key":"env","type":"string","value":"prod"},"""
            + """{"key":"span.kind","type":"string","value":"server"},{"key":"http.method","type":"string","value":"GET"},{"key":"_sample_rate","type":"float64","value":0.5},{"key":"http.status_code","type":"int64","value":200}]"""
            + ""","logs":[{"timestamp":1772359200005000,"fields":[{"key":"event","type":"string","value":"cache miss"},{"key":"key","type":"string","value":"a"},{"key":"n","type":"int64","value":2},{"key":"hit","type":"bool","value":false}]}]"""
            + ""","processID":"p1","warnings":null},"""
            + """{"traceID":"0000000000000abc","spanID":"0000000000000002","operationName":"http.request","references":[{"refType":"CHILD_OF","traceID":"0000000000000abc","spanID":"0000000000000001"}]"""
            + ""","startTime":1772359200010000,"duration":50000,"tags":[{"key":"resource.name","type":"string","value":"POST /pay"},{"key":"span.type","type":"string","value":"web"},{"key":"env","type":"string","value":"prod"},"""
            + """{"key":"span.kind","type":"string","value":"server"},{"key":"error","type":"bool","value":true}],"logs":[],"processID":"p2","warnings":null}]"""
            + ""","processes":{"p1":{"serviceName":"web","tags":[{"key":"hostname","type":"string","value":"box"},{"key":"runtime-id","type":"string","value":"r1"}]},"p2":{"serviceName":"api","tags":[]}},"warnings":null}]"""
            + ""","total":1,"limit":0,"offset":0,"errors":null}""", json);
    }

    [Fact]
    public async Task Services_operations_and_dependencies()
    {
        await using var api = await ApiHost.Start(Shop);

        Assert.Equal("""{"data":["api","web"],"total":2,"limit":0,"offset":0,"errors":null}""", (await api.Get("/jaeger/api/services")).Json);
        Assert.Equal("""["GET /buy","GET /slow","flask.request"]""", (await api.GetData("/jaeger/api/services/web/operations")).GetRawText());
        Assert.Equal("""[{"name":"GET /buy","spanKind":"server"},{"name":"flask.request","spanKind":"server"}]""", (await api.GetData("/jaeger/api/operations?service=web&spanKind=server")).GetRawText());
        Assert.Equal("""[{"parent":"web","child":"api","callCount":1}]""", (await api.GetData("/jaeger/api/dependencies?endTs=1772362800000&lookback=86400000")).GetRawText());
        Assert.Equal("[]", (await api.GetData("/jaeger/api/dependencies?endTs=1772359200000&lookback=1000")).GetRawText());
    }

    [Theory]
    [InlineData("service=web", "def abc")]
    [InlineData("service=web&limit=1", "def")]
    [InlineData("service=api", "abc")]
    [InlineData("service=web&operation=flask.request", "def abc")]
    [InlineData("service=web&operation=GET%20/buy", "abc")]
    [InlineData("service=web&operation=http.request", "")]
    [InlineData("service=web&minDuration=500ms", "def")]
    [InlineData("service=web&maxDuration=500ms", "abc")]
    [InlineData("service=web&minDuration=50ms&maxDuration=1.5s", "abc")]
    [InlineData("service=web&tags=%7B%22http.status_code%22%3A%22200%22%7D", "abc")]
    [InlineData("service=web&tags=%7B%22http.method%22%3A%22GET%22%2C%22http.status_code%22%3A%22500%22%7D", "")]
    [InlineData("service=web&tag=http.method:GET", "abc")]
    [InlineData("service=web&tag=http.method:GET&tag=span.kind:server", "abc")]
    [InlineData("service=api&tag=error:true", "abc")]
    [InlineData("service=web&tag=error:true", "")]
    [InlineData("service=web&tag=error:False", "def abc")]
    [InlineData("service=web&lookback=custom", "def abc")]
    [InlineData("service=web&groupBy=no", "def abc")]
    [InlineData("traceID=def&traceID=abc&traceID=999&traceID=0def", "def abc")]
    [InlineData("service=nobody", "")]
    public async Task Finds(string query, string ids)
    {
        await using var api = await ApiHost.Start(Shop);

        var range = query.StartsWith("traceID", StringComparison.Ordinal) ? "" : string.Create(CultureInfo.InvariantCulture, $"&start={StartMicros}&end={StartMicros + 3_600_000_000}");
        var data = await api.GetData($"/jaeger/api/traces?{query}{range}");

        Assert.Equal(ids, string.Join(' ', data.EnumerateArray().Select(trace => trace.GetProperty("traceID").GetString()!.TrimStart('0'))));
    }

    [Fact]
    public async Task Dependencies_name_a_database_as_Zipkin_and_Datadog_do()
    {
        await using var api = await ApiHost.Start(
            Some.Span(id: 1, service: "orders", kind: SpanKind.Server, durationNanos: 90 * Some.Millisecond, flags: SpanFlags.TopLevel),
            Some.Span(id: 2, parent: 1, service: "orders", name: "postgresql.query", resource: "SELECT 1", type: "sql", kind: SpanKind.Client, tags: [("db.system", "postgresql"), ("db.name", "orders")]));

        var jaeger = await api.GetData("/jaeger/api/dependencies?endTs=1772362800000&lookback=86400000");
        var zipkin = await api.GetJson("/zipkin/api/v2/dependencies?endTs=1772362800000&lookback=86400000");

        Assert.Equal("""[{"parent":"orders","child":"postgresql orders","callCount":1}]""", jaeger.GetRawText());
        Assert.Equal(zipkin.GetRawText(), jaeger.GetRawText());
    }

    [Fact]
    public async Task All_operations_are_listed_and_headers_say_so()
    {
        await using var api = await ApiHost.Start([.. Enumerable.Range(1, 2600).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, resource: $"GET /{i}", kind: SpanKind.Server, flags: SpanFlags.TopLevel))]);

        var legacy = await api.GetRaw("/jaeger/api/services/web/operations");
        var named = await api.GetRaw("/jaeger/api/operations?service=web&spanKind=server");
        var v3 = await api.GetRaw("/jaeger/api/v3/operations?service=web&spanKind=server");

        Assert.Equal((2601, 2601), (legacy.Json.GetProperty("total").GetInt32(), legacy.Json.GetProperty("data").GetArrayLength()));
        Assert.Equal((2601, 2601), (named.Json.GetProperty("total").GetInt32(), named.Json.GetProperty("data").GetArrayLength()));
        Assert.Equal(2601, v3.Json.GetProperty("operations").GetArrayLength());
        Assert.All([legacy, named, v3], answer =>
        {
            Assert.Equal(("2601", "2600"), (answer.Headers["X-Apm-Total"], answer.Headers["X-Apm-Scanned-Spans"]));
            Assert.False(answer.Headers.ContainsKey("X-Apm-Incomplete"));
        });
    }

    [Fact]
    public async Task A_list_that_time_ended_says_so_in_a_header()
    {
        var clock = new FixedClock(Some.BaseUnixNanos + 3600 * Some.Second);
        await using var api = await ApiHost.Start(new BatchList([.. Shop.Select(span => Some.Batch(span))]) { BeforeBatch = _ => clock.Now += 2 * Some.Second }, Shop, clock);

        foreach (var path in (string[])["/jaeger/api/operations?service=web", "/zipkin/api/v2/spans?serviceName=web", "/zipkin/api/v2/remoteServices?serviceName=web", "/zipkin/api/v2/autocompleteValues?key=env"])
            Assert.Contains("there may be more", (await api.GetRaw(path)).Headers["X-Apm-Incomplete"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Looks_back_from_now_when_no_range_is_given()
    {
        await using var api = await ApiHost.Start(Shop);

        Assert.Equal(2, (await api.GetData("/jaeger/api/traces?service=web")).GetArrayLength());
        Assert.Equal(2, (await api.GetData("/jaeger/api/traces?service=web&lookback=2h")).GetArrayLength());
        Assert.Equal(0, (await api.GetData("/jaeger/api/traces?service=web&lookback=10m")).GetArrayLength());
    }

    [Theory]
    [InlineData("/traces/999", 404, "trace not found: nothing is stored under 0000000000000999; it may have expired, or not have been sent here")]
    [InlineData("/traces/xyz", 400, "cannot parse trace id \"xyz\": write 16 or 32 hex digits")]
    [InlineData("/traces", 400, "parameter 'service' is required: name a service, as /jaeger/api/services lists them")]
    [InlineData("/operations", 400, "parameter 'service' is required: name a service, as /jaeger/api/services lists them")]
    [InlineData("/operations?service=web&spanKind=zzz", 400, "unable to parse param 'spanKind': \"zzz\" is no kind of span; there are: unspecified, internal, server, client, producer, consumer")]
    [InlineData("/traces?service=a&minDuration=fast", 400, "unable to parse param 'minDuration': \"fast\" is not a duration; write for example 100ms, 1.5s, 250us")]
    [InlineData("/traces?service=a&start=now", 400, "unable to parse param 'start': \"now\" is not a time in Unix microseconds")]
    [InlineData("/traces?service=a&start=9223372036854775807", 400, "unable to parse param 'start': \"9223372036854775807\" is not a time in Unix microseconds")]
    [InlineData("/traces?service=a&start=5&end=4", 400, "parameter 'end' must be later than 'start'; both are Unix microseconds")]
    [InlineData("/traces?service=a&limit=0", 400, "unable to parse param 'limit': \"0\" is not a number above 0")]
    [InlineData("/traces?service=a&lookback=1hour", 400, "unable to parse param 'lookback': \"1hour\" is not a duration; write for example 100ms, 1.5s, 250us")]
    [InlineData("/traces?service=a&tag=error:maybe", 400, "malformed tag \"error\": \"maybe\" is neither true nor false")]
    [InlineData("/traces?service=a&tags=%7B%22a%22:null%7D", 400, "malformed 'tags' parameter: expecting a JSON object of texts, such as {\"http.status_code\":\"500\"}")]
    [InlineData("/traces?service=a&minDuration=5s&maxDuration=1s", 400, "parameter 'maxDuration' (1s) must not be below 'minDuration' (5s)")]
    [InlineData("/traces?service=a&operaton=GET", 400, "unknown parameter 'operaton'. Did you mean operation? There are: service, operation, tag, tags, minDuration, maxDuration, start, end, lookback, limit, traceID, raw, prettyPrint")]
    [InlineData("/traces?service=a&tag=x", 400, "malformed 'tag' parameter, expecting key:value, received: x")]
    [InlineData("/traces?service=a&tags=%5B1%5D", 400, "malformed 'tags' parameter: expecting a JSON object of texts, such as {\"http.status_code\":\"500\"}")]
    [InlineData("/traces?service=a&tag=span.kind:sever", 400, "malformed tag \"span.kind\": \"sever\" at column 1 is no kind. Did you mean \"server\"? There are: unspecified, internal, server, client, producer, consumer.")]
    [InlineData("/dependencies?endTs=x", 400, "unable to parse param 'endTs': \"x\" is not a number of milliseconds")]
    public async Task Refuses_in_the_shape_of_Jaeger_and_with_a_sentence(string path, int status, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var (answered, json) = await api.Get("/jaeger/api" + path);

        Assert.Equal(status, answered);
        var escaped = sentence.Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Equal($$"""{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":{{status}},"msg":"{{escaped}}"}]}""", json);
    }

    [Fact]
    public async Task More_trace_ids_than_are_answered_are_refused()
    {
        await using var api = await ApiHost.Start(Shop);

        var (status, json) = await api.Get("/jaeger/api/traces?" + string.Join('&', Enumerable.Range(1, 501).Select(i => $"traceID={i}")));

        Assert.Equal(400, status);
        Assert.Contains("501 times parameter 'traceID'; at most 500 traces are answered at once. Ask for the rest with another request.", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broken_tags_json_is_refused()
    {
        await using var api = await ApiHost.Start(Shop);

        var (status, json) = await api.Get("/jaeger/api/traces?service=a&tags=%7B");

        Assert.Equal(400, status);
        Assert.Contains("malformed 'tags' parameter, cannot unmarshal JSON", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trace_that_is_not_whole_says_so_and_what_clients_sent_broken_is_left_out()
    {
        await using var api = await ApiHost.Start(Some.Span(id: 2, parent: 1, tags: [("events", "{broken"), ("_dd.span_links", "7")], numbers: [("nan", double.NaN)]));

        var trace = (await api.GetData("/jaeger/api/traces/1"))[0];

        Assert.Equal(
            "1 parent span of 1 span is not stored: not sent yet, dropped, or from a service that is not traced. The root span is missing.",
            trace.GetProperty("warnings")[0].GetString());
        var span = trace.GetProperty("spans")[0];
        Assert.Equal("0000000000000001", span.GetProperty("references")[0].GetProperty("spanID").GetString());
        Assert.Equal(0, span.GetProperty("logs").GetArrayLength());
        Assert.Contains(span.GetProperty("tags").EnumerateArray(), tag => tag.GetRawText() == """{"key":"nan","type":"string","value":"NaN"}""");
    }

    [Fact]
    public async Task A_store_that_cannot_be_read_is_503()
    {
        await using var api = await ApiHost.Start(new BatchList(Some.Batch(Shop)) { BeforeBatch = _ => throw new StoreUnavailableException("The trace store is closed. Start again.") }, Shop);

        Assert.Equal((503, """{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":503,"msg":"The trace store is closed. Start again."}]}"""), await api.Get("/jaeger/api/traces/abc"));
    }
}
