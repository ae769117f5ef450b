using Apm.Core.Counting;
using Apm.Core.Ledger;
using Apm.Core.Ports;
using Apm.Core.Spans;
using Apm.Storage.InMemory;
using Apm.TestKit;
using Apm.TraceAgent.Account;
using Apm.TraceAgent.Normalize;
using Apm.TraceAgent.Sample;

namespace Apm.TraceAgent.Tests.Sample;

/// <summary>Who is kept, why, and what becomes of parts that come late.</summary>
public class TraceSamplerTests
{
    static readonly SamplerSettings Datadog = new() { Mode = SamplerMode.Datadog, TargetTracesPerSecond = 0, ErrorsPerSecond = 0 };

    [Theory]
    //          priority  error  verdict
    [InlineData(-1,       true,  SampleVerdict.DropManual)]
    [InlineData(0,        false, SampleVerdict.DropPriority)]
    [InlineData(0,        true,  SampleVerdict.KeepError)]
    [InlineData(1,        false, SampleVerdict.KeepPriority)]
    [InlineData(2,        false, SampleVerdict.KeepManual)]
    [InlineData(null,     false, SampleVerdict.KeepNoPriority)]
    public void As_the_agent_decides(int? priority, bool isError, SampleVerdict verdict) =>
        Assert.Equal(verdict, new World(new SamplerSettings { Mode = SamplerMode.Datadog }).Verdict(Trace(1, priority, isError)));

    [Theory]
    //          priority  error  verdict
    [InlineData(-1,       true,  SampleVerdict.DropManual)]
    [InlineData(0,        false, SampleVerdict.KeepAll)]
    [InlineData(null,     false, SampleVerdict.KeepAll)]
    public void While_the_budget_allows_all_is_kept_but_what_was_dropped_by_hand(int? priority, bool isError, SampleVerdict verdict) =>
        Assert.Equal(verdict, new World(new SamplerSettings()).Verdict(Trace(1, priority, isError)));

    [Theory]
    [InlineData(false, "-3", SampleVerdict.DropManual)]
    [InlineData(true,  "-3", SampleVerdict.KeepError)]
    [InlineData(true,  "-4", SampleVerdict.DropManual)]
    public void With_a_feature_errors_of_what_a_rule_dropped_are_kept(bool feature, string decisionMaker, SampleVerdict verdict)
    {
        var world = new World(new SamplerSettings { Mode = SamplerMode.Datadog, Features = feature ? ["error_rare_sample_tracer_drop"] : [] });

        Assert.Equal(verdict, world.Verdict(Some.Span(isError: true, numbers: [("_sampling_priority_v1", -1)], tags: [("_dd.p.dm", decisionMaker)])));
    }

    [Fact]
    public void Error_tracking_alone_keeps_errors_and_exceptions_and_nothing_else()
    {
        var world = new World(new SamplerSettings { ErrorTrackingStandalone = true });

        Assert.Equal(SampleVerdict.DropNoError, world.Verdict(Trace(1, 2, false)));
        Assert.Equal(SampleVerdict.KeepError, world.Verdict(Trace(2, -1, true)));
        Assert.Equal(SampleVerdict.KeepError, world.Verdict(Some.Span(trace: 3, tags: [("_dd.span_events.has_exception", "true")])));
    }

    [Fact]
    public void The_probabilistic_sampler_passes_over_priorities_and_notes_its_share()
    {
        var world = new World(new SamplerSettings { ErrorsPerSecond = 0, Probabilistic = new() { Enabled = true, SamplingPercentage = 50 } });

        Assert.Equal(SampleVerdict.DropProbabilistic, world.Verdict(Trace(1, 2, false)));
        var kept = Assert.Single(world.Stored(Trace(42, 0, false)));
        Assert.Equal((0.5, "-9", SampleVerdict.KeepProbabilistic), (kept.Numbers["_dd.prob_sr"], kept.Tags["_dd.p.dm"], kept.Flags.Verdict()));
    }

    [Fact]
    public void A_rare_kind_is_kept_once_in_five_minutes_and_marked()
    {
        var world = new World(Datadog with { Rare = new() { Enabled = true } });

        var first = Assert.Single(world.Stored(Trace(1, 0, false)));
        Assert.Equal((1.0, SampleVerdict.KeepRare), (first.Numbers["_dd.rare"], first.Flags.Verdict()));
        Assert.Equal(SampleVerdict.DropPriority, world.Verdict(Trace(2, 0, false)));
        Assert.Equal(SampleVerdict.KeepRare, world.Verdict(Some.Span(trace: 3, resource: "GET /other", numbers: [("_sampling_priority_v1", 0)])));
        world.Clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(SampleVerdict.KeepRare, world.Verdict(Trace(4, 0, false)));
    }

    [Fact]
    public void Of_a_dropped_trace_the_spans_that_a_rule_marked_are_kept()
    {
        var world = new World(Datadog);

        var kept = Assert.Single(world.Stored(
            Some.Span(id: 1, numbers: [("_sampling_priority_v1", -1)]), Some.Span(id: 2, parent: 1, numbers: [("_dd.span_sampling.mechanism", 8)])));

        Assert.Equal((2UL, SampleVerdict.KeepSpanRule), (kept.Id.Value, kept.Flags.Verdict()));
        Assert.Equal(1, world.Ledger.Spans(SpanOutcome.SampledOut, "span_rule", "web"));
    }

    [Fact]
    public void Of_a_dropped_trace_the_analyzed_spans_are_kept()
    {
        var world = new World(Datadog with { AnalyzedSpans = [new("db", "sql", 1)] });

        var kept = Assert.Single(world.Stored(Some.Span(id: 1, numbers: [("_sampling_priority_v1", 0)]), Some.Span(id: 2, parent: 1, service: "db", name: "sql")));

        Assert.Equal(("db", SampleVerdict.KeepAnalyzed), (kept.Service, kept.Flags.Verdict()));
    }

    [Fact]
    public void Parts_that_come_late_follow_their_trace()
    {
        var world = new World(new SamplerSettings { Mode = SamplerMode.Datadog });
        Assert.Equal(SampleVerdict.DropPriority, world.Verdict(Trace(1, 0, false)));
        Assert.Equal(SampleVerdict.KeepManual, world.Verdict(Trace(2, 2, false)));

        Assert.Equal(SampleVerdict.DropWithTrace, world.Verdict(Some.Span(id: 8, parent: 7, trace: 1)));
        Assert.Equal(SampleVerdict.KeepManual, world.Verdict(Some.Span(id: 8, parent: 7, trace: 2)));
    }

    [Fact]
    public void A_late_error_brings_a_dropped_trace_back_and_says_that_it_is_not_whole()
    {
        var world = new World(new SamplerSettings { Mode = SamplerMode.Datadog });
        world.Verdict(Trace(1, 0, false));

        var late = Assert.Single(world.Stored(Some.Span(id: 8, parent: 7, trace: 1, isError: true)));

        Assert.Equal(SampleVerdict.KeepError, late.Flags.Verdict());
        Assert.StartsWith("Earlier spans of this trace were sampled out", late.Tags[FoldedTags.Incomplete], StringComparison.Ordinal);
        Assert.Equal(SampleVerdict.KeepError, world.Verdict(Some.Span(id: 9, parent: 7, trace: 1)));
    }

    [Fact]
    public void An_error_does_not_bring_back_what_was_dropped_by_hand_but_a_manual_keep_does()
    {
        var world = new World(new SamplerSettings());
        world.Verdict(Trace(1, -1, false));

        Assert.Equal(SampleVerdict.DropWithTrace, world.Verdict(Some.Span(id: 8, parent: 7, trace: 1, isError: true)));
        Assert.Equal(SampleVerdict.KeepManual, world.Verdict(Some.Span(id: 9, parent: 7, trace: 1, numbers: [("_sampling_priority_v1", 2)])));
    }

    [Fact]
    public void Tracers_are_told_rates_that_bring_them_to_the_target_and_the_version_changes_with_them()
    {
        var world = new World(new SamplerSettings { Mode = SamplerMode.Datadog, TargetTracesPerSecond = 2, DefaultEnv = "none" });
        var before = world.Sampler.Rates.Version;
        for (ulong i = 1; i <= 100; i++) world.Verdict(Trace(i, 1, false));
        world.Clock.Advance(TimeSpan.FromSeconds(5));
        world.Verdict(Trace(101, 1, false));

        var rates = world.Sampler.Rates;

        Assert.NotEqual(before, rates.Version);
        Assert.Equal("{\"rate_by_service\":{\"service:,env:\":0.1,\"service:web,env:\":0.1,\"service:web,env:none\":0.1}}\n", rates.Body);
    }

    [Fact]
    public void When_the_store_is_full_too_early_traces_are_thinned_and_a_sentence_says_so_and_again_when_it_ends()
    {
        var world = new World(new SamplerSettings { KeepFor = TimeSpan.FromHours(1) });
        world.Store.Now = new TraceStoreFacts(StartInTheYear2000, world.NowUnixNanos, 10_000, 950_000, 3) { MaxByteCount = 1_000_000, OldestWrittenUnixNanos = world.NowUnixNanos - 600 * Some.Second };

        world.Minute(tracesPerSecond: 10);

        var status = world.Sampler.Status();
        Assert.Equal(("budget", true), (status.Mode, status.KeptShare is > 0.2 and < 0.4));
        Assert.Matches(@"^Since \d\d:\d\d UTC traces are sampled: the store holds 950\.0 kB of 1\.0 MB and its oldest trace is only \d+ min old\. \d+ % are kept\. Raise storage\.max_bytes or lower sampling\.keep_for\.$", Assert.Single(world.Problems.ReadAll()).Sentence);
        world.Minute(tracesPerSecond: 10);
        world.Minute(tracesPerSecond: 10);
        Assert.InRange(world.Minute(tracesPerSecond: 10), 600 * 0.1, 600 * 0.45);
        Assert.Equal(SampleVerdict.KeepManual, world.Verdict(Trace(900_001, 2, false)));

        for (var i = 0; i < 8; i++) world.Minute(tracesPerSecond: 0);

        Assert.Equal("keep_all", world.Sampler.Status().Mode);
        Assert.Contains("every trace is kept again: what comes in fits into the storage budget.", world.Problems.ReadAll()[0].Sentence, StringComparison.Ordinal);
        Assert.Equal("{\"rate_by_service\":{\"service:,env:\":1}}\n", world.Sampler.Rates.Body);
    }

    [Fact]
    public void A_late_part_of_a_trace_that_the_store_holds_is_kept_though_nobody_remembers_it()
    {
        var world = new World(Datadog);

        Assert.Equal(SampleVerdict.KeepAll, world.Verdict(Some.Span(id: 8, parent: 7, trace: 1)));
        world.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(SampleVerdict.DropNoPriority, world.Verdict(Some.Span(id: 8, parent: 7, trace: 2)));
    }

    [Fact]
    public void The_oldest_decision_makes_room_and_no_two_ids_are_taken_for_one()
    {
        var memory = new DecisionMemory();
        for (ulong i = 1; i <= 200_000; i++) memory.Set(i, i % 2 == 0 ? SampleVerdict.KeepError : SampleVerdict.DropPriority);

        for (ulong i = 1; i <= 200_000; i++) Assert.Equal(i % 2 == 0 ? SampleVerdict.KeepError : SampleVerdict.DropPriority, memory.Find(i) ?? (i % 2 == 0 ? SampleVerdict.KeepError : SampleVerdict.DropPriority));
        Assert.Null(memory.Find(200_001));
        Assert.Equal(8 << 20, memory.ByteCount);
    }

    /// <summary>A span may claim any start; how far the store reaches back shows by when its oldest was written.</summary>
    const long StartInTheYear2000 = 946_684_800_000_000_000;

    static Span Trace(ulong trace, int? priority, bool isError) =>
        Some.Span(id: trace, trace: trace, isError: isError, numbers: priority is { } value ? [("_sampling_priority_v1", value)] : []);

    internal sealed class World
    {
        readonly SpanNormalizer _normalizer;
        readonly VerdictApplier _applier;
        readonly SpanLedger _books;
        ulong _nextTrace = 1_000_000;

        public World(SamplerSettings settings)
        {
            _normalizer = new SpanNormalizer(Counters, new NormalizeSettings());
            _applier = new VerdictApplier(settings);
            _books = new SpanLedger(Clock, null);
            Ledger = new LiveLedgerReader(_books, new InMemoryStatsStore());
            Sampler = new TraceSampler(settings, Store, Counters, Problems, Clock);
        }

        public SteppedClock Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 14, 0, 0, TimeSpan.Zero));
        public Counters Counters { get; } = new();
        public RecentProblems Problems { get; } = new();
        public StoreFacts Store { get; } = new();
        public TraceSampler Sampler { get; }
        public ILedgerReader Ledger { get; }
        public long NowUnixNanos => Core.Time.UnixTime.NowUnixNanos(Clock);

        public SampleVerdict Verdict(params Span[] spans) => Decide(spans).Batch.Chunks[0].Verdict;

        public IReadOnlyList<Span> Stored(params Span[] spans)
        {
            var (batch, facts) = Decide(spans);
            var tally = LedgerTally.Of(batch, NowUnixNanos, []);
            _applier.Apply(batch, facts, tally);
            _books.Settle(tally);
            return [.. SpanBatches.Spans(batch)];
        }

        /// <summary>A minute of traces that a tracer kept; gives how many were kept here.</summary>
        public int Minute(int tracesPerSecond)
        {
            var kept = 0;
            for (var second = 0; second < 60; second++)
            {
                for (var i = 0; i < tracesPerSecond; i++) if (Verdict(Trace(unchecked(_nextTrace++ * 0x9E37_79B9_7F4A_7C15), 1, false)).IsKept()) kept++;
                Clock.Advance(TimeSpan.FromSeconds(1));
                Sampler.Tick();
            }
            return kept;
        }

        (SpanBatch Batch, ChunkFacts[] Facts) Decide(Span[] spans)
        {
            var batch = Some.Batch(spans);
            var facts = _normalizer.Normalize(batch);
            Sampler.Decide(batch, facts);
            return (batch, facts);
        }
    }

    /// <summary>Says of every trace that it may be stored, as a filter may.</summary>
    internal sealed class StoreFacts : ITraceReader
    {
        public TraceStoreFacts Now { get; set; } = new(null, null, 0, 0, 0);

        public IEnumerable<SpanBatch> Scan(SpanScan scan, CancellationToken cancel) => [];

        public TraceStoreFacts Facts() => Now;
    }
}
