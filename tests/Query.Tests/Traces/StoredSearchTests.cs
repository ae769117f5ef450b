using Apm.Core.Counting;
using Apm.Core.Ids;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Spans;
using Apm.Query.Traces;
using Apm.Storage.Traces;
using Apm.TestKit;
using CsCheck;

namespace Apm.Query.Tests.Traces;

/// <summary>Searching blocks on disk, where much is passed over or read in part, against plain loops over all spans.</summary>
public sealed class StoredSearchTests : IDisposable
{
    static readonly FixedClock Clock = new(Some.Hour.ToUnixNanos);
    readonly string _root = Directory.CreateTempSubdirectory("apm-search-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Finds_in_blocks_what_plain_loops_find()
    {
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var batches = Enumerable.Range(0, 3).Select(_ => TraceStructureTests.Forest(chance)).ToList();
            using var store = Stored(batches);
            for (var round = 0; round < 20; round++)
            {
                var filter = new RandomFilters(chance).Filter();
                var sort = (TraceSort)chance.Next(5);

                var result = new TraceSearch(store, Clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter, Sort = sort, Limit = 20 });
                var (_, traceCount, spanCount) = BruteForce.Search(batches, Some.Hour, filter, sort, 20);

                Assert.True(spanCount == result.MatchedSpanCount, $"seed {seed}, {filter}: {spanCount} spans match, {result.MatchedSpanCount} were found");
                Assert.Equal(traceCount, result.MatchedTraceCount);
            }
        }, iter: 20, threads: 1);
    }

    /// <summary>The clock goes on by a second per reading, so that counting is over at once.</summary>
    [Fact]
    public void A_first_page_that_stopped_counting_shows_only_what_matches_and_says_how_far_it_came()
    {
        var spans = Enumerable.Range(0, 12_000).Select(i => Some.Span(trace: (ulong)(i / 2) + 1, id: (ulong)i + 1, parent: i % 2 == 0 ? 0 : (ulong)i, service: i % 2 == 0 ? "web" : "db", startNanos: i / 2 * 500_000_000L));
        using var store = Stored([.. spans.Chunk(1_000).Select(chunk => Some.Batch(chunk))]);

        var filter = TraceFilterParser.Parse("{service:web} => {service:db}");
        var all = new TraceSearch(store, Clock).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter, Deadline = TimeSpan.FromHours(1) });
        var first = new TraceSearch(store, new RunningClock()).Search(new TraceSearchRequest { Range = Some.Hour, Filter = filter, CountFor = TimeSpan.FromMilliseconds(60), Deadline = TimeSpan.FromHours(1) });

        Assert.True(all.IsComplete);
        Assert.Equal(6_000, all.MatchedSpanCount);
        Assert.Equal(all.Traces.Select(trace => trace.TraceId), first.Traces.Select(trace => trace.TraceId));
        Assert.InRange(first.MatchedSpanCount, 1_000, 5_999);
        Assert.Equal($"Counting stopped after {first.ScannedSpanCount:N0} spans, the newest part of the range: there are at least as many as said.", first.IncompleteReason);
    }

    [Theory]
    [InlineData(SpanSort.Slowest)]
    [InlineData(SpanSort.Fastest)]
    public void A_page_of_the_slowest_or_fastest_that_stopped_counting_is_the_page_that_counting_all_gives(SpanSort sort)
    {
        var chance = new Random(5);
        var spans = Enumerable.Range(0, 400_000).Select(i => Some.Span(trace: (ulong)i + 1, id: (ulong)i + 1, service: i % 5 == 0 ? "web" : "db", startNanos: i * 5_000_000L, durationNanos: chance.NextInt64(1_000_000_000)));
        using var store = Stored([.. spans.Chunk(20_000).Select(chunk => Some.Batch(chunk))]);
        var request = new SpanSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse("service:web"), Sort = sort, Deadline = TimeSpan.FromHours(1) };

        var all = new SpanSearch(store, Clock).Search(request);
        var first = new SpanSearch(store, new RunningClock()).Search(request with { CountFor = TimeSpan.FromMilliseconds(60) });

        Assert.Equal(all.Spans.Select(span => span.Id), first.Spans.Select(span => span.Id));
        Assert.Equal(80_000, all.MatchedSpanCount);
        Assert.True(first.IsPageCertain);
        Assert.InRange(first.MatchedSpanCount, 4_000, 79_999);
        Assert.StartsWith($"Counting stopped after {first.Report.ScannedSpanCount:N0} spans, the {(sort == SpanSort.Slowest ? "slowest" : "fastest")} part of the range", first.Report.IncompleteReason, StringComparison.Ordinal);
    }

    /// <summary>Large blocks, so that the later ones are read for what may come onto the page alone; some hundred spans last equally long.</summary>
    [Theory]
    [InlineData(SpanSort.Slowest)]
    [InlineData(SpanSort.Fastest)]
    public void Pages_of_many_blocks_give_each_span_once_in_order(SpanSort sort)
    {
        var chance = new Random(6);
        var spans = Enumerable.Range(0, 200_000).Select(i => Some.Span(trace: (ulong)(i / 2) + 1, id: (ulong)i + 1, service: i % 10 == 0 ? "web" : "db", startNanos: i * 5_000_000L, durationNanos: chance.Next(i % 10 == 0 ? 100 : 5_000) * 1_000L)).ToList();
        using var store = Stored([.. spans.Chunk(20_000).Select(chunk => Some.Batch(chunk)), Some.Batch(spans.Where(span => span.Id.Value % 11 == 0))]);
        var expected = spans.Where(span => span.Service == "web").OrderBy(span => PlaceOf(span, sort)).Select(span => span.Id).ToList();
        var request = new SpanSearchRequest { Range = Some.Hour, Filter = TraceFilterParser.Parse("service:web"), Sort = sort, Limit = 700, Deadline = TimeSpan.FromHours(10), CountFor = TimeSpan.FromMilliseconds(60) };

        var given = new List<SpanId>();
        for (SpanCursor? after = null; given.Count == 0 || after is not null;)
        {
            var page = new SpanSearch(store, new RunningClock()).Search(request with { After = after });
            Assert.True(page.IsPageCertain);
            given.AddRange(page.Spans.Select(span => span.Id));
            after = page.Next;
        }

        Assert.Equal(expected, given);
    }

    /// <summary>Few durations, so that many spans are alike in them; some spans come twice, and blocks hold some services only. The filters are those of one span.</summary>
    [Theory]
    [InlineData(SpanSort.Slowest)]
    [InlineData(SpanSort.Fastest)]
    [InlineData(SpanSort.Newest)]
    [InlineData(SpanSort.Oldest)]
    public void Pages_one_after_the_other_give_each_span_once_in_order_and_end_when_there_is_no_more(SpanSort sort)
    {
        string[] filters = ["", "service:web", "service:web status:error", "service:db duration:>3us", "@shard:2", "resource:*1*", "service:nobody"];
        Gen.Int[0, 1_000_000].Sample(seed =>
        {
            var chance = new Random(seed);
            var batches = Enumerable.Range(0, 12).Select(batch => Spans(chance, chance.Next(1, 300), batch)).ToList();
            batches.Add([.. batches.SelectMany(spans => spans).Where(_ => chance.Next(5) == 0)]);
            List<SpanBatch> stored = [.. batches.Where(spans => spans.Count > 0).Select(spans => Some.Batch([.. spans]))];
            using var store = Stored(stored);
            var search = new SpanSearch(store, chance.Next(2) == 0 ? Clock : new RunningClock());
            foreach (var text in filters)
            {
                var filter = TraceFilterParser.Parse(text);
                var expected = BruteForce.Spans(stored, Some.Hour, filter);
                expected.Sort((left, right) => PlaceOf(left, sort).CompareTo(PlaceOf(right, sort)));
                var limit = Math.Clamp(chance.Next(1, expected.Count + 3) / chance.Next(1, 5), 1, SpanSearch.MaxLimit);
                var request = new SpanSearchRequest { Range = Some.Hour, Filter = filter, Sort = sort, Limit = limit, CountFor = TimeSpan.FromMilliseconds(60), Deadline = TimeSpan.FromHours(10) };
                for (var at = 0; ;)
                {
                    var result = search.Search(request);

                    Assert.True(result.IsPageCertain);
                    Assert.Equal(expected.Skip(at).Take(limit).Select(span => span.Id), result.Spans.Select(span => span.Id));
                    Assert.Equal(SpanBatches.Describe(expected.Skip(at).Take(limit)), SpanBatches.Describe(result.Spans));
                    Assert.InRange(result.MatchedSpanCount, result.Spans.Count, expected.Count);
                    if (result.Report.IsComplete) Assert.Equal(expected.Count, result.MatchedSpanCount);
                    at += limit;
                    Assert.Equal(at < expected.Count, result.Next is not null);
                    if (result.Next is null) break;
                    request = request with { After = result.Next };
                }
            }
        }, iter: 10, threads: 1);
    }

    static List<Span> Spans(Random chance, int count, int batch) => [.. Enumerable.Range(0, count).Select(i => Some.Span(
        trace: (ulong)chance.Next(1, 40), id: (ulong)((batch * 1_000) + i + 1), service: batch % 3 == 0 ? "web" : chance.Next(2) == 0 ? "web" : "db", resource: $"GET /{chance.Next(20)}",
        startNanos: (batch * 60 + chance.Next(300)) * 1_000_000_000L, durationNanos: (batch % 4 + chance.Next(6)) * 1_000L, isError: chance.Next(4) == 0, tags: [("shard", $"{chance.Next(4)}")]))];

    static (long, ulong, ulong) PlaceOf(Span span, SpanSort sort) => (sort switch
    {
        SpanSort.Newest => -span.StartUnixNanos,
        SpanSort.Oldest => span.StartUnixNanos,
        SpanSort.Slowest => -span.DurationNanos,
        _ => span.DurationNanos,
    }, span.TraceId.Low, span.Id.Value);

    SegmentTraceStore Stored(List<SpanBatch> batches)
    {
        var store = new SegmentTraceStore(Path.Combine(_root, Guid.NewGuid().ToString("N")), Clock, new Counters(), new TraceStoreSettings());
        for (var i = 0; i < batches.Count; i++)
        {
            store.Append(batches[i], new LogPosition(i + 1));
            store.Flush(everything: true);
        }
        return store;
    }

    sealed class RunningClock : TimeProvider
    {
        long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Increment(ref _seconds);
    }
}
