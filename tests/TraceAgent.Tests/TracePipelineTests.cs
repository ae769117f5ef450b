using Apm.Core.Counting;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Services;
using Apm.Core.Spans;
using Apm.Core.Time;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Intake;

namespace Apm.TraceAgent.Tests;

public sealed class TracePipelineTests : IDisposable
{
    readonly TickClock _clock = new();
    readonly Counters _counters = new();
    readonly RecentProblems _problems = new();
    readonly InMemoryPayloadLog _log = new();
    readonly FaultyTraceStore _traces = new();
    readonly InMemoryStatsStore _stats = new();

    [Fact]
    public async Task What_was_accepted_is_counted_and_searchable_and_the_books_balance()
    {
        await using var pipeline = Start();

        await Send(pipeline, Spans(3));
        await pipeline.Settled();

        Assert.Equal(3, _traces.Facts().SpanCount);
        Assert.Equal(3, Hits(pipeline));
        Assert.Equal(3, pipeline.Ledger.Spans(SpanOutcome.Stored, "all", "web"));
        Assert.Equal(3, pipeline.Ledger.Sums().ReceivedSpanCount);
        Assert.Empty(pipeline.Books.Waiting());
    }

    [Fact]
    public async Task A_payload_that_breaks_the_pipeline_is_left_out_and_those_behind_it_are_not()
    {
        await using var pipeline = Start();
        _traces.OnAppend = new OverflowException("Too far.");

        await Send(pipeline, Spans(2));
        await pipeline.Settled();
        _traces.OnAppend = null;
        await Send(pipeline, Spans(3));
        await pipeline.Settled();

        Assert.Equal(3, _traces.Facts().SpanCount);
        Assert.Equal(2, pipeline.Ledger.Spans(SpanOutcome.Dropped, "internal_fault", "web"));
        Assert.Equal(
            "A payload (datadog v0.4) that was accepted could not be processed, which is a fault of Apm: OverflowException: Too far. It is left out; please report it.",
            Assert.Single(_problems.ReadAll()).Sentence);
    }

    [Fact]
    public async Task A_payload_that_breaks_the_replay_does_not_prevent_the_start()
    {
        await using (var before = Start())
        {
            _traces.OnFlush = new StoreUnavailableException("So the log keeps it.");
            await Send(before, Spans(2));
        }
        using var emptyTraces = new FaultyTraceStore { OnAppend = new OverflowException("Too far.") };

        await using var pipeline = Start(traces: emptyTraces);

        Assert.Equal(1, _counters.Read("payloads_lost_in_replay")); // The ledger had them as stored, and its pages are not written twice.
        Assert.Contains("could not be processed", Assert.Single(_problems.ReadAll(), problem => problem.Where == "pipeline").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_larger_than_the_queue_is_taken_when_nothing_waits()
    {
        await using var pipeline = Start(new PipelineSettings { MaxQueuedSpans = 10 });

        await Send(pipeline, Spans(11));
        await pipeline.Settled();

        Assert.Equal(11, _traces.Facts().SpanCount);
    }

    [Fact]
    public async Task A_store_that_fails_refuses_more_before_memory_is_full_and_goes_on_by_itself()
    {
        await using var pipeline = Start(new PipelineSettings { MaxUnwrittenSpans = 4_096 });
        _traces.OnFlush = new StoreUnavailableException("The disk is full.");
        await Send(pipeline, Spans(4_100));
        await pipeline.Settled();

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => Send(pipeline, Spans(1)));

        Assert.Equal("More than 4096 spans wait in memory, because the trace store cannot be written: The disk is full. Send this again later.", refused.Message);
        Assert.Equal(1, pipeline.Ledger.Spans(SpanOutcome.Rejected, "store_unavailable", "web"));
        _traces.OnFlush = null;
        _clock.Tick();
        await pipeline.Settled();
        await Send(pipeline, Spans(1));
        await pipeline.Settled();
        Assert.Equal(4_101, _traces.Facts().SpanCount);
        Assert.Equal(4_102, pipeline.Ledger.Sums().ReceivedSpanCount);
    }

    [Fact]
    public async Task A_trace_dropped_by_hand_is_counted_but_not_stored_now_and_after_a_replay()
    {
        await using (var before = Start())
        {
            _traces.OnFlush = new StoreUnavailableException("So the log keeps it.");
            await Send(before, [Some.Span(trace: 1, numbers: [("_sampling_priority_v1", -1)]), Some.Span(trace: 2, numbers: [("_sampling_priority_v1", 2)])]);
            await before.Settled();
            Assert.Equal(2, Hits(before));
            Assert.Equal(1, _traces.Facts().SpanCount);
        }
        using var later = new FaultyTraceStore();

        await using var pipeline = Start(traces: later);

        Assert.Equal(1, later.Facts().SpanCount);
        Assert.Equal(1, pipeline.Ledger.Spans(SpanOutcome.SampledOut, "manual_drop", "web"));
    }

    [Fact]
    public async Task The_store_learns_of_payloads_of_which_nothing_is_kept_so_that_the_log_can_be_let_go()
    {
        await using var pipeline = Start();

        await Send(pipeline, [Some.Span(trace: 1, numbers: [("_sampling_priority_v1", -1)])]);
        await Send(pipeline, []);
        await pipeline.Settled();
        _clock.Tick();
        await pipeline.Settled();

        Assert.Equal(0, _traces.Facts().SpanCount);
        Assert.Equal(_log.Last, _traces.StoredUpTo);
    }

    [Fact]
    public async Task A_fault_while_writing_is_told_and_does_not_stop_the_loop()
    {
        await using var pipeline = Start();
        _traces.OnFlush = new InvalidOperationException("Not now.");
        _clock.Tick();
        await pipeline.Settled();

        await Send(pipeline, Spans(1));
        await pipeline.Settled();

        Assert.Equal(1, Hits(pipeline));
        Assert.Equal("A fault of Apm: InvalidOperationException: Not now. Please report it.", Assert.Single(_problems.ReadAll()).Sentence);
        _traces.OnFlush = null;
    }

    public void Dispose()
    {
        _log.Dispose();
        _traces.Dispose();
        _stats.Dispose();
    }

    TracePipeline Start(PipelineSettings? settings = null, ITraceStore? traces = null)
    {
        var pipeline = new TracePipeline(
            new PipelineParts
            {
                Log = _log,
                Traces = traces ?? _traces,
                Stats = _stats,
                Catalogue = new ServiceCatalogue(new MemoryDocuments()),
                Counters = _counters,
                Problems = _problems,
                Clock = _clock,
            },
            settings ?? new PipelineSettings());
        pipeline.Start();
        return pipeline;
    }

    static Task Send(TracePipeline pipeline, IReadOnlyList<Span> spans)
    {
        var body = DatadogV04Encoder.Encode([.. spans.Select(span => new[] { span })]);
        var envelope = new PayloadEnvelope(PayloadFormat.DatadogMsgPack, new Payload { Protocol = "datadog v0.4", ReceivedUnixNanos = Some.BaseUnixNanos });
        return pipeline.Accept(pipeline.Decoder.Decode(envelope, body), body);
    }

    static List<Span> Spans(int count) => [.. Enumerable.Range(1, count).Select(i => Some.Span(id: (ulong)i, trace: (ulong)i))];

    static double Hits(TracePipeline pipeline) => pipeline.Statistics.Read(TimeRange.All, StatsFilter.Any, 0).Sum(row => row.Cell.HitCount);

    /// <summary>Stands still; the pipeline's timer runs when the test says so.</summary>
    sealed class TickClock : TimeProvider
    {
        readonly List<Action> _timers = [];
        long _now = Some.BaseUnixNanos;

        public override long TimestampFrequency => 1_000_000_000;

        public void Tick()
        {
            _now += 10 * Some.Second;
            _timers.ForEach(timer => timer());
        }

        public override DateTimeOffset GetUtcNow() => UnixTime.ToDateTime(_now);

        public override long GetTimestamp() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers.Add(() => callback(state));
            return new NoTimer();
        }

        sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
