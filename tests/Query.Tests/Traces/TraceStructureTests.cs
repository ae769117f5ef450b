using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Traces;
using Apm.Storage.InMemory;
using Apm.TestKit;
using CsCheck;

namespace Apm.Query.Tests.Traces;

public class TraceStructureTests
{
    static readonly FixedClock Clock = new(Some.Hour.ToUnixNanos);

    /// <summary>Trace 1: web calls api, which calls db twice. Trace 2: web calls db. Trace 3: web alone, slow and failed.</summary>
    static IEnumerable<Span> Shop() =>
    [
        .. Some.Trace("""
            web flask.request "GET /" 0+100 server
              api http.request "GET /x" 10+80
                db query "SELECT 1" 20+10
                db query "SELECT 2" 40+20 error
            """, trace: 1),
        .. Some.Trace("""
            web flask.request "GET /" 0+50 server
              db query "SELECT 1" 20+10
            """, trace: 2, startNanos: Some.Second),
        .. Some.Trace("""
            web flask.request "GET /slow" 0+900 error server
            """, trace: 3, startNanos: 2 * Some.Second),
    ];

    [Theory]
    [InlineData("{service:web} => {service:db}", "2", 1)]               // web is the caller, directly.
    [InlineData("{service:web} -> {service:db}", "2 1", 2)]             // Or through others.
    [InlineData("{service:db} <= {service:web}", "2", 1)]               // The same, naming the other side.
    [InlineData("{service:db} <- {service:web}", "2 1", 3)]
    [InlineData("{service:web} !-> {service:db}", "3", 1)]
    [InlineData("{service:web} NOT -> {service:db}", "3", 1)]
    [InlineData("{service:db} ~ {service:db}", "1", 2)]
    [InlineData("!{service:db}", "3", 1)]                               // Names no span: all of the trace match.
    [InlineData("-{service:db} status:error", "3", 1)]
    [InlineData("NOT {service:api}", "3 2", 3)]
    [InlineData("{service:web} => {service:api} => {service:db}", "1", 1)]
    [InlineData("{service:api} && {service:db status:error}", "1", 2)]
    [InlineData("{service:api} || {resource:\"GET /slow\"}", "3 1", 2)]
    [InlineData("spans:>2", "1", 4)]
    [InlineData("spans:[2 TO 4}", "2", 2)]
    [InlineData("service:db spans:>2", "1", 2)]
    [InlineData("errors:>0", "3 1", 5)]
    [InlineData("services:3", "1", 4)]
    [InlineData("trace.duration:>=100ms", "3 1", 5)]
    [InlineData("root.service:web root.resource:*slow", "3", 1)]
    [InlineData("{service:db} | count() > 1", "1", 2)]
    [InlineData("{service:db} | sum(duration) >= 30ms", "1", 2)]
    [InlineData("{service:db} | max(duration) > 15ms", "1", 2)]
    [InlineData("{service:db} | avg(duration) < 12ms", "2", 1)]
    [InlineData("{} | count() > 2", "1", 4)]
    public void Judges_whole_traces(string query, string traces, long spans)
    {
        var result = Over(Shop()).Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse(query) });

        Assert.Equal(traces, string.Join(' ', result.Traces.Select(trace => trace.TraceId.Low)));
        Assert.Equal((spans, true), (result.MatchedSpanCount, result.IsComplete));
    }

    [Fact]
    public void The_strip_and_the_facets_follow_conditions_on_traces()
    {
        var filter = TraceFilterParser.Parse("{service:db} <- {service:web}");

        Assert.Equal(3, Over(Shop()).Strip(Some.Hour, filter, 60).HitCounts.Sum());
        Assert.Equal([new FacetValue("db", 3)], Over(Shop()).Facets(Some.Hour, filter).Services);
    }

    [Fact]
    public void Parents_in_a_circle_end_nothing()
    {
        var search = Over([Some.Span(id: 1, parent: 2, service: "web"), Some.Span(id: 2, parent: 1, service: "db"), Some.Span(id: 3, parent: 1, service: "api")]);

        long Matched(string query) => search.Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse(query) }).MatchedSpanCount;
        Assert.Equal(1, Matched("{service:web} -> {service:web}"));
        Assert.Equal(3, Matched("{} <- {service:db}"));
        Assert.Equal(0, Matched("{service:api} -> {}"));
    }

    [Fact]
    public void A_trace_a_hundred_thousand_spans_deep_is_judged()
    {
        var deep = Enumerable.Range(1, 100_000).Select(i => Some.Span(id: (ulong)i, parent: (ulong)i - 1, service: i == 1 ? "web" : i == 100_000 ? "db" : "api"));

        var result = new TraceSearch(new BatchList(Some.Batch(deep)), Clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse("{service:web} -> {service:db}"), Deadline = TimeSpan.FromMinutes(1) });

        Assert.Equal(1, result.MatchedSpanCount);
    }

    [Fact]
    public void Finds_what_a_plain_judge_of_all_traces_finds()
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var batches = Enumerable.Range(0, 3).Select(_ => Forest(chance)).ToList();
            var filter = new RandomFilters(chance).Filter();
            var sort = (TraceSort)chance.Next(5);

            var result = new TraceSearch(new BatchList(batches), Clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter, Sort = sort, Limit = 20 });
            var (ids, traceCount, spanCount) = BruteForce.Search(batches, Some.Hour, filter, sort, 20);

            Assert.True(spanCount == result.MatchedSpanCount, $"{filter}: {spanCount} spans match, {result.MatchedSpanCount} were found");
            Assert.Equal(traceCount, result.MatchedTraceCount);
            Assert.Equal(ids, result.Traces.Select(trace => trace.TraceId));
        }, iter: 2_000);
    }

    [Fact]
    public void Any_tree_prints_as_text_that_reads_back_as_the_same()
    {
        Gen.Int[0, 10_000_000].Sample(seed =>
        {
            var filter = new RandomFilters(new Random(seed)).Filter();
            var read = TraceFilterParser.Parse(filter.ToString());
            Assert.Equal(filter.ToString(), read.ToString());
            Assert.Equal(filter.IsOfTrace, read.IsOfTrace);
        }, iter: 20_000);
    }

    [Fact]
    public void Pages_of_spans_are_what_sorting_all_of_them_gives()
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var batches = Enumerable.Range(0, 5).Select(at => Forest(chance, at)).ToList();
            var filter = new RandomFilters(chance).Filter();
            var sort = (SpanSort)chance.Next(4);
            var all = BruteForce.Spans(batches, Some.Hour, filter);
            Func<Span, long> nanos = span => sort is SpanSort.Newest or SpanSort.Oldest ? span.StartUnixNanos : span.DurationNanos;
            var expected = (sort is SpanSort.Newest or SpanSort.Slowest ? all.OrderByDescending(nanos) : all.OrderBy(nanos)).ThenBy(span => span.TraceId.Low).ThenBy(span => span.Id.Value).Select(span => (span.TraceId.Low, span.Id.Value)).ToList();

            var search = new SpanSearch(Store(batches, chance), Clock);
            var got = new List<(ulong, ulong)>();
            SpanCursor? after = null;
            do
            {
                var page = search.Search(new SpanSearchRequest { Range = Some.Hour, Filter = filter, Sort = sort, Limit = 7, After = after, CountFor = chance.Next(2) == 0 ? TimeSpan.FromTicks(-1) : null });
                got.AddRange(page.Spans.Select(span => (span.TraceId.Low, span.Id.Value)));
                Assert.True(page.IsPageCertain);
                if (page.Report.IsComplete) Assert.Equal(expected.Count, page.MatchedSpanCount);
                else Assert.True(page.MatchedSpanCount <= expected.Count);
                after = page.Next is { } next && SpanCursor.TryParse(next.ToString(), out var read) ? read : null;
            }
            while (after is not null);

            Assert.Equal(expected, got);
        }, iter: 500);
    }

    static ITraceReader Store(List<SpanBatch> batches, Random chance) => chance.Next(2) == 0 ? new BatchList(batches) : new PartList(batches);

    /// <summary>Each batch is a part, as large as a block, so that a search may stop after each.</summary>
    sealed class PartList(List<SpanBatch> batches) : ITraceReader
    {
        public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel) => Enumerable.Reverse(batches);

        public IReadOnlyList<SpanPart> Parts(SpanScan scan) => [.. Enumerable.Reverse(batches).Select(batch => new Part(batch))];

        public TraceStoreFacts Facts() => new(null, null, batches.Sum(batch => (long)batch.SpanCount), 0, 0);

        sealed class Part(SpanBatch batch) : SpanPart
        {
            public override long StartUnixNanosMin => batch.StartUnixNanos.Take(batch.SpanCount).Min();
            public override long StartUnixNanosMax => batch.StartUnixNanos.Take(batch.SpanCount).Max();
            public override long DurationNanosMin => batch.DurationNanos.Take(batch.SpanCount).Min();
            public override long DurationNanosMax => batch.DurationNanos.Take(batch.SpanCount).Max();
            public override long SpanCount => 16_384;
            public override IReadOnlyList<SpanBatch> Read(CancellationToken cancel) => [batch];
        }
    }

    /// <summary>Some traces of few spans, now and then with parents that are missing, in a circle, or in another batch.</summary>
    internal static SpanBatch Forest(Random chance, int at = 0)
    {
        string[] services = ["web", "api", "db", "cache"];
        return Some.Batch(Enumerable.Range(0, 30).Select(_ =>
        {
            var trace = (ulong)(chance.Next(1, 9) + at * 4);
            var id = (ulong)chance.Next(1, 7);
            // One service and one content per id, so that what is sent twice is the same.
            var fixedBy = new Random((int)(trace * 100 + id));
            return Some.Span(
                trace: trace, id: id + trace * 1000, parent: fixedBy.Next(4) == 0 ? 0 : (ulong)fixedBy.Next(1, 8) + trace * 1000, service: services[fixedBy.Next(4)],
                startNanos: (fixedBy.Next(20) + (long)trace * 10) * Some.Millisecond, durationNanos: fixedBy.Next(6) * Some.Millisecond, isError: fixedBy.Next(3) == 0,
                numbers: fixedBy.Next(2) == 0 ? [("n", fixedBy.Next(5))] : [], tags: fixedBy.Next(2) == 0 ? [("t", "v" + fixedBy.Next(3))] : []);
        }).OrderBy(span => span.TraceId.Low));
    }

    static TraceSearch Over(IEnumerable<Span> spans) => new(new BatchList(Some.Batch(spans)), Clock);
}
