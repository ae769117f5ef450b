using Apm.Core.Counting;
using Apm.Core.Limits;
using Apm.Core.Spans;
using Apm.Query.Filters;
using Apm.Query.Tail;
using Apm.Storage.InMemory;
using Apm.TestKit;

namespace Apm.Query.Tests.Tail;

public sealed class TraceTailTests : IDisposable
{
    readonly SteppedClock _clock = new(DateTimeOffset.UnixEpoch);
    readonly InMemoryTraceStore _store = new();
    readonly Counters _counters = new();
    readonly MemoryBudget _memory = new();
    readonly TraceTail _tail;

    public TraceTailTests() => _tail = new TraceTail(_store, _clock, _counters, _memory);
    public void Dispose() => _store.Dispose();

    void Stored(params IReadOnlyList<Span> spans)
    {
        var batch = SpanBatches.Of(spans);
        _store.Append(batch, default);
        _tail.Offer(batch);
    }

    TailTake Next(TailStream stream, int most = 10)
    {
        stream.Take(most);
        _clock.Advance(TailStream.SettleFor);
        return stream.Take(most);
    }

    [Fact]
    public void Gives_traces_that_match_and_were_stored_since_it_was_opened_whenever_they_started()
    {
        Stored(Some.Span(trace: 1, id: 1, service: "web"));
        using var stream = _tail.Open(TraceFilterParser.Parse("service:web"))!;
        Stored(Some.Span(trace: 2, id: 2, service: "web", startNanos: 5), Some.Span(trace: 3, id: 3, service: "api", startNanos: 9 * Some.Second));

        Assert.Empty(stream.Take(10).New); // It may still gather spans.
        _clock.Advance(TailStream.SettleFor);
        Assert.Equal([2UL], stream.Take(10).New.Select(trace => trace.TraceId.Low));
        Assert.Empty(Next(stream).New);
    }

    [Fact]
    public void A_trace_is_given_whole_and_again_when_it_has_grown()
    {
        using var stream = _tail.Open(TraceFilterParser.Parse("service:db"))!;
        Stored(Some.Span(trace: 1, id: 1, service: "web"));
        Stored(Some.Span(trace: 1, id: 2, parent: 1, service: "db"));

        var first = Assert.Single(Next(stream).New);
        Stored(Some.Span(trace: 1, id: 3, parent: 1, service: "cache"));
        var then = Next(stream);

        Assert.Equal(("web", 2), (first.Root.Service, first.SpanCount));
        Assert.Empty(then.New);
        Assert.Equal(3, Assert.Single(then.Grown).SpanCount);
        Assert.Empty(Next(stream).Grown);
    }

    [Fact]
    public void Of_more_than_asked_for_the_latest_are_given_and_the_rest_is_counted()
    {
        using var stream = _tail.Open(TraceFilter.Empty)!;
        Stored([.. Enumerable.Range(1, 12).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, startNanos: i * Some.Second))]);

        var take = Next(stream, most: 5);

        Assert.Equal([12UL, 11, 10, 9, 8], take.New.Select(trace => trace.TraceId.Low));
        Assert.Equal(7, take.MoreCount);
        Assert.Equal((0, 0), (Next(stream).New.Count, Next(stream).MoreCount));
    }

    [Fact]
    public void Who_is_too_slow_loses_the_oldest_and_is_told_how_many_spans()
    {
        using var stream = _tail.Open(TraceFilterParser.Parse("service:web"))!;
        var many = SpanBatches.Of([.. Enumerable.Range(1, 1000).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, service: "api"))]);
        for (var i = 0; i < (TraceTail.MaxWaitingBytes / many.MemoryBytes) + 2; i++) _tail.Offer(many);

        var held = _memory.Accounts.Single(account => account.Name == "tail");
        Assert.InRange(held.HeldBytes, TraceTail.MaxWaitingBytes - many.MemoryBytes, TraceTail.MaxWaitingBytes);
        Assert.Equal(2000, stream.Take(10).SkippedSpanCount);
        Assert.Equal(2000, _counters.Read("tail_spans_skipped"));
        Assert.Equal(0, stream.Take(10).SkippedSpanCount);
        Assert.Equal(0, held.HeldBytes);
    }

    [Fact]
    public void What_waited_is_given_back_when_the_viewer_goes()
    {
        var held = _memory.Accounts.Single(account => account.Name == "tail");
        using (_tail.Open(TraceFilter.Empty)!)
        {
            Stored(Some.Span(trace: 1, id: 1));
            Assert.True(held.HeldBytes > 0);
        }
        Stored(Some.Span(trace: 2, id: 2));

        Assert.Equal(0, held.HeldBytes);
    }

    [Fact]
    public void One_stream_too_many_is_refused_and_counted_until_another_ends()
    {
        var streams = Enumerable.Range(0, TraceTail.MaxStreams).Select(_ => _tail.Open(TraceFilter.Empty)!).ToList();

        Assert.Null(_tail.Open(TraceFilter.Empty));
        Assert.Equal(1, _counters.Read("tail_streams_refused"));
        streams[3].Dispose();
        using var after = _tail.Open(TraceFilter.Empty);
        Assert.NotNull(after);
        Assert.Equal(TraceTail.MaxStreams, _tail.StreamCount);
    }

    TailTake Judged(TailStream stream, int most = 10)
    {
        stream.Take(most);
        _clock.Advance(TailStream.JudgeAfter);
        return stream.Take(most);
    }

    static IEnumerable<ulong> Ids(IEnumerable<Query.Traces.TraceSummary> traces) => traces.Select(trace => trace.TraceId.Low);

    [Theory]
    [InlineData("spans:>2", 1)]
    [InlineData("services:>1", 1, 2)]
    [InlineData("{service:web} => {service:db}", 2)]
    [InlineData("{service:web} -> {service:db}", 1, 2)]
    [InlineData("!{service:db}", 3)]
    [InlineData("root.service:api", 3)]
    [InlineData("{service:cache} | count() > 0", 1)]
    public void Conditions_on_whole_traces_are_judged_by_all_that_is_stored(string query, params int[] given)
    {
        Stored(Some.Span(trace: 1, id: 1, service: "web")); // Before anybody looked on.
        using var stream = _tail.Open(TraceFilterParser.Parse(query))!;
        Stored(Some.Span(trace: 1, id: 2, parent: 1, service: "cache"), Some.Span(trace: 1, id: 3, parent: 2, service: "db"));
        Stored(Some.Span(trace: 2, id: 4, service: "web"), Some.Span(trace: 2, id: 5, parent: 4, service: "db"), Some.Span(trace: 3, id: 6, service: "api"));

        Assert.Empty(Next(stream).New); // More may come.
        Assert.Equal(given.Select(id => (ulong)id).Order(), Ids(Judged(stream).New).Order());
    }

    [Fact]
    public void A_trace_for_which_conditions_do_not_hold_yet_is_judged_again_when_it_grows()
    {
        using var stream = _tail.Open(TraceFilterParser.Parse("{service:web} -> {service:db}"))!;
        Stored(Some.Span(trace: 1, id: 1, service: "web"), Some.Span(trace: 1, id: 3, parent: 2, service: "db"));
        Assert.Empty(Judged(stream).New);

        Stored(Some.Span(trace: 1, id: 2, parent: 1, service: "cache")); // No span that the conditions name, but the one between them.
        Assert.Equal([1UL], Ids(Judged(stream).New));
        Stored(Some.Span(trace: 1, id: 4, parent: 1, service: "cache"));
        Assert.Equal([1UL], Ids(Next(stream).Grown));
    }

    [Fact]
    public void A_trace_that_never_stops_to_grow_is_judged_all_the_same()
    {
        using var stream = _tail.Open(TraceFilterParser.Parse("spans:>3"))!;
        var found = 0;
        for (var (id, waited) = (1UL, TimeSpan.Zero); waited <= TailStream.JudgeAtLatest; id++, waited += TailStream.JudgeAfter / 2)
        {
            Stored(Some.Span(trace: 1, id: id));
            found += stream.Take(10).New.Count;
            _clock.Advance(TailStream.JudgeAfter / 2);
        }

        Assert.Equal(1, found);
    }

    [Fact]
    public void More_traces_than_can_be_judged_wait_and_of_too_many_the_spans_are_told()
    {
        using var stream = _tail.Open(TraceFilterParser.Parse("spans:>0"))!;
        const int count = TailStream.MaxToBeJudged + 5;
        Stored([.. Enumerable.Range(1, count).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, startNanos: i))]);

        var first = Judged(stream);
        var (seen, takes) = (first.New.Count + first.MoreCount, 1);
        for (; takes < 100 && seen < TailStream.MaxToBeJudged; takes++)
        {
            var take = stream.Take(10);
            seen += take.New.Count + take.MoreCount;
        }

        Assert.Equal((5, 5), (first.SkippedSpanCount, _counters.Read("tail_spans_skipped")));
        Assert.Equal(TailStream.MaxJudged, first.New.Count + first.MoreCount);
        Assert.Equal((TailStream.MaxToBeJudged, TailStream.MaxToBeJudged / TailStream.MaxJudged), (seen, takes));
    }

    [Fact]
    public void Of_too_many_undecided_traces_the_older_are_forgotten_and_counted()
    {
        using var stream = _tail.Open(TraceFilterParser.Parse("spans:>1"))!;
        const int half = TailStream.MaxUndecided / 2;
        for (var at = 0; at <= 2 * half; at += TailStream.MaxJudged)
        {
            Stored([.. Enumerable.Range(at + 1, TailStream.MaxJudged).Select(i => Some.Span(trace: (ulong)i, id: (ulong)i, startNanos: i))]);
            Assert.Empty(Judged(stream).New);
        }

        Assert.Equal(half, _counters.Read("tail_traces_forgotten"));
    }

    [Fact]
    public void Too_many_sets_of_spans_are_refused_in_words()
    {
        var filter = TraceFilterParser.Parse(string.Join(" OR ", Enumerable.Range(1, 61).Select(i => $"!{{service:s{i}}}")));

        Assert.Equal("The search has 61 sets of spans; at most 60 are looked at. Simplify it.", TraceTail.RefusalOf(filter));
        Assert.Throws<ArgumentException>(() => _tail.Open(filter));
    }
}
