using Apm.Core.Counting;
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
