using System.Globalization;
using Apm.Core.Spans;
using Apm.TestKit;
using Apm.Wire.Otlp;

namespace Apm.TraceAgent.Tests.Serve;

public class TempoApiTests
{
    static readonly string Window = string.Create(CultureInfo.InvariantCulture, $"start={Some.BaseUnixNanos / 1_000_000_000}&end={Some.BaseUnixNanos / 1_000_000_000 + 3600}");

    static IReadOnlyList<Span> Shop { get; } =
    [
        Some.Span(trace: 0xabc, traceHigh: 1, id: 1, service: "web", resource: "GET /buy", durationNanos: 100 * Some.Millisecond, kind: SpanKind.Server,
            tags: [("http.method", "GET"), ("version", "1.2"), ("_dd.hostname", "box"), ("otel.status_code", "Ok")], numbers: [("http.status_code", 200), ("share", 0.5)]),
        Some.Span(trace: 0xabc, traceHigh: 1, id: 2, parent: 1, service: "api", name: "http.request", resource: "POST /pay", startNanos: 10 * Some.Millisecond, durationNanos: 50 * Some.Millisecond, isError: true,
            kind: SpanKind.Server, flags: SpanFlags.TopLevel, tags: [("error.message", "no money")], numbers: [("http.status_code", 500)]),
        Some.Span(trace: 0xdef, id: 3, service: "web", resource: "GET /slow", startNanos: Some.Second, durationNanos: 2 * Some.Second, numbers: [("http.status_code", 200)]),
    ];

    [Fact]
    public async Task What_Grafana_asks_first()
    {
        await using var api = await ApiHost.Start(Shop);

        Assert.Equal((200, "text/plain", "echo"), await Plain(api, "/tempo/api/echo"));
        Assert.Equal("2.7.0", (await api.GetJson("/tempo/api/status/buildinfo")).GetProperty("data").GetProperty("version").GetString());
    }

    [Theory]
    [InlineData("{}", "def 10000000000000abc")]
    [InlineData("{ resource.service.name = \"api\" }", "10000000000000abc")]
    [InlineData("{ span.http.status_code >= 500 && duration > 10ms }", "10000000000000abc")]
    [InlineData("{ status = error }", "10000000000000abc")]
    [InlineData("{ status = ok }", "10000000000000abc")]
    [InlineData("{ status = unset }", "def")]
    [InlineData("{ name =~ \"GET .*\" && duration > 1s }", "def")]
    [InlineData("{ name = \"http.request\" }", "10000000000000abc")]
    [InlineData("{ kind = server }", "10000000000000abc")]
    [InlineData("{ nestedSetParent < 0 && resource.service.name = \"web\" }", "def 10000000000000abc")]
    [InlineData("{ statusMessage =~ \".*money\" }", "10000000000000abc")]
    [InlineData("{ .nothing != \"x\" }", "")]
    [InlineData("{ resource.service.version = \"1.2\" && resource.host.name = \"box\" }", "10000000000000abc")]
    public async Task Finds_by_TraceQL(string query, string ids)
    {
        await using var api = await ApiHost.Start(Shop);

        var json = await api.GetJson($"/tempo/api/search?{Window}&q={Uri.EscapeDataString(query)}");

        Assert.Equal(ids, string.Join(' ', json.GetProperty("traces").EnumerateArray().Select(trace => trace.GetProperty("traceID").GetString()!.TrimStart('0'))));
    }

    [Theory]
    [InlineData("tags=service.name%3Dapi", "10000000000000abc")]
    [InlineData("tags=service.name%3DAP%20http.status_code%3D500", "10000000000000abc")]
    [InlineData("tags=name%3D%22get%20/s%22", "def")]
    [InlineData("tags=name%3D%22get%20/s%22&tags=service.name%3Dweb", "def")]
    [InlineData("tags=service.name%3Dnobody", "")]
    public async Task Finds_by_tags(string query, string ids)
    {
        await using var api = await ApiHost.Start(Shop);

        var json = await api.GetJson($"/tempo/api/search?{Window}&{query}");

        Assert.Equal(ids, string.Join(' ', json.GetProperty("traces").EnumerateArray().Select(trace => trace.GetProperty("traceID").GetString()!.TrimStart('0'))));
    }

    [Fact]
    public async Task A_found_trace_has_the_shape_that_Tempo_gives()
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw($"/tempo/api/search?{Window}&limit=5&spss=1&q={Uri.EscapeDataString("{ span.http.status_code > 0 && trace:id = \"00000000000000010000000000000abc\" } | select(resource.service.name, status)")}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """{"traceID":"00000000000000010000000000000abc","rootServiceName":"web","rootTraceName":"GET /buy","startTimeUnixNano":"1772359200000000000","durationMs":100,"""
            + """ "spanSet":{"spans":[{"spanID":"0000000000000001","name":"GET /buy","startTimeUnixNano":"1772359200000000000","durationNanos":"100000000","attributes":[{"key":"http.status_code","value":{"intValue":"200"}},{"key":"service.name","value":{"stringValue":"web"}},{"key":"status","value":{"stringValue":"ok"}}]}],"matched":2},""".Trim()
            + """ "spanSets":[{"spans":[{"spanID":"0000000000000001","name":"GET /buy","startTimeUnixNano":"1772359200000000000","durationNanos":"100000000","attributes":[{"key":"http.status_code","value":{"intValue":"200"}},{"key":"service.name","value":{"stringValue":"web"}},{"key":"status","value":{"stringValue":"ok"}}]}],"matched":2}],""".Trim()
            + """ "serviceStats":{"api":{"spanCount":1,"errorCount":1},"web":{"spanCount":1}}}""".Trim(),
            answer.Json.GetProperty("traces")[0].GetRawText());
        Assert.Equal("1", answer.Headers["X-Apm-Total"]);
        Assert.False(answer.Headers.ContainsKey("X-Apm-Incomplete"));
    }

    [Fact]
    public async Task By_puts_the_spans_of_a_trace_into_sets()
    {
        await using var api = await ApiHost.Start(Shop);

        var json = await api.GetJson($"/tempo/api/search?{Window}&q={Uri.EscapeDataString("{ status != unset } | by(resource.service.name)")}");

        var sets = json.GetProperty("traces")[0].GetProperty("spanSets");
        Assert.Equal(["""[{"key":"by(resource.service.name)","value":{"stringValue":"web"}}]""", """[{"key":"by(resource.service.name)","value":{"stringValue":"api"}}]"""], sets.EnumerateArray().Select(set => set.GetProperty("attributes").GetRawText()));
    }

    [Fact]
    public async Task Spans_are_selected_with_their_place_in_the_tree_as_Grafana_draws_it()
    {
        await using var api = await ApiHost.Start(
            Some.Span(id: 1, service: "web", kind: SpanKind.Server, durationNanos: 100 * Some.Millisecond),
            Some.Span(id: 2, parent: 1, service: "api", kind: SpanKind.Server, startNanos: 10, durationNanos: 20 * Some.Millisecond),
            Some.Span(id: 3, parent: 2, service: "api", startNanos: 20),
            Some.Span(id: 4, parent: 1, service: "db", kind: SpanKind.Server, startNanos: 30 * Some.Millisecond),
            Some.Span(id: 5, parent: 99, service: "lost", kind: SpanKind.Server, startNanos: 40 * Some.Millisecond));

        var json = await api.GetJson($"/tempo/api/search?{Window}&spss=10&q={Uri.EscapeDataString("({nestedSetParent<0 && true} &>> {kind = server}) || ({kind = server}) | select(status, resource.service.name, name, nestedSetParent, nestedSetLeft, nestedSetRight)")}");

        var spans = json.GetProperty("traces")[0].GetProperty("spanSets")[0].GetProperty("spans").EnumerateArray().Select(span =>
            int.Parse(span.GetProperty("spanID").GetString()!, CultureInfo.InvariantCulture) + ": " + string.Join(' ', span.GetProperty("attributes").EnumerateArray()
                .Where(attribute => attribute.GetProperty("key").GetString()!.StartsWith("nested", StringComparison.Ordinal)).Select(attribute => attribute.GetProperty("value").GetProperty("intValue").GetString())));
        Assert.Equal(["1: -1 1 8", "2: 1 2 5", "4: 1 6 7", "5: -1 9 10"], spans);
    }

    [Fact]
    public async Task What_happened_within_a_span_is_selected()
    {
        await using var api = await ApiHost.Start(
            Some.Span(id: 1, tags: [("events", """[{"name":"retried","time_unix_nano":1772359200005000000},{"name":"exception","time_unix_nano":1772359200006000000,"attributes":{"exception.message":"no money","attempt":2}}]"""), ("error.message", "other")]),
            Some.Span(id: 2, parent: 1, startNanos: 5, tags: [("error.type", "Refused")]));

        var json = await api.GetJson($"/tempo/api/search?{Window}&q={Uri.EscapeDataString("{} | select(event:name, event.exception.message, event.exception.type, event.attempt)")}");

        Assert.Equal(
            ["""[{"key":"event:name","value":{"stringValue":"retried"}},{"key":"exception.message","value":{"stringValue":"no money"}},{"key":"attempt","value":{"intValue":"2"}}]""", """[{"key":"exception.type","value":{"stringValue":"Refused"}}]"""],
            json.GetProperty("traces")[0].GetProperty("spanSets")[0].GetProperty("spans").EnumerateArray().Select(span => span.GetProperty("attributes").GetRawText()));
    }

    [Fact]
    public async Task A_histogram_has_a_series_for_each_power_of_two()
    {
        await using var api = await ApiHost.Start(
            Some.Span(id: 1, durationNanos: 1L << 20), Some.Span(id: 2, durationNanos: (1L << 20) + 1), Some.Span(id: 3, durationNanos: 1L << 21), Some.Span(id: 4, durationNanos: 1L << 30), Some.Span(id: 5, durationNanos: 1),
            Some.Span(id: 6, service: "api", durationNanos: 1L << 20));
        async Task<string> Series(string query) => string.Join('\n', (await api.GetJson($"/tempo/api/metrics/query_range?{Window}&step=1h&q={Uri.EscapeDataString(query)}")).GetProperty("series").EnumerateArray()
            .Select(one => $"{one.GetProperty("promLabels").GetString()} {one.GetProperty("samples")[0].GetProperty("value").GetDouble()}"));

        Assert.Equal("{__bucket=\"0.001048576\"} 2\n{__bucket=\"0.002097152\"} 2\n{__bucket=\"1.073741824\"} 1", await Series("{} | histogram_over_time(duration)"));
        Assert.Equal(
            "{\"resource.service.name\"=\"web\", __bucket=\"0.001048576\"} 1\n{\"resource.service.name\"=\"web\", __bucket=\"0.002097152\"} 2\n{\"resource.service.name\"=\"web\", __bucket=\"1.073741824\"} 1\n{\"resource.service.name\"=\"api\", __bucket=\"0.001048576\"} 1",
            await Series("{} | histogram_over_time(duration) by(resource.service.name)"));
    }

    [Fact]
    public async Task One_trace_as_JSON_and_as_protobuf()
    {
        await using var api = await ApiHost.Start(Shop);

        var v1 = await api.GetJson("/tempo/api/traces/00000000000000010000000000000abc");
        var v2 = await api.GetJson("/tempo/api/v2/traces/00000000000000010000000000000abc");
        var protobuf = await api.GetRaw("/tempo/api/traces/abc", accept: "application/protobuf");

        var span = v1.GetProperty("batches")[0].GetProperty("scopeSpans")[0].GetProperty("spans")[0];
        Assert.Equal("AAAAAAAAAAEAAAAAAAAKvA==", span.GetProperty("traceId").GetString());
        Assert.Equal(("GET /buy", "SPAN_KIND_SERVER", "STATUS_CODE_OK"), (span.GetProperty("name").GetString(), span.GetProperty("kind").GetString(), span.GetProperty("status").GetProperty("code").GetString()));
        Assert.Equal("""{"attributes":[{"key":"service.name","value":{"stringValue":"web"}},{"key":"deployment.environment.name","value":{"stringValue":"prod"}},{"key":"host.name","value":{"stringValue":"box"}},{"key":"service.version","value":{"stringValue":"1.2"}}]}""", v1.GetProperty("batches")[0].GetProperty("resource").GetRawText());
        Assert.Equal(v1.GetProperty("batches").GetRawText(), v2.GetProperty("trace").GetProperty("resourceSpans").GetRawText());
        Assert.Equal("application/protobuf", protobuf.ContentType);
        var batch = new SpanBatch();
        OtlpProtobufTraceDecoder.Decode(protobuf.Body, batch, new Payload { Protocol = "test", ReceivedUnixNanos = 1 });
        Assert.Equal(["GET /buy", "POST /pay"], SpanBatches.Spans(batch).Select(read => read.Resource));
    }

    [Theory]
    [InlineData("{ status = error }", "", "GET /buy,POST /pay")]
    [InlineData("{ status = error }", "&keep_hierarchy=false", "POST /pay")]
    [InlineData("{}", "", "GET /buy,POST /pay")]
    [InlineData("{ .a = 1 }", "", "")]
    public async Task One_trace_can_be_narrowed_to_spans_and_what_is_above_them(string query, string more, string names)
    {
        await using var api = await ApiHost.Start(Shop);

        var json = await api.GetJson($"/tempo/api/v2/traces/abc?q={Uri.EscapeDataString(query)}{more}");

        Assert.Equal(names, string.Join(',', json.GetProperty("trace").GetProperty("resourceSpans").EnumerateArray().SelectMany(resource => resource.GetProperty("scopeSpans")[0].GetProperty("spans").EnumerateArray()).Select(span => span.GetProperty("name").GetString())));
    }

    [Fact]
    public async Task A_trace_that_is_not_whole_says_so()
    {
        await using var api = await ApiHost.Start(Some.Span(id: 2, parent: 1));

        var json = await api.GetJson("/tempo/api/v2/traces/1");

        Assert.Equal("PARTIAL", json.GetProperty("status").GetString());
        Assert.StartsWith("1 parent span of 1 span is not stored", json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_and_their_values()
    {
        await using var api = await ApiHost.Start(Shop);

        var scopes = await api.GetJson($"/tempo/api/v2/search/tags?{Window}");
        Assert.Equal(["resource", "span", "intrinsic"], scopes.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetProperty("name").GetString()));
        Assert.Equal("""["deployment.environment.name","host.name","service.name","service.version"]""", scopes.GetProperty("scopes")[0].GetProperty("tags").GetRawText());
        Assert.Equal("""["error.message","http.method","http.status_code","operation.name","otel.status_code","resource.name","share","span.type"]""", scopes.GetProperty("scopes")[1].GetProperty("tags").GetRawText());
        Assert.Contains("http.method", (await api.GetJson($"/tempo/api/search/tags?{Window}&scope=span")).GetProperty("tagNames").EnumerateArray().Select(tag => tag.GetString()));
        Assert.Equal("""["web","api"]""", (await api.GetJson($"/tempo/api/search/tag/service.name/values?{Window}")).GetProperty("tagValues").GetRawText());
        Assert.Equal("""[{"type":"int","value":"200"},{"type":"int","value":"500"}]""", (await api.GetJson($"/tempo/api/v2/search/tag/span.http.status_code/values?{Window}")).GetProperty("tagValues").GetRawText());
        Assert.Equal("""[{"type":"keyword","value":"error"},{"type":"keyword","value":"ok"},{"type":"keyword","value":"unset"}]""", (await api.GetJson($"/tempo/api/v2/search/tag/status/values?{Window}")).GetProperty("tagValues").GetRawText());
        Assert.Equal("""[{"type":"string","value":"api"}]""", (await api.GetJson($"/tempo/api/v2/search/tag/resource.service.name/values?{Window}&q={Uri.EscapeDataString("{ status = error }")}")).GetProperty("tagValues").GetRawText());
        Assert.Equal(2, (await api.GetJson($"/tempo/api/v2/search/tag/.service.name/values?{Window}&q={Uri.EscapeDataString("{ status = ")}")).GetProperty("tagValues").GetArrayLength());
        Assert.Equal("""[{"type":"string","value":"web"}]""", (await api.GetJson($"/tempo/api/v2/search/tag/rootServiceName/values?{Window}")).GetProperty("tagValues").GetRawText());
    }

    [Fact]
    public async Task Lists_that_our_limit_ended_say_so_and_those_that_the_request_ended_do_not()
    {
        await using var api = await ApiHost.Start([.. Enumerable.Range(1, 1200).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, tags: [($"tag{i}", "x"), ("customer", $"c{i}")]))]);

        var cut = await api.GetRaw($"/tempo/api/v2/search/tags?{Window}&limit=5000&scope=span");
        var asked = await api.GetRaw($"/tempo/api/v2/search/tags?{Window}&limit=10&scope=span");
        var values = await api.GetRaw($"/tempo/api/v2/search/tag/span.customer/values?{Window}");

        Assert.Equal((1000, "1204", "1200"), (cut.Json.GetProperty("scopes")[0].GetProperty("tags").GetArrayLength(), cut.Headers["X-Apm-Total"], cut.Headers["X-Apm-Scanned-Spans"]));
        Assert.Equal("At most 1,000 names of one scope are given. Narrow the question by start, end or q.", cut.Headers["X-Apm-Incomplete"]);
        Assert.Equal((10, "1204", false), (asked.Json.GetProperty("scopes")[0].GetProperty("tags").GetArrayLength(), asked.Headers["X-Apm-Total"], asked.Headers.ContainsKey("X-Apm-Incomplete")));
        Assert.Equal((1000, "1200", "At most 1,000 values are given. Narrow the question by start, end or q."), (values.Json.GetProperty("tagValues").GetArrayLength(), values.Headers["X-Apm-Total"], values.Headers["X-Apm-Incomplete"]));
    }

    [Fact]
    public async Task Series_of_numbers()
    {
        await using var api = await ApiHost.Start(Shop);
        async Task<string> Series(string query, string path = "query_range") => (await api.GetJson($"/tempo/api/metrics/{path}?{Window}&step=30m&q={Uri.EscapeDataString(query)}")).GetProperty("series").GetRawText();

        Assert.Equal("""[{"labels":[{"key":"__name__","value":{"stringValue":"count_over_time"}}],"promLabels":"{__name__=\"count_over_time\"}","samples":[{"timestampMs":"1772359200000","value":3},{"timestampMs":"1772361000000","value":0},{"timestampMs":"1772362800000","value":0}]}]""",
            await Series("{} | count_over_time()"));
        Assert.Equal("""[{"labels":[{"key":"resource.service.name","value":{"stringValue":"api"}}],"promLabels":"{\"resource.service.name\"=\"api\"}","samples":[{"timestampMs":"1772359200000","value":0.05}]}]""",
            await Series("{} | max_over_time(duration) by(resource.service.name) | bottomk(1)"));
        Assert.Equal("""[{"labels":[{"key":"__name__","value":{"stringValue":"sum_over_time"}}],"promLabels":"{__name__=\"sum_over_time\"}","value":900}]""", await Series("{} | sum_over_time(span.http.status_code)", "query"));
        var quantiles = (await api.GetJson($"/tempo/api/metrics/query?{Window}&q={Uri.EscapeDataString("{} | quantile_over_time(duration, 0.5, 1)")}")).GetProperty("series");
        Assert.Equal("""[{"key":"p","value":{"doubleValue":0.5}}]""", quantiles[0].GetProperty("labels").GetRawText());
        Assert.Equal(2, quantiles[1].GetProperty("value").GetDouble(), 0.02);
    }

    [Theory]
    [InlineData("/traces/999", 404, "trace not found: nothing is stored under 0000000000000999; it may have expired, or not have been sent here")]
    [InlineData("/traces/xyz", 400, "\"xyz\" is not a trace id: write 16 or 32 hex digits")]
    [InlineData("/search?q=%7B%20duraton%20%3E%201s%20%7D", 400, "Unknown field \"duraton\" at column 3. Did you mean \"duration\"?")]
    [InlineData("/search?q=%7B%7D&limit=none", 400, "invalid limit: \"none\" is not a number above 0")]
    [InlineData("/search?q=%7B%7D&start=5&end=4", 400, "end must be later than start; both are Unix seconds")]
    [InlineData("/search?q=%7B%7D&start=yesterday", 400, "invalid start: \"yesterday\" is not a time in Unix seconds")]
    [InlineData("/search?minDuration=fast", 400, "invalid minDuration: \"fast\" is not a duration; write for example 100ms, 15s, 1h")]
    [InlineData("/search?q=%7B%7D%20%7C%20rate()", 400, "rate() at column 6 makes series. Ask /tempo/api/metrics/query_range for them.")]
    [InlineData("/metrics/query_range?q=%7B%7D", 400, "\"{}\" makes no series. Add a stage such as | rate(), or ask /tempo/api/search for traces.")]
    [InlineData("/search?tags=foo", 400, "invalid tags: at column 1 the pairs end, before \"foo\". Write key=value with blanks between the pairs, such as service.name=checkout http.status_code=500; a value with blanks or quotes in quotes.")]
    [InlineData("/search?tags=a%3Db%20junk", 400, "invalid tags: at column 5 the pairs end, before \"junk\".")]
    [InlineData("/search?tags=a%3D%22b", 400, "invalid tags: at column 1 the pairs end, before \"a=\"b\".")]
    [InlineData("/search?tags=a%3D%22b%22c%3Dd", 400, "invalid tags: at column 1 the pairs end,")]
    [InlineData("/search?tags=%3Db", 400, "invalid tags: at column 1 the pairs end,")]
    [InlineData("/search?q=%7B%7D&tags=a%3Db", 400, "tags stands beside q, and only one of them is looked at: write it into q, such as")]
    [InlineData("/search?q=%7B%7D&minDuration=1s", 400, "minDuration stands beside q,")]
    [InlineData("/search?minDuration=5s&maxDuration=1s", 400, "maxDuration (1s) must not be below minDuration (5s)")]
    [InlineData("/search?qq=%7B%7D", 400, "unknown parameter 'qq'. Did you mean q?")]
    [InlineData("/search?q=%7B%20span.http.method%20=%20GET%20%7D", 400, "\"GET\" at column 22 stands without quotes; a text to compare with has them: \"GET\".")]
    [InlineData("/search?q=%7B%20kind%20=%20srver%20%7D", 400, "\"srver\" at column 10 is no kind. Did you mean \"server\"? There are: unspecified, internal, server, client, producer, consumer.")]
    [InlineData("/search?q=%7B%20kind%20=%20status%20%7D", 400, "\"status\" at column 10 is a field; a field can be compared with a value only.")]
    [InlineData("/search?q=%7B%20name%20=~%20%22%5B%22%20%7D", 400, "\"[\" at column 3 is not a regular expression that can be searched by: Invalid pattern '[' at offset 1. Unterminated [] set.")]
    [InlineData("/metrics/query_range?q=%7B%7D%7Cavg_over_time(status)", 400, "status at column 4 is no number. Write avg_over_time(duration), or an attribute that is one.")]
    [InlineData("/metrics/query_range", 400, "parameter q is required: a TraceQL query that makes series, such as { status = error } | rate() by(resource.service.name)")]
    [InlineData("/metrics/query_range?q=%7B%7D%7Crate()&step=1ms", 400, "a series has at most 2000 points; choose a longer step, or a shorter range")]
    [InlineData("/search/tags?scope=spans", 400, "invalid scope: \"spans\". There are: resource, span, intrinsic.")]
    [InlineData("/v2/search/tag/duraton/values", 400, "Unknown field \"duraton\" at column 1. Did you mean \"duration\"?")]
    [InlineData("/v2/traces/abc?q=%7B%7D%7Ccount()%3E1", 400, "For one trace q has to be one set of spans, such as { status = error }, without stages and relations.")]
    public async Task Refuses_as_Tempo_does_in_plain_text(string path, int status, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/tempo/api" + path);

        Assert.Equal((status, "text/plain"), (answer.Status, answer.ContentType));
        Assert.StartsWith(sentence, answer.Text, StringComparison.Ordinal);
    }

    static async Task<(int, string, string)> Plain(ApiHost api, string path)
    {
        var answer = await api.GetRaw(path);
        return (answer.Status, answer.ContentType, answer.Text);
    }
}
