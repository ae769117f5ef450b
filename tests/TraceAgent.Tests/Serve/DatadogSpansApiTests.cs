using System.Globalization;
using System.Text.Json;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.TestKit;

namespace Apm.TraceAgent.Tests.Serve;

public class DatadogSpansApiTests
{
    const string Hour = """ "from":"2026-03-01T10:00:00Z","to":"2026-03-01T11:00:00Z" """;

    static IReadOnlyList<Span> Shop { get; } =
    [
        Some.Span(trace: 0xabc, traceHigh: 1, id: 1, service: "web", resource: "GET /buy", durationNanos: 100 * Some.Millisecond, kind: SpanKind.Server,
            tags: [("http.method", "GET"), ("version", "1.2"), ("_dd.hostname", "box"), ("_dd.p.dm", "-3"), ("http", "odd")], numbers: [("http.status_code", 200), ("share", double.NaN)]),
        Some.Span(trace: 0xabc, traceHigh: 1, id: 2, parent: 1, service: "api", name: "aspnet.request", resource: "POST /pay", startNanos: 10 * Some.Millisecond, durationNanos: 50 * Some.Millisecond, isError: true,
            flags: SpanFlags.TopLevel, tags: [("error.message", "no money"), ("error.type", "Refused")], numbers: [("http.status_code", 500)]),
        Some.Span(trace: 0xdef, id: 3, service: "web", resource: "GET /slow", startNanos: 600 * Some.Second, durationNanos: 2 * Some.Second, numbers: [("http.status_code", 200)]),
    ];

    [Fact]
    public async Task A_span_has_the_shape_that_Datadog_gives()
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post("/api/v2/spans/events/search", $$"""{"data":{"type":"search_request","attributes":{"filter":{"query":"service:api",{{Hour}}},"page":{"limit":5},"sort":"timestamp"} } }""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(
            """{"id":"00000000000000010000000000000abc-0000000000000002","type":"spans","attributes":{"service":"api","operation_name":"aspnet.request","resource_name":"POST /pay","type":"web","env":"prod","trace_id":"00000000000000010000000000000abc","span_id":"2","parent_id":"1","""
            + """ "start_timestamp":"2026-03-01T10:00:00.010Z","end_timestamp":"2026-03-01T10:00:00.060Z","status":"error","single_span":false,"retained_by":"all","tags":["service:api","env:prod"],""".Trim()
            + """ "custom":{"duration":50000000,"error":{"message":"no money","type":"Refused"},"http":{"status_code":500}},"attributes":{"duration":50000000,"error.message":"no money","error.type":"Refused","http.status_code":500}}}""".Trim(),
            answer.Json.GetProperty("data")[0].GetRawText());
        var meta = answer.Json.GetProperty("meta");
        Assert.Equal("done", meta.GetProperty("status").GetString());
        Assert.NotEmpty(meta.GetProperty("request_id").GetString()!);
        Assert.True(meta.TryGetProperty("elapsed", out _));
        Assert.False(meta.TryGetProperty("page", out _));
        Assert.False(answer.Json.TryGetProperty("links", out _));
        Assert.Equal("1", answer.Headers["X-Apm-Total"]);
    }

    [Fact]
    public async Task A_key_that_is_also_the_beginning_of_others_keeps_its_value()
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post("/api/v2/spans/events/search", $$"""{"data":{"attributes":{"filter":{"query":"resource_name:\"GET /buy\"",{{Hour}}} } } }""");

        var attributes = answer.Json.GetProperty("data")[0].GetProperty("attributes");
        Assert.Equal("""{"_dd":{"hostname":"box","p":{"dm":"-3"}},"duration":100000000,"http":"odd","http.method":"GET","http.status_code":200,"share":"NaN","version":"1.2"}""", attributes.GetProperty("custom").GetRawText());
        Assert.Equal(("box", "rule"), (attributes.GetProperty("host").GetString(), attributes.GetProperty("ingestion_reason").GetString()));
        Assert.Equal("""["service:web","env:prod","version:1.2","host:box"]""", attributes.GetProperty("tags").GetRawText());
    }

    [Theory]
    [InlineData("*", "3 2 1")]
    [InlineData("service:web", "3 1")]
    [InlineData("service:web -resource_name:\\\"GET /buy\\\"", "3")]
    [InlineData("@http.status_code:500", "2")]
    [InlineData("@http.status_code:[200 TO 299]", "3 1")]
    [InlineData("@duration:>60000000", "3 1")]
    [InlineData("status:error OR @http.method:GET", "2 1")]
    [InlineData("operation_name:aspnet.*", "2")]
    [InlineData("trace_id:00000000000000010000000000000abc", "2 1")]
    [InlineData("trace_id:3567", "3")]
    [InlineData("trace_id:def span_id:3", "3")]
    [InlineData("-trace_id:3567 span_id:3", "")]
    [InlineData("resource_name:GET\\\\ \\\\/buy", "1")]
    [InlineData("env:dev", "")]
    public async Task Finds(string query, string ids)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post("/api/v2/spans/events/search", $$"""{"data":{"attributes":{"filter":{"query":"{{query}}",{{Hour}}} } } }""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(ids, string.Join(' ', answer.Json.GetProperty("data").EnumerateArray().Select(span => span.GetProperty("attributes").GetProperty("span_id").GetString())));
    }

    [Theory]
    [InlineData("search", """{"filter":{"query":"service:x"}}""", "\"filter\" stands outside of data.attributes, where nothing reads it. Send {\"data\":{\"type\":\"search_request\",\"attributes\":{…}}}.")]
    [InlineData("search", """{"data":{"filter":{"query":"service:x"}}}""", "data.filter is not known. There are: type, attributes, id.")]
    [InlineData("search", """{"data":{"attributes":{"filtre":{"query":"service:x"}}}}""", "data.attributes.filtre is not known. Did you mean filter? There are: filter, options, page, sort.")]
    [InlineData("search", """{"data":{"attributes":{"filter":{"query":"service:x","form":"now-1h"}}}}""", "data.attributes.filter.form is not known. Did you mean from? There are: query, from, to.")]
    [InlineData("search", """{"data":{"attributes":{"page":{"size":5}}}}""", "data.attributes.page.size is not known. There are: cursor, limit.")]
    [InlineData("aggregate", """{"data":{"attributes":{"groupby":[]}}}""", "data.attributes.groupby is not known. Did you mean group_by? There are: compute, filter, group_by, options.")]
    [InlineData("aggregate", """{"data":{"attributes":{"compute":[{"aggregation":"count","intervall":"5m"}]}}}""", "data.attributes.compute[0].intervall is not known. Did you mean interval? There are: aggregation, metric, type, interval.")]
    [InlineData("aggregate", """{"data":{"attributes":{"group_by":[{"facet":"service","sort":{"by":"count"}}]}}}""", "data.attributes.group_by[0].sort.by is not known. There are: type, order, aggregation, metric.")]
    public async Task What_nothing_reads_is_refused_since_more_would_be_answered_than_was_asked(string kind, string body, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post(kind == "search" ? "/api/v2/spans/events/search" : "/api/v2/spans/analytics/aggregate", body);

        var error = answer.Json.GetProperty("errors")[0];
        Assert.Equal((400, sentence), (answer.Status, error.ValueKind == JsonValueKind.String ? error.GetString() : error.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task A_slip_in_the_name_of_a_parameter_is_refused()
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetRaw("/api/v2/spans/events?filtr[query]=service:web");

        Assert.Equal(400, answer.Status);
        Assert.StartsWith("unknown parameter 'filtr[query]'. Did you mean filter[query]? There are: ", answer.Json.GetProperty("errors")[0].GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("now-15m", "now", 0)]
    [InlineData("now-1h", "now", 3)]
    [InlineData("now-1h", "now-59m", 2)]
    [InlineData("now-1d/d", "now", 3)]
    [InlineData("now/d", "now", 3)]
    [InlineData("1772359200000", "1772359201000", 2)]
    [InlineData("2026-03-01T11:00:00+01:00", "2026-03-01T10:05:00Z", 2)]
    [InlineData("", "", 0)]
    public async Task Times_are_absolute_or_from_now(string from, string to, int count)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.GetJson($"/api/v2/spans/events?filter[query]=*&filter[from]={Uri.EscapeDataString(from)}&filter[to]={Uri.EscapeDataString(to)}");

        Assert.Equal(count, answer.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData("timestamp")]
    [InlineData("-timestamp")]
    public async Task Pages_give_each_span_once_by_cursor_and_by_link(string sort)
    {
        var spans = new ShopData(seed: 5).Requests(Some.Hour, perSecond: 0.03).SelectMany(request => request).ToList();
        await using var api = await ApiHost.Start(spans);
        var path = $"/api/v2/spans/events?filter[query]=*&filter[from]=2026-03-01T09:00:00Z&filter[to]=2026-03-01T12:00:00Z&sort={sort}&page[limit]=100";
        var (byCursor, byLink) = (new List<string>(), new List<string>());

        for (string? cursor = ""; cursor is not null;)
        {
            var page = await api.GetJson(cursor.Length == 0 ? path : $"{path}&page[cursor]={cursor}");
            byCursor.AddRange(Ids(page));
            cursor = page.GetProperty("meta").TryGetProperty("page", out var next) ? next.GetProperty("after").GetString() : null;
        }
        for (string? link = path; link is not null;)
        {
            var page = await api.GetJson(link);
            byLink.AddRange(Ids(page));
            link = page.TryGetProperty("links", out var links) ? new Uri(links.GetProperty("next").GetString()!).PathAndQuery : null;
        }

        var expected = sort == "timestamp" ? spans.OrderBy(span => span.StartUnixNanos) : spans.OrderByDescending(span => span.StartUnixNanos);
        Assert.Equal(expected.Select(span => span.StartUnixNanos), byCursor.Select(id => spans.Single(span => id.EndsWith(span.Id.ToString(), StringComparison.Ordinal)).StartUnixNanos));
        Assert.Equal(byCursor, byLink);
        Assert.Equal(spans.Count, byCursor.Distinct().Count());
    }

    [Fact]
    public async Task A_search_that_ended_early_says_so()
    {
        var clock = new SteppedClock(Apm.Core.Time.UnixTime.ToDateTime(Some.BaseUnixNanos + 3600 * Some.Second));
        var batches = new BatchList(Some.Batch(Shop[0]), Some.Batch(Shop[2])) { BeforeBatch = _ => clock.Advance(TimeSpan.FromSeconds(6)) };
        await using var api = await ApiHost.Start(batches, Shop, clock);

        var answer = await api.Post("/api/v2/spans/events/search", $$"""{"data":{"attributes":{"filter":{ {{Hour}} } } } }""");

        var meta = answer.Json.GetProperty("meta");
        Assert.Equal("timeout", meta.GetProperty("status").GetString());
        Assert.StartsWith("The search stopped after 5 s", meta.GetProperty("warnings")[0].GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("The search stopped after 5 s", answer.Headers["X-Apm-Incomplete"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"data":{"attributes":{} } }""", """[{"by":{},"compute":{"c0":0},"computes":{"c0":0}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"compute":[{"aggregation":"count"},{"aggregation":"avg","metric":"@duration"},{"aggregation":"cardinality","metric":"service"},{"aggregation":"max","metric":"@http.status_code"}]} } }""",
        """[{"by":{},"compute":COMPUTES,"computes":{"c0":3,"c1":716666666.6666666,"c2":2,"c3":500}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"group_by":[{"facet":"service"}]} } }""",
        """[{"by":{"service":"web"},"compute":COMPUTES,"computes":{"c0":2}},{"by":{"service":"api"},"compute":COMPUTES,"computes":{"c0":1}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"group_by":[{"facet":"service","limit":1,"sort":{"type":"alphabetical"}}]} } }""", """[{"by":{"service":"api"},"compute":COMPUTES,"computes":{"c0":1}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"group_by":[{"facet":"service","sort":{"type":"measure","aggregation":"max","metric":"@http.status_code","order":"desc"}}]} } }""",
        """[{"by":{"service":"api"},"compute":COMPUTES,"computes":{"c0":1}},{"by":{"service":"web"},"compute":COMPUTES,"computes":{"c0":2}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"group_by":[{"facet":"service","total":true},{"facet":"@http.method","missing":"none"}]} } }""",
        """[{"by":{"service":"web","@http.method":"GET"},"compute":COMPUTES,"computes":{"c0":1}},{"by":{"service":"web","@http.method":"none"},"compute":COMPUTES,"computes":{"c0":1}},{"by":{"service":"api","@http.method":"none"},"compute":COMPUTES,"computes":{"c0":1}},"""
        + """{"by":{"service":"__TOTAL__","@http.method":"none"},"compute":COMPUTES,"computes":{"c0":2}},{"by":{"service":"__TOTAL__","@http.method":"GET"},"compute":COMPUTES,"computes":{"c0":1}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"group_by":[{"facet":"@http.status_code","histogram":{"interval":100,"min":0,"max":600},"sort":{"type":"alphabetical"}}]} } }""",
        """[{"by":{"@http.status_code":"200"},"compute":COMPUTES,"computes":{"c0":2}},{"by":{"@http.status_code":"500"},"compute":COMPUTES,"computes":{"c0":1}}]""")]
    [InlineData("""{"data":{"attributes":{"filter":{ WINDOW },"compute":[{"aggregation":"count","type":"timeseries","interval":"10m"},{"aggregation":"count"}],"group_by":[{"facet":"service","limit":1}]} } }""",
        """[{"by":{"service":"web"},"compute":COMPUTES,"computes":{"c0":[{"time":"2026-03-01T10:00:00.000Z","value":1},{"time":"2026-03-01T10:10:00.000Z","value":1},{"time":"2026-03-01T10:20:00.000Z","value":0},{"time":"2026-03-01T10:30:00.000Z","value":0},{"time":"2026-03-01T10:40:00.000Z","value":0},{"time":"2026-03-01T10:50:00.000Z","value":0}],"c1":2}}]""")]
    public async Task Aggregates(string body, string buckets)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post("/api/v2/spans/analytics/aggregate", body.Replace("WINDOW", Hour, StringComparison.Ordinal));

        Assert.True(answer.Status == 200, answer.Text);
        var given = answer.Json.GetProperty("data").EnumerateArray().Select(bucket => bucket.GetProperty("attributes")).ToList();
        Assert.All(given, attributes => Assert.Equal(attributes.GetProperty("computes").GetRawText(), attributes.GetProperty("compute").GetRawText()));
        var text = "[" + string.Join(',', given.Select(attributes => attributes.GetRawText().Replace($"\"compute\":{attributes.GetProperty("compute").GetRawText()}", body.Contains("WINDOW", StringComparison.Ordinal) ? "\"compute\":COMPUTES" : "\"compute\":{\"c0\":0}", StringComparison.Ordinal))) + "]";
        Assert.Equal(buckets, text);
        Assert.Equal("done", answer.Json.GetProperty("meta").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Percentiles_are_within_a_hundredth_of_the_truth()
    {
        var spans = new ShopData(seed: 9).Requests(Some.Hour, perSecond: 0.2).SelectMany(request => request).ToList();
        await using var api = await ApiHost.Start(spans);

        var answer = await api.Post("/api/v2/spans/analytics/aggregate", """{"data":{"attributes":{"filter":{"from":"2026-03-01T09:00:00Z","to":"2026-03-01T12:00:00Z"},"compute":[{"aggregation":"pc99","metric":"@duration"},{"aggregation":"median","metric":"@duration"},{"aggregation":"sum","metric":"@duration"}],"group_by":[{"facet":"service","limit":100}]} } }""");

        foreach (var bucket in answer.Json.GetProperty("data").EnumerateArray().Select(bucket => bucket.GetProperty("attributes")))
        {
            var durations = spans.Where(span => span.Service == bucket.GetProperty("by").GetProperty("service").GetString()).Select(span => (double)span.DurationNanos).Order().ToList();
            var computes = bucket.GetProperty("computes");
            Assert.Equal(durations.Sum(), computes.GetProperty("c2").GetDouble(), durations.Sum() * 1e-9);
            Assert.InRange(computes.GetProperty("c1").GetDouble(), durations[(int)((durations.Count - 1) * 0.5)] * 0.985, durations[(int)Math.Ceiling((durations.Count - 1) * 0.5)] * 1.015);
            Assert.InRange(computes.GetProperty("c0").GetDouble(), durations[(int)((durations.Count - 1) * 0.99)] * 0.985, durations[(int)Math.Ceiling((durations.Count - 1) * 0.99)] * 1.015);
        }
    }

    [Theory]
    [InlineData("{", "The body is not JSON: ")]
    [InlineData("[]", null)]
    [InlineData("""{"data":[]}""", "data must be an object.")]
    [InlineData("""{"data":{"type":"aggregate"} }""", "data.type is \"aggregate\"; expected \"search_request\".")]
    [InlineData("""{"data":{"attributes":{"filter":{"query":7} } } }""", "data.attributes.filter.query must be a text.")]
    [InlineData("""{"data":{"attributes":{"filter":{"query":"servise:web"} } } }""", "filter.query: Unknown word \"servise\" before the colon at column 1. Did you mean \"service\"?")]
    [InlineData("""{"data":{"attributes":{"filter":{"from":"yesterday"} } } }""", "filter.from \"yesterday\" is not a time. Write ISO 8601 such as 2026-03-01T10:00:00Z, Unix milliseconds, or a time from now such as now-15m (s, m, h, d, w, M, y).")]
    [InlineData("""{"data":{"attributes":{"filter":{"from":"now","to":"now-1h"} } } }""", "The range is empty: filter.to must be later than filter.from.")]
    [InlineData("""{"data":{"attributes":{"sort":"duration"} } }""", "sort \"duration\" is not known. There are: timestamp, -timestamp.")]
    [InlineData("""{"data":{"attributes":{"page":{"limit":5000} } } }""", "page.limit \"5000\" must be a number from 1 to 1000.")]
    [InlineData("""{"data":{"attributes":{"page":{"cursor":"xyz"} } } }""", "page.cursor is not one that this search gave. Begin again without it, or keep query, range and sort as they were.")]
    [InlineData("""{"data":{"attributes":{"options":{"timezone":"UTC","timeOffset":3600} } } }""", "options has both timezone and timeOffset. Give one of them.")]
    [InlineData("""{"data":{"attributes":{"options":{"timezone":"Mars/Olympus"} } } }""", "timezone \"Mars/Olympus\" is not known. Write UTC, UTC+2, or a name such as Europe/Paris.")]
    public async Task Refuses_a_search_in_the_shape_of_Datadog(string body, string? sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post("/api/v2/spans/events/search", body);

        if (sentence is null)
        {
            Assert.Equal(200, answer.Status); // A list has no members: nothing is asked for.
            return;
        }
        Assert.Equal(400, answer.Status);
        Assert.StartsWith(sentence, Assert.Single(answer.Json.GetProperty("errors").EnumerateArray()).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"compute":[{"aggregation":"p99"}]}""", "data.attributes.compute[0].aggregation \"p99\" is not known. There are: count, cardinality, pc75, pc90, pc95, pc98, pc99, sum, min, max, avg, median.")]
    [InlineData("""{"compute":[{"aggregation":"avg"}]}""", "data.attributes.compute[0].metric is missing: avg needs one, such as @duration.")]
    [InlineData("""{"compute":[{"aggregation":"avg","metric":"durration"}]}""", "data.attributes.compute[0].metric: \"durration\" is no field of a span. Did you mean \"duration\"?")]
    [InlineData("""{"compute":[{"aggregation":"count","type":"timeseries","interval":"often"}]}""", "data.attributes.compute[0].interval \"often\" is not a duration, such as 30s, 5m, 1h.")]
    [InlineData("""{"compute":[{"aggregation":"count","type":"timeseries","interval":"1ms"}]}""", "data.attributes.compute[0].interval \"1ms\" cuts the range into more than 2000 points. Choose a longer one, or a shorter range.")]
    [InlineData("""{"compute":"count"}""", "data.attributes.compute must be a list.")]
    [InlineData("""{"compute":["count"]}""", "data.attributes.compute[0] must be an object.")]
    [InlineData("""{"group_by":[{}]}""", "data.attributes.group_by[0].facet is missing, such as service or @http.status_code.")]
    [InlineData("""{"group_by":[{"facet":"service","limit":0}]}""", "data.attributes.group_by[0].limit must be a whole number from 1 to 1000.")]
    [InlineData("""{"group_by":[{"facet":"@n","histogram":{"interval":1,"max":1000}}]}""", "data.attributes.group_by[0].histogram has more than 100 buckets; (max - min) / interval may be at most 100.")]
    [InlineData("""{"group_by":[{"facet":"a"},{"facet":"b"},{"facet":"c"},{"facet":"d"},{"facet":"e"}]}""", "data.attributes.group_by[0].facet: \"a\" is no field of a span.")]
    public async Task Refuses_an_aggregation_and_says_which_part(string attributes, string sentence)
    {
        await using var api = await ApiHost.Start(Shop);

        var answer = await api.Post("/api/v2/spans/analytics/aggregate", $$"""{"data":{"type":"aggregate_request","attributes":{{attributes}} } }""");

        Assert.Equal(400, answer.Status);
        Assert.StartsWith(sentence, Assert.Single(answer.Json.GetProperty("errors").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_413_and_a_closed_store_503()
    {
        await using var api = await ApiHost.Start(Shop);
        await using var closed = await ApiHost.Start(new BatchList(Some.Batch(Shop)) { BeforeBatch = _ => throw new StoreUnavailableException("The trace store is closed. Start again.") }, Shop);

        var tooLong = await api.Post("/api/v2/spans/events/search", $$"""{"data":{"attributes":{"filter":{"query":"{{new string('x', 1 << 20)}}"} } } }""");
        var unavailable = await closed.Post("/api/v2/spans/analytics/aggregate", "{}");

        Assert.Equal((413, """{"errors":[{"detail":"The body is longer than 1048576 bytes. Ask for less at once.","status":"413","title":"Payload Too Large"}]}"""), (tooLong.Status, tooLong.Text));
        Assert.Equal((503, """{"errors":["The trace store is closed. Start again."]}"""), (unavailable.Status, unavailable.Text));
    }

    [Fact]
    public async Task Service_dependencies()
    {
        await using var api = await ApiHost.Start(Shop);
        var window = string.Create(CultureInfo.InvariantCulture, $"start={Some.BaseUnixNanos / Some.Second}&end={Some.BaseUnixNanos / Some.Second + 3600}");

        Assert.Equal("""{"api":{"calls":[]},"web":{"calls":["api"]}}""", (await api.GetRaw($"/api/v1/service_dependencies?env=prod&{window}")).Text);
        Assert.Equal("""{"called_by":["web"],"calls":[],"name":"api"}""", (await api.GetRaw($"/api/v1/service_dependencies/api?env=prod&{window}")).Text);
        Assert.Equal("{}", (await api.GetRaw($"/api/v1/service_dependencies?env=dev&{window}")).Text);
        Assert.Equal((404, """{"errors":["The service \"nobody\" had no spans in this range and environment. /api/v1/service_dependencies lists those that had."]}"""), await Refused(api, $"/api/v1/service_dependencies/nobody?env=prod&{window}"));
        Assert.Equal((400, """{"errors":["The parameter env is required: name an environment, such as env=prod."]}"""), await Refused(api, "/api/v1/service_dependencies"));
        Assert.Equal((400, """{"errors":["The parameter start \"now\" is not a time in Unix seconds."]}"""), await Refused(api, "/api/v1/service_dependencies?env=prod&start=now"));
    }

    static async Task<(int, string)> Refused(ApiHost api, string path)
    {
        var answer = await api.GetRaw(path);
        return (answer.Status, answer.Text);
    }

    static IEnumerable<string> Ids(JsonElement page) => page.GetProperty("data").EnumerateArray().Select(span => span.GetProperty("id").GetString()!);
}
