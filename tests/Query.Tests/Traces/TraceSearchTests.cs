using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Query.Filters;
using Apm.Query.Traces;
using Apm.Storage.InMemory;
using Apm.TestKit;
using CsCheck;

namespace Apm.Query.Tests.Traces;

public class TraceSearchTests
{
    static readonly FixedClock Clock = new(Some.Hour.ToUnixNanos);

    [Fact]
    public void Gives_the_newest_traces_with_true_totals()
    {
        var search = Over(Enumerable.Range(1, 40).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, startNanos: i * Some.Second, isError: i % 4 == 0)));

        var result = search.Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse("status:error"), Limit = 3 });

        Assert.Equal([40UL, 36, 32], result.Traces.Select(trace => trace.TraceId.Low));
        Assert.Equal((10, 10L, 40L, true), (result.MatchedTraceCount, result.MatchedSpanCount, result.ScannedSpanCount, result.IsComplete));
    }

    [Fact]
    public void A_scatter_of_more_traces_than_points_has_the_slowest_and_some_of_the_rest_and_counts_all()
    {
        var search = Over(Enumerable.Range(1, 400).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, startNanos: i * Some.Second, durationNanos: i * 1000, isError: i == 400)));

        var some = search.Scatter(Some.Hour, TraceFilter.Empty, 100);
        var all = search.Scatter(Some.Hour, TraceFilter.Empty, TraceSearch.MaxPoints);

        Assert.Equal((100, 400, 10, true), (some.Points.Count, some.MatchedTraceCount, some.SlowestCount, some.IsComplete));
        Assert.Equal(Enumerable.Range(391, 10).Select(i => (ulong)i), some.Points.OrderByDescending(point => point.DurationNanos).Take(10).Select(point => point.TraceId.Low).Order());
        Assert.InRange(some.Points.Count(point => point.TraceId.Low <= 200), 20, 70); // Neither the old nor the new ones alone.
        Assert.Equal((400, 0, 1), (all.Points.Count, all.SlowestCount, all.Points.Count(point => point.IsError)));
    }

    [Fact]
    public void Summarises_a_trace_by_its_root_and_services()
    {
        var trace = Some.Trace("""
            web flask.request "GET /user" 0+100 server
              web flask.render render 10+20
              api http.request "GET /x" 40+50 server error
            """);

        var summary = Assert.Single(Over(trace).Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse("service:api") }).Traces);

        Assert.Equal(("web", "flask.request", "GET /user"), (summary.Root.Service, summary.Root.Name, summary.Root.Resource));
        Assert.False(summary.IsRootMissing);
        Assert.Equal((3, 1, 1, 100 * Some.Millisecond), (summary.SpanCount, summary.ErrorCount, summary.MatchedSpanCount, summary.DurationNanos));
        Assert.Equal([new("web", 2, 0), new("api", 1, 1)], summary.Services);
    }

    [Fact]
    public void Says_when_the_root_is_missing_and_takes_the_earliest_span()
    {
        var result = Over([Some.Span(id: 3, parent: 9, startNanos: 5, service: "late"), Some.Span(id: 2, parent: 1, startNanos: 2, service: "early")]).Search(new TraceSearchRequest { Range = Some.Hour });

        Assert.True(result.Traces[0].IsRootMissing);
        Assert.Equal("early", result.Traces[0].Root.Service);
    }

    [Fact]
    public void Counts_a_span_that_was_sent_twice_once()
    {
        var span = Some.Span();
        var result = new TraceSearch(new BatchList(Some.Batch(span), Some.Batch(span, span)), Clock).Search(new TraceSearchRequest { Range = Some.Hour });

        Assert.Equal((1L, 3L), (result.MatchedSpanCount, result.ScannedSpanCount));
        Assert.Equal(1, result.Traces[0].SpanCount);
    }

    [Fact]
    public void Joins_the_halves_of_a_trace_id()
    {
        var result = Over([Some.Span(id: 1, trace: 7, traceHigh: 0), Some.Span(id: 2, parent: 1, trace: 7, traceHigh: 99)]).Search(new TraceSearchRequest { Range = Some.Hour });

        Assert.Equal(new TraceId(99, 7), Assert.Single(result.Traces).TraceId);
        Assert.Equal(2, result.Traces[0].SpanCount);
    }

    [Fact]
    public void Stops_at_the_deadline_and_says_so()
    {
        var clock = new FixedClock(Some.Hour.ToUnixNanos);
        var batches = new BatchList(Some.Batch(Some.Span(trace: 1)), Some.Batch(Some.Span(trace: 2))) { BeforeBatch = _ => clock.Now += 3 * Some.Second };

        var result = new TraceSearch(batches, clock).Search(new TraceSearchRequest { Range = Some.Hour, Deadline = TimeSpan.FromSeconds(2) });

        Assert.False(result.IsComplete);
        Assert.Equal(2UL, Assert.Single(result.Traces).TraceId.Low);
        Assert.Equal("The search stopped after 2 s; what is shown is from the newest part of the range. Narrow the range or the filter.", result.IncompleteReason);
    }

    [Theory]
    [InlineData("@n:500", 1)]            // A number is found by its text,
    [InlineData("@n:5*", 1)]
    [InlineData("@n:>=500", 2)]          // by comparing, whether it was sent as a number or as text.
    [InlineData("@n:<500", 1)]
    [InlineData("@n:*", 4)]
    [InlineData("-@n:*", 1)]
    [InlineData("@n:any", 1)]
    [InlineData("HELLO", 1)]             // Text is found in tags without regard to case,
    [InlineData("grüß", 1)]
    [InlineData("one", 1)]               // in names as well,
    [InlineData("zz", 0)]                // but not in keys.
    [InlineData("resource:GET*", 4)]
    [InlineData("resource:*x", 1)]
    [InlineData("resource:* env:prod", 5)]
    [InlineData("kind:client", 1)]
    [InlineData("type:sql OR @n:any", 2)]
    [InlineData("trace_id:3", 1)]
    [InlineData("duration:>1ms", 1)]
    [InlineData("duration:1ms", 4)]
    public void Understands(string filter, int traces)
    {
        var search = Over([
            Some.Span(trace: 1, id: 1, numbers: [("n", 500)], tags: [("zz", "say hello")], name: "a"),
            Some.Span(trace: 2, id: 2, tags: [("n", "600"), ("zz", "GRÜSS")], name: "a", resource: "GET /x", kind: SpanKind.Client),
            Some.Span(trace: 3, id: 3, numbers: [("n", 400.5)], durationNanos: 2 * Some.Millisecond, tags: [("zz", "Grüße, Grüß")], name: "a"),
            Some.Span(trace: 4, id: 4, tags: [("n", "any")], name: "a"),
            Some.Span(trace: 5, id: 5, resource: "SELECT *", type: "sql", name: "one"),
        ]);

        Assert.Equal(traces, search.Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse(filter) }).MatchedTraceCount);
    }

    [Fact]
    public void Finds_what_a_plain_loop_over_all_spans_finds()
    {
        var filters = new[]
        {
            "", "service:web", "-service:web", "service:b*", "status:error", "duration:>2s", "env:prod type:web", "@key1:*", "@key1:a", "key", "1", "a",
            "service:web status:error -@key2:*", "(service:db OR kind:server) duration:<3s", "@key8:>100", "resource:\"SELECT 1\"",
        };
        Gen.Int[0, 100_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var batches = Enumerable.Range(0, 4).Select(_ => SpanBatches.Random(chance, 60, Some.BaseUnixNanos)).ToList();
            var filter = TraceFilterParser.Parse(filters[chance.Next(filters.Length)]);
            var sort = (TraceSort)chance.Next(9);
            var (limit, skip, isTurned) = (chance.Next(1, 30), chance.Next(2) * chance.Next(12), chance.Next(3) == 0);

            var result = new TraceSearch(new BatchList(batches), Clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter, Sort = sort, IsTurned = isTurned, Limit = limit, Skip = skip });
            var (ids, traceCount, spanCount) = BruteForce.Search(batches, Some.Hour, filter, sort, limit, skip, isTurned);

            Assert.Equal(spanCount, result.MatchedSpanCount);
            Assert.Equal(traceCount, result.MatchedTraceCount);
            Assert.Equal(ids, result.Traces.Select(trace => trace.TraceId));
        }, iter: 300);
    }

    [Fact]
    public void Completion_says_how_many_words_there_are_and_of_how_many_spans_the_counts_are()
    {
        var known = new KeysAndValues(new BatchList(Some.Batch([.. Enumerable.Range(1, 40).Select(i => Some.Span(
            trace: (ulong)i, id: (ulong)i, service: "web", resource: $"GET /{i:00}", isError: i % 4 == 0, tags: [("user.id", $"u{i}"), ("region", i % 2 == 0 ? "eu" : "us")]))])), Clock) { Filter = TraceFilterParser.Parse("status:ok") };

        var values = known.Complete(Some.Hour, "resource", "/1", 3);
        var statuses = known.Complete(Some.Hour, "status", "", 9);
        var keys = known.CompleteKeys(Some.Hour, "e", 9);

        Assert.Equal((3, 8, 30L, false), (values.Values.Count, values.TotalCount, values.LookedAtSpanCount, values.IsPart));
        Assert.Equal([new FacetValue("ok", 30)], statuses.Values);
        Assert.Equal(["region", "user.id"], keys.Values.Select(key => key.Value));
        Assert.Equal([new FacetValue("eu", 10), new FacetValue("us", 20)], known.Complete(Some.Hour, "@region", "", 9).Values.OrderBy(value => value.Value));
        Assert.Equal([], known.Complete(Some.Hour, "nonsense", "", 9).Values);
    }

    [Fact]
    public void The_strip_and_the_facets_count_what_the_list_counts()
    {
        var spans = Enumerable.Range(0, 600).Select(i => Some.Span(
            trace: (ulong)(i + 1), id: (ulong)(i + 1), startNanos: i * 6 * Some.Second, service: i % 3 == 0 ? "web" : "api", isError: i % 10 == 0, durationNanos: (i % 100 + 1) * Some.Millisecond)).ToList();
        var search = Over(spans);
        var filter = TraceFilterParser.Parse("service:api");

        var list = search.Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter });
        var strip = search.Strip(Some.Hour, filter, 60);
        var facets = search.Facets(Some.Hour, filter);

        Assert.All(Enumerable.Range(0, strip.MaxNanos.Count).Where(i => strip.HitCounts[i] > 0), i => Assert.InRange(strip.P95Nanos[i], strip.P50Nanos[i], strip.MaxNanos[i]));
        Assert.Equal(60 * Some.Second, strip.StepNanos);
        Assert.Equal(60, strip.StartUnixNanos.Count);
        Assert.Equal(list.MatchedSpanCount, strip.HitCounts.Sum());
        Assert.Equal(spans.Count(span => span is { Service: "api", IsError: true }), strip.ErrorCounts.Sum());
        Assert.All(strip.P95Nanos.Zip(strip.MaxNanos), pair => Assert.True(pair.First <= pair.Second * 1.02));
        Assert.Equal([new FacetValue("api", 400)], facets.Services);
        Assert.Equal([new FacetValue("ok", 360), new FacetValue("error", 40)], facets.Statuses);
    }

    [Fact]
    public void Facets_of_tags_are_those_that_tell_spans_apart_and_those_asked_for()
    {
        var spans = Enumerable.Range(0, 300).Select(i => Some.Span(trace: (ulong)i + 1, id: (ulong)i + 1, startNanos: i * Some.Second,
            tags: [("http.method", i % 3 == 0 ? "GET" : "POST"), ("same", "always"), ("user", "u" + i), ("_internal", "a" + i % 2)], numbers: [("http.status_code", i % 10 == 0 ? 500 : 200)]));
        var search = new TraceSearch(new BatchList(Some.Batch(spans)), Clock);

        var facets = search.Facets(Some.Hour, TraceFilter.Empty, null, ["user", "nobody"], default).Tags;

        Assert.Equal(["@user", "@nobody", "@http.status_code", "@http.method"], facets.Select(facet => facet.Key));
        Assert.Equal([300, 0, 2, 2], facets.Select(facet => facet.DistinctCount));
        Assert.All(facets, facet => Assert.Equal(300, facet.LookedAtSpanCount));
        Assert.Equal([new FacetValue("200", 270), new FacetValue("500", 30)], facets[2].Values);
        foreach (var value in facets.SelectMany(facet => facet.Values.Select(value => (facet.Key, value))))
            Assert.Equal(value.value.SpanCount, search.Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilter.Empty.With(value.Key, value.value.Value) }).MatchedSpanCount);
        Assert.Empty(search.Facets(Some.Hour, TraceFilter.Empty).Tags);
    }

    [Fact]
    public void Completion_knows_real_keys_and_values()
    {
        var known = new KeysAndValues(new BatchList(Some.Batch(
            Some.Span(id: 1, tags: [("http.url", "a"), ("http.method", "GET")], numbers: [("http.status_code", 200)]),
            Some.Span(id: 2, tags: [("http.method", "GET")]),
            Some.Span(id: 3, tags: [("http.method", "PUT")], service: "api"))), Clock);

        Assert.Equal(["@http.method", "@http.status_code", "@http.url"], known.Keys(Some.Hour, "@ht", 10).Select(key => key.Value));
        Assert.Equal(["service", "services"], known.Keys(Some.Hour, "ser", 10).Select(key => key.Value));
        Assert.Equal([new("GET", 2), new("PUT", 1)], known.Values(Some.Hour, "@http.method", "", 10));
        Assert.Equal([new("200", 1)], known.Values(Some.Hour, "@http.status_code", "2", 10));
        Assert.Equal([new("web", 2)], known.Values(Some.Hour, "service", "W", 10));
        Assert.Equal(["error"], known.Values(Some.Hour, "status", "e", 10).Select(value => value.Value));
    }

    [Fact]
    public void Operations_of_a_service_are_its_names_and_what_they_were_called_for()
    {
        var operations = Over(Some.Trace("""
            web flask.request "GET /" 0+100 server
              web flask.render render 10+20
              api http.request "GET /x" 40+50 server
            """)).Operations("web");

        Assert.Equal([new("GET /", SpanKind.Server), new("flask.render", SpanKind.Unspecified), new("flask.request", SpanKind.Server)], operations.Names);
        Assert.True(operations.Report.IsComplete);
    }

    [Fact]
    public void Lists_of_names_say_when_the_limit_ended_them()
    {
        var spans = Enumerable.Range(1, 20_001).Select(i => Some.Span(trace: 1, id: (ulong)i, resource: $"GET /{i:D5}", kind: SpanKind.Server, flags: SpanFlags.TopLevel, tags: [("customer", $"c{i:D5}")])).ToList();

        var operations = Over(spans).Operations("web");
        var values = ValuesOver(spans).Read(Some.Hour, TraceFilter.Empty, SpanField.Tag("customer"));

        Assert.Equal((20_000, "There are more than 20,000 operations; those of the newest spans are listed."), (operations.Names.Count, operations.Report.IncompleteReason));
        Assert.Equal((20_000, "There are more than 20,000 values; those of the newest spans are listed."), (values.Names.Count, values.Report.IncompleteReason));
        var few = ValuesOver(spans[..3]).Read(Some.Hour, TraceFilter.Empty, SpanField.Tag("customer"));
        Assert.Equal(["c00001", "c00002", "c00003"], few.Names);
        Assert.True(few.Report.IsComplete);
    }

    [Fact]
    public void Lists_of_names_say_when_time_ended_them()
    {
        var clock = new FixedClock(Some.Hour.ToUnixNanos);
        var batches = new BatchList(Some.Batch(Some.Span(trace: 1, name: "a")), Some.Batch(Some.Span(trace: 2, name: "b")), Some.Batch(Some.Span(trace: 3, name: "c"))) { BeforeBatch = _ => clock.Now += 2 * Some.Second };

        var operations = new TraceSearch(batches, clock).Operations("web");

        Assert.False(operations.Report.IsComplete);
        Assert.StartsWith("The list is of the newest ", operations.Report.IncompleteReason, StringComparison.Ordinal);
        Assert.EndsWith(" spans that could be looked at within 1 s; there may be more. Ask again, or search by a name that is not listed.", operations.Report.IncompleteReason, StringComparison.Ordinal);
    }

    static DistinctValues ValuesOver(IEnumerable<Span> spans) => new(new BatchList(Some.Batch(spans)), Clock);

    static TraceSearch Over(IEnumerable<Span> spans)
    {
        var store = new InMemoryTraceStore(Clock);
        foreach (var part in spans.Chunk(100)) store.Append(Some.Batch(part), new LogPosition(1));
        return new TraceSearch(store, Clock);
    }
}
